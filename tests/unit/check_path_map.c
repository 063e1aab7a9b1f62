/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/path-map.h"
#include "exchange/exchange.h"

#define ROOT EXCHANGE_ROOT

/* The host's files are below the test's directory, which "@" stands for in what follows; the
 * builder's headers are in @/theirs. */
struct bench {
	char *here;
	struct toolchain toolchain;
};

static char *expand(const struct bench *b, const char *text)
{
	cleanup_strbuf struct strbuf result = {0};
	char *whole;

	for (; *text; text++)
		if (*text == '@' && text[1] == '/')
			strbuf_puts(&result, b->here);
		else
			strbuf_putc(&result, *text);
	ck_assert_int_eq(strbuf_finish(&result, &whole), 0);
	return whole ? whole : strdup("");
}

static void bench_open(struct bench *b)
{
	static const char *const dirs[] = {"theirs", "theirs/sys", "mine", "asm", "bpf", "a b"};
	static const char *const files[] = {
		"mine/x.h",   "theirs/x.h",    "theirs.h",    "mine/a b.h", "mine/a=b.h",
		"mine/'\".h", "mine/nl\n.h",   "mine/b\\.h",  "asm/x.h",    "bpf/x.h",
		"mine/\xff",  "mine/-ffile=h", "mine/@at.rsp"};

	*b = (struct bench){.here = getcwd(NULL, 0)};
	ck_assert_ptr_ne(b->here, NULL);
	for (size_t i = 0; i < LENGTH(dirs); i++)
		ck_assert_int_eq(mkdir(dirs[i], 0755), 0);
	for (size_t i = 0; i < LENGTH(files); i++)
		write_text(files[i], "");
	strv_take(&b->toolchain.search, expand(b, "@/theirs"));
	strv_take(&b->toolchain.asm_dirs, str_printf("x86:%s/asm", b->here));
	strv_add(&b->toolchain.asm_dirs, "no colon");
	b->toolchain.libbpf_dir = expand(b, "@/bpf");
}

static void bench_close(struct bench *b)
{
	toolchain_free(&b->toolchain);
	free(b->here);
}

#define BENCH(b)                                              \
	__attribute__((cleanup(bench_close))) struct bench b; \
	bench_open(&b)

struct row {
	const char *word, *mapped;
};

/* Each word by itself, behind `before`. */
static void check_rows(const struct bench *b, const char *before, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cleanup_free char *word = expand(b, rows[i].word);
		cleanup_free char *want = expand(b, rows[i].mapped);
		const char *const argv[] = {"clang", before, word, NULL};
		cleanup_strv struct strv mapped = {0};

		path_map_argv(&b->toolchain, argv, &mapped);
		ck_assert_int_eq(mapped.error, 0);
		ck_assert_uint_eq(mapped.n, 3);
		ck_assert_str_eq(mapped.v[0], "clang");
		ck_assert_str_eq(mapped.v[1], before);
		ck_assert_msg(strcmp(mapped.v[2], want) == 0, "\"%s\" became \"%s\", not \"%s\"",
			      word, mapped.v[2], want);
	}
}

TEST(nothing)
{
	static const char *const none[] = {NULL}, *const one[] = {"clang", NULL};
	cleanup_strv struct strv mapped = {0};
	BENCH(b);

	path_map_argv(&b.toolchain, none, &mapped);
	ck_assert_uint_eq(mapped.n, 0);
	path_map_argv(&b.toolchain, one, &mapped);
	ck_assert_uint_eq(mapped.n, 1);
}

/* The program is the builder's, wherever the host has one of that name. */
TEST(program_stays)
{
	cleanup_strv struct strv mapped = {0};
	BENCH(b);
	cleanup_free char *program = expand(&b, "@/mine/x.h");

	path_map_argv(&b.toolchain, (const char *const[]){program, program, NULL}, &mapped);
	ck_assert_uint_eq(mapped.n, 2);
	ck_assert_str_eq(mapped.v[0], program);
	ck_assert_ptr_eq(strstr(mapped.v[1], ROOT), mapped.v[1]);
}

TEST(names)
{
	static const struct row rows[] = {
		{"@/mine/x.h", ROOT "@/mine/x.h"},
		{"@/mine", ROOT "@/mine"},
		{"/", ROOT "/"},
		{"@/mine/../mine/x.h", ROOT "@/mine/../mine/x.h"},
		{"@/mine/a b.h", ROOT "@/mine/a b.h"},
		{"@/mine/a=b.h", ROOT "@/mine/a=b.h"},
		{"@/mine/'\".h", ROOT "@/mine/'\".h"},
		{"@/mine/nl\n.h", ROOT "@/mine/nl\n.h"},
		{"@/mine/b\\.h", ROOT "@/mine/b\\.h"},
		{"@/mine/\xff", ROOT "@/mine/\xff"},
		{"@/mine/-ffile=h", ROOT "@/mine/-ffile=h"},
		/* Those that are nowhere may be the builder's. */
		{"@/nowhere.h", "@/nowhere.h"},
		{"@/mine/x.h/below", "@/mine/x.h/below"},
		/* What is relative is so over there, too. */
		{"mine/x.h", "mine/x.h"},
		{"./mine/x.h", "./mine/x.h"},
		{"../x.h", "../x.h"},
		{"", ""},
		{"-", "-"},
		{"--", "--"},
	};
	BENCH(b);

	check_rows(&b, "-v", rows, LENGTH(rows));
}

TEST(builders_own)
{
	static const struct row rows[] = {
		{"@/theirs/x.h", "@/theirs/x.h"},
		{"@/theirs/sys", "@/theirs/sys"},
		{"@/asm/x.h", "@/asm/x.h"},
		{"@/bpf/x.h", "@/bpf/x.h"},
		{"-I@/theirs/sys", "-I@/theirs/sys"},
		/* A name that begins alike is not below it. */
		{"@/theirs.h", ROOT "@/theirs.h"},
	};
	BENCH(b);

	check_rows(&b, "-v", rows, LENGTH(rows));
}

/* Of every machine, or of the running command. */
TEST(devices)
{
	static const struct row rows[] = {
		{"/dev/null", "/dev/null"},
		{"/dev/fd/0", "/dev/fd/0"},
		{"/proc/self/fd/0", "/proc/self/fd/0"},
	};
	BENCH(b);

	check_rows(&b, "-v", rows, LENGTH(rows));
}

TEST(joined)
{
	static const struct row rows[] = {
		{"-I@/mine", "-I" ROOT "@/mine"},
		{"-I@/a b", "-I" ROOT "@/a b"},
		{"-iquote@/mine", "-iquote" ROOT "@/mine"},
		{"-isystem@/mine", "-isystem" ROOT "@/mine"},
		{"-idirafter@/mine", "-idirafter" ROOT "@/mine"},
		{"-include@/mine/x.h", "-include" ROOT "@/mine/x.h"},
		{"-include-pch@/mine/x.h", "-include-pch" ROOT "@/mine/x.h"},
		{"-imacros@/mine/x.h", "-imacros" ROOT "@/mine/x.h"},
		{"-isysroot@/mine", "-isysroot" ROOT "@/mine"},
		{"-B@/mine", "-B" ROOT "@/mine"},
		{"-I@/mine/a=b.h", "-I" ROOT "@/mine/a=b.h"},
		{"-Imine", "-Imine"},
		{"-I", "-I"},
		{"-I=/mine", "-I=/mine"},
		{"--sysroot=@/mine", "--sysroot=" ROOT "@/mine"},
		{"-fsanitize-ignorelist=@/mine/x.h", "-fsanitize-ignorelist=" ROOT "@/mine/x.h"},
		{"--sysroot=mine", "--sysroot=mine"},
		{"--sysroot=", "--sysroot="},
		{"--sysroot=@/nowhere", "--sysroot=@/nowhere"},
		{"-x@/mine", "-x@/mine"},
	};
	BENCH(b);

	check_rows(&b, "-v", rows, LENGTH(rows));
}

/* The name behind a list's @ is one as any other. */
TEST(response_files)
{
	static const struct row rows[] = {
		{"@@/mine/x.h", "@" ROOT "@/mine/x.h"},
		{"@@/mine/@at.rsp", "@" ROOT "@/mine/@at.rsp"},
		{"@@/nowhere", "@@/nowhere"},
		{"@mine", "@mine"},
		{"@", "@"},
	};
	BENCH(b);

	check_rows(&b, "-v", rows, LENGTH(rows));
}

/* What looks like a name and is text for the program, which must not change. */
TEST(text_stays)
{
	static const struct row rows[] = {
		{"-DPATH=@/mine/x.h", "-DPATH=@/mine/x.h"},
		{"-UPATH=@/mine/x.h", "-UPATH=@/mine/x.h"},
		{"-MT@/mine/x.h", "-MT@/mine/x.h"},
		{"-MQ=@/mine/x.h", "-MQ=@/mine/x.h"},
		{"-Wno-x=@/mine/x.h", "-Wno-x=@/mine/x.h"},
	};
	BENCH(b);

	check_rows(&b, "-v", rows, LENGTH(rows));
}

TEST(values_of_their_own)
{
	static const struct row mapped[] = {{"@/mine/x.h", ROOT "@/mine/x.h"}};
	static const struct row kept[] = {{"@/mine/x.h", "@/mine/x.h"}};
	static const char *const takes_path[] = {"-I", "-include", "-isystem", "-Xclang", "-c"};
	static const char *const takes_other[] = {"-D", "-U",      "-MF",   "-MQ",   "-MT",
						  "-o", "-target", "-arch", "-mllvm"};
	BENCH(b);

	for (size_t i = 0; i < LENGTH(takes_path); i++)
		check_rows(&b, takes_path[i], mapped, 1);
	for (size_t i = 0; i < LENGTH(takes_other); i++)
		check_rows(&b, takes_other[i], kept, 1);
}

/* What a prefix map maps need not be there, and where it leads is no affair of ours. */
TEST(prefix_maps)
{
	static const struct row rows[] = {
		{"-ffile-prefix-map=@/mine=/x", "-ffile-prefix-map=" ROOT "@/mine=/x"},
		{"-ffile-prefix-map=@/nowhere=@/mine",
		 "-ffile-prefix-map=" ROOT "@/nowhere=@/mine"},
		{"-fdebug-prefix-map=/=/x", "-fdebug-prefix-map=" ROOT "/=/x"},
		{"-fmacro-prefix-map=@/theirs/x=.", "-fmacro-prefix-map=@/theirs/x=."},
		{"-ffile-prefix-map=mine=@/mine", "-ffile-prefix-map=mine=@/mine"},
	};
	BENCH(b);

	check_rows(&b, "-v", rows, LENGTH(rows));
}

static void check_list(const struct bench *b, const char *list, const char *want)
{
	cleanup_free char *from = expand(b, list), *expected = expand(b, want);
	cleanup_free char *mapped = path_map_list(&b->toolchain, from);

	ck_assert_ptr_ne(mapped, NULL);
	ck_assert_str_eq(mapped, expected);
}

TEST(lists)
{
	BENCH(b);

	check_list(&b, "@/mine", ROOT "@/mine");
	check_list(&b, "@/mine:@/theirs/sys:rel:@/a b",
		   ROOT "@/mine:@/theirs/sys:rel:" ROOT "@/a b");
	check_list(&b, "@/nowhere:/dev/fd", "@/nowhere:/dev/fd");
	/* An empty one means the working directory: it stays where it is. */
	check_list(&b, ":@/mine:", ":" ROOT "@/mine:");
	check_list(&b, "::", "::");
}

TEST(empty_list)
{
	BENCH(b);
	cleanup_free char *mapped = path_map_list(&b.toolchain, "");

	ck_assert_ptr_ne(mapped, NULL);
	ck_assert_str_eq(mapped, "");
}

TEST(very_long)
{
	cleanup_strbuf struct strbuf list = {0};
	BENCH(b);

	for (unsigned i = 0; i < 3000; i++)
		strbuf_printf(&list, "%s%s/mine", i ? ":" : "", b.here);
	cleanup_free char *mapped = path_map_list(&b.toolchain, list.data);
	ck_assert_ptr_ne(mapped, NULL);
	ck_assert_uint_eq(strlen(mapped), list.len + 3000 * strlen(ROOT));
	/* As a name it is longer than any file's can be. */
	cleanup_strv struct strv argv = {0};
	path_map_argv(&b.toolchain, (const char *const[]){"clang", list.data, NULL}, &argv);
	ck_assert_uint_eq(argv.n, 2);
	ck_assert_str_eq(argv.v[1], list.data);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, nothing);
	tcase_add_test(c, program_stays);
	tcase_add_test(c, names);
	tcase_add_test(c, builders_own);
	tcase_add_test(c, devices);
	tcase_add_test(c, joined);
	tcase_add_test(c, response_files);
	tcase_add_test(c, text_stays);
	tcase_add_test(c, values_of_their_own);
	tcase_add_test(c, prefix_maps);
	tcase_add_test(c, lists);
	tcase_add_test(c, empty_list);
	tcase_add_test(c, very_long);
}

int main(void)
{
	return suite_run("path_map", add_tests);
}
