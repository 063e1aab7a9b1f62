/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cli-cache.h"

#define DEFAULT_LIMIT (UINT64_C(5) << 30)

uint64_t cli_cache_limit(const struct conf *conf)
{
	return conf && conf->cache_size ? conf->cache_size : DEFAULT_LIMIT;
}

/* ~ is the home directory, as in a shell. */
static char *expand(const char *dir)
{
	const char *home = getenv("HOME");

	if (dir[0] == '~' && (dir[1] == '/' || !dir[1]) && home)
		return str_printf("%s%s", home, dir + 1);
	return strdup(dir);
}

int cli_cache_open(const struct conf *conf, const char *cache_dir, struct cache **ret_cache,
		   struct crossbpf_error *e)
{
	const char *dir = conf && conf->cache_dir ? conf->cache_dir : cache_dir;

	*ret_cache = NULL;
	if (!dir)
		return 0;
	cleanup_free char *path = expand(dir);
	*ret_cache = path ? cache_new(path, cli_cache_limit(conf)) : NULL;
	return *ret_cache ? 0 : error_no_memory(e);
}
