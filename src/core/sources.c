/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glob() begins at the working directory, which a library must not change: it is given the root
 * before each pattern, with what is special in the root escaped.
 */
#include "config.h"

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <string.h>

#include "shared/strbuf.h"
#include "sources.h"

static const char special[] = "*?[\\";

static void globfreep(glob_t *g)
{
	globfree(g);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Patterns meet directories that are none and that are not there; others must be readable, or
 * sources would be missing in silence. */
static int stops(const char *path, int code)
{
	(void)path;
	return code != ENOENT && code != ENOTDIR && code != ELOOP;
}

/* `root`, a slash and `pattern`; *ret_skip is how much of each match is not the pattern's. */
static int join(const char *root, const char *pattern, char **ret_joined, size_t *ret_skip)
{
	cleanup_strbuf struct strbuf joined = {0};
	size_t len = pattern[0] == '/' ? 0 : strlen(root);

	for (size_t i = 0; i < len; i++) {
		if (strchr(special, root[i]))
			strbuf_putc(&joined, '\\');
		strbuf_putc(&joined, root[i]);
	}
	*ret_skip = len;
	if (len && root[len - 1] != '/') {
		strbuf_putc(&joined, '/');
		(*ret_skip)++;
	}
	strbuf_puts(&joined, pattern);
	return strbuf_finish(&joined, ret_joined);
}

/* The matches of one pattern. */
static int expand(const char *root, const char *pattern, struct strv *sources,
		  struct crossbpf_error *e)
{
	cleanup_free char *joined = NULL;
	size_t skip;
	bool any = false;

	if (join(root, pattern, &joined, &skip) < 0)
		return error_no_memory(e);

	CLEANUP(globfreep) glob_t found = {0};
	/* GLOB_MARK tells directories by a slash at the end. */
	int r = glob(joined, GLOB_NOSORT | GLOB_MARK, stops, &found);
	if (r == GLOB_NOSPACE)
		return error_no_memory(e);
	if (r != 0 && r != GLOB_NOMATCH)
		return error_set(e, -EACCES, EXIT_STATUS_USAGE, "make it readable, or name less",
				 "a directory that the source pattern '%s' leads to cannot be read",
				 pattern);
	if (r == 0)
		qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), compare);
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		size_t len = strlen(path);
		if (len > skip && path[len - 1] != '/') {
			any = true;
			strv_add_once(sources, path + skip);
		}
	}
	if (!any)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE,
				 "it is relative to the directory of crossbpf.conf, else to the "
				 "working directory; ** is no more than *",
				 "the source pattern '%s' matches no file", pattern);
	return 0;
}

int sources_expand(const char *root, const struct strv *patterns, struct strv *ret_sources,
		   struct crossbpf_error *e)
{
	for (size_t i = 0; i < patterns->n; i++) {
		const char *pattern = patterns->v[i];
		int r = 0;
		if (strpbrk(pattern, special))
			r = expand(root, pattern, ret_sources, e);
		else
			strv_add_once(ret_sources, pattern);
		if (r < 0)
			return r;
	}
	return ret_sources->error ? error_no_memory(e) : 0;
}
