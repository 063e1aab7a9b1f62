/* SPDX-License-Identifier: BSD-2-Clause */
/* The user's object cache, as crossbpf.conf and the environment have it. */
#ifndef CROSSBPF_CLI_CACHE_H
#define CROSSBPF_CLI_CACHE_H

#include "core/cache.h"
#include "core/conf.h"

/* `conf` may be NULL, and `cache_dir` (of io_cache_dir()): then *ret_cache may be, too. The caller
 * closes it. 0 or -ENOMEM with `e`. */
int cli_cache_open(const struct conf *conf, const char *cache_dir, struct cache **ret_cache,
		   struct crossbpf_error *e);

/* The bytes that it may have. */
uint64_t cli_cache_limit(const struct conf *conf);

#endif
