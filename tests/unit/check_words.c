/* SPDX-License-Identifier: BSD-2-Clause */
/* The answers are those of dash, where it gives one without an expansion. */
#include "suite.h"

#include "core/words.h"

#define assert_words(text, ...)                                               \
	do {                                                                  \
		static const char *const expected_[] = {__VA_ARGS__, NULL};   \
		cleanup_error struct crossbpf_error e_ = {0};                 \
		cleanup_strv struct strv words_ = {0};                        \
		ck_assert_int_eq(words_split("it", (text), &words_, &e_), 0); \
		for (size_t i_ = 0; i_ < words_.n && expected_[i_]; i_++)     \
			ck_assert_str_eq(words_.v[i_], expected_[i_]);        \
		ck_assert_uint_eq(words_.n, LENGTH(expected_) - 1);           \
	} while (0)

static void assert_no_words(const char *text)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strv struct strv words = {0};

	ck_assert_int_eq(words_split("it", text, &words, &e), 0);
	ck_assert_uint_eq(words.n, 0);
}

static void assert_refused(const char *text, const char *message)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strv struct strv words = {0};

	ck_assert_int_eq(words_split("it", text, &words, &e), -EINVAL);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	ck_assert_str_eq(e.message, message);
}

TEST(blanks_part_words)
{
	assert_words("-O2 -g", "-O2", "-g");
	assert_words(" \t-O2\n\t -g\r\n ", "-O2", "-g");
	assert_no_words("");
	assert_no_words(" \t\n ");
	assert_no_words("\\\n");
	assert_no_words(" \\\n \\\n ");
}

TEST(quotes)
{
	assert_words("'a b' \"c d\"", "a b", "c d");
	assert_words("-DS='a b'c\"d e\"", "-DS=a bcd e");
	assert_words("'' \"\" x''", "", "", "x");
	assert_words("'a\"b' \"a'b\"", "a\"b", "a'b");
	assert_words("'$(x) `y` \\n'", "$(x) `y` \\n");
	assert_words("'a\nb'", "a\nb");
}

TEST(backslashes)
{
	assert_words("a\\ b \\\"q\\\" \\'s\\' \\\\ \\$x \\`", "a b", "\"q\"", "'s'", "\\", "$x",
		     "`");
	assert_words("-DV=\\\"1.0\\\" a\\bc", "-DV=\"1.0\"", "abc");
	assert_words("\"\\\" \\\\ \\$ \\` \\n \\'\"", "\" \\ $ ` \\n \\'");
	/* It joins lines. */
	assert_words("a\\\nb \"c\\\nd\"", "ab", "cd");
	assert_words("a \\\n b", "a", "b");
}

TEST(others_are_letters)
{
	assert_words("a;b | & < > (c) * ? [d] #e ~ {f,g} !", "a;b", "|", "&", "<", ">", "(c)", "*",
		     "?", "[d]", "#e", "~", "{f,g}", "!");
}

TEST(appends)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strv struct strv words = {0};

	strv_add(&words, "before");
	ck_assert_int_eq(words_split("it", "-c", &words, &e), 0);
	ck_assert_uint_eq(words.n, 2);
	ck_assert_str_eq(words.v[1], "-c");
}

TEST(refusals)
{
	assert_refused("a 'b", "a ' in it has no other to end it");
	assert_refused("\"b", "a \" in it has no other to end it");
	assert_refused("\"b\\", "a \" in it has no other to end it");
	assert_refused("\"b\\\"", "a \" in it has no other to end it");
	assert_refused("'b\\' c'", "a ' in it has no other to end it");
	assert_refused("b\\", "it ends with a backslash");
	assert_refused("-I$HOME", "no shell runs: a $ in it is not expanded");
	assert_refused("\"$HOME\"", "no shell runs: a $ in it is not expanded");
	assert_refused("`pkg-config x`", "no shell runs: a ` in it is not expanded");
	assert_refused("\"`x`\"", "no shell runs: a ` in it is not expanded");
}

TEST(out_of_memory_before)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strv struct strv words = {.error = -ENOMEM};

	ck_assert_int_eq(words_split("it", "a", &words, &e), -ENOMEM);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, blanks_part_words);
	tcase_add_test(c, quotes);
	tcase_add_test(c, backslashes);
	tcase_add_test(c, others_are_letters);
	tcase_add_test(c, appends);
	tcase_add_test(c, refusals);
	tcase_add_test(c, out_of_memory_before);
}

int main(void)
{
	return suite_run("words", add_tests);
}
