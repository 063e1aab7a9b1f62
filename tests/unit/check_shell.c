/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "shared/shell.h"

TEST(leaves_plain_words)
{
	static const char *const plain[] = {
		"clang",        "-target", "--target=bpf", "-DNAME=1", "/a/b.c",
		"x:y",          "a,b",     "user@host",    "100%",     "-Wp,-MD,f",
		"-std=gnu++17", "_",       "0123456789",   "-",        "abcXYZ.bpf.o",
	};

	for (size_t i = 0; i < LENGTH(plain); i++) {
		cleanup_strbuf struct strbuf b = {0};
		shell_quote(&b, plain[i]);
		ck_assert_str_eq(b.data, plain[i]);
	}
}

TEST(quotes_the_rest)
{
	static const char *const table[][2] = {
		{"", "''"},
		{"a b", "'a b'"},
		{"$HOME", "'$HOME'"},
		{"it's", "'it'\\''s'"},
		{"'", "''\\'''"},
		{"~", "'~'"},
		{"a\nb", "'a\nb'"},
		{"*", "'*'"},
		{"\"q\"", "'\"q\"'"},
		{"back\\", "'back\\'"},
		{"#x", "'#x'"},
		{"\xc3\xa9", "'\xc3\xa9'"},
		{"-DX=\"y\"", "'-DX=\"y\"'"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_strbuf struct strbuf b = {0};
		shell_quote(&b, table[i][0]);
		ck_assert_str_eq(b.data, table[i][1]);
	}
}

TEST(appends)
{
	cleanup_strbuf struct strbuf b = {0};

	strbuf_puts(&b, "echo ");
	shell_quote(&b, "a b");
	ck_assert_str_eq(b.data, "echo 'a b'");
}

/* Has a shell read the words back, a NUL after each, and compares. */
static void assert_read_back(const char *const *words, size_t n)
{
	cleanup_strbuf struct strbuf script = {0};
	cleanup_strbuf struct strbuf expected = {0};
	cleanup_free char *read = calloc(1, 65536);

	strbuf_puts(&script, "set --");
	for (size_t i = 0; i < n; i++) {
		strbuf_putc(&script, ' ');
		shell_quote(&script, words[i]);
		strbuf_add(&expected, words[i], strlen(words[i]) + 1);
	}
	strbuf_puts(&script, "\nfor word; do printf '%s\\000' \"$word\"; done\n");
	write_text("script", script.data);

	FILE *shell = popen("LC_ALL=C sh ./script", "r");
	ck_assert_ptr_ne(shell, NULL);
	size_t len = fread(read, 1, 65536, shell);
	ck_assert_int_eq(pclose(shell), 0);
	ck_assert_uint_eq(len, expected.len);
	ck_assert_mem_eq(read, expected.data, len);
}

TEST(shell_reads_words_back)
{
	static const char *const words[] = {
		"",      " ",     "a b",        "\t",        "\n",       "ends\n",    "\n\n",
		"'",     "''",    "'a'",        "a'b'c",     "\\",       "\\\\",      "\\'",
		"'\\''", "\"",    "\"a b\"",    "$HOME",     "${HOME}",  "$(echo x)", "`echo x`",
		"$",     "!",     "!!",         "~",         "~root",    "*",         "?",
		"[a-z]", "{a,b}", "#",          "# comment", "a#b",      "a;b",       "a&b",
		"a|b",   "<a",    ">b",         "(a)",       "-n",       "-e \\n",    "--",
		"a=b",   "=",     "%s",         "%%",        "\xff\xfe", "\xc3\xa9",  "-DS=\"a b\"",
		"^",     "a\rb",  "while true", "if",
	};

	assert_read_back(words, LENGTH(words));
}

TEST(shell_reads_every_byte_back)
{
	char alone[255][2], all[256];
	const char *words[256];

	for (int i = 0; i < 255; i++) {
		alone[i][0] = all[i] = (char)(i + 1);
		alone[i][1] = '\0';
		words[i] = alone[i];
	}
	all[255] = '\0';
	words[255] = all;
	assert_read_back(words, LENGTH(words));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, leaves_plain_words);
	tcase_add_test(c, quotes_the_rest);
	tcase_add_test(c, appends);
	tcase_add_test(c, shell_reads_words_back);
	tcase_add_test(c, shell_reads_every_byte_back);
}

int main(void)
{
	return suite_run("shell", add_tests);
}
