/* SPDX-License-Identifier: BSD-2-Clause */
/* The user's object cache, as crossbpf.conf and the environment have it. */
#ifndef CROSSBPF_CLI_CACHE_H
#define CROSSBPF_CLI_CACHE_H

#include "core/cache.h"
#include "core/conf.h"

/* `conf`, of the project at `root`, may be NULL, and `cache_dir` (of io_cache_dir()): then
 * *ret_cache may be, too. The caller closes it. 0, or a negative errno with `e`. */
int cli_cache_open(const struct conf *conf, const char *root, const char *cache_dir,
		   struct cache **ret_cache, struct crossbpf_error *e);

/* Says why it cannot be used, by what cache_look() and the like returned; returns that. */
int cli_cache_refuse(const struct cache *c, int r, struct crossbpf_error *e);

/* The same, but that *ret_cache is NULL too where it is not to be used: that costs time alone.
 * `warns`: it is said then. */
int cli_cache_use(const struct conf *conf, const char *root, const char *cache_dir, bool warns,
		  struct cache **ret_cache, struct crossbpf_error *e);

/* A path of crossbpf.conf: ~ is the home directory, as in a shell; what is relative is the
 * project's. NULL where memory ran out; the caller frees. */
char *cli_cache_path(const char *root, const char *path);

#endif
