/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Content by keys, in files that all projects of a user share: CACHE/cache/KIND/KEY, where KEY has
 * hexadecimal digits. Each has its own digest before its content; one that is damaged is removed,
 * and was never there. So is what another user may have written.
 *
 * Any number of processes may use it at once, and be killed at any time: a file is there whole or
 * not.
 */
#ifndef CROSSBPF_CACHE_H
#define CROSSBPF_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/digest.h"
#include "shared/strbuf.h"

struct cache;

enum cache_kind {
	CACHE_OBJECT,
	CACHE_MANIFEST,
	CACHE_KINDS,
};

/* What is counted over all uses. */
struct cache_counts {
	uint64_t bytes; /* of the files, as far as is known */
	uint64_t hits, misses;
};

/* `dir` holds it, or will: "/home/me/.cache/crossbpf". Nothing is read or made yet. NULL where
 * memory ran out. */
struct cache *cache_new(const char *dir, uint64_t limit);
/* Adds to the counts what was done, and removes what killed processes left. Takes NULL. */
void cache_close(struct cache *c);
static inline void cache_closep(struct cache **c)
{
	cache_close(*c);
}
#define cleanup_cache CLEANUP(cache_closep)

/* Where it is; valid until cache_close(). */
const char *cache_dir(const struct cache *c);
/* The bytes that it may have. */
uint64_t cache_limit(const struct cache *c);

/* 0 where it is there, -ENOENT, -EPERM where it, or a directory in it, belongs to another user, may
 * be written by others, or is a link, or another errno; but for 0 nothing is found in it. */
int cache_look(struct cache *c);

/* Another one, which others share too. Both as cache_get() and cache_put(), of any thread. */
struct cache_shared {
	void *ctx;
	int (*get)(void *ctx, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		   struct strbuf *ret_content);
	void (*put)(void *ctx, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		    const void *content, size_t len);
};

/* From now on an object that is not here is asked for there, and what is put goes there too. Not
 * while another thread uses it. */
void cache_share(struct cache *c, const struct cache_shared *shared);

/* 0, -ENOENT for what is not there or was damaged, or -ENOMEM. *ret_content is to be empty. Any
 * thread. */
int cache_get(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
	      struct strbuf *ret_content);
/* Of the shared one alone; a manifest is had so, which may be another than the one here. */
int cache_fetch(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		struct strbuf *ret_content);
/* What cannot be written, or counted, is not kept: that is no error. Where that makes more than the
 * limit, what was used longest ago is removed. Any thread. */
void cache_put(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
	       const void *content, size_t len);
/* Here alone. */
void cache_keep(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		const void *content, size_t len);
void cache_count_hit(struct cache *c);
void cache_count_miss(struct cache *c);

/* Counts its files; *ret_entries is how many objects there are. 0 or a negative errno. */
int cache_stats(struct cache *c, struct cache_counts *ret_counts, uint64_t *ret_entries);
/* Removes what was used longest ago until there are at most `limit` bytes. *ret_files and
 * *ret_bytes say how much was removed. 0 or a negative errno. */
int cache_prune(struct cache *c, uint64_t limit, uint64_t *ret_files, uint64_t *ret_bytes);
/* Removes all, and begins the counts anew. */
int cache_clear(struct cache *c, uint64_t *ret_files, uint64_t *ret_bytes);

#endif
