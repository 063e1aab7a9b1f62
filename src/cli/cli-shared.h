/* SPDX-License-Identifier: BSD-2-Clause */
/* The shared cache, as crossbpf.conf and the environment have it. */
#ifndef CROSSBPF_CLI_SHARED_H
#define CROSSBPF_CLI_SHARED_H

#include "core/cache-remote.h"
#include "core/conf.h"

/* CROSSBPF_CACHE_TOKEN, which no program that we start is to see: to be called before any is.
 * *ret_token is NULL where it is not set; the caller frees. 0 or -ENOMEM with `e`. */
int cli_shared_take_token(char **ret_token, struct crossbpf_error *e);

/*
 * `conf`, of the project at `root`, may be NULL, and `token`. *ret_shared is NULL where there is no
 * shared cache, or it cannot be used as things are, which is said by `warn`; the caller closes it.
 * 0, or a negative errno with `e` for a setting that is none.
 */
int cli_shared_open(const struct conf *conf, const char *root, const char *token,
		    void (*warn)(void *ctx, const char *message, const char *hint), void *ctx,
		    struct cache_remote **ret_shared, struct crossbpf_error *e);

/* Sends what is left, and where `verbose` says what was taken and sent. */
void cli_shared_close(struct cache_remote *shared, bool verbose);

#endif
