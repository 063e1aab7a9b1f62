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

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, first_include);
	tcase_add_test(tests, no_first_include);
	tcase_add_test(tests, options);
	tcase_add_test(tests, texts);
	tcase_add_test(tests, names);
}

int main(void)
{
	return suite_run("prefix-text", add_tests);
}
