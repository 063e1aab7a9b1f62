/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What crossbpf-clang made, in the user's cache, and made again from it: the object, its dependency
 * file and what clang said. An entry lies there by the command and all that it read; which that is
 * says a manifest, by the command alone (manifest.h).
 */
#ifndef CROSSBPF_CLANG_CACHE_H
#define CROSSBPF_CLANG_CACHE_H

#include "clang-key.h"
#include "clang-reads.h"
#include "clang-record.h"

struct clang_cache {
	/* To be set. */
	struct cache *cache;
	struct clang_key_request request;
	const struct action *action;
	/* The rest begins as nothing. */
	uint8_t command[DIGEST_SIZE];
	struct strv search, system;
	char *asks;
};

/* Why nothing is looked for nor kept, as part of a sentence, or NULL; the caller frees. 0 or
 * -ENOMEM. */
int clang_cache_begin(struct clang_cache *c, char **ret_why);
void clang_cache_free(struct clang_cache *c);
#define cleanup_clang_cache CLEANUP(clang_cache_free)

/* Puts the outputs in place; *ret_hit: it could, and *ret_said is what is to be said. Otherwise all
 * is as it was. 0 or -ENOMEM. */
int clang_cache_restore(struct clang_cache *c, struct strbuf *ret_said, bool *ret_hit);

/* Keeps what was recorded, unless more may have been read than is known. 0 or -ENOMEM. */
int clang_cache_store(struct clang_cache *c, const struct clang_record *record);

#endif
