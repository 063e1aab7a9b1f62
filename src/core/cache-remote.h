/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache that others share, on a server that speaks Bazel's protocol: bazel-remote, nginx with
 * WebDAV, and the like. A file of struct cache lies there as a blob, /cas/SHA256, and under its key
 * an ActionResult (action-result.h), /ac/KEY, which names the blob.
 *
 * Whoever may write there is trusted with what objects hold; what is there in error, cut off, or
 * under another's key is seen. No answer, or a wrong one, is ever more than a miss: a server that
 * fails or is slow is left alone from then on, and that is said once.
 */
#ifndef CROSSBPF_CACHE_REMOTE_H
#define CROSSBPF_CACHE_REMOTE_H

#include "cache.h"

enum { CACHE_REMOTE_TIMEOUT = 5 };

struct cache_remote;

struct cache_remote_settings {
	const char *url;   /* as of cache_url_check() */
	const char *token; /* a bearer's, or NULL */
	bool write;        /* are objects sent there? */
	/* For how many seconds a build may wait for it in all; and a tenth of one more for each
	 * answer. */
	unsigned timeout;
	const char *module_dir; /* of http.so */
	/* Is the build to end now? Any thread. */
	bool (*stop)(void *ctx);
	/* A sentence, and what to do; one call at a time, of any thread. `hint` may be NULL. */
	void (*warn)(void *ctx, const char *message, const char *hint);
	void *ctx;
};

/* The settings are copied. Nothing is loaded or sent before it is used. NULL where memory ran out.
 */
struct cache_remote *cache_remote_new(const struct cache_remote_settings *settings);

/* Waits, as long as `timeout` allows, until all that is to be sent was; no more is taken then. */
void cache_remote_finish(struct cache_remote *r);
/* Does so too. Takes NULL. */
void cache_remote_close(struct cache_remote *r);
static inline void cache_remote_closep(struct cache_remote **r)
{
	cache_remote_close(*r);
}
#define cleanup_cache_remote CLEANUP(cache_remote_closep)

/* Gives up: nothing more is asked for or sent, and what is under way ends soon. */
void cache_remote_leave(struct cache_remote *r);
bool cache_remote_is_left(const struct cache_remote *r);
/* The same, and says why: "WHY". */
void cache_remote_leave_for(struct cache_remote *r, const char *why);

/* As what is not in `c` is asked for from now on. */
void cache_remote_attach(struct cache_remote *r, struct cache *c);

/* How many files were taken and sent so far. */
void cache_remote_count(const struct cache_remote *r, uint64_t *ret_taken, uint64_t *ret_sent);
const char *cache_remote_url(const struct cache_remote *r);

/* May this be sent as a token: printable, without blanks? */
bool cache_remote_is_token(const char *text);

#endif
