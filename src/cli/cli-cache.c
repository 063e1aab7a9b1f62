/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cli-cache.h"
#include "cli.h"
#include "shared/io.h"

#define DEFAULT_LIMIT (UINT64_C(5) << 30)

static int find_limit(const struct conf *conf, uint64_t *ret_limit, struct crossbpf_error *e)
{
	const char *text = cli_setting("CROSSBPF_CACHE_SIZE", NULL);

	*ret_limit = conf && conf->cache_size ? conf->cache_size : DEFAULT_LIMIT;
	if (!text)
		return 0;
	*ret_limit = conf_parse_size(text);
	return *ret_limit ? 0
			  : error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				      "give a number of bytes, or one with K, M, G or T: 5G",
				      "CROSSBPF_CACHE_SIZE=%s is no size", text);
}

char *cli_cache_path(const char *root, const char *path)
{
	const char *home = getenv("HOME");

	if (path[0] == '~' && (path[1] == '/' || !path[1]) && home)
		return str_printf("%s%s", home, path + 1);
	return io_absolute(root, path);
}

/* *ret_dir is NULL where there is none. */
static int find_dir(const struct conf *conf, const char *root, const char *cache_dir,
		    char **ret_dir, struct crossbpf_error *e)
{
	const char *named = cli_directory("CROSSBPF_CACHE_DIR", NULL);

	if (named && named[0] != '/')
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "name it from the root on",
				 "CROSSBPF_CACHE_DIR=%s is no absolute path", named);
	if (!named && conf && conf->cache_dir)
		*ret_dir = cli_cache_path(root, conf->cache_dir);
	else if (named || cache_dir)
		*ret_dir = strdup(named ? named : cache_dir);
	else
		return 0;
	return *ret_dir ? 0 : error_no_memory(e);
}

int cli_cache_open(const struct conf *conf, const char *root, const char *cache_dir,
		   struct cache **ret_cache, struct crossbpf_error *e)
{
	cleanup_free char *dir = NULL;
	uint64_t limit = 0;

	int r = find_limit(conf, &limit, e);
	if (r == 0)
		r = find_dir(conf, root, cache_dir, &dir, e);
	if (r < 0)
		return r;
	struct cache *cache = dir ? cache_new(dir, limit) : NULL;
	if (dir && !cache)
		return error_no_memory(e);
	*ret_cache = cache;
	return 0;
}

int cli_cache_refuse(const struct cache *c, int r, struct crossbpf_error *e)
{
	if (r == -EPERM)
		return error_set(e, r, EXIT_STATUS_USAGE,
				 "remove it, or name another: CROSSBPF_CACHE_DIR",
				 "the cache %s is not used: it, or a directory in it, belongs to "
				 "another user, may be written by others, or is a link",
				 cache_dir(c));
	return error_set(e, r, EXIT_STATUS_FAILED, NULL, "the cache %s: %s", cache_dir(c),
			 strerror(-r));
}

int cli_cache_use(const struct conf *conf, const char *root, const char *cache_dir, bool warns,
		  struct cache **ret_cache, struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error refused = {0};

	int r = cli_cache_open(conf, root, cache_dir, ret_cache, e);
	if (r < 0 || !*ret_cache || cache_look(*ret_cache) != -EPERM)
		return r;
	cli_cache_refuse(*ret_cache, -EPERM, &refused);
	if (warns)
		cli_warn(&refused);
	cache_close(TAKE_PTR(*ret_cache));
	return 0;
}
