/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/launcher.h"
#include "make-lines.h"
#include "object/object.h"
#include "shared/io.h"

/* A launcher of two words, and the plan of one source. */
struct bench {
	struct strv words;
	struct launcher launcher;
	struct settings settings;
	struct toolchain toolchain;
	struct build_plan plan;
	char root[512];
};

static void bench_open(struct bench *b)
{
	*b = (struct bench){0};
	strv_add(&b->words, "env");
	strv_add(&b->words, "distcc");
	launcher_init(&b->launcher, &b->words);
	b->settings.outdir = strdup(".");
	b->settings.cpu = strdup("v1");
	b->toolchain.clang = strdup("/bin/clang");
	strv_add(&b->settings.arch, "x86");
	ck_assert_ptr_ne(getcwd(b->root, sizeof(b->root)), NULL);
}

static void bench_close(struct bench *b)
{
	launcher_free(&b->launcher);
	launcher_free(&b->launcher);
	strv_free(&b->words);
	build_plan_free(&b->plan);
	settings_free(&b->settings);
	toolchain_free(&b->toolchain);
}

#define BENCH(b)                                                 \
	__attribute__((cleanup(bench_close))) struct bench b##_; \
	struct bench *b = &b##_;                                 \
	bench_open(b)

static const struct build_action *plan(struct bench *b, const char *source)
{
	cleanup_error struct crossbpf_error e = {0};

	strv_add(&b->settings.sources, source);
	ck_assert_int_eq(build_plan_make(b->root, &b->settings, &b->toolchain, NULL, &b->plan, &e),
			 0);
	return &b->plan.actions[0];
}

static void flags(struct bench *b, const char *const *words)
{
	strv_add_all(&b->settings.cflags, words);
}
#define FLAGS(b, ...) flags(b, (const char *const[]){__VA_ARGS__, NULL})

/* Why not, or NULL where it is one for other machines. */
static void expect_why(struct bench *b, const struct build_action *a, const char *expected)
{
	cleanup_free char *why = NULL;

	ck_assert_int_eq(launcher_why_not(&b->launcher, &b->plan, b->root, a, &why), 0);
	if (expected) {
		ck_assert_ptr_ne(why, NULL);
		assert_contains(why, expected);
	} else {
		ck_assert_msg(!why, "%s", why);
	}
}

TEST(knows_what_may_travel)
{
	static const struct {
		const char *flag, *value, *why;
	} cases[] = {
		{"-Wall", NULL, NULL},
		{"-DX=1", NULL, NULL},
		{"-U", "X", NULL},
		{"-include", "x.h", NULL},
		{"-imacros", "x.h", "-imacros is for sources"},
		{"-undef", NULL, "-undef is for sources"},
		{"-xc", NULL, "-xc is for sources"},
		{"-MP", NULL, "-MP is for sources"},
		{"-DX=1\n2", NULL, "is for sources"},
		{"-D", "X=1\n2", "is for sources"},
		{"-fplugin=x.so", NULL, "-fplugin=x.so"},
		{"-Xclang", "-DX", "-Xclang"},
		{"-Wp,-DX", NULL, "-Wp,-DX"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		BENCH(b);
		FLAGS(b, cases[i].flag, cases[i].value);
		expect_why(b, plan(b, "a.bpf.c"), cases[i].why);
	}
}

TEST(knows_what_is_no_text)
{
	BENCH(assembly);
	expect_why(assembly, plan(assembly, "a.bpf.S"), "no C");
	BENCH(whole);
	whole->settings.debug = true;
	expect_why(whole, plan(whole, "a.bpf.c"), "DWARF");
}

TEST(calls_the_script)
{
	BENCH(b);
	FLAGS(b, "-DA", "-D", "B=b c", "-DF(x)=(x)", "-DE=", "-U", "A", "-UG", "-Wall");
	const struct build_action *a = plan(b, "a.bpf.c");
	cleanup_strv struct strv command = {0}, argv = {0};
	size_t insert = 0;

	build_plan_argv(a, &command);
	strv_add(&command, "-fcolor-diagnostics");
	ck_assert_int_eq(launcher_argv(&b->launcher, a, &command, command.n - 2, &argv, &insert),
			 0);
	ck_assert_str_eq(argv.v[0], "sh");
	ck_assert_str_eq(argv.v[1], "-c");
	ck_assert_uint_eq(insert, 4);
	ck_assert_str_eq(argv.v[4], "a.bpf.c");
	ck_assert_str_eq(argv.v[5], "a.bpf.o");
	ck_assert_str_eq(argv.v[6], "#define __TARGET_ARCH_x86 1\n#define A 1\n#define B b "
				    "c\n#define F(x) (x)\n#define E \n"
				    "#undef A\n#undef G\n");
	ck_assert_str_eq(argv.v[7], "2");
	ck_assert_str_eq(argv.v[8], "env");
	ck_assert_str_eq(argv.v[9], "distcc");
	ck_assert_str_eq(argv.v[10], "/bin/clang");
	ck_assert_str_eq(argv.v[argv.n - 1], "-fcolor-diagnostics");
	ck_assert_str_eq(argv.v[argv.n - 2], "-c");
	ck_assert_uint_eq(strncmp(launcher_variable, "CROSSBPF_LAUNCH=", 16), 0);
}

static void expect_note(const char *output, enum launch_end end, const char *why, const char *said)
{
	cleanup_launch_note struct launch_note note = {0};

	ck_assert_int_eq(launch_note_read(output, &note), 0);
	ck_assert_int_eq(note.end, end);
	ck_assert_str_eq(note.why ? note.why : "", why);
	ck_assert_str_eq(note.said, said);
}

TEST(reads_notes)
{
	expect_note("launched\n", LAUNCH_DONE, "", "");
	expect_note("launched\ndistcc[1] slow\nx", LAUNCH_DONE, "", "distcc[1] slow\nx");
	expect_note("plain it is\n", LAUNCH_PLAIN, "it is", "");
	expect_note("failed 116\nno host\n", LAUNCH_FAILED, "it failed with status 116",
		    "no host\n");
	expect_note("missing\n", LAUNCH_MISSING, "", "");
	expect_note("", LAUNCH_PLAIN, "", "");
}

static int expect_second(void *ctx, const struct object_line *line)
{
	(void)ctx;
	ck_assert_str_eq(line->text, "second");
	return 1;
}

/* Takes an object with line 2 of a.c in it, which read a.c and others. */
static int take_of(struct bench *b, const struct build_action *a, const char *version,
		   const char *dep_text, bool (*is_builders)(const void *, const char *),
		   char **ret_why)
{
	static const struct source source = {"./a.c", "", 2};
	const struct launch_place place = {b->root, version, is_builders, "/builder.h"};
	cleanup_strbuf struct strbuf object = {0}, dep = {0}, got = {0};
	cleanup_launch_note struct launch_note note = {.end = LAUNCH_DONE};
	struct made m = {0};
	const char *unsound;

	make(&m, &source);
	strbuf_add(&object, (const char *)m.data, m.len);
	strbuf_puts(&dep, dep_text);
	int r = launcher_take(&b->launcher, &place, a, &object, &dep, &got, &note);
	ck_assert_int_eq(note.end, r == 1 ? LAUNCH_DONE : LAUNCH_PLAIN);
	if (r == 1)
		ck_assert_int_eq(object_each_line(got.data, got.len, expect_second, NULL, &unsound),
				 1);
	else
		ck_assert_uint_eq(got.len, 0);
	*ret_why = note.why;
	note.why = NULL;
	return r;
}

static int take(struct bench *b, const struct build_action *a, const char *dep_text,
		bool (*is_builders)(const void *, const char *), char **ret_why)
{
	return take_of(b, a, NULL, dep_text, is_builders, ret_why);
}

static bool is_builders_header(const void *ctx, const char *name)
{
	return strcmp(name, ctx) == 0;
}

static bool is_all_builders(const void *ctx, const char *name)
{
	(void)ctx, (void)name;
	return true;
}

TEST(takes_what_is_sure)
{
	BENCH(b);
	const struct build_action *a = plan(b, "a.c");
	cleanup_free char *why = NULL, *second = NULL;

	write_text("a.c", "first\nsecond\n#define line 3\n#  include <x>\n");
	ck_assert_int_eq(take(b, a, "a.o: a.c\n", NULL, &why), 1);
	ck_assert_int_eq(take(b, a, "a.o: a.c /builder.h\n", is_builders_header, &second), 1);
	expect_why(b, a, NULL);
}

TEST(refuses_what_says_where_lines_are_from)
{
	static const char *const texts[] = {"#line 5 \"x.y\"\n", " # 7 \"x.y\"\n",
					    "a\n\t%:\tline 5\n", "#\\\nline 5\n"};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		BENCH(b);
		const struct build_action *a = plan(b, "a.c");
		cleanup_free char *why = NULL;
		write_text("a.c", "first\nsecond\n");
		write_text("marked.h", texts[i]);
		ck_assert_int_eq(take(b, a, "a.o: a.c marked.h\n", NULL, &why), 0);
		assert_contains(why, "where its lines are from");
		/* Once is enough. */
		expect_why(b, a, "another object");
	}
}

/* What DWARF names its compiler is a text in the object, as "./a.c" is. */
TEST(refuses_what_another_compiler_made)
{
	BENCH(b);
	const struct build_action *a = plan(b, "a.c");
	cleanup_free char *why = NULL, *longer = NULL, *behind = NULL, *same = NULL;

	write_text("a.c", "first\nsecond\n");
	ck_assert_int_eq(take_of(b, a, "./a.c", "a.o: a.c\n", NULL, &same), 1);
	ck_assert_int_eq(take_of(b, a, "./a", "a.o: a.c\n", NULL, &longer), 0);
	ck_assert_int_eq(take_of(b, a, "/a.c", "a.o: a.c\n", NULL, &behind), 0);
	ck_assert_int_eq(take_of(b, a, "clang version 1", "a.o: a.c\n", NULL, &why), 0);
	assert_contains(why, "another compiler");
	expect_why(b, a, "another object");
}

TEST(refuses_what_it_cannot_read)
{
	BENCH(b);
	const struct build_action *a = plan(b, "a.c");
	cleanup_free char *gone = NULL, *broken = NULL, *builders = NULL;

	write_text("a.c", "first\nsecond\n");
	ck_assert_int_eq(take(b, a, "a.o: a.c gone.h\n", NULL, &gone), 0);
	ck_assert_int_eq(take(b, a, "nothing", NULL, &broken), 0);
	assert_contains(broken, "not known");
	ck_assert_int_eq(take(b, a, "a.o: a.c\n", is_all_builders, &builders), 0);
	assert_contains(builders, "builder's headers");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, knows_what_may_travel);
	tcase_add_test(c, knows_what_is_no_text);
	tcase_add_test(c, calls_the_script);
	tcase_add_test(c, reads_notes);
	tcase_add_test(c, takes_what_is_sure);
	tcase_add_test(c, refuses_what_says_where_lines_are_from);
	tcase_add_test(c, refuses_what_another_compiler_made);
	tcase_add_test(c, refuses_what_it_cannot_read);
}

int main(void)
{
	return suite_run("launcher", add_tests);
}
