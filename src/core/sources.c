/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glob() begins at the working directory, which a library must not change: it is given the root
 * before each pattern, with what is special in the root escaped. It asks of each match whether that
 * is a directory; of the thousands in one directory, that tells it itself.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

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

/* What it is where that is no link. */
static bool is_dir(int dir, const struct dirent *entry)
{
	struct stat st;

#ifdef DT_REG
	if (entry->d_type == DT_REG || entry->d_type == DT_DIR)
		return entry->d_type == DT_DIR;
#endif
	return fstatat(dir, entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* Matches a pattern whose directory is no pattern. False where glob() is to be asked. */
static bool list(const char *root, const char *pattern, struct strv *ret_found)
{
	const char *name = strrchr(pattern, '/');
	size_t len = name ? (size_t)(name - pattern) : 0;

	name = name ? name + 1 : pattern;
	if (strcspn(pattern, special) < len || strchr(name, '\\'))
		return false;
	if (pattern[0] == '/')
		root = "";
	else if (!root[0])
		root = ".";
	cleanup_free char *dir = str_printf("%s/%.*s", root, (int)len, pattern);
	cleanup_closedir DIR *entries = dir ? opendir(dir) : NULL;
	if (!entries)
		return false;
	for (struct dirent *entry; (entry = readdir(entries));)
		if (fnmatch(name, entry->d_name, FNM_PERIOD) == 0 && !is_dir(dirfd(entries), entry))
			strv_take(ret_found, str_printf("%.*s%s", (int)(name - pattern), pattern,
							entry->d_name));
	return true;
}

static int tell_no_match(const char *pattern, struct crossbpf_error *e)
{
	return error_set(e, -ENOENT, EXIT_STATUS_USAGE,
			 "it is relative to the directory of crossbpf.conf, else to the working "
			 "directory; ** is no more than *",
			 "the source pattern '%s' matches no file", pattern);
}

/* The matches of one pattern. */
static int expand(const char *root, const char *pattern, struct strv *sources,
		  struct crossbpf_error *e)
{
	cleanup_free char *joined = NULL;
	cleanup_strv struct strv listed = {0};
	size_t skip;
	bool any = false;

	if (list(root, pattern, &listed)) {
		strv_sort(&listed);
		for (size_t i = 0; i < listed.n; i++)
			strv_add_once(sources, listed.v[i]);
		return listed.error ? error_no_memory(e) : listed.n ? 0 : tell_no_match(pattern, e);
	}
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
	return any ? 0 : tell_no_match(pattern, e);
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
