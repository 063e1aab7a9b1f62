/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/asks.h"
#include "shared/strbuf.h"

static int collect(void *ctx, const char *name, size_t len)
{
	struct strbuf *names = ctx;

	strbuf_printf(names, "%.*s;", (int)len, name);
	return names->error;
}

/* As it lies in a buffer of just that size. */
static char *find(const char *text, size_t len)
{
	cleanup_free char *copy = malloc(len ? len : 1);
	char *asks;

	memcpy(copy, text, len);
	ck_assert_int_eq(asks_find(copy, len, &asks), 0);
	return asks;
}

static void check_names(const char *text, size_t len, const char *expected)
{
	cleanup_free char *asks = find(text, len);
	cleanup_strbuf struct strbuf names = {0};

	ck_assert_int_eq(asks_each_name(asks, collect, &names), 0);
	ck_assert_msg(strcmp(names.data ? names.data : "", expected) == 0, "%s: %s", text,
		      names.data ? names.data : "none");
}

TEST(names)
{
	static const struct {
		const char *text, *names;
	} table[] = {
		{"#if __has_include(<a/b.h>)\n", "a/b.h;"},
		{"#if __has_include(\"x.h\")\n", "x.h;"},
		{"#if __has_include_next(<n.h>)\n", "n.h;"},
		{"#if __has_include ( \t<s.h> )\n", "s.h;"},
		{"#if __has_include <s.h>\n", "s.h;"},
		{"#if __has_include(<a>b.h>)", "a;"},
		{"#if __has_include(\"a>b.h\")", "a>b.h;"},
		{"#if __has_include(\" sp ace.h \")", " sp ace.h ;"},
		{"#if __has_include(<\xff\xfe>)", "\xff\xfe;"},
		{"#if __has_include(<a.h>) && __has_include(\"b.h\")\n", "a.h;b.h;"},
		{"#if defined(__has_include) && __has_include(<a.h>)\n", "a.h;"},
		{"#ifdef __has_include\n# if __has_include(<a.h>)\n# endif\n#endif\n", "a.h;"},
		{"#if __has_inc\\\nlude(<a.h>)\n", "a.h;"},
		{"#if __has_include(/* */<a.h>)\n", "a.h;"},
		{"#if __has_include/*\n*/(<a.h>)\n", "a.h;"},
		{"/* __has_include(<a.h>) */ // __has_include(<b.h>)\n", ""},
		{"#if __has_includ(<a.h>)\n", ""},
		{"#include <a.h>\n", ""},
		{"____________", ""},
		{"x", ""},
	};

	for (size_t i = 0; i < LENGTH(table); i++)
		check_names(table[i].text, strlen(table[i].text), table[i].names);
}

/* What one file asks for that no name tells. */
TEST(open_or_not)
{
	static const struct {
		bool open;
		const char *text;
	} table[] = {
		{true, "int t = __TIME__"},
		{true, "__DATE__"},
		{true, "__TIMESTAMP__"},
		{true, "#define NOW __TI\\\nME__\n"},
		{true, "__TIM/**/x __TIME__"},
		{false, "// __TIME__\n"},
		{false, "/* __TIME__ */"},
		{false, "__TIME x__TIME__ __TIME__x"},
		{false, "\"__TIME__\""},
		/* A comment that is none. */
		{true, "#include <a//b.h>\n"},
		{true, "#include <a/*b.h>\n__TIME__ /**/"},
		{true, "char *s = \"/*\"; char *t = __TIME__; /* */"},
		{true, "char c = '\"'; char *t = __TIME__; char d = '\"';"},
		{true, "R\"(\" __TIME__)\""},
		{true, "?"
		       "?/\n"},
		/* A ' within a number begins no literal. */
		{true, "int x = 1'000; char *t = __TIME__;\n"},
		{true, "int x = 0x1'000'000; char *t = __TIME__;\n"},
		{false, "int x = 'a' + L'b' + u8'c' + v1'd';\n"},
		/* By pasting. */
		{true, "#define CAT(a, b) a##b\nCAT(__TI, ME__)\n"},
		{true, "#define CAT(a, b) a %:%: b\nCAT(__TI, ME__)\n"},
		{true, "#define CAT(a, b) a##b\nCAT(\n__TI\n,\nME__\n)\n"},
		{true, "#define NOW __TI##ME__\n"},
		{true, "#define NOW(x) __TI##x\nNOW(ME__)\n"},
		{true, "#define NOW(x...) __TI##x\nNOW(ME__)\n"},
		{true, "#define NOW(...) __VA_ARGS__##ME__\nNOW(__TI)\n"},
		{true, "#define NOW(...) __VA_OPT__(__TI) ## ME__\nNOW(1)\n"},
		{true,
		 "#define A __TI\n#define CAT(a, b) a##b\n#define C2(a, b) CAT(a, b)\nC2(A, ME__)"},
		{true, "#define C(a, b, c, d, e, f) a##b##c##d##e##f\nC(__, T, I, M, E, __)\n"},
		{true, "#define CAT(a, b) a##b\nf(\n#if 1\nCAT(__TI, ME__))\n#else\n)\n#endif\n"},
		{true, "#define CAT(a, b) a##b\n#define BEGIN CAT(\nBEGIN __TI, ME__)\n"},
		{true, "#define CAT(a, b) a##b\nCAT(__has_, include)\n"},
		{true, "#define CAT(a, b) a##b\nCAT(as, m)(\"x\")\n"},
		{false, "#define CAT(a, b) a##b\nCAT(x, y); enum { __TI, ME__ };\n"},
		{false, "#define BPF(x) bpf_##x\nBPF(ME__); f(__TI)\n"},
		{false, "f(__TI, ME__)\n"},
		/* Files in what the assembler reads. */
		{true, "asm(\".incbin \\\"f\\\"\");"},
		{true, "asm(\".INCBIN \\\"f\\\"\");"},
		{true, "asm(\".inc\" \"bin \\\"f\\\"\");"},
		{true, "asm(\"\\x2eincbin \\\"f\\\"\");"},
		{true, "asm(\".\\151ncbin \\\"f\\\"\");"},
		{true, "asm(\"\\.incbin \\\"f\\\"\");"},
		{true, "asm(\".\\incbin \\\"f\\\"\");"},
		{true, "asm(\"\\o{56}incbin \\\"f\\\"\");"},
		{true, "asm(\"%0incbin \\\"f\\\"\" :: \"i\"(&s));"},
		{true, "asm(\"%c0bin \\\"f\\\"\" :: \"i\"(&s));"},
		{true, "asm(\"inc%[s] \\\"f\\\"\" :: [s] \"i\"(&s));"},
		{false,
		 "asm(\"if %[a] == %w0 goto l%=; \\n\\tl%=: %[b] += 1\\n\" :: [a] \"r\"(a));"},
		{false, "asm(\"%0 = *(u32 *)(%[p] + %%0);\" :: [p] \"r\"(p));"},
		{true, "asm(\".include \\\"f\\\"\");"},
		{true, "asm(\".macro m a\\n.\\\\a\\n.endm\\nm incbin\");"},
		{true, "asm(\".%c0 \" :: \"i\"(incbin));"},
		{true, "asm(STRING(x));"},
		{true, "asm volatile(\"x\" STRING(x));"},
		{true, "#define ASM asm\nASM(\".incbin\");"},
		{true, "asm/**/(X);"},
		{true, "_asm(\".incbin \\\"f\\\"\");"}, /* with -fms-extensions */
		{false, "asm volatile(\"r0 = r1;\\n\\t\" \"r2 = 0\" : : : \"r0\");"},
		{false, "__asm__ __volatile__ (\"\" : \"+r\"(X(a)));"},
		{false, "asm goto (\"goto %l[l]\" :::: l);"},
		{false,
		 "#include <asm/types.h>\n#include <asm-generic/types.h>\n#include <x/asm.h>\n"},
		/* Directives. */
		{true, "#embed <x>\n"},
		{true, "#line 1 \"f\"\n"},
		{true, "# 1 \"f\"\n"},
		{true, "#include NAME\n"},
		{true, "#include \"a\\b.h\"\n"},
		{true, "#pragma GCC dependency \"f\"\n"},
		{false, "#pragma once\n"},
		{false, "#include \"a b.h\"\n"},
		{false, "#define S(x) #x\nint line, embed, dependency;\n"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_free char *asks = find(table[i].text, strlen(table[i].text));
		struct asks_sum sum = {0};
		asks_sum_add(&sum, asks, false);
		ck_assert_msg(asks_sum_is_open(&sum) == table[i].open, "%s", table[i].text);
	}
}

TEST(computed)
{
	static const struct {
		bool computed;
		const char *text;
	} table[] = {
		{true, "#if __has_include(NAME)\n"},
		{true, "#if __has_include(NAME(<a.h>))\n"},
		{true, "#define HAS __has_include\n#if HAS(<a.h>)\n"},
		{true, "#define HAS(x) __has_include(x)\n"},
		{true, "#if __has_include(\"a\\b.h\")\n"},
		{true, "#include \"a\\b.h\"\n"},
		{false, "#include \\\n\"b.h\" /* \\ */\n"},
		{true, "__TIME__\n#if __has_include(NAME)\n"},
		{true, "__has_include(<a.h\n>)\n"},
		{false, "#define __has_include(x) 0\n"},
		{false, "#ifndef __has_include\n#undef __has_include\n"},
		{false, "#if defined __has_include || defined(__has_include)\n"},
		{false, "#if __has_include(<a.h>)\n"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_free char *asks = find(table[i].text, strlen(table[i].text));
		struct asks_sum sum = {0};
		ck_assert_msg(asks_are_computed(asks) == table[i].computed, "%s", table[i].text);
		asks_sum_add(&sum, asks, false);
		ck_assert(asks_sum_is_open(&sum) >= table[i].computed);
	}
	ck_assert(!asks_are_computed(NULL));
	ck_assert(!asks_are_open(NULL));
}

TEST(for_headers)
{
	static const struct {
		bool headers;
		const char *text;
	} table[] = {
		{true, "#if __has_include(<a.h>)\n"},
		{true, "__TIME__ __has_include(<a.h>)\n"},
		{true, "#if __has_include(NAME)\n"},
		{false, "__TIME__\n"},
		{false, "#define CAT(a, b) a##b\n#define A __ha\n"},
		{false, "asm(NAME);\n"},
		{false, ""},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_free char *asks = find(table[i].text, strlen(table[i].text));
		ck_assert_msg(asks_are_for_headers(asks) == table[i].headers, "%s", table[i].text);
	}
	ck_assert(!asks_are_for_headers(NULL));
}

/* The parts of a word may stand in several files, and a C library's asm names functions. */
TEST(together)
{
	cleanup_free char *paste = find("#define CAT(a, b) a##b\n", 23);
	cleanup_free char *first = find("#define A __ha\n", 15);
	cleanup_free char *second = find("CAT(A, s_include)\n", 18);
	cleanup_free char *label = find("__asm__(NAME(x));", 17);
	struct asks_sum sum = {0};

	asks_sum_add(&sum, NULL, false);
	asks_sum_add(&sum, label, true);
	asks_sum_add(&sum, paste, true);
	asks_sum_add(&sum, first, false);
	ck_assert(!asks_sum_is_open(&sum));
	ck_assert(!asks_sum_hides_names(&sum));
	asks_sum_add(&sum, second, false);
	ck_assert(asks_sum_is_open(&sum));
	ck_assert(asks_sum_hides_names(&sum));
	sum = (struct asks_sum){0};
	asks_sum_add(&sum, label, false);
	ck_assert(asks_sum_is_open(&sum));
	ck_assert(!asks_sum_hides_names(&sum));
	/* Of what is known only the macros count, by which the rest may ask. */
	sum = (struct asks_sum){0};
	asks_sum_add_known(&sum, paste);
	asks_sum_add_known(&sum, first);
	asks_sum_add_known(&sum, second);
	asks_sum_add_known(&sum, label);
	ck_assert(!asks_sum_is_open(&sum));
	ck_assert(!asks_sum_hides_names(&sum));
	asks_sum_add(&sum, first, false);
	asks_sum_add(&sum, second, false);
	ck_assert(asks_sum_hides_names(&sum));
}

/* Once macros have made what they make. */
TEST(asm_of_a_preprocessed_text)
{
	static const struct {
		bool open;
		const char *text;
	} table[] = {
		{false, ""},
		{false, "int f(void) { asm volatile(\"r0 = r1\" \";\"); }\n"},
		{false, "extern int f(void) __asm__ (\"\" \"g\");\nchar t[] = \"asm(.incbin)\";\n"},
		{true, "asm(\".incbin \\\"f\\\"\");\n"},
		{true, "int x;\nasm(\".inc\" \"bin \\\"f\\\"\");\n"},
		{true, "__asm { .incbin }\n"},
		{true, "asm volatile(NAME);\n"},
	};

	for (size_t i = 0; i < LENGTH(table); i++)
		ck_assert_msg(asks_asm_is_open(table[i].text, strlen(table[i].text)) ==
				      table[i].open,
			      "%s", table[i].text);
}

TEST(open_by_asm_alone)
{
	cleanup_free char *label = find("__asm__(NAME(x));", 17);
	cleanup_free char *pasted = find("#define CAT(a, b) a##b\nCAT(as, m)(X);\n", 38);
	cleanup_free char *clock = find("CAT(__TI, ME__)", 15);
	struct asks_sum sum = {0};

	asks_sum_add(&sum, label, false);
	asks_sum_add(&sum, pasted, false);
	ck_assert(asks_sum_is_open(&sum));
	ck_assert(!asks_sum_is_open_but_for_asm(&sum));
	asks_sum_add(&sum, clock, false);
	ck_assert(asks_sum_is_open_but_for_asm(&sum));
}

/* What stands behind a * can only be what a pasted word begins with. */
TEST(parameters_of_declarations)
{
	static const struct {
		bool open;
		const char *text;
	} table[] = {
		{false, "int f(struct task *a, struct sock *s, struct file *m);\n"},
		{false, "P(struct sock *s, a, struct file *m)\n"},
		{true, "P(struct sock *a, sm)\n"},
		{true, "P(struct sock *a, s, m)\n"},
		{true, "P(struct sock *\na, *\ns, *\nm)\n"},
		{true, "P(int a, int s, int m)\n"},
		{true, "#define A *a\n#define S (x *s)\n#define M *m\n"},
		{false, "P(*__DATE__and_more, *asm_and_more)\n"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_free char *paste = find("#define P(a, b) a##b\n", 21);
		cleanup_free char *asks = find(table[i].text, strlen(table[i].text));
		struct asks_sum sum = {0};
		asks_sum_add(&sum, paste, false);
		asks_sum_add(&sum, asks, false);
		ck_assert_msg(asks_sum_is_open(&sum) == table[i].open, "%s", table[i].text);
	}
}

TEST(any_part_of_a_text)
{
	static const char text[] = "/*_*/\n#if __has_include(<a.h>) || __has_include_next (\"b\")\n"
				   "\0#if __has_include(<c.h>)\n__has_include(X) "
				   "__has_include(\"\n#define C(a,b) a##b\\\n"
				   "asm volatile(\"x\\y\" \"z\" : ) %: define X(__VA_ARGS__ %:%: y";

	for (size_t from = 0; from < sizeof(text); from++)
		for (size_t len = 0; len < sizeof(text) - from; len++)
			free(find(text + from, len));
	check_names(text, sizeof(text) - 1, "a.h;b;c.h;");
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, names);
	tcase_add_test(tests, open_or_not);
	tcase_add_test(tests, computed);
	tcase_add_test(tests, for_headers);
	tcase_add_test(tests, together);
	tcase_add_test(tests, asm_of_a_preprocessed_text);
	tcase_add_test(tests, open_by_asm_alone);
	tcase_add_test(tests, parameters_of_declarations);
	tcase_add_test(tests, any_part_of_a_text);
}

int main(void)
{
	return suite_run("asks", add_tests);
}
