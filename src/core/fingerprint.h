/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file was when it was looked at: by that it is known, without reading it, whether it still
 * is. */
#ifndef CROSSBPF_FINGERPRINT_H
#define CROSSBPF_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Of fixed size, as it is stored whole. */
struct fingerprint {
	int64_t mtime, ctime, size, inode, device;
	int64_t seen; /* when it was looked at; all times in nanoseconds since the epoch */
};

/* `seen` is from before the file was looked at: what changes later has a later time, or one that
 * fingerprint_is_racy() knows. */
struct fingerprint fingerprint_of(const struct stat *st, int64_t seen);

bool fingerprint_is(const struct fingerprint *a, const struct fingerprint *b);

/* The later of a file's times, but for one in the future, which somebody set. */
int64_t fingerprint_changed(const struct fingerprint *f);

/* Might it have been changed after it was looked at, within a tick of the clock? */
bool fingerprint_is_racy(const struct fingerprint *f);

/* When something on the way to a path, below the directory with the descriptor `root`, was last put
 * in the place of something else: a link, or a directory that was moved. */
int64_t fingerprint_moved_at(int root, const char *path);

#endif
