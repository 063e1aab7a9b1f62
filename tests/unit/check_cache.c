/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <sys/resource.h>
#include <time.h>

#include "core/cache.h"
#include "shared/io.h"

enum { LIMIT = 100000 };

static const uint8_t *key_of(unsigned n)
{
	static uint8_t keys[4][DIGEST_SIZE];
	static unsigned turn;
	uint8_t *key = keys[++turn % 4];

	digest_of(&n, sizeof(n), key);
	return key;
}

static char *path_of(const char *kind, unsigned n)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(key_of(n), hex);
	return str_printf("dir/cache/%s/%.2s/%s", kind, hex, hex + 2);
}

static void put(struct cache *c, unsigned n, const char *text)
{
	cache_put(c, CACHE_OBJECT, key_of(n), text, strlen(text));
}

static bool has(struct cache *c, unsigned n, const char *text)
{
	cleanup_strbuf struct strbuf content = {0};

	int r = cache_get(c, CACHE_OBJECT, key_of(n), &content);
	ck_assert(r == 0 || r == -ENOENT);
	if (r < 0)
		return false;
	ck_assert_uint_eq(content.len, strlen(text));
	ck_assert_mem_eq(content.data ? content.data : "", text, content.len);
	return true;
}

static void set_age(const char *path, time_t seconds)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - seconds},
				    {.tv_sec = time(NULL) - seconds}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void age(unsigned n, time_t seconds)
{
	cleanup_free char *path = path_of("object", n);

	set_age(path, seconds);
}

TEST(gives_what_was_put)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	cleanup_strbuf struct strbuf content = {0};
	const char bytes[] = "a\0b\n";

	ck_assert(!has(c, 1, ""));
	ck_assert(access("dir", F_OK) < 0); /* to look for it makes nothing */
	put(c, 1, "one");
	put(c, 2, "");
	cache_put(c, CACHE_OBJECT, key_of(3), bytes, sizeof(bytes));
	cache_put(c, CACHE_MANIFEST, key_of(1), "manifest", 8);
	ck_assert(has(c, 1, "one"));
	ck_assert(has(c, 2, ""));
	ck_assert_int_eq(cache_get(c, CACHE_OBJECT, key_of(3), &content), 0);
	ck_assert_uint_eq(content.len, sizeof(bytes));
	ck_assert_mem_eq(content.data, bytes, sizeof(bytes));
	put(c, 1, "another");
	ck_assert(has(c, 1, "another"));
	ck_assert(!has(c, 4, ""));
}

TEST(damage_is_a_miss_and_removed)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	cleanup_free char *path = path_of("object", 1);
	cleanup_strbuf struct strbuf whole = {0};

	put(c, 1, "content");
	ck_assert_int_eq(io_read_file(path, 4096, &whole), 0);
	for (size_t i = 0; i <= whole.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			char saved = i < whole.len ? whole.data[i] : '\0';
			if (i < whole.len)
				whole.data[i] ^= (char)(1 << bit);
			/* Past its end: cut off. */
			size_t len = i < whole.len ? whole.len : (size_t)bit * whole.len / 8;
			ck_assert_int_eq(io_replace_file(path, whole.data, len), 0);
			ck_assert_msg(!has(c, 1, "content"), "byte %zu, bit %d", i, bit);
			ck_assert(access(path, F_OK) < 0);
			if (i < whole.len)
				whole.data[i] = saved;
		}
	put(c, 1, "content");
	ck_assert(has(c, 1, "content"));
}

/* Of whose files one would like to be another's. */
TEST(content_of_another_kind_or_key)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);

	put(c, 1, "one");
	ck_assert(!has(c, 2, "one"));
	ck_assert_int_eq(cache_get(c, CACHE_MANIFEST, key_of(1), &(struct strbuf){0}), -ENOENT);
}

static void assert_counts(uint64_t entries, uint64_t hits, uint64_t misses)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	struct cache_counts counts;
	uint64_t n;

	ck_assert_int_eq(cache_stats(c, &counts, &n), 0);
	ck_assert_uint_eq(n, entries);
	ck_assert_uint_eq(counts.hits, hits);
	ck_assert_uint_eq(counts.misses, misses);
}

TEST(counts_uses)
{
	uint64_t files, bytes;

	for (unsigned n = 0; n < 3; n++) {
		cleanup_cache struct cache *c = cache_new("dir", LIMIT);
		put(c, n, "content");
		cache_count_miss(c);
		cache_count_hit(c);
		cache_count_hit(c);
	}
	assert_counts(3, 6, 3);
	write_text("dir/cache/counts", "nonsense");
	assert_counts(3, 0, 0);
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	ck_assert_int_eq(cache_prune(c, 0, &files, &bytes), 0);
	ck_assert_uint_eq(files, 3);
	ck_assert_uint_gt(bytes, 21);
	assert_counts(0, 0, 0);
}

TEST(what_was_used_longest_ago_goes)
{
	char text[1001];
	uint64_t files, bytes;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	for (unsigned n = 0; n < 10; n++) {
		put(c, n, text);
		age(n, 100000 - 5000 * (time_t)n);
	}
	/* The first was just used again. */
	ck_assert(has(c, 0, text));
	ck_assert_int_eq(cache_prune(c, 5500, &files, &bytes), 0);
	ck_assert_uint_eq(files, 5);
	for (unsigned n = 0; n < 10; n++)
		ck_assert_int_eq(has(c, n, text), n == 0 || n > 5);
	/* Nothing is to be done. */
	ck_assert_int_eq(cache_prune(c, 5500, &files, &bytes), 0);
	ck_assert_uint_eq(files, 0);
	ck_assert_uint_eq(bytes, 0);
}

TEST(closing_keeps_the_limit)
{
	char text[1001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned n = 0; n < 30; n++) {
		cleanup_cache struct cache *c = cache_new("dir", 10000);
		put(c, n, text);
		cache_close(TAKE_PTR(c));
		age(n, 100000 - 1000 * (time_t)n);
	}
	cleanup_cache struct cache *c = cache_new("dir", 10000);
	struct cache_counts counts;
	uint64_t entries;
	ck_assert_int_eq(cache_stats(c, &counts, &entries), 0);
	ck_assert_uint_le(counts.bytes, 10000);
	ck_assert_uint_ge(entries, 6);
	ck_assert(has(c, 29, text));
	ck_assert(!has(c, 0, text));
}

/* What a killed process leaves goes after an hour, and not before: somebody may be writing it. */
TEST(temporary_files)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	cleanup_free char *path = path_of("object", 1);
	cleanup_free char *old = str_printf("%s.abcdef", path),
			  *new = str_printf("%s.ghijkl", path);
	uint64_t files, bytes;

	put(c, 1, "content");
	write_text(old, "part");
	write_text(new, "part");
	set_age(old, 7200);
	ck_assert_int_eq(cache_prune(c, LIMIT, &files, &bytes), 0);
	ck_assert_uint_eq(files, 1);
	ck_assert(access(old, F_OK) < 0 && access(new, F_OK) == 0);
	ck_assert(has(c, 1, "content"));
}

TEST(no_directory)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	struct cache_counts counts;
	uint64_t entries;

	write_text("dir", "a file");
	put(c, 1, "content");
	cache_count_miss(c);
	ck_assert(!has(c, 1, "content"));
	ck_assert_int_eq(cache_stats(c, &counts, &entries), 0);
	ck_assert_uint_eq(entries, 0);
	assert_text("dir", "a file");
}

/* A disk that is full in the middle of a file. */
TEST(full_disk)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	struct rlimit limit, few;
	char text[5001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	put(c, 1, "content");
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	few = limit;
	few.rlim_cur = 1000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
	put(c, 2, text);
	put(c, 1, text);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_DFL);
	ck_assert(!has(c, 2, text));
	ck_assert(has(c, 1, "content"));
}

/* A shared one of one file. */
struct shared_file {
	unsigned key, gets, puts;
	enum cache_kind kind;
	const char *content; /* or NULL: it has none */
};

static int get_shared(void *ctx, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		      struct strbuf *ret_content)
{
	struct shared_file *f = ctx;

	f->gets++;
	if (!f->content || kind != f->kind || memcmp(key, key_of(f->key), DIGEST_SIZE) != 0)
		return -ENOENT;
	strbuf_puts(ret_content, f->content);
	return ret_content->error;
}

static void put_shared(void *ctx, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		       const void *content, size_t len)
{
	struct shared_file *f = ctx;

	f->puts++;
	f->kind = kind;
	ck_assert_mem_eq(key, key_of(f->key), DIGEST_SIZE);
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(content, "put", 3);
}

TEST(asks_a_shared_one)
{
	struct shared_file f = {.key = 1, .kind = CACHE_OBJECT, .content = "theirs"};
	const struct cache_shared shared = {&f, get_shared, put_shared};
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	cleanup_strbuf struct strbuf content = {0};

	ck_assert_int_eq(cache_fetch(c, CACHE_OBJECT, key_of(1), &content), -ENOENT);
	put(c, 2, "here");
	cache_share(c, &shared);
	ck_assert(has(c, 2, "here"));
	ck_assert_uint_eq(f.gets, 0);
	ck_assert(!has(c, 3, ""));
	ck_assert(has(c, 1, "theirs"));
	ck_assert_uint_eq(f.gets, 2);
	ck_assert(has(c, 1, "theirs")); /* which is here now */
	ck_assert_uint_eq(f.gets, 2);
	/* What is there of manifests is asked for, and is not what is here. */
	f.kind = CACHE_MANIFEST;
	ck_assert_int_eq(cache_get(c, CACHE_MANIFEST, key_of(1), &content), -ENOENT);
	ck_assert_uint_eq(f.gets, 2);
	ck_assert_int_eq(cache_fetch(c, CACHE_MANIFEST, key_of(1), &content), 0);
	ck_assert_str_eq(content.data, "theirs");
	ck_assert_int_eq(cache_get(c, CACHE_MANIFEST, key_of(1), &content), -ENOENT);
	cache_keep(c, CACHE_MANIFEST, key_of(1), "kept", 4);
	ck_assert_uint_eq(f.puts, 0);
	cache_put(c, CACHE_MANIFEST, key_of(1), "put", 3);
	ck_assert_uint_eq(f.puts, 1);
	ck_assert_uint_eq(f.kind, CACHE_MANIFEST);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, gives_what_was_put);
	tcase_add_test(c, damage_is_a_miss_and_removed);
	tcase_add_test(c, content_of_another_kind_or_key);
	tcase_add_test(c, counts_uses);
	tcase_add_test(c, what_was_used_longest_ago_goes);
	tcase_add_test(c, closing_keeps_the_limit);
	tcase_add_test(c, temporary_files);
	tcase_add_test(c, no_directory);
	tcase_add_test(c, full_disk);
	tcase_add_test(c, asks_a_shared_one);
}

int main(void)
{
	return suite_run("cache", add_tests);
}
