/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/settings.h"
#include "core/variant.h"
#include "shared/strbuf.h"

static struct conf conf;
static struct settings_words words;
static struct settings settings;
static struct crossbpf_error error;

/* What was said and made before is forgotten. */
static void begin(void)
{
	conf_free(&conf);
	conf = (struct conf){0};
	strv_free(&words.sources);
	strv_free(&words.include);
	strv_free(&words.define);
	words = (struct settings_words){0};
	settings_free(&settings);
	error_free(&error);
	error = (struct crossbpf_error){0};
}

static void end_begun(struct conf **unused)
{
	(void)unused;
	begin();
}

/* The first of each test: all is freed where its scope ends. */
#define BENCH()                                                              \
	__attribute__((cleanup(end_begun), unused)) struct conf *bench_ = 0; \
	begin()

static int make_in(const char *root, const char *dir, const struct conf *c)
{
	settings_free(&settings);
	error_free(&error);
	error = (struct crossbpf_error){0};
	return settings_make(root, dir, &words, c, &settings, &error);
}

static void made_in(const char *root, const char *dir, const struct conf *c)
{
	int r = make_in(root, dir, c);

	ck_assert_msg(r == 0, "%s", error.message ? error.message : strerror(-r));
	ck_assert_int_eq(error.status, EXIT_STATUS_OK);
}

/* Of one source, said in the root. */
static void made(const struct conf *c)
{
	if (!words.sources.n)
		strv_add(&words.sources, "a.bpf.c");
	made_in("/p", "/p", c);
}

/* Wrong usage, and nothing is written. `hint` NULL: any or none. */
static void refused(const struct conf *c, int code, const char *message, const char *hint)
{
	if (!words.sources.n)
		strv_add(&words.sources, "a.bpf.c");
	ck_assert_int_eq(make_in("/p", "/p", c), code);
	ck_assert_int_eq(error.status, EXIT_STATUS_USAGE);
	assert_contains(error.message, message);
	if (hint)
		assert_contains(error.hint, hint);
	ck_assert_ptr_eq(settings.cpu, NULL);
	ck_assert_uint_eq(settings.sources.n, 0);
}

static void assert_list(const struct strv *list, const char *expected)
{
	cleanup_strbuf struct strbuf joined = {0};

	strbuf_puts(&joined, "");
	for (size_t i = 0; i < list->n; i++)
		strbuf_printf(&joined, "%s%s", i ? "|" : "", list->v[i]);
	ck_assert_str_eq(joined.data, expected);
}

static void set(char **member, const char *value)
{
	free(*member);
	*member = strdup(value);
}

/* A conf that says all. */
static void fill_conf(void)
{
	set(&conf.outdir, "conf/out");
	strv_add(&conf.include, "conf/include");
	set(&conf.cflags, "-DCONF");
	strv_add(&conf.target, "bpfeb");
	strv_add(&conf.arch, "arm64");
	strv_add(&conf.arch, "x86");
	set(&conf.cpu, "v2");
	strv_add(&conf.emit, "object");
	strv_add(&conf.emit, "dep");
	set(&conf.vmlinux, "vmlinux/{arch}/vmlinux.h");
	set(&conf.kernel_headers, "linux/{arch}");
	set(&conf.clang, "clang-15");
	set(&conf.launcher, "env 'A=b c' distcc");
	strv_add(&conf.sources, "c.bpf.c");
}

TEST(defaults_without_a_conf)
{
	BENCH();

	made(NULL);
	assert_list(&settings.sources, "a.bpf.c");
	ck_assert_ptr_eq(settings.output, NULL);
	ck_assert_str_eq(settings.outdir, ".");
	ck_assert_uint_eq(settings.include.n + settings.define.n + settings.cflags.n, 0);
	ck_assert_uint_eq(settings.target.n, 0);
	assert_list(&settings.arch, variant_host_arch());
	ck_assert(settings.arch_is_default);
	ck_assert_str_eq(settings.cpu, "v1");
	ck_assert(!settings.no_system && !settings.emit_dep && !settings.debug);
	ck_assert_ptr_eq(settings.vmlinux, NULL);
	ck_assert_ptr_eq(settings.clang, NULL);
	ck_assert_ptr_eq(settings.clang_constraint, NULL);
}

TEST(defaults_with_an_empty_conf)
{
	BENCH();

	made(&conf);
	ck_assert_str_eq(settings.outdir, "build/bpf");
	ck_assert_str_eq(settings.cpu, "v1");
	ck_assert(settings.arch_is_default);
	ck_assert(!settings.emit_dep);
}

TEST(conf_wins_over_defaults)
{
	BENCH();

	fill_conf();
	made_in("/p", "/p/sub", &conf);
	assert_list(&settings.sources, "c.bpf.c");
	ck_assert_str_eq(settings.outdir, "conf/out");
	assert_list(&settings.include, "conf/include");
	assert_list(&settings.cflags, "-DCONF");
	assert_list(&settings.target, "bpfeb");
	assert_list(&settings.arch, "arm64|x86");
	ck_assert(!settings.arch_is_default);
	ck_assert_str_eq(settings.cpu, "v2");
	ck_assert(settings.emit_dep);
	ck_assert_str_eq(settings.vmlinux, "vmlinux/{arch}/vmlinux.h");
	ck_assert_str_eq(settings.kernel_headers, "linux/{arch}");
	ck_assert_str_eq(settings.clang, "clang-15");
	assert_list(&settings.launcher, "env|A=b c|distcc");
	ck_assert(!settings.debug);
}

TEST(words_win_over_conf)
{
	BENCH();

	fill_conf();
	words.outdir = "said";
	words.output = "said.o";
	words.cflags = "-DSAID";
	words.target = "bpfel";
	words.arch = "s390";
	words.cpu = "v3";
	words.emit = "object";
	words.clang = "clang-19";
	words.launcher = "";
	words.debug = true;
	strv_add(&words.define, "A");
	strv_add(&words.define, "B=1 2");
	strv_add(&words.include, "said/include");
	made(&conf);
	assert_list(&settings.sources, "a.bpf.c");
	ck_assert_str_eq(settings.outdir, "said");
	ck_assert_str_eq(settings.output, "said.o");
	assert_list(&settings.cflags, "-DSAID");
	assert_list(&settings.target, "bpfel");
	assert_list(&settings.arch, "s390");
	ck_assert_str_eq(settings.cpu, "v3");
	ck_assert(!settings.emit_dep);
	ck_assert_str_eq(settings.clang, "clang-19");
	ck_assert_uint_eq(settings.launcher.n, 0);
	ck_assert(settings.debug);
	assert_list(&settings.define, "A|B=1 2");
	/* These are looked into first; the conf's come behind. */
	assert_list(&settings.include, "said/include|conf/include");
}

/* An empty string of flags is one, too. */
TEST(empty_cflags_win)
{
	BENCH();

	set(&conf.cflags, "-DCONF");
	words.cflags = "";
	made(&conf);
	ck_assert_uint_eq(settings.cflags.n, 0);
}

TEST(lists_by_commas)
{
	static const char *const table[][2] = {
		{"x86", "x86"},
		{"x86,arm64", "x86|arm64"},
		{"arm64,x86", "arm64|x86"},
		{"x86,arm64,x86", "x86|arm64"},
		{"x86,x86", "x86"},
		{",x86,,arm64,", "x86|arm64"},
		{"x86,arm64,s390,arm,riscv,powerpc,loongarch,mips",
		 "x86|arm64|s390|arm|riscv|powerpc|loongarch|mips"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		BENCH();
		words.arch = table[i][0];
		made(NULL);
		assert_list(&settings.arch, table[i][1]);
		ck_assert(!settings.arch_is_default);
	}
}

TEST(empty_lists)
{
	static const char *const lists[] = {"", ",", ",,,"};

	for (size_t i = 0; i < LENGTH(lists); i++) {
		BENCH();
		words.arch = words.target = words.emit = lists[i];
		made(NULL);
		ck_assert(settings.arch_is_default);
		ck_assert_uint_eq(settings.target.n, 0);
		ck_assert(!settings.emit_dep);
	}
}

/* A conf's list names each once, too. */
TEST(duplicates_in_the_conf)
{
	BENCH();

	strv_add(&conf.target, "bpfel");
	strv_add(&conf.target, "bpfeb");
	strv_add(&conf.target, "bpfel");
	made(&conf);
	assert_list(&settings.target, "bpfel|bpfeb");
}

TEST(bad_target)
{
	BENCH();

	words.target = "bpfle";
	refused(NULL, -EINVAL, "'bpfle' is no target", "bpfel");
	words.target = "bpfel,bpf";
	refused(NULL, -EINVAL, "'bpf' is no target", "bpfel");
	words.target = " bpfel";
	refused(NULL, -EINVAL, "' bpfel' is no target", "bpfel");
	words.target = "BPFEL";
	refused(NULL, -EINVAL, "'BPFEL' is no target", NULL);
	words.target = NULL;
	strv_add(&conf.target, "bpfbe");
	refused(&conf, -EINVAL, "'bpfbe' is no target", "bpfeb");
}

TEST(bad_arch)
{
	BENCH();

	words.arch = "x86_64";
	refused(NULL, -EINVAL, "'x86_64' is no arch", "'x86'");
	words.arch = "arm64,aarch64";
	refused(NULL, -EINVAL, "'aarch64' is no arch", "'arm64'");
	words.arch = "x87";
	refused(NULL, -EINVAL, "'x87' is no arch", "'x86'");
	words.arch = "s390x";
	refused(NULL, -EINVAL, "'s390x' is no arch", "'s390'");
	words.arch = NULL;
	strv_add(&words.define, "__TARGET_ARCH_arm64");
	refused(NULL, -EINVAL, "__TARGET_ARCH_arm64", "--arch");
}

TEST(bad_cpu)
{
	BENCH();

	words.cpu = "v5";
	refused(NULL, -EINVAL, "'v5' is no instruction set", "v");
	words.cpu = "";
	refused(NULL, -EINVAL, "'' is no instruction set", NULL);
	words.cpu = "v1,v2";
	refused(NULL, -EINVAL, "'v1,v2' is no instruction set", NULL);
	words.cpu = NULL;
	set(&conf.cpu, "probe");
	refused(&conf, -EINVAL, "'probe' is no instruction set", NULL);
	words.cpu = "v4";
	made(&conf);
	ck_assert_str_eq(settings.cpu, "v4");
}

TEST(emit)
{
	BENCH();

	words.emit = "dep";
	made(NULL);
	ck_assert(settings.emit_dep);
	words.emit = "dep,object,dep";
	made(NULL);
	ck_assert(settings.emit_dep);
	words.emit = "objects";
	refused(NULL, -EINVAL, "'objects' is no output to emit", "'object'");
	ck_assert(!settings.emit_skeleton && !settings.emit_go && !settings.emit_c);
	words.emit = "skeleton,c";
	made(NULL);
	ck_assert(settings.emit_skeleton && settings.emit_c);
	ck_assert(!settings.emit_go && !settings.emit_dep && !settings.package);
}

/* By where the files will be: what go.mod says, and the directory's name. */
TEST(go)
{
	BENCH();

	strv_add(&conf.emit, "go");
	strv_add(&conf.types, "flow");
	conf.outdir = strdup("internal/probe");
	made(&conf);
	ck_assert(settings.emit_go);
	ck_assert_str_eq(settings.package, "probe");
	ck_assert_uint_eq(settings.types.n, 1);
	ck_assert_uint_eq(settings.dialect.version, GO_DIALECT_OLDEST);
	conf.package = strdup("main");
	made(&conf);
	ck_assert_str_eq(settings.package, "main");
	words.package = "other";
	words.types = "a,b";
	made(&conf);
	ck_assert_str_eq(settings.package, "other");
	ck_assert_uint_eq(settings.types.n, 2);
	words.types = "struct a";
	refused(&conf, -EINVAL, "'struct a' is no name of a type", NULL);
	words.types = NULL;
	words.package = "func";
	refused(&conf, -EINVAL, "'func' is no name of a Go package", NULL);
	words.package = NULL;
	words.output = "/x/a-b/y.o";
	free(TAKE_PTR(conf.package));
	refused(&conf, -EINVAL, "'a-b', is no name of a Go package", NULL);
}

/* Nothing behind what is wrong is looked at. */
TEST(first_fault_is_told)
{
	BENCH();

	words.emit = "skeleton,nonsense";
	refused(NULL, -EINVAL, "'nonsense' is no output", NULL);
	words.target = "wrong";
	refused(NULL, -EINVAL, "'wrong' is no target", NULL);
}

TEST(cflags_that_do_not_belong)
{
	static const struct {
		const char *cflags, *named, *hint;
	} table[] = {
		{"-mcpu=v3", "-mcpu=v3 ", "--cpu"},
		{"-mcpu=probe", "-mcpu=probe ", "--cpu"},
		{"-O2 -mcpu=v3 -g", "-mcpu=v3 ", "--cpu"},
		{"-target bpf", "-target ", "--target"},
		{"--target=bpf", "--target=bpf ", "--target"},
		{"-o x.o", "-o ", "outdir"},
		{"-ox.o", "-ox.o ", "outdir"},
		{"--output=x.o", "--output=x.o ", "outdir"},
		{"--output x.o", "--output ", "outdir"},
		{"-c", "-c ", "crossbpf-clang"},
		{"--compile", "--compile ", "crossbpf-clang"},
		{"-S", "-S ", "crossbpf-clang"},
		{"-E", "-E ", "crossbpf-clang"},
		{"-fsyntax-only", "-fsyntax-only ", "crossbpf-clang"},
		{"-emit-llvm", "-emit-llvm ", "crossbpf-clang"},
		{"-x c", "-x ", "crossbpf-clang"},
		{"-xc", "-xc ", "crossbpf-clang"},
		{"--version", "--version ", "crossbpf-clang"},
		{"--help", "--help ", "crossbpf-clang"},
		{"-###", "-### ", "crossbpf-clang"},
		{"-print-search-dirs", "-print-search-dirs ", "crossbpf-clang"},
		{"-flto", "-flto ", "crossbpf-clang"},
		{"-flto=thin", "-flto=thin ", "crossbpf-clang"},
		{"-save-temps", "-save-temps ", "crossbpf-clang"},
		{"-save-temps=obj", "-save-temps=obj ", "crossbpf-clang"},
		{"--", "-- ", "crossbpf-clang"},
		{"-M", "-M ", "emit dep"},
		{"-MM", "-MM ", "emit dep"},
		{"-MD", "-MD ", "emit dep"},
		{"-MMD", "-MMD ", "emit dep"},
		{"-MF x.d", "-MF ", "emit dep"},
		{"-MFx.d", "-MFx.d ", "emit dep"},
		{"-MT x", "-MT ", "emit dep"},
		{"-MQ x", "-MQ ", "emit dep"},
		{"-MJ x.json", "-MJ ", "crossbpf-clang"},
		{"-MG", "-MG ", "crossbpf-clang"},
		{"-Wp,-MD,x.d", "-Wp,-MD,x.d ", "emit dep"},
		{"-Xpreprocessor -MD", "-Xpreprocessor ", "emit dep"},
		{"-D__TARGET_ARCH_arm", "__TARGET_ARCH_arm ", "--arch"},
		{"-D __TARGET_ARCH_arm", "__TARGET_ARCH_arm ", "--arch"},
		{"-D__TARGET_ARCH_arm=1", "__TARGET_ARCH_arm=1 ", "--arch"},
		{"--define-macro=__TARGET_ARCH_x86", "__TARGET_ARCH_x86 ", "--arch"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		BENCH();
		cleanup_free char *message =
			str_printf("%sdoes not belong in cflags", table[i].named);
		words.cflags = table[i].cflags;
		refused(NULL, -EINVAL, message, table[i].hint);
		words.cflags = NULL;
		set(&conf.cflags, table[i].cflags);
		refused(&conf, -EINVAL, message, table[i].hint);
	}
}

TEST(cflags_that_are_no_options)
{
	static const struct {
		const char *cflags, *message;
	} table[] = {
		{"b.bpf.c", "'b.bpf.c' in cflags is no option"},
		{"-O2 word", "'word' in cflags is no option"},
		{"@file", "'@file' in cflags is no option"},
		{"-", "'-' in cflags is no option"},
		{"''", "'' in cflags is no option"},
		{"-DX '' -DY", "'' in cflags is no option"},
		{"-g -include", "-include in cflags lacks its value"},
		{"-I", "-I in cflags lacks its value"},
		{"-D", "-D in cflags lacks its value"},
		{"-Xclang", "-Xclang in cflags lacks its value"},
		{"-o", "-o in cflags lacks its value"},
		{"-segaddr x", "-segaddr in cflags lacks its value"},
		{"'-DX", "a ' in cflags has no other"},
		{"-DX=\"1", "a \" in cflags has no other"},
		{"-DX\\", "cflags ends with a backslash"},
		{"-I$HOME", "a $ in cflags is not expanded"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		BENCH();
		words.cflags = table[i].cflags;
		refused(NULL, -EINVAL, table[i].message, NULL);
	}
}

TEST(cflags_that_are_taken)
{
	static const char *const table[][2] = {
		{"", ""},
		{"  \t\n ", ""},
		{"-Wall -Werror", "-Wall|-Werror"},
		{"-DX -D Y=1", "-DX|-D|Y=1"},
		{"-D__TARGET_ARC", "-D__TARGET_ARC"},
		{"-I inc -Iinc", "-I|inc|-Iinc"},
		{"-include x.h", "-include|x.h"},
		{"-O3", "-O3"},
		{"-g0", "-g0"},
		{"-Wno-x", "-Wno-x"},
		{"-Xclang -target-feature -Xclang +alu32",
		 "-Xclang|-target-feature|-Xclang|+alu32"},
		{"-mllvm -bpf-stack-size=1024", "-mllvm|-bpf-stack-size=1024"},
		{"-v", "-v"},
		{"-U X", "-U|X"},
		{"-std=gnu11", "-std=gnu11"},
		{"'-DX=\"a b\"'", "-DX=\"a b\""},
		{"-DX=a\\ b", "-DX=a b"},
		/* A value may look like an option that would be refused. */
		{"-I -o", "-I|-o"},
		{"-include -c", "-include|-c"},
		{"-D -mcpu=v3", "-D|-mcpu=v3"},
		/* Longer than what is refused. */
		{"-object -emit-ast-not", "-object|-emit-ast-not"},
		{"-segaddr x y", "-segaddr|x|y"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		BENCH();
		words.cflags = table[i][0];
		made(NULL);
		assert_list(&settings.cflags, table[i][1]);
		ck_assert(!settings.no_system);
	}
}

TEST(no_system_headers)
{
	static const char *const table[] = {"-nostdinc",    "-Wall -nostdinc -O2", "-nostdlibinc",
					    "--sysroot=/s", "--sysroot /s",        "-isysroot /s"};

	for (size_t i = 0; i < LENGTH(table); i++) {
		BENCH();
		words.cflags = table[i];
		made(NULL);
		ck_assert_msg(settings.no_system, "%s", table[i]);
	}
	BENCH();
	words.cflags = "-D -nostdinc";
	made(NULL);
	ck_assert(!settings.no_system);
}

/* The path that was said in `dir`, as seen from `root`. */
static void assert_path(const char *root, const char *dir, const char *said, const char *expected)
{
	BENCH();

	strv_add(&words.sources, said);
	strv_add(&words.include, said);
	words.output = words.outdir = said;
	made_in(root, dir, NULL);
	assert_list(&settings.sources, expected);
	assert_list(&settings.include, expected);
	ck_assert_str_eq(settings.output, expected);
	ck_assert_str_eq(settings.outdir, expected);
}

TEST(paths_in_the_root)
{
	assert_path("/p", "/p", "a.c", "a.c");
	assert_path("/p", "/p", "./a.c", "a.c");
	assert_path("/p", "/p", "././/./a.c", "a.c");
	assert_path("/p", "/p", "d/a.c", "d/a.c");
	assert_path("/p", "/p", ".a.c", ".a.c");
	assert_path("/p", "/p", "..a.c", "..a.c");
	assert_path("/p", "/p", "...", "...");
	assert_path("/p", "/p", ".", ".");
}

TEST(paths_in_a_subdirectory)
{
	assert_path("/p", "/p/s", "a.c", "s/a.c");
	assert_path("/p", "/p/s", "./a.c", "s/a.c");
	assert_path("/p", "/p/s/t", "a.c", "s/t/a.c");
	assert_path("/p", "/p/s/t", "u/a.c", "s/t/u/a.c");
	assert_path("/p", "/p//s", "a.c", "s/a.c");
}

TEST(paths_upwards)
{
	assert_path("/p", "/p/s", "../a.c", "a.c");
	assert_path("/p", "/p/s", "..//a.c", "a.c");
	assert_path("/p", "/p/s", "./../a.c", "a.c");
	assert_path("/p", "/p/s/t", "../a.c", "s/a.c");
	assert_path("/p", "/p/s/t", "../../a.c", "a.c");
	assert_path("/p", "/p/s/t", "../../u/a.c", "u/a.c");
	assert_path("/p", "/p/s/t", "../t/a.c", "s/t/a.c");
}

TEST(paths_beyond_the_root)
{
	assert_path("/p", "/p", "../a.c", "../a.c");
	assert_path("/p", "/p", "../../a.c", "../../a.c");
	assert_path("/p", "/p/s", "../../a.c", "../a.c");
	assert_path("/p", "/p/s/t", "../../../o/a.c", "../o/a.c");
}

TEST(absolute_paths)
{
	assert_path("/p", "/p", "/p/a.c", "a.c");
	assert_path("/p", "/p/s", "/p/a.c", "a.c");
	assert_path("/p", "/p/s", "/p//t/a.c", "t/a.c");
	assert_path("/p", "/p/s", "/o/a.c", "/o/a.c");
	/* Only the whole name of a directory counts. */
	assert_path("/p", "/p", "/pp/a.c", "/pp/a.c");
	assert_path("/p", "/p", "/p", ".");
	assert_path("/p", "/p", "/p/", ".");
}

TEST(paths_where_the_root_is_the_top)
{
	assert_path("/", "/", "a.c", "a.c");
	assert_path("/", "/", "/a.c", "a.c");
	assert_path("/", "/", "/", ".");
	assert_path("/", "/s", "a.c", "s/a.c");
	assert_path("/", "/s", "../a.c", "a.c");
	assert_path("/", "/s/t", "/u/a.c", "u/a.c");
}

TEST(paths_of_the_conf)
{
	BENCH();

	set(&conf.outdir, "out");
	strv_add(&conf.include, "inc");
	strv_add(&conf.include, "../beside");
	strv_add(&words.sources, "a.c");
	strv_add(&words.include, "inc");
	made_in("/p", "/p/s", &conf);
	ck_assert_str_eq(settings.outdir, "out");
	assert_list(&settings.include, "s/inc|inc|../beside");
}

TEST(sources_each_once)
{
	BENCH();

	strv_add(&words.sources, "b.c");
	strv_add(&words.sources, "a.c");
	strv_add(&words.sources, "./b.c");
	strv_add(&words.sources, "/p/a.c");
	made_in("/p", "/p", NULL);
	assert_list(&settings.sources, "b.c|a.c");
}

/* Names are bytes. */
TEST(odd_sources)
{
	BENCH();

	strv_add(&words.sources, "a b.c");
	strv_add(&words.sources, "new\nline.c");
	strv_add(&words.sources, "\xff\xfe.c");
	strv_add(&words.sources, "-x.c");
	strv_add(&words.sources, "*.c");
	made_in("/p", "/p/s", NULL);
	assert_list(&settings.sources, "s/a b.c|s/new\nline.c|s/\xff\xfe.c|s/-x.c|s/*.c");
}

TEST(no_source)
{
	BENCH();

	ck_assert_int_eq(make_in("/p", "/p", NULL), -EINVAL);
	ck_assert_int_eq(error.status, EXIT_STATUS_USAGE);
	assert_contains(error.message, "no source to build");
	assert_contains(error.hint, "crossbpf.conf");
	ck_assert_int_eq(make_in("/p", "/p", &conf), -EINVAL);
	assert_contains(error.message, "no source to build");
}

TEST(sources_by_patterns)
{
	cleanup_free char *here = getcwd(NULL, 0);
	BENCH();

	ck_assert_int_eq(mkdir("bpf", 0700), 0);
	write_text("bpf/b.bpf.c", "");
	write_text("bpf/a.bpf.c", "");
	write_text("bpf/a.h", "");
	strv_add(&conf.sources, "bpf/*.bpf.c");
	made_in(here, here, &conf);
	assert_list(&settings.sources, "bpf/a.bpf.c|bpf/b.bpf.c");

	strv_add(&conf.sources, "none/*.c");
	ck_assert_int_eq(make_in(here, here, &conf), -ENOENT);
	ck_assert_int_eq(error.status, EXIT_STATUS_USAGE);
	assert_contains(error.message, "none/*.c");
	/* What is said is no pattern, and the conf's are not looked at. */
	strv_add(&words.sources, "x*.c");
	made_in(here, here, &conf);
	assert_list(&settings.sources, "x*.c");
}

TEST(clang_is_a_program_or_a_constraint)
{
	BENCH();

	set(&conf.clang, ">=14, <17");
	made(&conf);
	ck_assert_str_eq(settings.clang_constraint, ">=14, <17");
	ck_assert_ptr_eq(settings.clang, NULL);
	/* Which one is said; which ones will do stays. */
	words.clang = "/opt/clang";
	made(&conf);
	ck_assert_str_eq(settings.clang_constraint, ">=14, <17");
	ck_assert_str_eq(settings.clang, "/opt/clang");
	set(&conf.clang, "clang-15");
	made(&conf);
	ck_assert_ptr_eq(settings.clang_constraint, NULL);
	ck_assert_str_eq(settings.clang, "/opt/clang");
	words.clang = NULL;
	made(&conf);
	ck_assert_str_eq(settings.clang, "clang-15");
	made(NULL);
	ck_assert_ptr_eq(settings.clang, NULL);
}

TEST(freed_twice)
{
	BENCH();

	fill_conf();
	made(&conf);
	settings_free(&settings);
	ck_assert_ptr_eq(settings.cpu, NULL);
	settings_free(&settings);
}

/* One file has one name. */
TEST(paths_are_tidy)
{
	assert_path("/p", "/p/s", ".", "s");
	assert_path("/p", "/p/s", "./", "s");
	assert_path("/p", "/p/s", "..", ".");
	assert_path("/p", "/p/s/t", "..", "s");
	assert_path("/p", "/p/s", "../s/", "s");
	assert_path("/p", "/p/s", "../s", "s");
	assert_path("/p", "/p", "s/", "s");
	assert_path("/p", "/p", "s//t/./u/.", "s/t/u");
	assert_path("/p", "/p", "..", "..");
	assert_path("/p", "/p", "s/../t", "s/../t");
	assert_path("/p", "/p", "/o//t/./u/", "/o/t/u");
	assert_path("/p", "/p", "./", ".");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, defaults_without_a_conf);
	tcase_add_test(c, defaults_with_an_empty_conf);
	tcase_add_test(c, conf_wins_over_defaults);
	tcase_add_test(c, words_win_over_conf);
	tcase_add_test(c, empty_cflags_win);
	tcase_add_test(c, lists_by_commas);
	tcase_add_test(c, empty_lists);
	tcase_add_test(c, duplicates_in_the_conf);
	tcase_add_test(c, bad_target);
	tcase_add_test(c, bad_arch);
	tcase_add_test(c, bad_cpu);
	tcase_add_test(c, emit);
	tcase_add_test(c, go);
	tcase_add_test(c, first_fault_is_told);
	tcase_add_test(c, cflags_that_do_not_belong);
	tcase_add_test(c, cflags_that_are_no_options);
	tcase_add_test(c, cflags_that_are_taken);
	tcase_add_test(c, no_system_headers);
	tcase_add_test(c, paths_in_the_root);
	tcase_add_test(c, paths_in_a_subdirectory);
	tcase_add_test(c, paths_upwards);
	tcase_add_test(c, paths_beyond_the_root);
	tcase_add_test(c, absolute_paths);
	tcase_add_test(c, paths_where_the_root_is_the_top);
	tcase_add_test(c, paths_of_the_conf);
	tcase_add_test(c, sources_each_once);
	tcase_add_test(c, odd_sources);
	tcase_add_test(c, no_source);
	tcase_add_test(c, sources_by_patterns);
	tcase_add_test(c, clang_is_a_program_or_a_constraint);
	tcase_add_test(c, freed_twice);
	tcase_add_test(c, paths_are_tidy);
}

int main(void)
{
	return suite_run("settings", add_tests);
}
