/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/include-names.h"
#include "shared/io.h"
#include "shared/strbuf.h"

/* Each name as a word: its use, how it is looked for, and the text. */
static char *spell(const struct include_names *names)
{
	static const char *const uses[] = {"i", "n", "e", "s", "a", "an"};
	struct strbuf b = {0};
	char *result;

	for (size_t i = 0; i < names->n; i++) {
		const struct include_name *name = &names->v[i];
		strbuf_printf(&b, "%s%s:%s%s%s", i ? "|" : "", uses[name->use],
			      name->computed ? "{"
			      : name->quote  ? "\""
					     : "<",
			      name->text,
			      name->computed ? "}"
			      : name->quote  ? "\""
					     : ">");
	}
	ck_assert_int_eq(strbuf_finish(&b, &result), 0);
	return result;
}

/* As it lies in a buffer of just that size. */
static char *find(const char *text, size_t len)
{
	cleanup_include_names struct include_names names = {0};
	cleanup_free char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	ck_assert_int_eq(include_names_find(copy, len, &names), 0);
	return spell(&names);
}

struct row {
	const char *text, *names;
};

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cleanup_free char *names = find(rows[i].text, strlen(rows[i].text));
		ck_assert_msg(strcmp(names, rows[i].names) == 0, "%s: %s, not %s", rows[i].text,
			      names, rows[i].names);
	}
}

TEST(directives)
{
	static const struct row rows[] = {
		{"#include \"a.h\"\n", "i:\"a.h\""},
		{"#include <a.h>\n", "i:<a.h>"},
		{"#include <a.h>", "i:<a.h>"},
		{"#include\"a.h\"\n#include<b.h>\n", "i:\"a.h\"|i:<b.h>"},
		{"#import <a.h>\n", "i:<a.h>"},
		{"#include_next <a.h>\n#include_next \"b.h\"", "n:<a.h>|n:\"b.h\""},
		{"#embed \"a.bin\" limit(4)\n", "e:\"a.bin\""},
		{"#pragma GCC dependency \"a.y\" newer\n", "a:\"a.y\""},
		{"#include \"a b.h\"\n", "i:\"a b.h\""},
		{"#include <../a//b.h>\n", "i:<../a//b.h>"},
		{"#include <a/*b.h> /* */\n", "i:<a/*b.h>"},
		{"#include \"a>b.h\"\n", "i:\"a>b.h\""},
		{"#include <a\"b.h>\n", "i:<a\"b.h>"},
		{"#include \"\xc3\xa9.h\"\n", "i:\"\xc3\xa9.h\""},
		{"#include MACRO\n", "i:{MACRO}"},
		{"#include STR(a/b.h) // c\n", "i:{STR(a/b.h)}"},
		{"#if 0\n#include <a.h>\n#else\n#include <b.h>\n#endif\n", "i:<a.h>|i:<b.h>"},
		{"#if 0\nit's \"so\n#include <a.h>\n#endif\n", "i:<a.h>"},
		/* None. */
		{"", ""},
		{"#\n#include\n# 3 \"a.h\"\n#line 3 \"a.h\"\n", ""},
		{"#include <a.h\n>\n", ""},
		{"#include \"a.h\n\"", ""},
		{"#include \"\"\n#include <>\n", ""},
		{"#includes <a.h>\n#inc lude <a.h>\n", ""},
		{"int x; #include <a.h>\n", ""},
		{"char *s = \"#include <a.h>\";\n", ""},
		{"//#include <a.h>\n * #include <b.h>\n", ""},
		{"#pragma once\n#pragma GCC poison a\n#pragma clang x\n#error \"a.h\"\n", ""},
		{"#define A \"a.h\"\n#undef A\n#ifdef A\n", ""},
	};

	assert_rows(rows, LENGTH(rows));
}

TEST(spacing)
{
	static const struct row rows[] = {
		{" \t# \t include \t <a.h>\n", "i:<a.h>"},
		{"\v\f#\v\finclude\f<a.h>\n", "i:<a.h>"},
		{"#  /* c */ include /* d */ <a.h>\n", "i:<a.h>"},
		{"/* c */ #include <a.h>\n", "i:<a.h>"},
		{"/* c\n d */ /* e */ #include <a.h>\n", "i:<a.h>"},
		{"/**/#/**/include/**/<a.h>\n", "i:<a.h>"},
		{"#include /* c\n d */ <a.h>\n", "i:<a.h>"},
		{"# /* c\n\n */ include /* c\n * d ** / **/ <a.h>\n", "i:<a.h>"},
		{"int a; // c\n#include <a.h>\n", "i:<a.h>"},
		/* Spliced lines. */
		{"#inc\\\nlude <a.h>\n", "i:<a.h>"},
		{"#\\\ninclude\\\n<a\\\n.h>\n", "i:<a.h>"},
		{"#include \\\n\"a.h\"\n", "i:\"a.h\""},
		{" \\\n#include <a.h>\n", "i:<a.h>"},
		{"#inc\\ \t\nlude <a.h>\n", "i:<a.h>"},
		{"#inc\\\r\nlude <a.h>\r\n", "i:<a.h>"},
		{"/\\\n* c *\\\n/ #include <a.h>\n", "i:<a.h>"},
		{"#include /\\\n* c *\\\n/ <a.h>\n", "i:<a.h>"},
		{"#include <a\\b.h>\n", "i:<a\\b.h>"},
		/* Digraphs, and other ends of lines. */
		{"%:include <a.h>\n", "i:<a.h>"},
		{"  %: include <a.h>\n", "i:<a.h>"},
		{"%\\\n:include <a.h>\n", "i:<a.h>"},
		{"x %:include <a.h>\n% :include <a.h>\n", ""},
		{"#include <a.h>\r\n#include \"b.h\"\r\n", "i:<a.h>|i:\"b.h\""},
		{"int x;\r#include <a.h>\r", "i:<a.h>"},
		{"\xef\xbb\xbf#include <a.h>\n", "i:<a.h>"},
		{"\xef\xbb\xbf  #include <a.h>\n", "i:<a.h>"},
	};

	assert_rows(rows, LENGTH(rows));
}

TEST(nul_bytes)
{
	static const char text[] =
		"\0#\0include\0<a.h>\nx\0\n#include <b\0.h>\n\0#include \"c.h\"\n";
	cleanup_free char *names = find(text, sizeof(text) - 1);

	ck_assert_str_eq(names, "i:<a.h>|i:\"c.h\"");
}

TEST(conditions)
{
	static const struct row rows[] = {
		{"#if __has_include(<a.h>)\n", "a:<a.h>"},
		{"#elif __has_include ( \"a.h\" )\n", "a:\"a.h\""},
		{"#if __has_include(<a.h>) && \\\n __has_include(\"b.h\")\n", "a:<a.h>|a:\"b.h\""},
		{"#if __has_include_next(<a.h>)\n", "an:<a.h>"},
		{"#if __has_embed(\"a.bin\" limit(1))\n", "a:\"a.bin\""},
		{"#if __has_include/**/(/* c\n */<a.h>)\n", "a:<a.h>"},
		{"#if __has_in\\\nclude(<a\\\n.h>)\n", "a:<a.h>"},
		{"#if __has_include(<a//b.h>)\n", "a:<a//b.h>"},
		{"#if A < B && __has_include(<a.h>)\n", "a:<a.h>"},
		{"#if '\"' == 34 && __has_include(\"a.h\")\n", "a:\"a.h\""},
		{"#if '\\'' && __has_include(\"a.h\")\n", "a:\"a.h\""},
		{"#if HAS(<a.h>)\n", "a:<a.h>"},
		{"#if __has_include(A)\n", "a:{A}"},
		{"#if __has_include(A(b))\n", "a:{A(b}"},
		{"#define HAS __has_include(<a.h>)\n", "a:<a.h>"},
		{"#define HAS(x) __has_include(x)\n", "a:{}"},
		{"%:if __has_include(<a.h>)\n", "a:<a.h>"},
		/* None. */
		{"#if defined(__has_include) && A\n#ifdef __has_include\n", ""},
		{"#if A > B && C < D\n#if A >= 1\n", ""},
		{"#if __has_feature(x)\n#if __has_include(<>)\n#if __has_include(\"a.h)\n", ""},
		{"#else \"a.h\"\n#endif <a.h>\n", ""},
	};

	assert_rows(rows, LENGTH(rows));
}

TEST(assembly)
{
	static const struct row rows[] = {
		{"asm(\".incbin \\\"a.bin\\\"\");\n", "s:\"a.bin\""},
		{"asm(\"\\n\\t.incbin\\t\\\"a b.bin\\\", 4\\n\");\n", ""},
		{"asm(\".section x\\n.incbin \\\"a.bin\\\"\\n\");\n", "s:\"a.bin\""},
		{"asm(\".include \\\"a.s\\\"\");\n", "s:\"a.s\""},
		{"  .incbin \"a.bin\"\n", "s:\"a.bin\"|s:{}"},
		{"asm(\".incbin \\\"\" FILE \"\\\"\");\n", "s:{}"},
		{"asm(\".incbin \" FILE \"\\n\");\n", "s:\" FILE \"|s:{}"},
		{"asm(\".incbin \\\"dir/\" FILE \"\\\"\");\n", "s:\"dir/\"|s:{}"},
		{"x.include = 1; y.incbin(2); .incbin", ""},
	};

	assert_rows(rows, LENGTH(rows));
}

/* Nothing is read behind the end, wherever that is. */
TEST(in_any_part)
{
	static const char text[] = "\xef\xbb\xbf#inc\\\r\nlude <a.h>\n/* */%:if __has_include (<b> "
				   "\\\n)\n#include /* c */ M\n#define X(a) \"b\" \\\n '\"' // c\n"
				   ".incbin \\\"x\\\" \0 #pragma GCC dependency \"d\"";
	cleanup_strv struct strv strings = {0};

	for (size_t from = 0; from < sizeof(text); from++) {
		for (size_t len = 0; len < sizeof(text) - from; len++) {
			cleanup_include_macros struct include_macros macros = {0};
			cleanup_free char *copy = malloc(len ? len : 1);
			memcpy(copy, text + from, len);
			free(find(text + from, len));
			ck_assert_int_eq(include_macros_find(copy, len, &macros), 0);
			include_strings_find(copy, len, &strings);
		}
	}
	ck_assert_int_eq(strings.error, 0);
}

static void assert_macros(const struct include_macros *macros, const struct include_macro *expected,
			  size_t n)
{
	ck_assert_uint_eq(macros->n, n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(macros->v[i].name, expected[i].name);
		ck_assert_str_eq(macros->v[i].body, expected[i].body);
		ck_assert_int_eq(macros->v[i].function, expected[i].function);
	}
}

TEST(defined_macros)
{
	static const char text[] =
		"#define A \"a.h\"\n#define B\n #  define /* c */ C <c.h> // d\n"
		"#define D(x) #x\n#define E (x)\n#define F a \\\n b /* c\n */ d\n"
		"#define G \"a//b\" \"/*\"\n#defined H\n#define\n#undef I\n";
	static const struct include_macro expected[] = {
		{(char *)"A", (char *)"\"a.h\"", false},
		{(char *)"B", (char *)"", false},
		{(char *)"C", (char *)"<c.h>", false},
		{(char *)"D", (char *)"(x) #x", true},
		{(char *)"E", (char *)"(x)", false},
		{(char *)"F", (char *)"a  b   d", false},
		{(char *)"G", (char *)"\"a//b\" \"/*\"", false},
	};
	static const struct include_macro given[] = {
		{(char *)"A", (char *)"1", false},
		{(char *)"B", (char *)"", false},
		{(char *)"C", (char *)"\"c=.h\"", false},
		{(char *)"D", (char *)"#x", true},
	};
	cleanup_include_macros struct include_macros macros = {0}, defines = {0};

	ck_assert_int_eq(include_macros_find(text, sizeof(text) - 1, &macros), 0);
	assert_macros(&macros, expected, LENGTH(expected));
	ck_assert_int_eq(include_macros_add("A", &defines), 0);
	ck_assert_int_eq(include_macros_add("B=", &defines), 0);
	ck_assert_int_eq(include_macros_add("C=\"c=.h\"", &defines), 0);
	ck_assert_int_eq(include_macros_add("D(x)=#x", &defines), 0);
	assert_macros(&defines, given, LENGTH(given));
}

TEST(all_strings)
{
	static const char text[] = "f(\"a\", \"b/c\"); \"d\n\" \"\" \"e\"";
	cleanup_strv struct strv strings = {0};

	include_strings_find(text, sizeof(text) - 1, &strings);
	ck_assert_int_eq(strings.error, 0);
	ck_assert(strv_contains(&strings, "a"));
	ck_assert(strv_contains(&strings, "b/c"));
	ck_assert(strv_contains(&strings, "e"));
	ck_assert(!strv_contains(&strings, "d\n"));
	ck_assert(!strv_contains(&strings, ""));
}

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 8;
}

/* Parts of sources in any order, with bytes changed: it ends, and nothing is read elsewhere. */
TEST(random_texts)
{
	static const char *const parts[] = {"#",
					    "include",
					    "_next",
					    "<",
					    ">",
					    "\"",
					    "a.h",
					    "\n",
					    "\\\n",
					    "\\",
					    "/*",
					    "*/",
					    "//",
					    "'",
					    "%:",
					    "(",
					    ")",
					    " ",
					    "\r\n",
					    "define ",
					    "if ",
					    "elif ",
					    "__has_include",
					    ".incbin ",
					    "pragma GCC dependency ",
					    "x",
					    "embed ",
					    "\t",
					    "\\\"",
					    "import ",
					    "\xef\xbb\xbf",
					    "__has_embed(",
					    "\xff"};
	unsigned seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		cleanup_include_macros struct include_macros macros = {0};
		cleanup_strbuf struct strbuf text = {0};
		cleanup_strv struct strv strings = {0};
		for (unsigned n = next_random(&seed) % 40; n > 0; n--)
			strbuf_puts(&text, parts[next_random(&seed) % LENGTH(parts)]);
		for (unsigned n = next_random(&seed) % 4; n > 0 && text.len; n--)
			text.data[next_random(&seed) % text.len] = (char)next_random(&seed);
		cleanup_free char *copy = malloc(text.len + !text.len);
		if (text.len)
			memcpy(copy, text.data, text.len);
		free(find(copy, text.len));
		ck_assert_int_eq(include_macros_find(copy, text.len, &macros), 0);
		include_strings_find(copy, text.len, &strings);
	}
}

/* Cut and put together anew from real headers. */
TEST(random_splices)
{
	cleanup_strbuf struct strbuf header = {0};
	unsigned seed = 2;

	if (io_read_file("/usr/include/linux/bpf.h", 1 << 20, &header) < 0 &&
	    io_read_file("/usr/include/stdio.h", 1 << 20, &header) < 0)
		return;
	for (unsigned round = 0; round < 300; round++) {
		cleanup_strbuf struct strbuf text = {0};
		for (unsigned n = 0; n < 8; n++) {
			size_t from = next_random(&seed) % header.len;
			size_t len = next_random(&seed) % 4000;
			strbuf_add(&text, header.data + from,
				   len < header.len - from ? len : header.len - from);
		}
		free(find(text.data, text.len));
	}
}

/* 16 MB of what vmlinux.h is made of, well under a second. */
TEST(large)
{
	static const char part[] = "struct list_head {\n\tstruct list_head *next; /* . */\n\tu32 "
				   "a : 3;\n};\n\n#define A_B_C 5\n";
	cleanup_strbuf struct strbuf text = {0};

	while (text.len < 16 << 20)
		strbuf_add(&text, part, sizeof(part) - 1);
	strbuf_puts(&text, "#include \"last.h\"");
	cleanup_free char *names = find(text.data, text.len);
	ck_assert_str_eq(names, "i:\"last.h\"");
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, directives);
	tcase_add_test(tests, spacing);
	tcase_add_test(tests, nul_bytes);
	tcase_add_test(tests, conditions);
	tcase_add_test(tests, assembly);
	tcase_add_test(tests, in_any_part);
	tcase_add_test(tests, defined_macros);
	tcase_add_test(tests, all_strings);
	tcase_add_test(tests, random_texts);
	tcase_add_test(tests, random_splices);
	tcase_add_test(tests, large);
}

int main(void)
{
	return suite_run("include_names", add_tests);
}
