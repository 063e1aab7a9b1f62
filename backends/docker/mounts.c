/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "mounts.h"
#include "shared/strbuf.h"

/* Of a system's own directories; on each of the first ones nothing may be mounted, not even below.
 */
static const char *const kernel_dirs[] = {"dev", "proc", "sys", NULL};
static const char *const system_dirs[] = {"bin", "boot", "etc",  "lib", "lib32", "lib64", "libx32",
					  "opt", "run",  "sbin", "tmp", "usr",   "var",   NULL};

static bool is_among(const char *const *names, const char *name, size_t len)
{
	for (; *names; names++)
		if (strlen(*names) == len && strncmp(*names, name, len) == 0)
			return true;
	return false;
}

/* Is `dir` the directory `top` or below it? */
static bool covers(const char *top, const char *dir)
{
	size_t len = strlen(top);

	return strncmp(top, dir, len) == 0 && (dir[len] == '\0' || dir[len] == '/');
}

/* How much of the path is the mount point; 0: none is needed; or -EINVAL. */
static int mount_length(const char *dir)
{
	if (!dir[0]) /* the root */
		return -EINVAL;
	const char *first = dir + 1;
	size_t len = strcspn(first, "/");

	if (is_among(kernel_dirs, first, len))
		return -EINVAL;
	if (covers("/tmp", dir))
		return 0;
	if (!is_among(system_dirs, first, len))
		return (int)len + 1;
	return first[len] ? (int)strlen(dir) : -EINVAL;
}

/* Sorted, so that the same directories in another order are the same container. */
static void insert(struct strv *mounts, const char *mount)
{
	struct strv sorted = {0};
	bool is_in = false;

	for (size_t i = 0; i < mounts->n; i++) {
		if (!is_in && strcmp(mount, mounts->v[i]) < 0) {
			strv_add(&sorted, mount);
			is_in = true;
		}
		if (!covers(mount, mounts->v[i]))
			strv_add(&sorted, mounts->v[i]);
	}
	if (!is_in)
		strv_add(&sorted, mount);
	strv_free(mounts);
	*mounts = sorted;
}

/* Of a path without "." or ".."; "" is the root. */
static int add_plain(struct strv *mounts, const char *dir)
{
	int len = mount_length(dir);

	if (len <= 0)
		return len;
	cleanup_free char *mount = str_printf("%.*s", len, dir);
	if (!mount)
		return -ENOMEM;
	/* The engines split what they are told of a tmpfs there. */
	if (mount[strcspn(mount, ":,")])
		return -EINVAL;
	for (size_t i = 0; i < mounts->n; i++)
		if (covers(mounts->v[i], mount))
			return 0;
	insert(mounts, mount);
	return mounts->error;
}

/* What a name leaves again by ".." must be there, too; of the system's own it is. */
static int add_passed(struct strv *mounts, const char *dir)
{
	const char *first = dir + strspn(dir, "/");

	if (is_among(system_dirs, first, strcspn(first, "/")))
		return 0;
	int r = add_plain(mounts, dir);
	return r == -EINVAL ? 0 : r;
}

int mounts_add(struct strv *mounts, const char *dir)
{
	cleanup_strbuf struct strbuf plain = {0};

	if (dir[0] != '/')
		return -EINVAL;
	strbuf_add(&plain, "", 0);
	for (const char *part = dir + strspn(dir, "/"); *part && !plain.error;) {
		size_t len = strcspn(part, "/");
		if (len == 2 && strncmp(part, "..", len) == 0) {
			int r = add_passed(mounts, plain.data);
			if (r < 0)
				return r;
			char *slash = strrchr(plain.data, '/');
			plain.len = slash ? (size_t)(slash - plain.data) : 0;
			plain.data[plain.len] = '\0';
		} else if (len != 1 || part[0] != '.') {
			strbuf_putc(&plain, '/');
			strbuf_add(&plain, part, len);
		}
		part += len + strspn(part + len, "/");
	}
	return plain.error ? plain.error : add_plain(mounts, plain.data);
}
