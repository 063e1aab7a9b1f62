/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What commands with one digest have read: a row of candidates, the latest first, each a line "KEY
 * OTHERS N", digests in hexadecimal digits, and N names of files as keys have them, each ended by a
 * NUL. OTHERS is of what else was there under the names by which these files were looked for.
 */
#ifndef CROSSBPF_MANIFEST_H
#define CROSSBPF_MANIFEST_H

#include "cache.h"
#include "shared/strv.h"

struct candidate {
	uint8_t key[DIGEST_SIZE], others[DIGEST_SIZE];
	const char *names; /* in the manifest, each ended by a NUL */
	size_t n, len;     /* of them, and bytes of the whole candidate */
};

/* The candidate at *at, which moves behind it; false at the end, or where it is no candidate. */
bool manifest_next(const struct strbuf *manifest, size_t *at, struct candidate *ret_candidate);

/* A digest of such names, which are sorted and freed. */
void manifest_others(struct strv *names, uint8_t ret_digest[DIGEST_SIZE]);

/* Puts a candidate before those of the manifest for `command`, where others with its key are left
 * out. 0 or -ENOMEM. */
int manifest_add(struct cache *cache, const uint8_t command[DIGEST_SIZE],
		 const uint8_t key[DIGEST_SIZE], const uint8_t others[DIGEST_SIZE],
		 const struct strv *names);

/* May a candidate that comes from elsewhere be looked at? 0, -ENOENT for no, or -ENOMEM. */
typedef int manifest_judge(void *ctx, const struct candidate *c);

/* Adds to the manifest for `command` what the shared cache has of it. 0, -ENOENT where that has
 * nothing that may be looked at, or -ENOMEM. */
int manifest_fetch(struct cache *cache, const uint8_t command[DIGEST_SIZE], manifest_judge *judge,
		   void *ctx);

/* A number and the character behind it, at *at, which moves behind both. */
bool manifest_number(const char **at, char behind, int64_t *ret_number);

#endif
