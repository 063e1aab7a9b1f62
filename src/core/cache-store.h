/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directories of a cache, and what is counted of it; cache.c alone uses this.
 *
 * All is opened below one descriptor, and no link is followed. What belongs to another user, or
 * what others may write, is none of ours.
 */
#ifndef CROSSBPF_CACHE_STORE_H
#define CROSSBPF_CACHE_STORE_H

#include "cache.h"

struct cache_store {
	int base, kinds[CACHE_KINDS];
	int temporary; /* where files are written before they get their names */
	int counts;    /* a file; or -1 */
};

#define CACHE_STORE_CLOSED           \
	{                            \
		-1, {-1, -1}, -1, -1 \
	}

/* More than any limit: they are to be counted. */
#define CACHE_BYTES_UNKNOWN (UINT64_MAX / 2)

/* 0, -ENOENT for what is not there and not to be made, -EPERM for what is not ours, or another
 * errno. */
int cache_store_open(struct cache_store *s, const char *dir, bool make);
void cache_store_close(struct cache_store *s);

/* A process that is stopped may hold it for ever: more than `tries` milliseconds nobody waits. 0 or
 * -EAGAIN. */
int cache_counts_begin(const struct cache_store *s, unsigned tries,
		       struct cache_counts *ret_counts);
/* Writes them, and lets others at them. */
void cache_counts_end(const struct cache_store *s, const struct cache_counts *counts);
/* As they are, of which bytes may be CACHE_BYTES_UNKNOWN. */
void cache_counts_read(const struct cache_store *s, struct cache_counts *ret_counts);

/* Is nobody else pruning? Until cache_store_close(), or the end of the process. */
bool cache_store_lock_prune(const struct cache_store *s);
void cache_store_unlock_prune(const struct cache_store *s);

/* An empty temporary file, locked for as long as it is open. A descriptor or a negative errno; the
 * caller frees the name. */
int cache_store_temporary(const struct cache_store *s, char **ret_name);
/* Removes those that nobody writes any more; no thread of this process may. */
void cache_store_sweep(const struct cache_store *s);

/* The files of a directory, which closedir() closes; NULL where it cannot be read. */
DIR *cache_store_list(int dir);

#endif
