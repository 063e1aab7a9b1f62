/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/plan.h"
#include "core/variant.h"

static char clang[] = "/opt/clang", libbpf[] = "/opt/libbpf";

/* A toolchain with headers for x86 and arm64, and libbpf's where `with_libbpf`. */
static struct toolchain toolchain_with(bool with_libbpf)
{
	struct toolchain t = {.clang = strdup(clang)};

	if (with_libbpf)
		t.libbpf_dir = strdup(libbpf);
	strv_add(&t.asm_dirs, "x86:/asm/x86");
	strv_add(&t.asm_dirs, "arm64:/asm/arm64");
	return t;
}

/* A plan and all that must outlive it. */
struct planned {
	struct project project;
	struct toolchain toolchain;
	struct plan plan;
};

static void planned_free(struct planned *p)
{
	plan_free(&p->plan);
	toolchain_free(&p->toolchain);
	project_free(&p->project);
}

static struct planned make_for(const char *header_dir, bool elsewhere, const char *const *args)
{
	struct planned p = {.toolchain = toolchain_with(true)};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(project_from_clang(args, &p.project, &e), 0);
	ck_assert_int_eq(plan_make(&p.project, &p.toolchain, header_dir, elsewhere, &p.plan, &e),
			 0);
	ck_assert_int_eq(e.status, EXIT_STATUS_OK);
	return p;
}

static struct planned make(const char *header_dir, const char *const *args)
{
	return make_for(header_dir, false, args);
}

#define cleanup_planned CLEANUP(planned_free)
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_argv(const struct action *a, const char *const *expected)
{
	for (size_t i = 0; i < a->argv.n && expected[i]; i++)
		ck_assert_str_eq(a->argv.v[i], expected[i]);
	size_t n = 0;
	while (expected[n])
		n++;
	ck_assert_uint_eq(a->argv.n, n);
	ck_assert_ptr_eq(a->argv.v[n], NULL);
}

static void assert_output(const struct action *a, size_t i, const char *option, const char *path)
{
	ck_assert_uint_lt(i, a->n_outputs);
	ck_assert_str_eq(a->outputs[i].option, option);
	ck_assert_str_eq(a->outputs[i].path, path);
}

static bool has(const struct action *a, const char *word)
{
	for (size_t i = 0; i < a->argv.n; i++)
		if (strcmp(a->argv.v[i], word) == 0)
			return true;
	return false;
}

TEST(typical)
{
	static const char *const args[] = {"-target", "bpf", "-D__TARGET_ARCH_arm64", "-g",
					   "-MD",     "-c",  "dir/x.bpf.c",           "-o",
					   "x.o",     NULL};
	cleanup_planned struct planned p = make("/data/include", args);
	const struct action *a = p.plan.actions;

	ck_assert_uint_eq(p.plan.n, 1);
	assert_argv(a, ARGS(clang, "-target", "bpf", "-D__TARGET_ARCH_arm64", "-g", "-MD", "-c",
			    "dir/x.bpf.c", "-o", "x.o", "-idirafter", "/asm/arm64", "-idirafter",
			    "/opt/libbpf", "-idirafter", "/data/include"));
	ck_assert_uint_eq(a->insert, a->argv.n);
	ck_assert_uint_eq(a->n_outputs, 2);
	assert_output(a, 0, "-o", "x.o");
	assert_output(a, 1, "-MF", "x.d");
	ck_assert_str_eq(a->deps_target, "x.o");
	ck_assert_uint_eq(a->without_debug.n, 0);
}

/* Options go before "--". */
TEST(before_the_end_of_options)
{
	static const char *const args[] = {"-target", "bpf", "-D__TARGET_ARCH_x86", "-c", "--",
					   "-x.c",    NULL};
	cleanup_planned struct planned p = make(NULL, args);
	const struct action *a = p.plan.actions;

	assert_argv(a, ARGS(clang, "-target", "bpf", "-D__TARGET_ARCH_x86", "-c", "-idirafter",
			    "/asm/x86", "-idirafter", "/opt/libbpf", "--", "-x.c"));
	ck_assert_uint_eq(a->insert, 9);
	assert_output(a, 0, "-o", "-x.o");
	ck_assert_uint_eq(a->without_debug.n, 1);
	ck_assert_str_eq(a->without_debug.v[0], "-x.c");
}

/* Without -D__TARGET_ARCH_ the program is for this host. */
TEST(headers_by_arch)
{
	cleanup_planned struct planned host = make(NULL, ARGS("-target", "bpf", "-c", "a.c"));
	cleanup_planned struct planned unknown =
		make(NULL, ARGS("-target", "bpf", "-D__TARGET_ARCH_vax", "-c", "a.c"));
	cleanup_planned struct planned valued =
		make(NULL, ARGS("-target", "bpf", "-D__TARGET_ARCH_arm64=1", "-c", "a.c"));
	const char *arch = variant_host_arch();

	ck_assert_int_eq(has(host.plan.actions, "/asm/x86"), arch && strcmp(arch, "x86") == 0);
	ck_assert_int_eq(has(host.plan.actions, "/asm/arm64"), arch && strcmp(arch, "arm64") == 0);
	ck_assert(has(host.plan.actions, "/opt/libbpf"));
	ck_assert(!has(unknown.plan.actions, "/asm/x86"));
	ck_assert(!has(unknown.plan.actions, "/asm/arm64"));
	ck_assert(has(valued.plan.actions, "/asm/arm64"));
}

TEST(no_headers_where_none_are_wanted)
{
	cleanup_planned struct planned nostdinc =
		make("/data", ARGS("-target", "bpf", "-nostdinc", "-c", "a.c"));
	cleanup_planned struct planned preprocessed =
		make("/data", ARGS("-target", "bpf", "-c", "a.i"));
	cleanup_planned struct planned preprocess =
		make("/data", ARGS("-target", "bpf", "-E", "a.c"));

	ck_assert(!has(nostdinc.plan.actions, "-idirafter"));
	ck_assert(!has(preprocessed.plan.actions, "-idirafter"));
	ck_assert(has(preprocess.plan.actions, "/data"));
	ck_assert_uint_eq(preprocess.plan.actions->n_outputs, 0);
}

TEST(without_libbpf)
{
	static const char *const args[] = {"-target", "bpf", "-D__TARGET_ARCH_x86",
					   "-c",      "a.c", NULL};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_toolchain struct toolchain t = toolchain_with(false);
	cleanup_project struct project project = {0};
	cleanup_plan struct plan plan = {0};

	ck_assert_int_eq(project_from_clang(args, &project, &e), 0);
	ck_assert_int_eq(plan_make(&project, &t, NULL, false, &plan, &e), 0);
	assert_argv(plan.actions, ARGS(clang, "-target", "bpf", "-D__TARGET_ARCH_x86", "-c", "a.c",
				       "-idirafter", "/asm/x86"));
}

/* What has no headers takes no option that says how to list them: clang would warn of it. */
TEST(no_target_without_dependencies)
{
	cleanup_planned struct planned preprocessed =
		make(NULL, ARGS("-target", "bpf", "-MD", "-c", "a.i"));
	cleanup_planned struct planned to_stdout =
		make(NULL, ARGS("-target", "bpf", "-MD", "-MF", "-", "-c", "a.c"));

	ck_assert_uint_eq(preprocessed.plan.actions->n_outputs, 1);
	ck_assert_ptr_eq(preprocessed.plan.actions->deps_target, NULL);
	/* Where they go to standard output the object's name must still be right in them. */
	ck_assert_uint_eq(to_stdout.plan.actions->n_outputs, 1);
	ck_assert_str_eq(to_stdout.plan.actions->deps_target, "a.o");
}

TEST(target_that_was_named)
{
	cleanup_planned struct planned p =
		make(NULL, ARGS("-target", "bpf", "-MD", "-MT", "mine", "-c", "a.c"));

	ck_assert_uint_eq(p.plan.actions->n_outputs, 2);
	ck_assert_ptr_eq(p.plan.actions->deps_target, NULL);
}

TEST(debug_is_missed)
{
	static const struct {
		const char *option;
		bool missed;
	} table[] = {
		{"-c", true},  {"-S", true},   {"-g0", false},           {"-g", false},
		{"-E", false}, {"-MM", false}, {"-fsyntax-only", false}, {"-emit-llvm", false},
	};

	/* Those that name no phase link, which is not ours. */
	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_planned struct planned p =
			make(NULL, ARGS("-target", "bpf", "-nostdinc", table[i].option, "dir/a.c"));
		const struct strv *sources = &p.plan.actions->without_debug;

		ck_assert_msg((sources->n == 1) == table[i].missed, "%s", table[i].option);
		if (sources->n)
			ck_assert_str_eq(sources->v[0], "dir/a.c");
	}
	cleanup_planned struct planned off =
		make(NULL, ARGS("-target", "bpf", "-g", "-g0", "-c", "a.c"));
	cleanup_planned struct planned on = make(NULL, ARGS("-target", "bpf", "-g", "-c", "a.c"));
	ck_assert_uint_eq(off.plan.actions->without_debug.n, 1);
	ck_assert_uint_eq(on.plan.actions->without_debug.n, 0);
}

/* They stay one command, and its outputs are clang's affair. */
TEST(several_inputs)
{
	cleanup_planned struct planned p =
		make("/data", ARGS("-target", "bpf", "-D__TARGET_ARCH_x86", "-c", "a.c", "-MD",
				   "b.i", "sub/c.c"));
	const struct action *a = p.plan.actions;

	ck_assert_uint_eq(p.plan.n, 1);
	assert_argv(a, ARGS(clang, "-target", "bpf", "-D__TARGET_ARCH_x86", "-c", "a.c", "-MD",
			    "b.i", "sub/c.c", "-idirafter", "/asm/x86", "-idirafter", "/opt/libbpf",
			    "-idirafter", "/data"));
	ck_assert_uint_eq(a->n_outputs, 0);
	ck_assert_ptr_eq(a->deps_target, NULL);
	ck_assert_uint_eq(a->without_debug.n, 2);
	ck_assert_str_eq(a->without_debug.v[0], "a.c");
	ck_assert_str_eq(a->without_debug.v[1], "sub/c.c");
}

TEST(outputs_that_are_not_followed)
{
	cleanup_planned struct planned p =
		make("/data", ARGS("-target", "bpf", "-save-temps", "-MD", "-c", "a.c"));

	ck_assert_uint_eq(p.plan.n, 1);
	ck_assert(has(p.plan.actions, "/data"));
	ck_assert_uint_eq(p.plan.actions->n_outputs, 0);
	ck_assert_ptr_eq(p.plan.actions->deps_target, NULL);
}

static void assert_verbatim(const char *const *args)
{
	cleanup_planned struct planned p = make("/data", args);
	const struct action *a = p.plan.actions;
	size_t n = 0;

	ck_assert_uint_eq(p.plan.n, 1);
	ck_assert_str_eq(a->argv.v[0], clang);
	for (; args[n]; n++)
		ck_assert_str_eq(a->argv.v[n + 1], args[n]);
	ck_assert_uint_eq(a->argv.n, n + 1);
	ck_assert_uint_eq(a->insert, n + 1);
	ck_assert_uint_eq(a->n_outputs, 0);
	ck_assert_ptr_eq(a->deps_target, NULL);
	ck_assert_uint_eq(a->without_debug.n, 0);
}

TEST(verbatim)
{
	write_text("f", "-c a.c");
	assert_verbatim((const char *const[]){NULL});
	assert_verbatim(ARGS("-c", "a.c", "-o", "a.o"));
	assert_verbatim(ARGS("--version"));
	assert_verbatim(ARGS("-target", "bpf", "-###", "-c", "a.c"));
	assert_verbatim(ARGS("-target", "bpf", "a.c"));
	assert_verbatim(ARGS("-target", "bpf", "-c", "a.c", "b.o"));
	assert_verbatim(ARGS("-target", "bpf", "-c", "a.c", "-o"));
	assert_verbatim(ARGS("@f", "-MD"));
	assert_verbatim(ARGS("-target", "bpf", "-c", "a.c", "@missing"));
}

TEST(response_file_is_expanded)
{
	write_text("f", "-target bpf -nostdinc -c 'a b.c'");
	cleanup_planned struct planned p = make(NULL, ARGS("@f", "-g"));

	assert_argv(p.plan.actions,
		    ARGS(clang, "-target", "bpf", "-nostdinc", "-c", "a b.c", "-g"));
	assert_output(p.plan.actions, 0, "-o", "a b.o");
}

/* With `blank` for every so many characters, 0: a single word. */
static void assert_left(size_t size, size_t blank)
{
	cleanup_free char *text = malloc(size + 1);

	memset(text, 'x', size);
	for (size_t i = blank; blank && i < size; i += blank)
		memcpy(text + i - 3, " -D", 3);
	memcpy(text, "-target bpf -c a.c -D", 21);
	text[size] = '\0';
	write_text("f", text);
	assert_verbatim(ARGS("@f", "-g"));
}

/* A command line holds less than a response file can, and so does an argument. */
TEST(long_response_file_is_left)
{
	assert_left(600 << 10, 100);
	assert_left(129 << 10, 0);
}

TEST(freed_twice)
{
	struct planned p = make(NULL, ARGS("-target", "bpf", "-MD", "-c", "a.c", "b.c"));

	planned_free(&p);
	ck_assert_uint_eq(p.plan.n, 0);
	ck_assert_ptr_eq(p.plan.actions, NULL);
	planned_free(&p);
}

/* What does not compile BPF, where its outputs are to be brought here: OPTION and PATH of each. */
static void assert_elsewhere(const char *const *args, const char *const *outputs)
{
	cleanup_planned struct planned p = make_for("/ours", true, args);
	const struct action *a = &p.plan.actions[0];
	size_t n = 0;

	ck_assert(!a->compiles);
	ck_assert_str_eq(a->argv.v[0], clang);
	for (size_t i = 0; args[i]; i++) /* as they were given */
		ck_assert_str_eq(a->argv.v[i + 1], args[i]);
	for (; outputs[2 * n]; n++) {
		ck_assert_uint_lt(n, a->n_outputs);
		assert_output(a, n, outputs[2 * n], outputs[2 * n + 1]);
	}
	ck_assert_uint_eq(a->n_outputs, n);
}

TEST(elsewhere_outputs_of_other_commands)
{
	assert_elsewhere(ARGS("-c", "a.c"), ARGS("-o", "a.o"));
	assert_elsewhere(ARGS("-c", "a.c", "-o", "b c.o"), ARGS("-o", "b c.o"));
	assert_elsewhere(ARGS("-c", "a.c", "-o", "-"), ARGS(NULL));
	assert_elsewhere(ARGS("-S", "d/a.c", "-MD"), ARGS("-o", "a.s", "-MF", "a.d"));
	assert_elsewhere(ARGS("-E", "a.c"), ARGS(NULL));
	assert_elsewhere(ARGS("-E", "a.c", "-o", "a.i"), ARGS("-o", "a.i"));
	assert_elsewhere(ARGS("-M", "a.c"), ARGS(NULL));
	assert_elsewhere(ARGS("-M", "a.c", "-MF", "a.d"), ARGS("-MF", "a.d"));
	assert_elsewhere(ARGS("-M", "a.c", "-MF", "-"), ARGS(NULL));
	assert_elsewhere(ARGS("a.o", "-o", "prog"), ARGS("-o", "prog"));
	assert_elsewhere(ARGS("--version"), ARGS(NULL));
}

TEST(elsewhere_needs)
{
	cleanup_planned struct planned input = make_for(NULL, true, ARGS("-E", "-x", "c", "-"));
	cleanup_planned struct planned rules = make_for(NULL, true, ARGS("-MM", "a.c"));
	cleanup_planned struct planned many = make_for(NULL, true, ARGS("-c", "a.c", "b.c"));
	cleanup_planned struct planned linked =
		make_for(NULL, true, ARGS("a.c", "b.c", "-o", "prog"));
	cleanup_planned struct planned syntax =
		make_for(NULL, true, ARGS("-fsyntax-only", "a.c", "b.c"));
	cleanup_planned struct planned more =
		make_for(NULL, true, ARGS("-c", "a.c", "-save-temps"));

	ck_assert(input.plan.actions[0].reads_input && !input.plan.actions[0].makes_rules);
	ck_assert(rules.plan.actions[0].makes_rules && !rules.plan.actions[0].reads_input);
	ck_assert(many.plan.actions[0].many_outputs && !many.plan.actions[0].more_outputs);
	ck_assert(!linked.plan.actions[0].many_outputs);
	ck_assert(!syntax.plan.actions[0].many_outputs);
	ck_assert(more.plan.actions[0].more_outputs);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, typical);
	tcase_add_test(c, before_the_end_of_options);
	tcase_add_test(c, headers_by_arch);
	tcase_add_test(c, no_headers_where_none_are_wanted);
	tcase_add_test(c, without_libbpf);
	tcase_add_test(c, no_target_without_dependencies);
	tcase_add_test(c, target_that_was_named);
	tcase_add_test(c, debug_is_missed);
	tcase_add_test(c, several_inputs);
	tcase_add_test(c, outputs_that_are_not_followed);
	tcase_add_test(c, verbatim);
	tcase_add_test(c, response_file_is_expanded);
	tcase_add_test(c, long_response_file_is_left);
	tcase_add_test(c, elsewhere_outputs_of_other_commands);
	tcase_add_test(c, elsewhere_needs);
	tcase_add_test(c, freed_twice);
}

int main(void)
{
	return suite_run("plan", add_tests);
}
