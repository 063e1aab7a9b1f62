/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/diag.h"

static struct diag diag;

/* Parses a copy without a NUL, of just that size, so that a read past its end is seen. */
static bool parse(const char *line, size_t len)
{
	static char *copy;

	free(copy);
	copy = NULL;
	memset(&diag, 0, sizeof(diag));
	if (!line)
		return false;
	copy = malloc(len ? len : 1);
	ck_assert_ptr_ne(copy, NULL);
	memcpy(copy, line, len);
	bool is_diag = diag_parse(copy, len, &diag);
	if (!is_diag)
		ck_assert_ptr_eq(diag.file, NULL); /* nothing was written */
	return is_diag;
}

static void assert_piece(const char *piece, size_t len, const char *expected)
{
	ck_assert_uint_eq(len, strlen(expected));
	ck_assert_mem_eq(piece, expected, len);
}

static void assert_diag(const char *line, const char *file, unsigned long at, unsigned long column,
			const char *severity, const char *message)
{
	ck_assert_msg(parse(line, strlen(line)), "%s", line);
	assert_piece(diag.file, diag.file_len, file);
	ck_assert_uint_eq(diag.line, at);
	ck_assert_uint_eq(diag.column, column);
	ck_assert_str_eq(diag.severity, severity);
	assert_piece(diag.message, diag.message_len, message);
	parse(NULL, 0);
}

static void assert_none(const char *line)
{
	ck_assert_msg(!parse(line, strlen(line)), "%s", line);
	parse(NULL, 0);
}

TEST(severities)
{
	assert_diag("a.c:3:14: error: no", "a.c", 3, 14, "error", "no");
	assert_diag("a.c:3:14: fatal error: no", "a.c", 3, 14, "fatal error", "no");
	assert_diag("a.c:3:14: warning: no [-Wx]", "a.c", 3, 14, "warning", "no [-Wx]");
	assert_diag("a.c:3:14: remark: no", "a.c", 3, 14, "remark", "no");
	assert_diag("a.c:3:14: note: no", "a.c", 3, 14, "note", "no");
}

TEST(without_a_column_or_a_line)
{
	assert_diag("a.c:3: error: no", "a.c", 3, 0, "error", "no");
	assert_diag("clang: error: no such file", "clang", 0, 0, "error", "no such file");
	assert_diag("clang-14: warning: unused", "clang-14", 0, 0, "warning", "unused");
}

TEST(messages)
{
	assert_diag("a.c:1:2: error: expected ':' or: more: error: x", "a.c", 1, 2, "error",
		    "expected ':' or: more: error: x");
	assert_diag("a.c:1:2: error: ", "a.c", 1, 2, "error", "");
	assert_diag("a.c:1:2: error:  two", "a.c", 1, 2, "error", " two");
	assert_diag("a.c:1:2: note: \xff\n", "a.c", 1, 2, "note", "\xff\n");
}

TEST(names)
{
	assert_diag("/abs/dir/a b.c:1:2: error: x", "/abs/dir/a b.c", 1, 2, "error", "x");
	assert_diag("a:b.c:1:2: error: x", "a:b.c", 1, 2, "error", "x");
	assert_diag("a:7:b.c:1:2: error: x", "a:7:b.c", 1, 2, "error", "x");
	assert_diag("a: b.c:1:2: error: x", "a: b.c", 1, 2, "error", "x");
	assert_diag("a::1:2: error: x", "a:", 1, 2, "error", "x");
	assert_diag("C:\\dir\\a.c:1:2: error: x", "C:\\dir\\a.c", 1, 2, "error", "x");
	assert_diag("\xff\xfe.c:1:2: error: x", "\xff\xfe.c", 1, 2, "error", "x");
	assert_diag("<command line>:1:9: warning: x", "<command line>", 1, 9, "warning", "x");
	assert_diag("./-x.c:1:9: warning: x", "./-x.c", 1, 9, "warning", "x");
}

TEST(numbers)
{
	assert_diag("a.c:99999999:99999999: error: x", "a.c", 99999999, 99999999, "error", "x");
	assert_diag("a.c:0:0: error: x", "a.c", 0, 0, "error", "x");
	/* None that clang makes. */
	assert_none("a.c:99999999999999999999:1: error x");
	assert_none("a.c:-1:1:error: x");
}

TEST(lines_that_are_none)
{
	static const char *const lines[] = {
		"",
		":",
		"::",
		" ",
		"error",
		"error:",
		"2 warnings generated.",
		"1 error generated.",
		"In file included from a.bpf.c:3:",
		"        return ctx->missing;",
		"               ~~~  ^",
		"      |        ^~~~~~~",
		"   12 | int x = y ? 1 : 2;",
		"    case 1: return 2;",
		"label:",
		"                    error: x",
		":1:2: error: x",
		"a.c:1:2:error: x",
		"a.c:1:2: error:x",
		"a.c:1:2: error",
		"a.c:1:2: error:",
		"a.c:1:2: Error: x",
		"a.c:1:2: errors: x",
		"a.c:1:2:  error: x",
		"a.c:1:2: ignored: x",
		"a.c:1:2",
		"a.c:1:2:",
		"a.c:1:2: ",
		"a.c:1:",
		"a.c:1",
		"Stack dump:",
		"0.\tProgram arguments: clang -c a.c",
		"https://example.org/",
		"\x1b[1ma.c:1:2: \x1b[0m\x1b[0;1;31merror: \x1b[0mx",
	};

	for (size_t i = 0; i < LENGTH(lines); i++)
		assert_none(lines[i]);
}

TEST(bytes_with_a_nul)
{
	static const char nul[] = "a.c:1:2: error: x\0y";

	ck_assert(parse(nul, sizeof(nul) - 1));
	ck_assert_uint_eq(diag.message_len, 3);
	ck_assert(!parse("\0\0\0", 3));
	parse(NULL, 0);
}

/* A line that was cut off is one from where its severity is whole. */
TEST(every_prefix)
{
	static const char line[] = "d/a:b.c:12:34: fatal error: 'x.h' file not found";
	size_t head = strlen("d/a:b.c:12:34: fatal error: ");

	for (size_t len = 0; len < sizeof(line); len++) {
		ck_assert_int_eq(parse(line, len), len >= head);
		if (len < head)
			continue;
		assert_piece(diag.file, diag.file_len, "d/a:b.c");
		ck_assert_uint_eq(diag.line, 12);
		ck_assert_uint_eq(diag.column, 34);
		ck_assert_uint_eq(diag.message_len, len - head);
	}
	parse(NULL, 0);
}

/* Any byte in any place: nothing but its own bytes is read. */
TEST(every_change)
{
	static const char line[] = "a.c:1:2: error: x";
	static const char bytes[] = ":1 e\n";
	char changed[sizeof(line)];

	for (size_t i = 0; i < sizeof(line) - 1; i++) {
		for (size_t j = 0; j < sizeof(bytes); j++) {
			memcpy(changed, line, sizeof(line));
			changed[i] = bytes[j];
			if (!parse(changed, sizeof(line) - 1))
				continue;
			ck_assert_uint_gt(diag.file_len, 0);
			ck_assert_uint_lt(diag.file_len + diag.message_len, sizeof(line) - 1);
		}
	}
	parse(NULL, 0);
}

TEST(of_no_file)
{
	assert_diag("fatal error: too many errors emitted, stopping now [-ferror-limit=]", "", 0, 0,
		    "fatal error", "too many errors emitted, stopping now [-ferror-limit=]");
	assert_diag("error: <unknown>:0:0: in function f: too many args", "", 0, 0, "error",
		    "<unknown>:0:0: in function f: too many args");
	assert_none("errors: x");
}

static void assert_plain(const char *text, size_t len, const char *expected)
{
	cleanup_strbuf struct strbuf b = {0};

	diag_add_plain(&b, text, len);
	ck_assert_uint_eq(b.len, strlen(expected));
	ck_assert_str_eq(b.data ? b.data : "", expected);
}

TEST(without_colours)
{
	static const char line[] =
		"\033[1mx.c:1:2: \033[0m\033[0;1;35mwarning: \033[0m\033[1mm\033[0m\n";

	assert_plain("", 0, "");
	assert_plain("plain\n", 6, "plain\n");
	assert_plain(line, sizeof(line) - 1, "x.c:1:2: warning: m\n");
	/* Cut off anywhere, by an allocation of just that size. */
	for (size_t n = 1; n < sizeof(line); n++) {
		cleanup_free char *part = malloc(n);
		cleanup_strbuf struct strbuf b = {0};
		memcpy(part, line, n);
		diag_add_plain(&b, part, n);
		ck_assert(!b.data || !strchr(b.data, '[') || n < 3);
	}
	assert_plain("a\033", 2, "a\033");
	assert_plain("\033x\033[0mb", 7, "\033xb");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, severities);
	tcase_add_test(c, without_a_column_or_a_line);
	tcase_add_test(c, messages);
	tcase_add_test(c, names);
	tcase_add_test(c, numbers);
	tcase_add_test(c, lines_that_are_none);
	tcase_add_test(c, bytes_with_a_nul);
	tcase_add_test(c, every_prefix);
	tcase_add_test(c, every_change);
	tcase_add_test(c, of_no_file);
	tcase_add_test(c, without_colours);
}

int main(void)
{
	return suite_run("diag", add_tests);
}
