/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "exec-here.h"
#include "shared/io.h"

struct exec_before {
	bool existed;
	struct stat st;
};

/* Why is there no directory of that name to be entered? */
static int refuse_step(int dir, const char *step, int error)
{
	struct stat st;
	bool is_link = fstatat(dir, step, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);

	return is_link ? -ELOOP : error == ENOTDIR ? -ENOENT : -error;
}

/* Each step by itself, as no link is followed. -ELOOP at one. */
static int look(const char *root, const char *name, struct stat *ret_st, bool *ret_readable)
{
	cleanup_close int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *part = name, *slash;

	for (; dir >= 0 && (slash = strchr(part, '/')); part = slash + 1) {
		cleanup_free char *step = strndup(part, (size_t)(slash - part));
		if (!step)
			return -ENOMEM;
		int inner = openat(dir, step, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner < 0)
			return refuse_step(dir, step, errno);
		close(dir);
		dir = inner;
	}
	if (dir < 0 || fstatat(dir, part, ret_st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret_readable = faccessat(dir, part, R_OK, 0) == 0;
	return 0;
}

static bool was_sent(const struct strv *in, const char *name)
{
	for (size_t i = 0; i < in->n; i++) {
		size_t len = strlen(in->v[i]);
		if (len == 0 ||
		    (strncmp(in->v[i], name, len) == 0 && (name[len] == '/' || !name[len])))
			return true;
	}
	return false;
}

/* What changed shortly before the command began may have the same times behind it. */
static bool is_as_before(const struct exec_here *h, const struct exec_before *before,
			 const struct stat *now)
{
	const struct stat *was = &before->st;

	return before->existed && was->st_dev == now->st_dev && was->st_ino == now->st_ino &&
	       was->st_size == now->st_size && io_mtime(was) == io_mtime(now) &&
	       io_ctime(was) == io_ctime(now) && io_ctime(was) + io_tick(io_mtime(was)) < h->began;
}

static struct exec_output judge(const struct exec_here *h, size_t i)
{
	const char *name = h->out->v[i];
	bool readable = false;
	struct stat st;

	int r = look(h->dir, name, &st, &readable);
	if (r == -ELOOP)
		return (struct exec_output){.result = EXEC_OUTPUT_SPECIAL};
	if (r < 0)
		return (struct exec_output){.result = r == -ENOENT ? EXEC_OUTPUT_MISSING
								   : EXEC_OUTPUT_UNREADABLE};
	bool was_made = was_sent(h->in, name) || !is_as_before(h, &h->before[i], &st);
	return (struct exec_output){.result = !was_made              ? EXEC_OUTPUT_MISSING
					      : S_ISDIR(st.st_mode)  ? EXEC_OUTPUT_DIRECTORY
					      : !S_ISREG(st.st_mode) ? EXEC_OUTPUT_SPECIAL
					      : !readable            ? EXEC_OUTPUT_UNREADABLE
								     : EXEC_OUTPUT_DONE};
}

int exec_here_begin(struct exec_here *h)
{
	bool readable;

	h->before = calloc(h->out->n + 1, sizeof(*h->before));
	h->outputs = calloc(h->out->n + 1, sizeof(*h->outputs));
	if (!h->before || !h->outputs)
		return -ENOMEM;
	for (size_t i = 0; i < h->out->n; i++)
		h->before[i].existed = look(h->dir, h->out->v[i], &h->before[i].st, &readable) == 0;
	h->began = io_now();
	return 0;
}

void exec_here_look(struct exec_here *h)
{
	for (size_t i = 0; i < h->out->n; i++)
		h->outputs[i] = judge(h, i);
}

void exec_here_free(struct exec_here *h)
{
	free(h->before);
	free(h->outputs);
	*h = (struct exec_here){0};
}
