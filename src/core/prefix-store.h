/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Precompiled headers in the user's cache: CACHE/prefix/KEY.pch, and beside it KEY.record, which
 * says of what files it was made. Nobody else may have written there.
 *
 * A file is the one that was read for as long as its inode, size and both of its times are what
 * they were: no program sets back the time of its last change. Where they are not, its content is
 * looked at.
 */
#ifndef CROSSBPF_PREFIX_STORE_H
#define CROSSBPF_PREFIX_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "shared/digest.h"
#include "shared/strbuf.h"

/* Which file it is, and which state of it. */
struct prefix_stamp {
	uint64_t device, inode, size;
	int64_t mtime, ctime; /* ctime 0: it may change and keep all of these */
};

struct prefix_file {
	char *name; /* as clang calls it */
	uint8_t digest[DIGEST_SIZE];
	struct prefix_stamp stamp;
	bool system; /* -MMD does not name it; known of those below a system's directory */
};

struct prefix_record {
	char *refused; /* why there is no precompiled header, or NULL */
	struct prefix_stamp pch;
	uint8_t others[DIGEST_SIZE]; /* what else was there under names that were looked for */
	struct prefix_file *files;   /* the header first */
	size_t n;
};

void prefix_record_free(struct prefix_record *r);
#define cleanup_prefix_record CLEANUP(prefix_record_free)

/* Appends a file. 0 or -ENOMEM. */
int prefix_record_add(struct prefix_record *r, const char *name, const uint8_t digest[DIGEST_SIZE],
		      const struct prefix_stamp *stamp);

/* What a file is now, and its digest, and where `ret_text` is none its text. 0, or a negative
 * errno: -ESTALE where it changes at this moment. */
int prefix_stamp_read(const char *path, struct prefix_stamp *ret_stamp,
		      uint8_t ret_digest[DIGEST_SIZE], struct strbuf *ret_text);
bool prefix_stamp_is(const struct prefix_stamp *stamp, const struct stat *st);
/* What a file is that nobody else changes. */
struct prefix_stamp prefix_stamp_of(const struct stat *st);
/* It was used. */
void prefix_store_touch(const char *dir, const char *key);

/* The directory, made where it is not there, or NULL: nothing is kept where another may write, or
 * where memory ran out. The caller frees. */
char *prefix_store_dir(const char *cache_dir);

/* 0, or -ENOENT. */
int prefix_store_read(const char *dir, const char *key, struct prefix_record *ret_record);
/* What cannot be written is not there the next time. */
void prefix_store_write(const char *dir, const char *key, const struct prefix_record *r);

/* Was this called with the key before? */
bool prefix_store_seen(const char *dir, const char *key);

/* An open descriptor that holds the lock on making this one, -EAGAIN where another process has it
 * and goes on having it for `wait` milliseconds, -EINTR where `control` comes to its end before
 * (-1: never), or a negative errno. */
int prefix_store_lock(const char *dir, const char *key, unsigned wait, int control);

#define PREFIX_STORE_LIMIT (UINT64_C(1) << 30) /* bytes */

struct prefix_counts {
	uint64_t headers, files, bytes;
};

/* As prefix_store_dir(), but nothing is made; NULL also where there is none. */
char *prefix_store_find(const char *cache_dir);
/* What is there. 0 or -ENOMEM. */
int prefix_store_count(const char *dir, struct prefix_counts *ret_counts);
/* Removes what was used longest ago until there are at most `limit` bytes, but for this key's, or
 * NULL; *ret_removed (or NULL) says how much. */
void prefix_store_trim(const char *dir, const char *key, uint64_t limit,
		       struct prefix_counts *ret_removed);

#endif
