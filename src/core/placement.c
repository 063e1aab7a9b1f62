/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "placement.h"
#include "shared/io.h"

/* Where standard output is a regular file, clang as root puts one in place of the link /dev/stdout.
 */
static bool is_standard_output(const struct output *output)
{
	return strcmp(output->option, "-o") == 0 && strcmp(output->path, "/dev/stdout") == 0;
}

/* May the output be replaced by a new file? Clang replaces a link to a file, or to nothing, by what
 * it makes, and writes dependency files through it. Source: createOutputFileImpl() in
 * clang/lib/Frontend/CompilerInstance.cpp. */
static bool is_replaceable(const struct output *output)
{
	bool through = strcmp(output->option, "-MF") == 0 || is_standard_output(output);
	struct stat st;

	if ((through ? lstat(output->path, &st) : stat(output->path, &st)) < 0)
		return errno == ENOENT;
	return S_ISREG(st.st_mode) && access(output->path, W_OK) == 0;
}

/* Makes an empty file beside the output; where none can be made, clang writes in place. */
static void make_temporary(struct placement *p, size_t i)
{
	const char *path = p->action->outputs[i].path;
	const char *name = io_basename(path);
	cleanup_free char *temporary = str_printf(
		"%.*s.%s.crossbpf-%ld-%zu.tmp", (int)(name - path), path, name, (long)getpid(), i);
	if (!temporary)
		return;

	cleanup_close int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct stat st;
	if (fd < 0)
		return;
	if (fstat(fd, &st) < 0) {
		unlink(temporary);
		return;
	}
	p->temporary[i].path = TAKE_PTR(temporary);
	p->temporary[i].dev = st.st_dev;
	p->temporary[i].ino = st.st_ino;
}

void placement_begin(struct placement *p, const struct action *action)
{
	*p = (struct placement){.action = action};
	for (size_t i = 0; i < action->n_outputs; i++)
		if (action->outputs[i].path[0] && is_replaceable(&action->outputs[i]))
			make_temporary(p, i);
}

bool placement_is_whole(const struct placement *p)
{
	for (size_t i = 0; i < p->action->n_outputs; i++)
		if (!p->temporary[i].path)
			return false;
	return true;
}

bool placement_is_pipe(const struct output *output)
{
	struct stat st;

	return stat(output->path, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* What clang is to call the output. */
static const char *placed_name(const struct placement *p, size_t i)
{
	const struct output *output = &p->action->outputs[i];

	if (p->temporary[i].path)
		return p->temporary[i].path;
	return is_standard_output(output) ? "-" : output->path;
}

void placement_options(const struct placement *p, struct strv *argv)
{
	const struct action *a = p->action;
	bool all_in_place = true;

	for (size_t i = 0; i < a->n_outputs; i++)
		if (placed_name(p, i) != a->outputs[i].path)
			all_in_place = false;
	if (all_in_place)
		return;
	/* All are named, for clang would derive the name of the second from that of the first. */
	for (size_t i = 0; i < a->n_outputs; i++) {
		strv_add(argv, a->outputs[i].option);
		strv_add(argv, placed_name(p, i));
	}
	if (a->deps_target) {
		strv_add(argv, "-MQ");
		strv_add(argv, a->deps_target);
	}
}

enum outcome {
	UNTOUCHED, /* clang wrote nothing: -Xclang -ast-dump, or it did not get that far */
	WRITTEN,
	REMOVED, /* clang failed, and removes what it was to make */
};

static enum outcome outcome(const struct placement *p, size_t i)
{
	struct stat st;

	if (lstat(p->temporary[i].path, &st) < 0)
		return REMOVED;
	return st.st_size == 0 && st.st_dev == p->temporary[i].dev &&
			       st.st_ino == p->temporary[i].ino
		       ? UNTOUCHED
		       : WRITTEN;
}

static int place_output(struct placement *p, size_t i, bool keep, struct crossbpf_error *e)
{
	static const char hint[] = "check its directory's permissions and free space";
	const char *path = p->action->outputs[i].path;

	if (!keep) {
		unlink(path);
		return 0;
	}
	if (rename(p->temporary[i].path, path) < 0)
		return error_set(e, -errno, EXIT_STATUS_OUTPUT, hint, "cannot write %s: %s", path,
				 strerror(errno));
	freep(&p->temporary[i].path);
	p->temporary[i].path = NULL;
	return 0;
}

int placement_end(struct placement *p, int status, struct crossbpf_error *e)
{
	if (status > 128)
		return 0;

	/* The object last: where it is new, its dependency file is. */
	for (size_t i = p->action->n_outputs; i-- > 0;) {
		/* A failed compile has dependencies, but for those of a missing header. */
		bool is_deps = strcmp(p->action->outputs[i].option, "-MF") == 0;
		enum outcome left = p->temporary[i].path ? outcome(p, i) : UNTOUCHED;
		if (left == UNTOUCHED)
			continue;
		int r = place_output(p, i, is_deps ? left == WRITTEN : status == 0, e);
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
		if (p->temporary[i].path)
			remove_with_kin(p->temporary[i].path);
		freep(&p->temporary[i].path);
		p->temporary[i].path = NULL;
	}
}
