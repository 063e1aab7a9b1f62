/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/include-options.h"

static const struct include_environment no_environment = {NULL, NULL};

static void read_args(const char *const *args, const struct include_environment *environment,
		      struct include_options *ret_options)
{
	cleanup_strv struct strv words = {0};

	strv_add_all(&words, args);
	ck_assert_int_eq(include_options_read(&words, environment, ret_options), 0);
}

/* All words, each with a blank. */
static void assert_words(const struct strv *words, const char *expected)
{
	char all[1024] = "";

	for (size_t i = 0; i < words->n; i++) {
		size_t len = strlen(all);
		snprintf(all + len, sizeof(all) - len, "%s%s", i ? " " : "", words->v[i]);
	}
	ck_assert_str_eq(all, expected);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST(each_spelling)
{
	cleanup_include_options struct include_options o = {0};

	read_args(ARGS("-I", "a", "-Ib", "--include-directory", "c", "--include-directory=d",
		       "-iquote", "e", "-iquotef", "-isystem", "g", "-isystemh", "-idirafter", "i",
		       "-idirafterj", "--include-directory-after=k", "-include", "l", "-includem",
		       "--include=n", "--include", "o", "-imacros", "p", "-imacrosq", "--imacros=r",
		       "-include-pch", "s", "-D", "A", "-DB=1", "--define-macro=C(x)=x",
		       "--embed-dir=t", "-cxx-isystem", "no", "x.c", "-O2", "-o", "x.o", "-MF",
		       "x.d"),
		  &no_environment, &o);
	assert_words(&o.angle, "a b c d");
	assert_words(&o.quote, "e f");
	assert_words(&o.system, "g h");
	assert_words(&o.after, "i j k");
	assert_words(&o.first, "l m n o p q r");
	assert_words(&o.pch, "s");
	assert_words(&o.defines, "A B=1 C(x)=x");
	assert_words(&o.embed, "t");
	assert_words(&o.sources, "x.c");
}

TEST(inputs)
{
	cleanup_include_options struct include_options o = {0};

	read_args(ARGS("-x", "c", "a.c", "-", "-target", "bpf", "b.c", "--", "-Ic"),
		  &no_environment, &o);
	assert_words(&o.sources, "a.c b.c -Ic");
	assert_words(&o.angle, "");
}

TEST(value_is_missing)
{
	cleanup_include_options struct include_options o = {0};

	read_args(ARGS("a.c", "-Ib", "-I"), &no_environment, &o);
	assert_words(&o.sources, "a.c");
	assert_words(&o.angle, "b");
}

/* As clang 14 -v lists them. */
TEST(prefixes_and_roots)
{
	cleanup_include_options struct include_options o = {0};

	read_args(ARGS("-iwithprefix", "no", "-iprefix", "/p/", "-iwithprefix", "W",
		       "-iwithprefixbefore", "B", "-I", "=a", "-Ib", "-iwithsysroot", "/w",
		       "-isystem", "=s", "-idirafter", "d", "-isystem-after", "t", "--sysroot=/sr"),
		  &no_environment, &o);
	assert_words(&o.angle, "/sra b /p/B");
	assert_words(&o.system, "/sr/w /srs");
	assert_words(&o.after, "/sr/usr/local/include /sr/usr/include /sr/include t no /p/W d");
	include_options_free(&o);

	read_args(
		ARGS("-I", "=a", "-iwithprefix", "W", "-iwithsysroot", "/w", "-iwithsysroot", "r"),
		&no_environment, &o);
	assert_words(&o.angle, "=a");
	assert_words(&o.system, "/w r");
	assert_words(&o.after, "W");
}

TEST(words_for_cc1)
{
	const struct include_environment environment = {"cpath", "c_include"};
	cleanup_include_options struct include_options o = {0};

	read_args(ARGS("-Xclang", "-I", "-Xclang", "x", "-Wp,-I,w,-DW=1", "-Xpreprocessor", "-Ip",
		       "-I", "i", "-Xclang", "-internal-isystem", "-Xclang", "s", "-Xclang",
		       "-include", "-Xclang", "f.h", "-Wp,-MD,x.d", "x.c"),
		  &environment, &o);
	assert_words(&o.angle, "i w p cpath x");
	assert_words(&o.system, "s c_include");
	assert_words(&o.first, "f.h");
	assert_words(&o.defines, "W=1");
	assert_words(&o.sources, "x.c");
}

TEST(environment_variables)
{
	const struct include_environment environment = {":a::b:", "c:d"}, empty = {"", ""};
	cleanup_include_options struct include_options o = {0};

	read_args(ARGS("-Ii", "-isystem", "s"), &environment, &o);
	assert_words(&o.angle, "i . a . b .");
	assert_words(&o.system, "s c d");
	include_options_free(&o);
	read_args(ARGS("x.c"), &empty, &o);
	assert_words(&o.angle, "");
	assert_words(&o.system, "");
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, each_spelling);
	tcase_add_test(tests, inputs);
	tcase_add_test(tests, value_is_missing);
	tcase_add_test(tests, prefixes_and_roots);
	tcase_add_test(tests, words_for_cc1);
	tcase_add_test(tests, environment_variables);
}

int main(void)
{
	return suite_run("include_options", add_tests);
}
