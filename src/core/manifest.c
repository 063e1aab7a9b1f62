/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "manifest.h"

enum { MAX_CANDIDATES = 16 };

bool manifest_number(const char **at, char behind, int64_t *ret_number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	*ret_number = strtoll(*at, &end, 10);
	*at = end + 1;
	return *end == behind;
}

/* The candidate that stands there; false at the end, or where it is no candidate. */
static bool read_candidate(const char *text, size_t len, struct candidate *ret_candidate)
{
	const size_t hex = DIGEST_HEX_SIZE - 1, digests = 2 * (hex + 1);
	const char *at = text + digests, *end = text + len;
	int64_t n;

	if (len < digests || digest_parse(text, ret_candidate->key) < 0 || text[hex] != ' ' ||
	    digest_parse(text + hex + 1, ret_candidate->others) < 0 || at[-1] != ' ' ||
	    !manifest_number(&at, '\n', &n))
		return false;
	ret_candidate->names = at;
	ret_candidate->n = (size_t)n;
	for (; n && at < end; n--)
		at += strlen(at) + 1; /* the buffer ends with a NUL of its own */
	ret_candidate->len = (size_t)(at - text);
	return n == 0 && at <= end;
}

bool manifest_next(const struct strbuf *manifest, size_t *at, struct candidate *ret_candidate)
{
	if (*at >= manifest->len ||
	    !read_candidate(manifest->data + *at, manifest->len - *at, ret_candidate))
		return false;
	*at += ret_candidate->len;
	return true;
}

void manifest_others(struct strv *names, uint8_t ret_digest[DIGEST_SIZE])
{
	struct digest d;

	strv_sort(names);
	digest_init(&d);
	for (size_t i = 0; i < names->n; i++)
		if (i == 0 || strcmp(names->v[i], names->v[i - 1]) != 0)
			digest_string(&d, names->v[i]);
	digest_finish_bytes(&d, ret_digest);
	strv_free(names);
}

static void write_candidate(struct strbuf *b, const uint8_t key[DIGEST_SIZE],
			    const uint8_t others[DIGEST_SIZE], const struct strv *names)
{
	char key_hex[DIGEST_HEX_SIZE], others_hex[DIGEST_HEX_SIZE];

	digest_hex(key, key_hex);
	digest_hex(others, others_hex);
	strbuf_printf(b, "%s %s %zu\n", key_hex, others_hex, names->n);
	for (size_t i = 0; i < names->n; i++)
		strbuf_add(b, names->v[i], strlen(names->v[i]) + 1);
}

/* A candidate as it stands in a manifest. */
static void copy_candidate(struct strbuf *b, const struct candidate *c, const char *end)
{
	strbuf_add(b, end - c->len, c->len);
}

int manifest_add(struct cache *cache, const uint8_t command[DIGEST_SIZE],
		 const uint8_t key[DIGEST_SIZE], const uint8_t others[DIGEST_SIZE],
		 const struct strv *names)
{
	cleanup_strbuf struct strbuf old = {0}, manifest = {0};
	struct candidate c;
	size_t n = 1, at = 0;

	if (cache_get(cache, CACHE_MANIFEST, command, &old) == -ENOMEM)
		return -ENOMEM;
	write_candidate(&manifest, key, others, names);
	while (n < MAX_CANDIDATES && manifest_next(&old, &at, &c)) {
		if (memcmp(c.key, key, DIGEST_SIZE) == 0)
			continue;
		copy_candidate(&manifest, &c, old.data + at);
		n++;
	}
	if (!manifest.error)
		cache_put(cache, CACHE_MANIFEST, command, manifest.data, manifest.len);
	return manifest.error;
}

static bool has_candidate(const struct strbuf *manifest, const uint8_t key[DIGEST_SIZE])
{
	struct candidate c;

	for (size_t at = 0; manifest_next(manifest, &at, &c);)
		if (memcmp(c.key, key, DIGEST_SIZE) == 0)
			return true;
	return false;
}

/* Adds those that are not among them yet; where `judge` is not NULL, that it lets pass. */
static int merge(const struct strbuf *from, manifest_judge *judge, void *ctx, struct strbuf *to,
		 size_t *n)
{
	struct candidate c;

	for (size_t at = 0; *n < MAX_CANDIDATES && manifest_next(from, &at, &c);) {
		int r = judge ? judge(ctx, &c) : 0;
		if (r == -ENOMEM)
			return r;
		if (r < 0 || has_candidate(to, c.key))
			continue;
		copy_candidate(to, &c, from->data + at);
		++*n;
	}
	return to->error;
}

int manifest_fetch(struct cache *cache, const uint8_t command[DIGEST_SIZE], manifest_judge *judge,
		   void *ctx)
{
	cleanup_strbuf struct strbuf theirs = {0}, here = {0}, merged = {0};
	size_t n = 0;

	int r = cache_fetch(cache, CACHE_MANIFEST, command, &theirs);
	if (r < 0)
		return r;
	if (cache_get(cache, CACHE_MANIFEST, command, &here) == -ENOMEM)
		return -ENOMEM;
	/* Theirs first, as what is here was in vain. */
	r = merge(&theirs, judge, ctx, &merged, &n);
	if (r < 0 || !n)
		return r < 0 ? r : -ENOENT;
	r = merge(&here, NULL, NULL, &merged, &n);
	if (r < 0)
		return r;
	cache_keep(cache, CACHE_MANIFEST, command, merged.data, merged.len);
	return 0;
}
