/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "mirror-tree.h"
#include "shared/io.h"

/* A file or a link in a directory's place goes. 1: it did. */
static int keep_dir(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return 0;
	return unlink(path) < 0 ? -errno : 1;
}

int mirror_tree_open(const struct mirror *m)
{
	cleanup_free char *inside = mirror_file(m, "update");

	if (!inside)
		return -ENOMEM;
	int r = keep_dir(m->dir);
	if (r >= 0)
		r = io_make_parents(inside, 0777);
	if (r >= 0)
		r = keep_dir(m->root);
	return r < 0 ? r : 0;
}

/* Calls `each` for each directory that leads from the root to the copy `name`. */
static int for_each_parent(const char *root, const char *name, int (*each)(const char *path),
			   size_t *n)
{
	cleanup_free char *path = str_printf("%s%s", root, name);
	int r = path ? 0 : -ENOMEM;

	for (char *slash = path ? path + strlen(root) : NULL; slash && r >= 0;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = each(path);
		*slash = '/';
		*n += r > 0;
	}
	return r < 0 ? r : 0;
}

static int check_dir(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

bool mirror_tree_is_plain(const struct mirror *m, const char *name)
{
	cleanup_free char *path = str_printf("%s%s", m->root, name);
	struct stat st;
	size_t n = 0;

	return path && for_each_parent(m->root, name, check_dir, &n) == 0 &&
	       lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A directory with all that is in it; links in it are not followed. */
static int remove_tree(const char *dir, size_t *n)
{
	cleanup_closedir DIR *entries = opendir(dir);
	int r = entries ? 0 : -errno;

	for (struct dirent *entry; r == 0 && (entry = readdir(entries));) {
		cleanup_free char *path = str_printf("%s/%s", dir, entry->d_name);
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!path)
			return -ENOMEM;
		if (check_dir(path) == 0)
			r = remove_tree(path, n);
		else
			r = unlink(path) < 0 ? -errno : 0, *n += 1;
	}
	return r == 0 && rmdir(dir) < 0 ? -errno : r;
}

int mirror_tree_clear(const struct mirror *m, const char *name, size_t *n_removed)
{
	cleanup_free char *path = str_printf("%s%s", m->root, name);

	if (!path)
		return -ENOMEM;
	int r = for_each_parent(m->root, name, keep_dir, n_removed);
	return r == 0 && check_dir(path) == 0 ? remove_tree(path, n_removed) : r;
}
