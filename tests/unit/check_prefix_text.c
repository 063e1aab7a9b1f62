/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/prefix-text.h"
#include "shared/strbuf.h"

/* What a source begins with, and how much of it that is; "" and 0: nothing. */
static void assert_include(const char *text, const char *name, size_t end)
{
	struct prefix_include include = {0};
	const char *why;

	ck_assert_int_eq(prefix_find_include(text, strlen(text), &include, &why), 0);
	if (*name) {
		ck_assert_msg(!why, "%s: %s", text, why);
		ck_assert_str_eq(include.name, name);
		ck_assert_int_eq(include.quote, name[0] == '"');
		ck_assert_uint_eq(include.end, end);
	} else {
		ck_assert_msg(why, "\"%s\" begins with %s", text, include.name);
	}
	free(include.name);
}

TEST(first_include)
{
	assert_include("#include \"a.h\"\n", "\"a.h\"", 15);
	assert_include("#include <a/b.h>\nint x;\n", "<a/b.h>", 17);
	assert_include("  # \tinclude\t<a>  \r\nx", "<a>", 20);
	assert_include("#include<a>\n", "<a>", 12);
	assert_include("// one\n/* two\n * lines */ \n\n\t#include <a>\n", "<a>", 42);
	assert_include("/**/#include <a> /* x */ // y\nint x;", "<a>", 30);
	assert_include("#include <a> /* / ** */\n", "<a>", 24);
}

TEST(no_first_include)
{
	static const char *const texts[] = {
		"",
		"int x;\n#include <a>\n",
		"#define A\n#include <a>\n",
		"#if 1\n#include <a>\n#endif\n",
		"#pragma once\n#include <a>\n",
		"#import <a>\n",
		"#include_next <a>\n",
		"#include MACRO\n",
		"#include <a>",          /* no line */
		"#include <a> int x;\n", /* which clang warns of */
		"#include <a> /* x\n */\n",
		"#include <a> /* x",
		"#include <a> \\\n\n",
		"#include \\\n<a>\n",
		"#in\\\nclude <a>\n",
		"#include <a\n>\n",
		"#include \"a\\b\"\n",
		"#include <a?\?/>\n",
		"#include <>\n",
		"#include \"\"\n",
		"// a comment \\\n that goes on\n#include <a>\n",
		"/* never ended\n#include <a>\n",
		"/* one /* two */\n#include <a>\n", /* which clang warns of */
		"/* one *\\\n/\n#define A\n/* two */\n#include <a>\n",
		"/* one *?\?/\n/\n#define A\n/* two */\n#include <a>\n",
		"// one ?\?/\n#include <a>\n",
		"\xef\xbb\xbf#include <a>\n",
		"%:include <a>\n",
		"?\?=include <a>\n",
	};

	for (size_t i = 0; i < LENGTH(texts); i++)
		assert_include(texts[i], "", 0);
	struct prefix_include include = {0};
	const char *why = NULL;
	ck_assert_int_eq(prefix_find_include(NULL, 0, &include, &why), 0);
	ck_assert_ptr_ne(why, NULL);
	ck_assert_int_eq(prefix_find_include("/*\0*/\n#include <a>\n", 19, &include, &why), 0);
	ck_assert_ptr_ne(why, NULL);
}

static const char *refuse(const char *const *args)
{
	cleanup_strv struct strv argv = {0};
	static char refused[64];

	strv_add(&argv, "clang");
	strv_add_all(&argv, args);
	const char *option = prefix_refuse_option(&argv, argv.n);
	snprintf(refused, sizeof(refused), "%s", option ? option : "");
	return refused;
}
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST(options)
{
	ck_assert_str_eq(
		refuse(ARGS("-target", "bpfel", "-mcpu=v3", "-O2", "-g", "-D", "A", "-DB=1", "-U",
			    "C", "-Ix", "-I", "y", "-isystem", "z", "-Wall", "-Wno-unused", "-W",
			    "-std=gnu11", "-fno-stack-protector", "-nostdinc", "-c", "-Xclang",
			    "-target-feature", "-Xclang", "+alu32", "-mllvm", "-x", "-gdwarf-5")),
		"");
	static const char *const refused[] = {
		"-include",
		"-imacros",
		"-fdebug-macro",
		"-save-temps",
		"-save-temps=obj",
		"--save-temps",
		"-include-pch",
		"-E",
		"-MP",
		"-M",
		"-x",
		"-Wp,-DA",
		"-Xclang",
		"-Xpreprocessor",
		"-fmodules",
		"-fplugin=x",
		"-ftime-trace",
		"-g3",
		"-gmodules",
		"-gsplit-dwarf",
		"-fprofile-use=x",
		"-fsanitize=x",
		"--config",
		"-working-directory",
		"-ivfsoverlay",
		"-emit-llvm",
		"-S",
		"-v",
		"-ffile-prefix-map=",
		"-fstandalone-debug",
		"-fno-eliminate-unused-debug-types",
		"-DX=__INCLUDE_LEVEL__",
		"-DX=__TIME__",
		"--",
		"-H",
		"-ansi",
		"-std=c89",
		"-std=c90",
		"-std=iso9899:199409",
	};
	for (size_t i = 0; i < LENGTH(refused); i++)
		ck_assert_str_eq(refuse(ARGS("-O2", refused[i], "v")), refused[i]);
	ck_assert_str_eq(refuse(ARGS("-D", "X=__BASE_FILE__")), "-D");
	ck_assert_str_eq(refuse(ARGS("-Xclang", "-target-feature", "-Xclang", "-load")), "");
	ck_assert_str_eq(refuse(ARGS("-Xclang", "-target-feature", "-Xclang")), "-Xclang");
	ck_assert_str_eq(refuse(ARGS("-Xclang", "-load", "-Xclang", "+x.so")), "-Xclang");
}

static void assert_header(const char *text, const char *part)
{
	const char *why = prefix_refuse_text(text, strlen(text));

	if (part)
		assert_contains(why, part);
	else
		ck_assert_msg(!why, "%s: %s", text, why);
}

TEST(texts)
{
	assert_header("", NULL);
	assert_header("int x__TIME__, my__DATE__y, $__DATE__;", NULL);
	assert_header(
		"#pragma once\n# pragma clang attribute push(x)\n#pragma clang attribute pop\n"
		"#pragma GCC diagnostic push\n#pragma clang diagnostic ignored \"-Wx\"\n",
		NULL);
	assert_header("struct embed { int embed; };\n#define A(x) x \\\n 1\n", NULL);
	static const char *const words[] = {"__BASE_FILE__", "__INCLUDE_LEVEL__", "__TIMESTAMP__",
					    "__DATE__",      "__TIME__",          "__COUNTER__",
					    "_Pragma",       "__pragma",          "include_next",
					    "__has_include"};
	for (size_t i = 0; i < LENGTH(words); i++) {
		cleanup_free char *text = str_printf("a(%s)", words[i]);
		assert_header(text, words[i]);
		assert_header(words[i], words[i]);
	}
	assert_header("#pragma pack(1)", "#pragma");
	assert_header("#pragma once\n#pragma weak x", "#pragma");
	assert_header("#pragma clang diagnostic error \"-Wx\"", "#pragma");
	assert_header("#pragma onces", "#pragma");
	assert_header("#pragma", "#pragma");
	assert_header("# \tembed <x>", "#embed");
	assert_header("__TI\\\nME__", "parts a word");
	assert_header("__TI\\\r\nME__", "parts a word");
}

TEST(data)
{
	static const struct {
		const char *why, *text;
	} table[] = {
		{NULL, ""},
		{NULL, "// extern int a;\n"},
		{NULL,
		 "enum { A = 1, B = A };\nstruct s { int alias; } x;\nint y, f(int), z[3];\n"},
		{NULL, "extern int f(struct s *s);\nextern struct s *\ng(void) __weak __ksym;\n"},
		{NULL, "extern __attribute__((x(\"y\"))) void f(int);\n"},
		{NULL, "static int f(void) { int a = 1; for (a = 0; a <= 1; a++) ; return a; }\n"},
		{NULL, "#if A == 1 || A >= 2\n#define P(a) ({ int b = (a); b; })\n#endif\n"},
		{NULL, "#define S '='\n#define T \"=\\\"=\"\n"},
		{NULL, "struct s;\n#define A 1\n\nstatic void *(*f)(void *m, const void *k) = "
		       "(void *) 1;\n"
		       "static long (*g)(int) = (void *) 2;\n"},
		{"a value", "static int (*f)(int) SEC(\"x\") = (void *) 1;"},
		{"a value", "static SEC(\"x\") int (*f)(int) = (void *) 1;"},
		{"a value", "SEC(\"x\") static int (*f)(int) = (void *) 1;"},
		{"a value", "int (*f)(int) = (void *) 1;"},
		{"a value", "static int f(int) = 1;"},
		{"a value", "static int (*f) = 0;"},
		{"elsewhere", "extern int a;"},
		{"elsewhere", "extern int a SEC(\".kconfig\");"},
		{"elsewhere", "extern int a __attribute__((section(\".kconfig\")));"},
		{"elsewhere", "extern __attribute__((x)) int a;"},
		{"elsewhere", "extern int (*a)(int);"},
		{"elsewhere", "extern struct s a[2];"},
		{"elsewhere", "extern typeof(x) a;"},
		{"elsewhere", "extern int a, f(int);"},
		{"elsewhere", "static int f(void) { extern int a; return a; }"},
		{"elsewhere", "# define E extern\n"},
		{"elsewhere", "extern \"C\" {\n}\n"},
		{"elsewhere", "extern"},
		{"another name", "int f(void) __attribute__((alias(\"g\")));"},
		{"another name", "int f(void) __attribute__((__ifunc__ (\"g\")));"},
		{"a value", "char l[] SEC(\"license\") = \"GPL\";"},
		{"a value", "static int a = 1;"},
		{"a value", "#define V int v = 1;\n"},
		{"a value", "#ifdef A\nstruct a {\n#else\nstruct b {\n#endif\n};\nint c = 1;\n"},
		{"cannot be told", "R\"(x)\""},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		const char *why = prefix_refuse_data(table[i].text, strlen(table[i].text));
		ck_assert_msg(!why == !table[i].why && (!why || strstr(why, table[i].why)),
			      "%s: %s", table[i].text, why ? why : "nothing");
	}
}

TEST(names)
{
	ck_assert(!prefix_renames("inc/a.h"));
	ck_assert(!prefix_renames("../.hidden/a..h"));
	ck_assert(!prefix_renames("/usr/include/a.h"));
	ck_assert(prefix_renames("./a.h"));
	ck_assert(prefix_renames("a/./b.h"));
	ck_assert(prefix_renames("a//b.h"));
	ck_assert(prefix_renames("-a.h"));
	ck_assert(prefix_renames("a;b.h"));
	ck_assert(prefix_renames("a\nb.h"));
}

TEST(what_may_include)
{
	static const char *const may[] = {
		"#include <x.h>",       "int a;\n # \tinclude M\n",
		"#include_next <x.h>",  "#import \"x.h\"",
		"#embed <x>",           "#/**/include <x.h>",
		"#\\\ninclude <x.h>",   "%:include <x.h>",
		"?\?=include <x.h>",    "#__include_macros <x.h>",
		"#?\?/\ninclude <x.h>",
	};
	static const char *const may_not[] = {
		"#ifndef X\n#define X\n#pragma once\n#endif",
		"int include, import;",
		"#",
		"# \n#define include 1",
	};

	for (size_t i = 0; i < LENGTH(may); i++)
		ck_assert_msg(prefix_may_include(may[i], strlen(may[i])), "%s", may[i]);
	for (size_t i = 0; i < LENGTH(may_not); i++)
		ck_assert_msg(!prefix_may_include(may_not[i], strlen(may_not[i])), "%s",
			      may_not[i]);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_may_include);
	tcase_add_test(tests, first_include);
	tcase_add_test(tests, no_first_include);
	tcase_add_test(tests, options);
	tcase_add_test(tests, texts);
	tcase_add_test(tests, data);
	tcase_add_test(tests, names);
}

int main(void)
{
	return suite_run("prefix-text", add_tests);
}
