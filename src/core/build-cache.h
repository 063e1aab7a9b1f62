/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The objects of builds, in the user's cache. An object lies there by its action's key, for which
 * must be known what the action reads; so a manifest, by the command alone, holds what actions with
 * that command have read, each with its key, and what else was there under the names by which these
 * files were looked for. Where all that is so again, with the contents that the key says, clang
 * would make the same object.
 */
#ifndef CROSSBPF_BUILD_CACHE_H
#define CROSSBPF_BUILD_CACHE_H

#include "build-finish.h"
#include "build-key.h"

/* Does an action from the cache, and fills in ret_result, which points into ret_said; *ret_hit: it
 * could. No builder is asked. 0 or -ENOMEM. */
int build_cache_restore(const struct build *b, const struct build_action *a,
			struct build_result *ret_result, struct strbuf *ret_said, bool *ret_hit);

/* Why an action's object is neither looked for nor kept, as part of a sentence; NULL: it is. 0 or
 * -ENOMEM; the caller frees. */
int build_cache_why_not(const struct build *b, const struct build_action *a, char **ret_why);

/* Adds to what is known of the action's command what the shared cache knows of it. 0, -ENOENT where
 * that has nothing, or -ENOMEM; *ret_looked is for how many nanoseconds it was looked at here. */
int build_cache_fetch(const struct build *b, const struct build_action *a, int64_t *ret_looked);

/* The key of an action that was done, of what is read now, where no asm() names a file. 0, -ENOENT
 * where something is not there any more, or an error of build_key_finish(). */
int build_cache_key_now(const struct build *b, const struct build_result *result,
			const struct build_record *record, const struct strv *read,
			uint8_t ret_key[DIGEST_SIZE]);

/* Keeps the object of an action that read `read`, as it was written; `k` is what the key was made
 * of. 0 or -ENOMEM. */
int build_cache_store(struct build_key *k, const struct build_result *result,
		      const struct build_record *record, const struct strv *read,
		      const uint8_t key[DIGEST_SIZE], const struct strbuf *object);

#endif
