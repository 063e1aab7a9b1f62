/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "fingerprint.h"
#include "shared/cleanup.h"
#include "shared/io.h"

struct fingerprint fingerprint_of(const struct stat *st, int64_t seen)
{
	return (struct fingerprint){
		.mtime = io_mtime(st),
		.ctime = io_ctime(st),
		.size = (int64_t)st->st_size,
		.inode = (int64_t)st->st_ino,
		.device = (int64_t)st->st_dev,
		.seen = seen,
	};
}

bool fingerprint_is(const struct fingerprint *a, const struct fingerprint *b)
{
	return a->mtime == b->mtime && a->ctime == b->ctime && a->size == b->size &&
	       a->inode == b->inode && a->device == b->device;
}

int64_t fingerprint_changed(const struct fingerprint *f)
{
	return f->mtime > f->ctime && f->mtime <= f->seen ? f->mtime : f->ctime;
}

bool fingerprint_is_racy(const struct fingerprint *f)
{
	return fingerprint_changed(f) + io_tick(f->mtime) > f->seen;
}

/* A directory in which a name was made has both times alike. */
int64_t fingerprint_moved_at(int root, const char *path)
{
	cleanup_free char *name = strdup(path);
	int64_t latest = name ? 0 : INT64_MAX / 2;
	struct stat st;

	for (char *at = name && name[0] ? name + 1 : NULL; at && (at = strchr(at, '/'));
	     *at++ = '/') {
		*at = '\0';
		if (fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && io_ctime(&st) > latest &&
		    (S_ISLNK(st.st_mode) || io_ctime(&st) != io_mtime(&st)))
			latest = io_ctime(&st);
	}
	return latest;
}
