/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/build-plan.h"
#include "shared/strbuf.h"

/* What a plan is made of, and the plan. */
struct bench {
	struct settings settings;
	struct toolchain toolchain;
	struct build_plan plan;
	struct crossbpf_error error;
};

static void set(char **member, const char *value)
{
	free(*member);
	*member = strdup(value);
}

/* One source for x86, by a clang that finds all headers. */
static void bench_open(struct bench *b)
{
	*b = (struct bench){0};
	set(&b->settings.outdir, ".");
	set(&b->settings.cpu, "v1");
	set(&b->toolchain.clang, "/bin/clang");
	snprintf(b->toolchain.identity, sizeof(b->toolchain.identity), "identity");
}

static void bench_close(struct bench *b)
{
	build_plan_free(&b->plan);
	build_plan_free(&b->plan);
	settings_free(&b->settings);
	toolchain_free(&b->toolchain);
	error_free(&b->error);
}

#define BENCH(b)                                                 \
	__attribute__((cleanup(bench_close))) struct bench b##_; \
	struct bench *b = &b##_;                                 \
	bench_open(b)

static void source(struct bench *b, const char *name)
{
	strv_add(&b->settings.sources, name);
}

static void arch(struct bench *b, const char *name)
{
	strv_add(&b->settings.arch, name);
}

static void target(struct bench *b, const char *name)
{
	strv_add(&b->settings.target, name);
}

static void plan_in(struct bench *b, const char *root, const char *header_dir)
{
	build_plan_free(&b->plan);
	int r = build_plan_make(root, &b->settings, &b->toolchain, header_dir, &b->plan, &b->error);
	ck_assert_msg(r == 0, "%s", b->error.message);
	ck_assert_int_eq(b->error.status, EXIT_STATUS_OK);
}

/* Of a.bpf.c for x86, where nothing else was asked for. */
static void plan(struct bench *b)
{
	if (!b->settings.sources.n)
		source(b, "a.bpf.c");
	if (!b->settings.arch.n)
		arch(b, "x86");
	plan_in(b, "/root", NULL);
}

static void refused(struct bench *b, const char *message, const char *hint)
{
	if (!b->settings.arch.n)
		arch(b, "x86");
	ck_assert_int_eq(
		build_plan_make("/root", &b->settings, &b->toolchain, NULL, &b->plan, &b->error),
		-EINVAL);
	ck_assert_int_eq(b->error.status, EXIT_STATUS_USAGE);
	assert_contains(b->error.message, message);
	assert_contains(b->error.hint, hint);
	ck_assert_uint_eq(b->plan.n, 0);
	ck_assert_ptr_eq(b->plan.actions, NULL);
	error_free(&b->error);
	b->error = (struct crossbpf_error){0};
}

static void assert_words(const struct strv *words, const char *expected)
{
	cleanup_strbuf struct strbuf joined = {0};

	strbuf_puts(&joined, "");
	for (size_t i = 0; i < words->n; i++)
		strbuf_printf(&joined, "%s%s", i ? "|" : "", words->v[i]);
	ck_assert_str_eq(joined.data, expected);
}

static void assert_command(const struct build_action *action, const char *expected)
{
	cleanup_strv struct strv argv = {0};

	build_plan_argv(action, &argv);
	assert_words(&argv, expected);
}

/* SOURCE TARGET ARCH OBJECT of each action, one a line. */
static void assert_actions(const struct bench *b, const char *expected)
{
	cleanup_strbuf struct strbuf all = {0};

	for (size_t i = 0; i < b->plan.n; i++) {
		const struct build_action *a = &b->plan.actions[i];
		strbuf_printf(&all, "%s %s %s %s\n", a->source, a->variant->target,
			      a->variant->arch, a->object);
	}
	ck_assert_str_eq(all.data, expected);
}

TEST(command)
{
	BENCH(b);

	plan(b);
	ck_assert_uint_eq(b->plan.n, 1);
	assert_command(&b->plan.actions[0],
		       "/bin/clang|-target|bpfel|-mcpu=v1|-O2|-g|-D__TARGET_ARCH_x86|"
		       "-fdebug-compilation-dir=.|-ffile-prefix-map=/root/=|-c|a.bpf.c");
	ck_assert_str_eq(b->plan.actions[0].object, "a.bpf.o");
	ck_assert_ptr_eq(b->plan.actions[0].dep, NULL);
	ck_assert(!b->plan.keep_debug && !b->plan.arch_is_default);
	ck_assert_uint_eq(b->plan.search.n, 0);
}

/* Flags come behind ours, so that they win; what the user names is looked into first. */
TEST(command_with_all)
{
	BENCH(b);

	set(&b->settings.cpu, "v3");
	set(&b->settings.vmlinux, "vmlinux/{arch}/vmlinux.h");
	strv_add(&b->settings.define, "A");
	strv_add(&b->settings.define, "B=1 2");
	strv_add(&b->settings.cflags, "-O3");
	strv_add(&b->settings.cflags, "-Wall");
	strv_add(&b->settings.include, "inc");
	strv_add(&b->settings.include, "{arch}/inc/{arch}");
	strv_add(&b->toolchain.asm_dirs, "x86:/asm/x86");
	strv_add(&b->toolchain.asm_dirs, "arm64:/asm/arm64");
	strv_add(&b->toolchain.asm_dirs, "arm64:/asm/other");
	strv_add(&b->toolchain.search, "/usr/include");
	set(&b->toolchain.libbpf_dir, "/libbpf");
	b->settings.debug = b->settings.arch_is_default = true;
	source(b, "d/a.bpf.c");
	arch(b, "arm64");
	plan_in(b, "/root", "/headers");
	assert_command(&b->plan.actions[0],
		       "/bin/clang|-target|bpfel|-mcpu=v3|-O2|-g|-D__TARGET_ARCH_arm64|"
		       "-DA|-DB=1 2|-O3|-Wall|-I|inc|-I|arm64/inc/arm64|-I|vmlinux/arm64/|"
		       "-idirafter|/asm/arm64|-idirafter|/libbpf|-idirafter|/headers|"
		       "-fdebug-compilation-dir=.|-ffile-prefix-map=/root/=|-c|d/a.bpf.c");
	ck_assert(b->plan.keep_debug && b->plan.arch_is_default);
	assert_words(&b->plan.search, "inc|arm64/inc/arm64|vmlinux/arm64/|/asm/arm64|/libbpf|"
				      "/headers|/usr/include");
}

static const char map_of_libbpf[] =
	"/bin/clang|-target|bpfel|-mcpu=v1|-O2|-g|-D__TARGET_ARCH_x86|"
	"-idirafter|/opt/libbpf|-ffile-prefix-map=/opt/libbpf/=/usr/include/|"
	"-Xclang|-gembed-source|-Xclang|-dwarf-version=5|"
	"-fdebug-compilation-dir=.|-ffile-prefix-map=/root/=|-c|a.bpf.c";

/* Objects call them by the names that they have on most builders; clang's own are in none. */
TEST(headers_in_other_places)
{
	BENCH(b);

	strv_add(&b->toolchain.search, "/usr/local/include");
	strv_add(&b->toolchain.search, "/opt/lib/clang/14.0.6/include");
	strv_add(&b->toolchain.search, "/usr/include");
	strv_add(&b->toolchain.filled, "/opt/lib/clang/14.0.6/include");
	strv_add(&b->toolchain.filled, "/usr/include");
	set(&b->toolchain.libbpf_dir, "/opt/libbpf");
	plan(b);
	assert_command(&b->plan.actions[0], map_of_libbpf);
	assert_words(&b->plan.moved, "/opt/libbpf");
	cleanup_free char *moved = build_plan_name(&b->plan, "/root", "/opt/libbpf/bpf/x.h");
	cleanup_free char *other = build_plan_name(&b->plan, "/root", "/opt/libbpf-2/x.h");
	cleanup_free char *own = build_plan_name(&b->plan, "/root", "/root/inc/x.h");
	cleanup_free char *relative = build_plan_name(&b->plan, "/root", "inc/x.h");
	ck_assert_str_eq(moved, "/usr/include/bpf/x.h");
	ck_assert_str_eq(other, "/opt/libbpf-2/x.h");
	ck_assert_str_eq(own, "inc/x.h");
	ck_assert_str_eq(relative, "inc/x.h");

	strv_add(&b->toolchain.filled, "/usr/local/include");
	plan(b);
	assert_words(&b->plan.moved, "/usr/local/include|/opt/libbpf");
}

TEST(headers_that_keep_their_names)
{
	static const char *const dirs[] = {
		"/usr/include", "/usr/include/bpf-1", "/usr", "/opt/a=b", "/root", "/"};

	for (size_t i = 0; i < LENGTH(dirs); i++) {
		BENCH(b);
		set(&b->toolchain.libbpf_dir, dirs[i]);
		source(b, "a.bpf.c");
		arch(b, "x86");
		plan_in(b, "/root/project", NULL);
		ck_assert_msg(b->plan.moved.n == 0, "%s", dirs[i]);
	}
	BENCH(b);
	b->settings.debug = true;
	set(&b->toolchain.libbpf_dir, "/opt/libbpf");
	plan(b);
	ck_assert_uint_eq(b->plan.moved.n, 0);
}

TEST(without_the_builders_headers)
{
	BENCH(b);

	b->settings.no_system = true;
	strv_add(&b->settings.cflags, "-nostdinc");
	strv_add(&b->toolchain.asm_dirs, "x86:/asm/x86");
	set(&b->toolchain.libbpf_dir, "/libbpf");
	source(b, "a.bpf.c");
	arch(b, "x86");
	plan_in(b, "/root", "/headers");
	assert_command(&b->plan.actions[0],
		       "/bin/clang|-target|bpfel|-mcpu=v1|-O2|-g|-D__TARGET_ARCH_x86|-nostdinc|"
		       "-fdebug-compilation-dir=.|-ffile-prefix-map=/root/=|-c|a.bpf.c");
}

TEST(outputs_of_one_variant)
{
	BENCH(b);

	source(b, "a.bpf.c");
	source(b, "d/b.c");
	source(b, "../c.x.y.c");
	source(b, "/abs/d.S");
	plan(b);
	assert_actions(b, "a.bpf.c bpfel x86 a.bpf.o\n"
			  "d/b.c bpfel x86 b.o\n"
			  "../c.x.y.c bpfel x86 c.x.y.o\n"
			  "/abs/d.S bpfel x86 d.o\n");
}

TEST(outputs_in_a_directory)
{
	BENCH(b);

	set(&b->settings.outdir, "build/bpf");
	source(b, "d/a.bpf.c");
	plan(b);
	assert_actions(b, "d/a.bpf.c bpfel x86 build/bpf/a.bpf.o\n");
	set(&b->settings.outdir, "/abs/out");
	plan(b);
	assert_actions(b, "d/a.bpf.c bpfel x86 /abs/out/a.bpf.o\n");
}

TEST(outputs_of_several_archs)
{
	BENCH(b);

	source(b, "a.bpf.c");
	source(b, "b.bpf.c");
	arch(b, "x86");
	arch(b, "s390");
	set(&b->settings.outdir, "o");
	plan(b);
	/* Each has the byte order of its kernel. */
	assert_actions(b, "a.bpf.c bpfel x86 o/x86/a.bpf.o\n"
			  "a.bpf.c bpfeb s390 o/s390/a.bpf.o\n"
			  "b.bpf.c bpfel x86 o/x86/b.bpf.o\n"
			  "b.bpf.c bpfeb s390 o/s390/b.bpf.o\n");
	/* A target that was named holds for all. */
	target(b, "bpfel");
	set(&b->settings.outdir, ".");
	plan(b);
	assert_actions(b, "a.bpf.c bpfel x86 x86/a.bpf.o\n"
			  "a.bpf.c bpfel s390 s390/a.bpf.o\n"
			  "b.bpf.c bpfel x86 x86/b.bpf.o\n"
			  "b.bpf.c bpfel s390 s390/b.bpf.o\n");
}

TEST(outputs_of_several_targets)
{
	BENCH(b);

	target(b, "bpfel");
	target(b, "bpfeb");
	plan(b);
	assert_actions(b, "a.bpf.c bpfel x86 bpfel/a.bpf.o\n"
			  "a.bpf.c bpfeb x86 bpfeb/a.bpf.o\n");
	arch(b, "arm64");
	set(&b->settings.outdir, "o");
	plan(b);
	assert_actions(b, "a.bpf.c bpfel x86 o/x86/bpfel/a.bpf.o\n"
			  "a.bpf.c bpfeb x86 o/x86/bpfeb/a.bpf.o\n"
			  "a.bpf.c bpfel arm64 o/arm64/bpfel/a.bpf.o\n"
			  "a.bpf.c bpfeb arm64 o/arm64/bpfeb/a.bpf.o\n");
}

TEST(only_s390_is_big)
{
	static const char *const little[] = {"x86",   "arm64",     "arm", "powerpc",
					     "riscv", "loongarch", "mips"};
	BENCH(b);

	for (size_t i = 0; i < LENGTH(little); i++)
		arch(b, little[i]);
	plan(b);
	for (size_t i = 0; i < LENGTH(little); i++)
		ck_assert_str_eq(b->plan.actions[i].variant->target, "bpfel");
}

TEST(s390_alone)
{
	BENCH(b);

	arch(b, "s390");
	plan(b);
	assert_actions(b, "a.bpf.c bpfeb s390 a.bpf.o\n");
	assert_command(&b->plan.actions[0],
		       "/bin/clang|-target|bpfeb|-mcpu=v1|-O2|-g|-D__TARGET_ARCH_s390|"
		       "-fdebug-compilation-dir=.|-ffile-prefix-map=/root/=|-c|a.bpf.c");
}

TEST(output_by_name)
{
	BENCH(b);

	set(&b->settings.output, "x/y.obj");
	set(&b->settings.outdir, "not/looked/at");
	source(b, "d/a.bpf.c");
	plan(b);
	assert_actions(b, "d/a.bpf.c bpfel x86 x/y.obj\n");
}

TEST(output_by_name_of_several)
{
	BENCH(b);

	set(&b->settings.output, "x.o");
	source(b, "a.bpf.c");
	source(b, "b.bpf.c");
	refused(b, "-o names one output, and this build has 2", "-d");
	arch(b, "arm64");
	refused(b, "this build has 4", "-d");
	target(b, "bpfel");
	target(b, "bpfeb");
	refused(b, "this build has 8", "-d");
}

TEST(dependency_files)
{
	static const char *const table[][2] = {
		{NULL, "o/a.bpf.d"},  {"x.o", "x.d"},         {"x/y.z.obj", "x/y.z.d"},
		{"d.x/y", "d.x/y.d"}, {"/abs/x", "/abs/x.d"}, {"..o/x", "..o/x.d"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		BENCH(b);
		set(&b->settings.outdir, "o");
		b->settings.emit_dep = true;
		if (table[i][0])
			set(&b->settings.output, table[i][0]);
		plan(b);
		ck_assert_str_eq(b->plan.actions[0].dep, table[i][1]);
	}
}

TEST(two_sources_with_one_output)
{
	BENCH(b);

	source(b, "a/x.bpf.c");
	source(b, "y.bpf.c");
	source(b, "b/x.bpf.c");
	refused(b, "would both become x.bpf.o", "-d");
	strv_free(&b->settings.sources);
	source(b, "x.c");
	source(b, "x.S");
	refused(b, "would both become x.o", "-d");
	/* In several directories it is the same. */
	arch(b, "arm64");
	refused(b, "would both become", "-d");
}

TEST(output_is_a_source)
{
	BENCH(b);

	source(b, "a.bpf.c");
	set(&b->settings.output, "a.bpf.c");
	refused(b, "the output a.bpf.c is a source", "another name");
}

TEST(endings)
{
	static const char *const none[] = {"a.h",     "a", "a.o",    "a.c~", "a.c.orig", "Makefile",
					   "dir.c/a", "",  "dir.c/", "dir/", "a.bpf",    "a."};
	static const char *const sources[][2] = {
		{"a.c", "a.o"}, {"a.S", "a.o"},   {".c", ".o"},
		{"d/.c", ".o"}, {"a..c", "a..o"}, {"dir.c/a.c", "a.o"},
	};

	for (size_t i = 0; i < LENGTH(none); i++) {
		BENCH(b);
		cleanup_free char *message = str_printf("%s is no source", none[i]);
		source(b, "first.bpf.c");
		source(b, none[i]);
		refused(b, message, "ends in .c");
	}
	for (size_t i = 0; i < LENGTH(sources); i++) {
		BENCH(b);
		source(b, sources[i][0]);
		plan(b);
		ck_assert_str_eq(b->plan.actions[0].object, sources[i][1]);
	}
}

/* Names are bytes, and none is an option, or a file of options: clang reads a.c where it is told
 * @a.c and there is one. */
TEST(odd_names)
{
	static const char *const table[][3] = {
		{"-x.c", "./-x.c", "-x.o"},
		{"--version.c", "./--version.c", "--version.o"},
		{"-d/x.c", "./-d/x.c", "x.o"},
		{"a b.c", "a b.c", "a b.o"},
		{"new\nline.c", "new\nline.c", "new\nline.o"},
		{"\xff\xfe.c", "\xff\xfe.c", "\xff\xfe.o"},
		{"@a.c", "./@a.c", "@a.o"},
		{"%s%n.c", "%s%n.c", "%s%n.o"},
		{"{arch}.c", "{arch}.c", "{arch}.o"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		BENCH(b);
		source(b, table[i][0]);
		plan(b);
		const struct build_action *a = &b->plan.actions[0];
		ck_assert_str_eq(a->source, table[i][0]);
		cleanup_strv struct strv argv = {0};
		build_plan_argv(a, &argv);
		ck_assert_str_eq(argv.v[argv.n - 1], table[i][1]);
		ck_assert_str_eq(a->object, table[i][2]);
	}
}

static void assert_vmlinux(const char *vmlinux, const char *dir)
{
	BENCH(b);
	cleanup_free char *expected =
		str_printf("/bin/clang|-target|bpfel|-mcpu=v1|-O2|-g|-D__TARGET_ARCH_x86|-I|%s|"
			   "-fdebug-compilation-dir=.|-ffile-prefix-map=/root/=|-c|a.bpf.c",
			   dir);

	set(&b->settings.vmlinux, vmlinux);
	plan(b);
	assert_command(&b->plan.actions[0], expected);
}

TEST(vmlinux_names_a_directory)
{
	assert_vmlinux("vmlinux.h", ".");
	assert_vmlinux("v/vmlinux.h", "v/");
	assert_vmlinux("v/{arch}/vmlinux.h", "v/x86/");
	assert_vmlinux("v/{arch}-{arch}.h", "v/");
	assert_vmlinux("{arch}/vmlinux.h", "x86/");
	assert_vmlinux("/vmlinux.h", "/");
	assert_vmlinux("/v/{arc}/{arch/vmlinux.h", "/v/{arc}/{arch/");
}

TEST(each_arch_has_its_includes)
{
	BENCH(b);

	strv_add(&b->settings.include, "{arch}");
	strv_add(&b->settings.include, "{arch}{arch}");
	strv_add(&b->settings.include, "{{arch}}");
	arch(b, "x86");
	arch(b, "arm64");
	target(b, "bpfel");
	target(b, "bpfeb");
	source(b, "a.c");
	plan(b);
	assert_words(&b->plan.search, "x86|x86x86|{x86}|arm64|arm64arm64|{arm64}");
}

/* All ways to name a directory in flags count, but not what only looks so. */
TEST(search)
{
	BENCH(b);

	strv_add(&b->settings.cflags, "-Ia");
	strv_add(&b->settings.cflags, "-I");
	strv_add(&b->settings.cflags, "b");
	strv_add(&b->settings.cflags, "-iquote");
	strv_add(&b->settings.cflags, "c");
	strv_add(&b->settings.cflags, "-isystemd");
	strv_add(&b->settings.cflags, "--include-directory=e");
	strv_add(&b->settings.cflags, "-idirafter");
	strv_add(&b->settings.cflags, "f");
	strv_add(&b->settings.cflags, "-include");
	strv_add(&b->settings.cflags, "-Inot");
	strv_add(&b->settings.cflags, "-D");
	strv_add(&b->settings.cflags, "-Inot");
	strv_add(&b->toolchain.search, "/s");
	strv_add(&b->toolchain.search, "/t");
	plan(b);
	assert_words(&b->plan.search, "c|a|b|e|d|f|/s|/t");
}

/* clang would part a map at the first '='. */
TEST(root_with_an_equals_sign)
{
	BENCH(b);

	source(b, "a.c");
	arch(b, "x86");
	plan_in(b, "/r=t", NULL);
	assert_command(&b->plan.actions[0],
		       "/bin/clang|-target|bpfel|-mcpu=v1|-O2|-g|-D__TARGET_ARCH_x86|"
		       "-fdebug-compilation-dir=.|-c|a.c");
}

TEST(root_is_the_top)
{
	BENCH(b);

	source(b, "a.c");
	arch(b, "x86");
	plan_in(b, "/", NULL);
	assert_command(&b->plan.actions[0],
		       "/bin/clang|-target|bpfel|-mcpu=v1|-O2|-g|-D__TARGET_ARCH_x86|"
		       "-fdebug-compilation-dir=.|-c|a.c");
}

/* The digest of the first action's command. */
static void digest(struct bench *b, const char *root, uint8_t ret_digest[DIGEST_SIZE])
{
	plan_in(b, root, NULL);
	memcpy(ret_digest, b->plan.actions[0].command, DIGEST_SIZE);
}

TEST(command_is_the_same_in_every_root)
{
	static const char *const roots[] = {"/root", "/else/where", "/", "/r oot"};
	uint8_t one[DIGEST_SIZE], other[DIGEST_SIZE];
	BENCH(b);

	source(b, "a.c");
	arch(b, "x86");
	digest(b, "/first", one);
	for (size_t i = 0; i < LENGTH(roots); i++) {
		digest(b, roots[i], other);
		ck_assert_mem_eq(one, other, DIGEST_SIZE);
	}
	/* Nor does the name of the same clang count. */
	set(&b->toolchain.clang, "/opt/bin/clang-14");
	digest(b, "/first", other);
	ck_assert_mem_eq(one, other, DIGEST_SIZE);
}

enum change {
	CHANGE_SOURCE,
	CHANGE_ARCH,
	CHANGE_TARGET,
	CHANGE_CPU,
	CHANGE_DEFINE,
	CHANGE_DEFINE_VALUE,
	CHANGE_CFLAGS,
	CHANGE_CFLAGS_PARTED,
	CHANGE_INCLUDE,
	CHANGE_VMLINUX,
	CHANGE_DEBUG,
	CHANGE_DEP,
	CHANGE_IDENTITY,
	CHANGE_LIBBPF,
	CHANGE_PREFIX_MAP,
	CHANGE_COUNT
};

static void change(struct bench *b, enum change what)
{
	source(b, what == CHANGE_SOURCE ? "b.c" : "a.c");
	arch(b, what == CHANGE_ARCH ? "arm64" : "x86");
	target(b, what == CHANGE_TARGET ? "bpfeb" : "bpfel");
	if (what == CHANGE_CPU)
		set(&b->settings.cpu, "v2");
	if (what == CHANGE_DEFINE || what == CHANGE_DEFINE_VALUE)
		strv_add(&b->settings.define, what == CHANGE_DEFINE ? "A" : "A=2");
	if (what == CHANGE_CFLAGS)
		strv_add(&b->settings.cflags, "-I-g");
	if (what == CHANGE_CFLAGS_PARTED) {
		strv_add(&b->settings.cflags, "-I");
		strv_add(&b->settings.cflags, "-g");
	}
	if (what == CHANGE_INCLUDE)
		strv_add(&b->settings.include, "inc");
	if (what == CHANGE_VMLINUX)
		set(&b->settings.vmlinux, "vmlinux.h");
	if (what == CHANGE_LIBBPF)
		set(&b->toolchain.libbpf_dir, "/libbpf");
	if (what == CHANGE_IDENTITY)
		snprintf(b->toolchain.identity, sizeof(b->toolchain.identity), "other");
	if (what == CHANGE_PREFIX_MAP)
		strv_add(&b->settings.cflags, "-ffile-prefix-map=/other=.");
	b->settings.debug = what == CHANGE_DEBUG;
	b->settings.emit_dep = what == CHANGE_DEP;
}

TEST(command_differs_by_all_that_counts)
{
	uint8_t digests[CHANGE_COUNT + 1][DIGEST_SIZE];

	for (enum change i = 0; i <= CHANGE_COUNT; i++) {
		BENCH(b);
		change(b, i);
		digest(b, "/root", digests[i]);
		for (enum change j = 0; j < i; j++)
			ck_assert_msg(memcmp(digests[i], digests[j], DIGEST_SIZE) != 0, "%u, %u",
				      (unsigned)i, (unsigned)j);
	}
}

/* Where it goes is nothing of the object's. */
TEST(command_without_the_objects_name)
{
	uint8_t one[DIGEST_SIZE], other[DIGEST_SIZE];
	BENCH(b);

	source(b, "a.c");
	arch(b, "x86");
	digest(b, "/root", one);
	set(&b->settings.outdir, "o");
	digest(b, "/root", other);
	ck_assert_mem_eq(one, other, DIGEST_SIZE);
}

TEST(no_sources)
{
	BENCH(b);

	arch(b, "x86");
	plan_in(b, "/root", NULL);
	ck_assert_uint_eq(b->plan.n, 0);
}

TEST(dependency_file_is_the_object)
{
	BENCH(b);

	b->settings.emit_dep = true;
	set(&b->settings.output, "x.d");
	source(b, "a.bpf.c");
	refused(b, "x.d would be both", "-o");
}

TEST(standard_input_is_no_source)
{
	BENCH(b);

	source(b, "-");
	refused(b, "- is no source", "ends in .c");
}

TEST(maps_of_the_user_count)
{
	uint8_t digests[2][DIGEST_SIZE];

	for (size_t i = 0; i < 2; i++) {
		BENCH(b);
		source(b, "a.c");
		arch(b, "x86");
		strv_add(&b->settings.cflags,
			 i ? "-ffile-prefix-map=/root/inc=A" : "-ffile-prefix-map=/root/inc=B");
		digest(b, "/root", digests[i]);
	}
	ck_assert_mem_ne(digests[0], digests[1], DIGEST_SIZE);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, command);
	tcase_add_test(c, command_with_all);
	tcase_add_test(c, without_the_builders_headers);
	tcase_add_test(c, outputs_of_one_variant);
	tcase_add_test(c, headers_in_other_places);
	tcase_add_test(c, headers_that_keep_their_names);
	tcase_add_test(c, outputs_in_a_directory);
	tcase_add_test(c, outputs_of_several_archs);
	tcase_add_test(c, outputs_of_several_targets);
	tcase_add_test(c, only_s390_is_big);
	tcase_add_test(c, s390_alone);
	tcase_add_test(c, output_by_name);
	tcase_add_test(c, output_by_name_of_several);
	tcase_add_test(c, dependency_files);
	tcase_add_test(c, two_sources_with_one_output);
	tcase_add_test(c, output_is_a_source);
	tcase_add_test(c, endings);
	tcase_add_test(c, odd_names);
	tcase_add_test(c, vmlinux_names_a_directory);
	tcase_add_test(c, each_arch_has_its_includes);
	tcase_add_test(c, search);
	tcase_add_test(c, root_with_an_equals_sign);
	tcase_add_test(c, root_is_the_top);
	tcase_add_test(c, command_is_the_same_in_every_root);
	tcase_add_test(c, command_differs_by_all_that_counts);
	tcase_add_test(c, command_without_the_objects_name);
	tcase_add_test(c, no_sources);
	tcase_add_test(c, dependency_file_is_the_object);
	tcase_add_test(c, standard_input_is_no_source);
	tcase_add_test(c, maps_of_the_user_count);
}

int main(void)
{
	return suite_run("build_plan", add_tests);
}
