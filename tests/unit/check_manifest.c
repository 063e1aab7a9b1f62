/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/manifest.h"

static const uint8_t command[DIGEST_SIZE] = {9}, others[DIGEST_SIZE] = {8};

static void add(struct cache *cache, unsigned n, const char *name)
{
	cleanup_strv struct strv names = {0};
	uint8_t key[DIGEST_SIZE] = {(uint8_t)n};

	strv_add(&names, "x.c");
	strv_add(&names, name);
	ck_assert_int_eq(manifest_add(cache, command, key, others, &names), 0);
}

/* The keys' first bytes, in a row. */
static size_t read_keys(struct cache *cache, uint8_t ret_keys[64])
{
	cleanup_strbuf struct strbuf text = {0};
	struct candidate c;
	size_t n = 0, at = 0;

	ck_assert_int_eq(cache_get(cache, CACHE_MANIFEST, command, &text), 0);
	for (; manifest_next(&text, &at, &c); n++) {
		ck_assert_uint_eq(c.n, 2);
		ck_assert_str_eq(c.names, "x.c");
		ck_assert_mem_eq(c.others, others, DIGEST_SIZE);
		ret_keys[n] = c.key[0];
	}
	ck_assert_uint_eq(at, text.len);
	return n;
}

TEST(latest_first)
{
	cleanup_cache struct cache *cache = cache_new("dir", 1 << 20);
	uint8_t keys[64];

	add(cache, 1, "a.h");
	add(cache, 2, "b.h");
	add(cache, 3, "");
	ck_assert_uint_eq(read_keys(cache, keys), 3);
	ck_assert_mem_eq(keys, "\3\2\1", 3);
	add(cache, 2, "b.h");
	ck_assert_uint_eq(read_keys(cache, keys), 3);
	ck_assert_mem_eq(keys, "\2\3\1", 3);
	for (unsigned n = 10; n < 40; n++)
		add(cache, n, "c.h");
	ck_assert_uint_eq(read_keys(cache, keys), 16);
	ck_assert_uint_eq(keys[0], 39);
}

/* What is cut off anywhere is no candidate. */
TEST(cut_off)
{
	cleanup_cache struct cache *cache = cache_new("dir", 1 << 20);
	cleanup_strbuf struct strbuf text = {0};
	struct candidate c;

	add(cache, 1, "a.h");
	ck_assert_int_eq(cache_get(cache, CACHE_MANIFEST, command, &text), 0);
	for (size_t len = 0; len < text.len; len++) {
		cleanup_strbuf struct strbuf part = {0};
		size_t at = 0;
		strbuf_add(&part, text.data, len);
		ck_assert(!manifest_next(&part, &at, &c));
		ck_assert_uint_eq(at, 0);
	}
}

TEST(no_shared_cache)
{
	cleanup_cache struct cache *cache = cache_new("dir", 1 << 20);

	ck_assert_int_eq(manifest_fetch(cache, command, NULL, NULL), -ENOENT);
}

TEST(names_in_any_order)
{
	cleanup_strv struct strv a = {0}, b = {0}, c = {0};
	uint8_t digests[3][DIGEST_SIZE];

	strv_add(&a, "x");
	strv_add(&a, "y");
	strv_add(&b, "y");
	strv_add(&b, "x");
	strv_add(&b, "y");
	strv_add(&c, "y");
	manifest_others(&a, digests[0]);
	manifest_others(&b, digests[1]);
	manifest_others(&c, digests[2]);
	ck_assert_mem_eq(digests[0], digests[1], DIGEST_SIZE);
	ck_assert_int_ne(memcmp(digests[0], digests[2], DIGEST_SIZE), 0);
	ck_assert_uint_eq(a.n, 0);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, latest_first);
	tcase_add_test(tests, cut_off);
	tcase_add_test(tests, no_shared_cache);
	tcase_add_test(tests, names_in_any_order);
}

int main(void)
{
	return suite_run("manifest", add_tests);
}
