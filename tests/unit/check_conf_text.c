/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/conf-text.h"

static void write_bytes(const char *path, const char *data, size_t len)
{
	cleanup_fclose FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, len, f) != len || fflush(f) != 0)
		ck_abort_msg("cannot write %s: %s", path, strerror(errno));
}

/* The words of `text`, as "LINE:WORD" with a blank behind each; the end is "LINE:". */
static void assert_words(const char *text, const char *expected)
{
	static const char kinds[] = {'s', '{', '}', '=', '+', ',', '\0'};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_conf_text struct conf_text t = {0};
	char got[1024] = "";

	write_text("conf", text);
	int r = conf_text_read("conf", &t, &e);
	ck_assert_msg(r == 0, "%s: %s", text, e.message ? e.message : "");
	for (size_t i = 0; i < t.n; i++) {
		const struct conf_word *w = &t.words[i];
		const char *word = t.text + w->at;
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u:%.*s", i ? " " : "",
			 w->line, (int)w->len, word);
		if (w->kind != CONF_STRING && w->kind != CONF_END)
			ck_assert_int_eq(word[0], kinds[w->kind]);
	}
	ck_assert_int_eq(t.words[t.n - 1].kind, CONF_END);
	ck_assert_str_eq(got, expected);
}

static void assert_bytes_refused(const char *data, size_t len, const char *message)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_conf_text struct conf_text t = {0};

	write_bytes("conf", data, len);
	ck_assert_msg(conf_text_read("conf", &t, &e) == -EINVAL, "%s", message);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	ck_assert_str_eq(e.message, message);
	ck_assert_ptr_eq(t.words, NULL);
}

static void assert_refused(const char *text, const char *message)
{
	assert_bytes_refused(text, strlen(text), message);
}

TEST(words)
{
	assert_words("", "1:");
	assert_words("\n\n", "3:");
	assert_words("build {\n  a = b\n  c += { \"d\", 'e' }\n}\n",
		     "1:build 1:{ 2:a 2:= 2:b 3:c 3:+= 3:{ 3:\"d\" 3:, 3:'e' 3:} 4:} 5:");
	assert_words("a=b{c}d,e+=f", "1:a 1:= 1:b 1:{ 1:c 1:} 1:d 1:, 1:e 1:+= 1:f 1:");
	assert_words("a\"b\"'c'", "1:a 1:\"b\" 1:'c' 1:");
	assert_words("a = -O2;/x\\y://z\xc3\xa4", "1:a 1:= 1:-O2;/x\\y://z\xc3\xa4 1:");
	assert_words("a\r\nb\r\n", "1:a 2:b 3:");
}

TEST(more_words_than_at_first)
{
	char text[2 * 300 + 1];
	cleanup_error struct crossbpf_error e = {0};
	cleanup_conf_text struct conf_text t = {0};

	for (size_t i = 0; i < 300; i++)
		memcpy(text + 2 * i, "a\n", 3);
	write_text("conf", text);
	ck_assert_int_eq(conf_text_read("conf", &t, &e), 0);
	ck_assert_uint_eq(t.n, 301);
	ck_assert_uint_eq(t.words[299].line, 300);
}

/* They become blanks; lines stay lines. */
TEST(comments)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_conf_text struct conf_text t = {0};

	assert_words("# one\n// two \"\n/* three\n four */ a#b\n/**/b /*/ c */ d",
		     "4:a 5:b 5:d 5:");
	assert_words("# to the end", "1:");
	assert_words("a = \"#b\" '//c' /*\"*/", "1:a 1:= 1:\"#b\" 1:'//c' 1:");

	write_text("conf", "a#b\n/* c\nd*/e");
	ck_assert_int_eq(conf_text_read("conf", &t, &e), 0);
	ck_assert_str_eq(t.text, "a  \n    \n   e");
}

TEST(byte_order_mark)
{
	assert_words("\xef\xbb\xbf"
		     "a = b",
		     "1:a 1:= 1:b 1:");
}

TEST(quotes)
{
	assert_words("\"a \\\" \\\\ \\n \\x41 \\101 \\x \\$ b\" c",
		     "1:\"a \\\" \\\\ \\n \\x41 \\101 \\x \\$ b\" 1:c 1:");
	assert_words("'a \\' \\\\ \\0 \" ${' b", "1:'a \\' \\\\ \\0 \" ${' 1:b 1:");
	/* Their line is that of the beginning. */
	assert_words("\"a\nb\\\nc\" d\n'a\nb\\\nc' d", "1:\"a\nb\\\nc\" 3:d 4:'a\nb\\\nc' 6:d 6:");
}

TEST(variables)
{
	assert_words("\"${A}x${_b1:-c d}\" e", "1:\"${A}x${_b1:-c d}\" 1:e 1:");
	assert_words("${A} ${A:-b # c}", "1:${A} 1:${A:-b # c} 1:");
	assert_words("\"\\${\" '${' \"$\" \"$A\"", "1:\"\\${\" 1:'${' 1:\"$\" 1:\"$A\" 1:");
}

TEST(refusals)
{
	static const char no_variable[] = "conf:1: this is no variable after '$'";
	static const char no_character[] =
		"conf:1: there is no such character as this backslash begins";
	static const char *const no_variables[] = {
		"\"${\"", "\"${}\"",      "\"${A\"", "\"${A\n}\"", "\"${A-b}\"",   "\"${A:b}\"",
		"${",     "\"${A:-\"}\"", "${A:-'}", "\"${A B}\"", "\"${A:-\\}\"",
	};
	static const char *const escapes[] = {"\"\\0\"",    "\"\\000\"", "\"\\400\"", "\"\\8\"",
					      "\"\\1011\"", "\"\\x0\"",  "\"\\x00\"", "\"\\x0g\""};

	for (size_t i = 0; i < LENGTH(no_variables); i++)
		assert_refused(no_variables[i], no_variable);
	for (size_t i = 0; i < LENGTH(escapes); i++)
		assert_refused(escapes[i], no_character);
	assert_refused("a\n/* b\n", "conf:2: the comment has no end");
	assert_refused("a\n/*/", "conf:2: the comment has no end");
	assert_refused("a\n\"b\n", "conf:2: the quote that begins here has no end");
	assert_refused("\"b\\", "conf:1: the quote that begins here has no end");
	assert_refused("\"b\\\"", "conf:1: the quote that begins here has no end");
	assert_refused("\n\n'b\\'", "conf:3: the quote that begins here has no end");
	assert_refused("'b\\", "conf:1: the quote that begins here has no end");
	assert_refused("a = *.c", "conf:1: '*' stands outside of quotes");
	assert_refused("a = bpf/*.c", "conf:1: '*' stands outside of quotes");
	assert_refused("a = b+c", "conf:1: '+' stands outside of quotes");
	assert_refused("a + = b", "conf:1: '+' stands outside of quotes");
	assert_refused("include(b)", "conf:1: '(' stands outside of quotes");
	assert_refused(")", "conf:1: ')' stands outside of quotes");
}

TEST(binary)
{
	assert_bytes_refused("a\nb\0c", 5, "conf:2: there is a byte 0x00");
	assert_refused("\x7f"
		       "ELF",
		       "conf:1: there is a byte 0x7f");
	assert_refused("\"a\x1b[2J\"", "conf:1: there is a byte 0x1b");
}

static void assert_unreadable(const char *path, int code, const char *message)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_conf_text struct conf_text t = {0};

	ck_assert_int_eq(conf_text_read(path, &t, &e), code);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	ck_assert_str_eq(e.message, message);
}

TEST(unreadable)
{
	assert_unreadable("none", -ENOENT, "cannot read none: No such file or directory");
	assert_unreadable(".", -EISDIR, "cannot read .: Is a directory");

	write_text("large", "");
	ck_assert_int_eq(truncate("large", (1 << 20) + 1), 0);
	assert_unreadable("large", -EFBIG, "large is larger than 1048576 bytes");
	if (geteuid() != 0) { /* reads all */
		write_text("closed", "");
		ck_assert_int_eq(chmod("closed", 0), 0);
		assert_unreadable("closed", -EACCES, "cannot read closed: Permission denied");
	}
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, words);
	tcase_add_test(c, more_words_than_at_first);
	tcase_add_test(c, comments);
	tcase_add_test(c, byte_order_mark);
	tcase_add_test(c, quotes);
	tcase_add_test(c, variables);
	tcase_add_test(c, refusals);
	tcase_add_test(c, binary);
	tcase_add_test(c, unreadable);
}

int main(void)
{
	return suite_run("conf_text", add_tests);
}
