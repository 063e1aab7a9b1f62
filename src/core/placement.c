/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "placement.h"
#include "shared/io.h"

/* May the output be replaced by a new file? */
static bool is_replaceable(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT;
	return S_ISREG(st.st_mode) && access(path, W_OK) == 0;
}

/* Makes an empty file beside `path`; NULL where none can be. */
static char *make_temporary(const char *path, size_t i)
{
	const char *name = io_basename(path);
	char *temporary = str_printf("%.*s.%s.crossbpf-%ld-%zu.tmp", (int)(name - path), path, name,
				     (long)getpid(), i);
	if (!temporary)
		return NULL;

	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		free(temporary);
		return NULL;
	}
	close(fd);
	return temporary;
}

static bool is_deps(const struct placement *p, size_t i)
{
	return strcmp(p->action->outputs[i].option, "-MF") == 0;
}

void placement_begin(struct placement *p, const struct action *action)
{
	*p = (struct placement){.action = action};
	for (size_t i = 0; i < action->n_outputs; i++) {
		const char *path = action->outputs[i].path;
		if (path[0] && is_replaceable(path))
			p->temporary[i] = make_temporary(path, i);
		/* It can be made; whether clang makes one is seen in the end. */
		if (p->temporary[i] && !is_deps(p, i))
			unlink(p->temporary[i]);
	}
}

void placement_options(const struct placement *p, struct strv *argv)
{
	const struct action *a = p->action;

	if (!p->temporary[0] && !p->temporary[1])
		return;
	/* All are named, for clang would derive the name of the second from that of the first. */
	for (size_t i = 0; i < a->n_outputs; i++) {
		strv_add(argv, a->outputs[i].option);
		strv_add(argv, p->temporary[i] ? p->temporary[i] : a->outputs[i].path);
	}
	if (a->deps_target) {
		strv_add(argv, "-MQ");
		strv_add(argv, a->deps_target);
	}
}

static int rename_output(struct placement *p, size_t i, struct crossbpf_error *e)
{
	const char *path = p->action->outputs[i].path;

	/* -Xclang -ast-dump writes none. */
	if (rename(p->temporary[i], path) < 0 && errno != ENOENT)
		return error_set(e, -errno, EXIT_STATUS_OUTPUT,
				 "check its directory's permissions and free space",
				 "cannot write %s: %s", path, strerror(errno));
	freep(&p->temporary[i]);
	p->temporary[i] = NULL;
	return 0;
}

/* Clang writes no dependency file where it has none to write, and removes the old one where a
 * header was missing. */
static int place_deps(struct placement *p, size_t i, struct crossbpf_error *e)
{
	struct stat st;

	if (stat(p->temporary[i], &st) < 0) {
		unlink(p->action->outputs[i].path);
		return 0;
	}
	return st.st_size == 0 ? 0 : rename_output(p, i, e);
}

int placement_end(struct placement *p, int status, struct crossbpf_error *e)
{
	if (status > 128)
		return 0;

	/* The object last: where it is new, its dependency file is. */
	for (size_t i = p->action->n_outputs; i-- > 0;) {
		int r = 0;

		if (!p->temporary[i])
			continue;
		if (is_deps(p, i))
			r = place_deps(p, i, e);
		else if (status == 0)
			r = rename_output(p, i, e);
		else
			unlink(p->action->outputs[i].path);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Clang itself writes to a temporary file beside its output, which stays where clang was killed:
 * its name begins like that of the output. */
static void remove_with_kin(const char *temporary)
{
	const char *name = io_basename(temporary);
	size_t stem = strlen(name) - strlen(".tmp");
	cleanup_free char *dir = strndup(temporary, (size_t)(name - temporary));
	cleanup_closedir DIR *entries = dir ? opendir(dir[0] ? dir : ".") : NULL;

	for (struct dirent *entry; entries && (entry = readdir(entries));)
		if (strncmp(entry->d_name, name, stem) == 0)
			unlinkat(dirfd(entries), entry->d_name, 0);
}

void placement_free(struct placement *p)
{
	for (size_t i = 0; i < sizeof(p->temporary) / sizeof(p->temporary[0]); i++) {
		if (p->temporary[i])
			remove_with_kin(p->temporary[i]);
		freep(&p->temporary[i]);
		p->temporary[i] = NULL;
	}
}
