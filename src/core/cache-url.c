/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cache-url.h"

static const char plain[] = "http://", tls[] = "https://";

/* What stands behind the scheme, or NULL. */
static const char *find_host(const char *url)
{
	if (strncasecmp(url, tls, sizeof(tls) - 1) == 0)
		return url + sizeof(tls) - 1;
	return strncasecmp(url, plain, sizeof(plain) - 1) == 0 ? url + sizeof(plain) - 1 : NULL;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

int cache_url_check(const char *url, struct crossbpf_error *e)
{
	static const char hint[] = "write \"https://HOST/PATH\"";
	const char *host = find_host(url);

	if (!host || !is_printable(url) || strpbrk(url, "\\\"<>^`{|}") || host[0] == '/' ||
	    host[0] == ':' || !host[0])
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint,
				 "this is no address of a shared cache");
	if (memchr(host, '@', strcspn(host, "/?#")))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "leave it out: ~/.netrc or CROSSBPF_CACHE_TOKEN is the place",
				 "the address of a shared cache has a user or a password in it");
	if (strpbrk(host, "?#"))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint,
				 "the address of a shared cache has a query or a fragment");
	return 0;
}

bool cache_url_is_here(const char *url)
{
	static const char *const here[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *host = find_host(url);

	for (size_t i = 0; host && i < sizeof(here) / sizeof(here[0]); i++) {
		size_t len = strlen(here[i]);
		if (strncasecmp(host, here[i], len) == 0 && strchr(":/", host[len]))
			return true; /* the end of the string, too */
	}
	return false;
}

bool cache_url_is_private(const char *url)
{
	return strncasecmp(url, tls, sizeof(tls) - 1) == 0 || cache_url_is_here(url);
}
