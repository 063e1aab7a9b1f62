/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/action-result.h"

static uint8_t digest[DIGEST_SIZE];
static char hex[DIGEST_HEX_SIZE];

static void set_digest(void)
{
	digest_of("content", 7, digest);
	digest_hex(digest, hex);
}

/* In memory of just that size: what reads past it is seen by AddressSanitizer. */
static int find(const void *data, size_t len, const char *path)
{
	uint8_t got[DIGEST_SIZE], untouched[DIGEST_SIZE];
	cleanup_free char *copy = malloc(len + !len);
	uint64_t size = 12345;

	memcpy(copy, data, len);
	memset(got, 0xa5, sizeof(got));
	memcpy(untouched, got, sizeof(got));
	int r = action_result_find(len ? copy : NULL, len, path, got, &size);
	ck_assert(r == 0 || r == -ENOENT || r == -EINVAL);
	if (r < 0) {
		ck_assert_uint_eq(size, 12345);
		ck_assert_mem_eq(got, untouched, sizeof(got));
		return r;
	}
	ck_assert_mem_eq(got, digest, sizeof(got));
	ck_assert_uint_le(size, INT64_MAX);
	return (int)size;
}

#define FIND(text, path) find(text, sizeof(text) - 1, path)

/* A message of text and, where a '#' stands, the digits of the digest. */
static void expand(struct strbuf *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '#')
			strbuf_puts(b, hex);
		else
			strbuf_putc(b, text[i]);
	}
}

static int find_expanded(const char *text, size_t len, const char *path)
{
	cleanup_strbuf struct strbuf b = {0};

	expand(&b, text, len);
	return find(b.data, b.len, path);
}
#define FIND_EXPANDED(text, path) find_expanded(text, sizeof(text) - 1, path)

TEST(reads_what_it_wrote)
{
	static const uint64_t sizes[] = {0, 1, 127, 128, 300, 65535, 1 << 30};

	set_digest();
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		cleanup_strbuf struct strbuf b = {0};
		action_result_write(&b, "a/b", digest, sizes[i]);
		ck_assert_int_eq(b.error, 0);
		ck_assert_int_eq(find(b.data, b.len, "a/b"), (int)sizes[i]);
		ck_assert_int_eq(find(b.data, b.len, "a/c"), -ENOENT);
		ck_assert_int_eq(find(b.data, b.len, "a/bc"), -ENOENT);
		ck_assert_int_eq(find(b.data, b.len, ""), -ENOENT);
	}
}

/* As protoc --encode has it. */
TEST(writes_the_wire_format)
{
	cleanup_strbuf struct strbuf b = {0}, expected = {0};

	set_digest();
	action_result_write(&b, "a/b", digest, 300);
	expand(&expected,
	       "\x12\x4c"
	       "\x0a\x03"
	       "a/b"
	       "\x12\x45"
	       "\x0a\x40"
	       "#"
	       "\x10\xac\x02",
	       2 + 2 + 3 + 2 + 2 + 1 + 3);
	ck_assert_uint_eq(b.len, expected.len);
	ck_assert_mem_eq(b.data, expected.data, b.len);
}

/* What bazel-remote adds, and others may: fields of each type, in any order. */
TEST(passes_over_other_fields)
{
	set_digest();
	ck_assert_int_eq(FIND_EXPANDED("\x4a\x05\x0a\x03"
				       "1:2"
				       "\x12\x4b\x12\x44\x10\x07\x0a\x40#\x0a\x03"
				       "a/b"
				       "\x20\x00\x2a\x00",
				       "a/b"),
			 7);
	/* Another file before it and behind it; one is executable. */
	ck_assert_int_eq(FIND_EXPANDED("\x12\x04\x0a\x02"
				       "no"
				       "\x12\x4d\x0a\x03"
				       "a/b"
				       "\x12\x44\x0a\x40#\x10\x07\x20\x01"
				       "\x12\x03\x0a\x01"
				       "x",
				       "a/b"),
			 7);
	/* Of types that none of its fields has. */
	ck_assert_int_eq(FIND_EXPANDED("\x79"
				       "12345678"
				       "\x7d"
				       "1234"
				       "\x12\x4b\x0a\x03"
				       "a/b"
				       "\x12\x44\x0a\x40#\x10\x07",
				       "a/b"),
			 7);
	/* The size of 0 is left out. */
	ck_assert_int_eq(FIND_EXPANDED("\x12\x49\x0a\x03"
				       "a/b"
				       "\x12\x42\x0a\x40#",
				       "a/b"),
			 0);
}

TEST(is_not_there)
{
	set_digest();
	ck_assert_int_eq(FIND("", "a/b"), -ENOENT);
	ck_assert_int_eq(FIND("\x20\x00", "a/b"), -ENOENT);
	/* The action failed: exit_code 1. */
	ck_assert_int_eq(FIND_EXPANDED("\x12\x4b\x0a\x03"
				       "a/b"
				       "\x12\x44\x0a\x40#\x10\x07\x20\x01",
				       "a/b"),
			 -ENOENT);
}

TEST(refuses_what_is_none)
{
	set_digest();
	ck_assert_int_eq(FIND("<html>", "a/b"), -EINVAL);
	ck_assert_int_eq(FIND("\x12", "a/b"), -EINVAL);
	ck_assert_int_eq(FIND("\x12\x05\x0a", "a/b"), -EINVAL);
	ck_assert_int_eq(FIND("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "a/b"), -EINVAL);
	ck_assert_int_eq(FIND("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "a/b"), -EINVAL);
	ck_assert_int_eq(FIND("\x20\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "a/b"), -EINVAL);
	ck_assert_int_eq(FIND("\x02\x00", "a/b"), -EINVAL); /* field 0 */
	ck_assert_int_eq(FIND("\x0b\x0c", "a/b"), -EINVAL); /* a group */
	/* No digest, one that is none, one cut off, and one of capital letters. */
	ck_assert_int_eq(FIND("\x12\x05\x0a\x03"
			      "a/b",
			      "a/b"),
			 -EINVAL);
	ck_assert_int_eq(FIND("\x12\x0b\x0a\x03"
			      "a/b"
			      "\x12\x04\x0a\x02"
			      "ab",
			      "a/b"),
			 -EINVAL);
	ck_assert_int_eq(FIND_EXPANDED("\x12\x49\x0a\x03"
				       "a/b"
				       "\x12\x42\x0a\x41#",
				       "a/b"),
			 -EINVAL);
	hex[0] = 'A';
	ck_assert_int_eq(FIND_EXPANDED("\x12\x49\x0a\x03"
				       "a/b"
				       "\x12\x42\x0a\x40#",
				       "a/b"),
			 -EINVAL);
	/* A size of less than nothing. */
	set_digest();
	ck_assert_int_eq(
		FIND_EXPANDED("\x12\x54\x0a\x03"
			      "a/b"
			      "\x12\x4d\x0a\x40#\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
			      "a/b"),
		-EINVAL);
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Each cut, each byte changed, and much that is by chance: it is refused, or what it says is within
 * bounds. The digest alone may be another, which the blob then has not. */
TEST(anything)
{
	cleanup_strbuf struct strbuf b = {0};
	uint8_t got[DIGEST_SIZE];
	uint32_t state = 2463534242;
	uint64_t size;

	set_digest();
	action_result_write(&b, "a/b", digest, 300);
	for (size_t len = 0; len < b.len; len++)
		ck_assert_int_lt(find(b.data, len, "a/b"), 0);
	for (unsigned round = 0; round < 200000; round++) {
		size_t len = next_random(&state) % (b.len + 20);
		cleanup_free char *data = malloc(len + 1);
		bool wild = round % 4 == 0;
		for (size_t i = 0; i < len; i++)
			data[i] = (char)(wild || i >= b.len ? next_random(&state)
							    : (uint32_t)b.data[i]);
		for (unsigned n = next_random(&state) % 4; len && n; n--)
			data[next_random(&state) % len] = (char)next_random(&state);
		char *exact = realloc(data, len + !len);
		data = exact ? exact : data;
		int r = action_result_find(data, len, "a/b", got, &size);
		ck_assert(r == 0 || r == -ENOENT || r == -EINVAL);
		ck_assert(r < 0 || size <= INT64_MAX);
	}
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, reads_what_it_wrote);
	tcase_add_test(c, writes_the_wire_format);
	tcase_add_test(c, passes_over_other_fields);
	tcase_add_test(c, is_not_there);
	tcase_add_test(c, refuses_what_is_none);
	tcase_add_test(c, anything);
}

int main(void)
{
	return suite_run("action_result", add_tests);
}
