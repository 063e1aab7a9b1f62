/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "exchange/root-filter.h"

static void check_text(const char *root, const char *text, const char *want)
{
	cleanup_strbuf struct strbuf result = {0};
	size_t len = strlen(text);
	cleanup_free char *copy = malloc(len + 1); /* of just that size, without an end */
	struct root_filter f;

	memcpy(copy, text, len);
	copy[len] = '/';
	ck_assert_int_eq(root_filter_init(&f, root), 0);
	root_filter_text(&f, copy, len, &result);
	root_filter_free(&f);
	ck_assert_int_eq(result.error, 0);
	ck_assert_msg(strcmp(result.len ? result.data : "", want) == 0, "%s\nbecame\n%s\nnot\n%s",
		      text, result.data, want);
}

TEST(takes_it_off)
{
	static const char root[] = "/home/u/.cache/w/root";

	check_text(root, "/home/u/.cache/w/root/p/x.c:1: no\n", "/p/x.c:1: no\n");
	check_text(root, "/home/u/.cache/w/root/p /home/u/.cache/w/root/q", "/p /q");
	check_text(root, "-I/home/u/.cache/w/root/p", "-I/p");
	check_text(root, "\"/home/u/.cache/w/root/p\"", "\"/p\"");
	check_text(root, "/home/u/.cache/w/root/", "/");
	/* Twice in a row it is a name on the host. */
	check_text(root, "/home/u/.cache/w/root/home/u/.cache/w/root/p", "/home/u/.cache/w/root/p");
}

TEST(leaves_the_rest)
{
	static const char *const texts[] = {"",
					    "/",
					    "text\n",
					    "/home/u/.cache/w/root",
					    "/home/u/.cache/w/root\n",
					    "/home/u/.cache/w/rootx/p",
					    "/home/u/.cache/w/roo/p",
					    "home/u/.cache/w/root/p",
					    "/home/u/.cache/w",
					    "//////////",
					    "/home/u/.cache/w/roo"};

	for (size_t i = 0; i < LENGTH(texts); i++)
		check_text("/home/u/.cache/w/root", texts[i], texts[i]);
}

/* Where the host's paths can be made there. */
TEST(no_root)
{
	check_text("", "/home/u/p/x.c\n", "/home/u/p/x.c\n");
	check_text("", "", "");
}

/* As clang spells it in rules, and in line markers. */
TEST(spellings)
{
	check_text("/h o#m$e/r", "x.o: /h\\ o\\#m$$e/r/p/x.c\n", "x.o: /p/x.c\n");
	check_text("/h o#m$e/r", "/h o#m$e/r/p/x.c\n", "/p/x.c\n");
	check_text("/h\"o\\m/r", "# 1 \"/h\\\"o\\\\m/r/p/x.c\"\n", "# 1 \"/p/x.c\"\n");
	check_text("/h\"o\\m/r", "/h\"o\\m/r/p/x.c\n", "/p/x.c\n");
	check_text("/h\no'\xff/r", "/h\no'\xff/r/p\n", "/p\n");
}

/* An object is none of its affairs. */
TEST(binary)
{
	static const char data[] = "/r/x\0/r/y";
	cleanup_strbuf struct strbuf result = {0};
	struct root_filter f;

	ck_assert_int_eq(root_filter_init(&f, "/r"), 0);
	root_filter_text(&f, data, sizeof(data), &result);
	root_filter_free(&f);
	ck_assert_uint_eq(result.len, sizeof(data));
	ck_assert_mem_eq(result.data, data, sizeof(data));
}

TEST(appends)
{
	cleanup_strbuf struct strbuf result = {0};
	struct root_filter f;

	ck_assert_int_eq(root_filter_init(&f, "/r"), 0);
	root_filter_text(&f, "/r/x", 4, &result);
	root_filter_text(&f, "", 0, &result);
	root_filter_text(&f, "/r/y", 4, &result);
	root_filter_free(&f);
	root_filter_free(&f);
	ck_assert_str_eq(result.data, "/x/y");
}

/* However a stream is cut into pieces, the same comes of it. */
TEST(streams)
{
	static const char text[] =
		"/a b/r/x.c:1: no\n\n/a\\ b/r/y /a b/r/z\n/a b/rest\nend /a b/r/e";
	static const char want[] = "/x.c:1: no\n\n/y /z\n/a b/rest\nend /e";
	size_t len = strlen(text);

	for (size_t i = 0; i <= len; i++)
		for (size_t j = i; j <= len; j++) {
			cleanup_strbuf struct strbuf result = {0};
			struct root_filter f;

			ck_assert_int_eq(root_filter_init(&f, "/a b/r"), 0);
			/* No data is its end. */
			if (i > 0)
				root_filter_stream(&f, text, i, &result);
			if (j > i)
				root_filter_stream(&f, text + i, j - i, &result);
			if (len > j)
				root_filter_stream(&f, text + j, len - j, &result);
			root_filter_stream(&f, "", 0, &result);
			root_filter_free(&f);
			ck_assert_str_eq(result.data, want);
		}
}

/* What is whole is passed on at once. */
TEST(stream_goes_on)
{
	cleanup_strbuf struct strbuf result = {0};
	struct root_filter f;

	ck_assert_int_eq(root_filter_init(&f, "/r"), 0);
	root_filter_stream(&f, "one\n/r/t", 8, &result);
	ck_assert_str_eq(result.data, "one\n");
	root_filter_stream(&f, "wo\n", 3, &result);
	ck_assert_str_eq(result.data, "one\n/two\n");
	root_filter_stream(&f, "", 0, &result);
	ck_assert_str_eq(result.data, "one\n/two\n");
	root_filter_free(&f);
}

/* A line without an end is not kept for ever. */
TEST(endless_line)
{
	enum { CHUNK = 1 << 16 };
	static char chunk[CHUNK];
	cleanup_strbuf struct strbuf result = {0};
	struct root_filter f;

	memset(chunk, 'x', sizeof(chunk));
	ck_assert_int_eq(root_filter_init(&f, "/r"), 0);
	for (int i = 0; i < 64; i++) {
		root_filter_stream(&f, chunk, sizeof(chunk), &result);
		ck_assert_uint_le(f.line.len, 2 << 20);
	}
	ck_assert_uint_gt(result.len, 0);
	root_filter_stream(&f, "", 0, &result);
	ck_assert_uint_eq(result.len, 64 * CHUNK);
	root_filter_free(&f);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, takes_it_off);
	tcase_add_test(c, leaves_the_rest);
	tcase_add_test(c, no_root);
	tcase_add_test(c, spellings);
	tcase_add_test(c, binary);
	tcase_add_test(c, appends);
	tcase_add_test(c, streams);
	tcase_add_test(c, stream_goes_on);
	tcase_add_test(c, endless_line);
}

int main(void)
{
	return suite_run("root_filter", add_tests);
}
