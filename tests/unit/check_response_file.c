/* SPDX-License-Identifier: BSD-2-Clause */
/* The answers are those of clang 14: clang @FILE -### prints what it made of a file. */
#include "suite.h"

#include "core/response-file.h"

static void assert_args(const struct strv *args, const char *const *expected)
{
	for (size_t i = 0; i < args->n && expected[i]; i++)
		ck_assert_str_eq(args->v[i], expected[i]);
	size_t n = 0;
	while (expected[n])
		n++;
	ck_assert_uint_eq(args->n, n);
}

/* Expands `args`, and expects the words behind them. */
#define assert_expands(expanded, args, ...)                                            \
	do {                                                                           \
		cleanup_strv struct strv got_ = {0};                                   \
		bool expanded_ = !(expanded);                                          \
		ck_assert_int_eq(response_files_expand((args), &got_, &expanded_), 0); \
		assert_args(&got_, (const char *const[]){__VA_ARGS__, NULL});          \
		ck_assert_int_eq(expanded_, expanded);                                 \
	} while (0)

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Writes `content` to a file, and expects its words. */
#define assert_words(content, ...)                                 \
	do {                                                       \
		write_text("words", content);                      \
		assert_expands(true, ARGS("@words"), __VA_ARGS__); \
	} while (0)

#define assert_no_words(content)                                                               \
	do {                                                                                   \
		cleanup_strv struct strv got_ = {0};                                           \
		bool expanded_ = false;                                                        \
		write_text("words", content);                                                  \
		ck_assert_int_eq(response_files_expand(ARGS("@words"), &got_, &expanded_), 0); \
		ck_assert_uint_eq(got_.n, 0);                                                  \
		ck_assert(expanded_);                                                          \
	} while (0)

TEST(others_are_copied)
{
	assert_expands(false, ARGS("-c", "a b", "", "\\'\"", "x@y"), "-c", "a b", "", "\\'\"",
		       "x@y");
}

TEST(no_arguments)
{
	cleanup_strv struct strv args = {0};
	bool expanded = true;

	ck_assert_int_eq(response_files_expand((const char *const[]){NULL}, &args, &expanded), 0);
	ck_assert_uint_eq(args.n, 0);
	ck_assert(!expanded);
}

TEST(in_its_place)
{
	write_text("f", "-b -c");
	assert_expands(true, ARGS("-a", "@f", "-d", "@f"), "-a", "-b", "-c", "-d", "-b", "-c");
}

TEST(appends)
{
	cleanup_strv struct strv args = {0};
	bool expanded;

	strv_add(&args, "before");
	ck_assert_int_eq(response_files_expand(ARGS("-c"), &args, &expanded), 0);
	assert_args(&args, ARGS("before", "-c"));
}

TEST(blanks_part_words)
{
	assert_words("-a -b\n-c\t-d\r\n  -e \n\n", "-a", "-b", "-c", "-d", "-e");
	assert_words("last", "last");
	assert_no_words("");
	assert_no_words(" \t\r\n");
}

TEST(quotes_group)
{
	assert_words("'a b' \"c d\"", "a b", "c d");
	assert_words("-DS='a b'c", "-DS=a bc");
	assert_words("a\"b c\"d'e f'", "ab cde f");
	assert_words("\"it's\" '\"q\"'", "it's", "\"q\"");
	assert_words("\"two\nlines\"", "two\nlines");
	assert_words("-DE=\"\" -c", "-DE=", "-c");
	assert_words("\"open to the end", "open to the end");
}

TEST(backslash_takes_the_next)
{
	assert_words("a\\ b", "a b");
	assert_words("\\\"q\\\" \\'s\\'", "\"q\"", "'s'");
	assert_words("C:\\\\dir", "C:\\dir");
	assert_words("\\n\\t", "nt");
	assert_words("-DV=\\\"1.0\\\"", "-DV=\"1.0\"");
	/* In quotes of both kinds. */
	assert_words("\"a\\\"b\" 'c\\'d'", "a\"b", "c'd");
	assert_words("'a\\nb'", "anb");
	/* It takes a newline, too, and stands for itself at the end. */
	assert_words("a\\\nb", "a\nb");
	assert_words("end\\", "end\\");
}

/* "" alone is no word: so LLVM reads it, where a shell does not. */
TEST(empty_quotes_are_no_word)
{
	assert_words("-a \"\" -b '' -c", "-a", "-b", "-c");
	assert_words("\"\"x", "x");
	assert_no_words("\"\"");
}

TEST(byte_order_mark)
{
	assert_words("\xef\xbb\xbf-a -b", "-a", "-b");
}

/* Of Windows: clang converts it, so the file is left to clang. */
TEST(utf16)
{
	write_text("f", "\xff\xfe-c");
	assert_expands(false, ARGS("@f"), "@f");
	write_text("f", "\xfe\xff-c");
	assert_expands(false, ARGS("@f"), "@f");
}

TEST(nested)
{
	ck_assert_int_eq(mkdir("dir", 0700), 0);
	write_text("outer", "-1 @dir/inner -4");
	/* The names in a file are relative to the working directory. */
	write_text("dir/inner", "-2 @deep");
	write_text("deep", "-3");
	write_text("dir/deep", "-wrong");
	assert_expands(true, ARGS("@outer"), "-1", "-2", "-3", "-4");
}

TEST(nested_quoted)
{
	write_text("a b", "-DX='1 2'");
	write_text("outer", "'@a b' \"@a b\" @a\\ b");
	assert_expands(true, ARGS("@outer"), "-DX=1 2", "-DX=1 2", "-DX=1 2");
}

/* They are clang's to complain of. */
TEST(unreadable_stay)
{
	ck_assert_int_eq(mkdir("dir", 0700), 0);
	assert_expands(false, ARGS("@missing", "@", "@dir", "@@"), "@missing", "@", "@dir", "@@");
	write_text("f", "-a @missing -b @dir");
	assert_expands(true, ARGS("@f"), "-a", "@missing", "-b", "@dir");
}

/* What was read from a pipe is not there for clang, which may have to read it again. */
TEST(pipes_stay)
{
	cleanup_strv struct strv args = {0};
	bool expanded = true;
	pid_t pid = make_pipe("fifo", "-c a.c");

	int r = response_files_expand(ARGS("@fifo"), &args, &expanded);
	end_process(pid);
	ck_assert_int_eq(r, 0);
	assert_args(&args, ARGS("@fifo"));
	ck_assert(!expanded);
}

TEST(deep_nesting)
{
	char name[16], text[16];

	for (int i = 0; i < 15; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		snprintf(text, sizeof(text), i < 14 ? "@f%d" : "-end", i + 1);
		write_text(name, text);
	}
	assert_expands(true, ARGS("@f0"), "-end");
}

/* A file within itself is no file: clang says that there is none of that name. */
TEST(includes_itself)
{
	write_text("self", "-a @self -b");
	assert_expands(true, ARGS("@self"), "-a", "@self", "-b");
	write_text("ping", "-ping @pong");
	write_text("pong", "-pong @ping");
	assert_expands(true, ARGS("@ping"), "-ping", "-pong", "@ping");
}

/* Each of them more than once: were they expanded to some depth, this took hours. */
TEST(includes_itself_many_times)
{
	write_text("self", "@self @./self -a @self");
	assert_expands(true, ARGS("@self"), "@self", "@./self", "-a", "@self");
	/* One file twice, but not within itself, is right. */
	write_text("twice", "@leaf @leaf");
	write_text("leaf", "-l");
	assert_expands(true, ARGS("@twice", "@leaf"), "-l", "-l", "-l");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, others_are_copied);
	tcase_add_test(c, no_arguments);
	tcase_add_test(c, in_its_place);
	tcase_add_test(c, appends);
	tcase_add_test(c, blanks_part_words);
	tcase_add_test(c, quotes_group);
	tcase_add_test(c, backslash_takes_the_next);
	tcase_add_test(c, empty_quotes_are_no_word);
	tcase_add_test(c, byte_order_mark);
	tcase_add_test(c, utf16);
	tcase_add_test(c, nested);
	tcase_add_test(c, nested_quoted);
	tcase_add_test(c, unreadable_stay);
	tcase_add_test(c, pipes_stay);
	tcase_add_test(c, deep_nesting);
	tcase_add_test(c, includes_itself);
	tcase_add_test(c, includes_itself_many_times);
}

int main(void)
{
	return suite_run("response_file", add_tests);
}
