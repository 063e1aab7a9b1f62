/* SPDX-License-Identifier: BSD-2-Clause */
/* bpftool is a shell script here: the real one is in gen.test and gen-docker.test. */
#include "suite.h"

#include "core/binding.h"
#include "core/cache.h"
#include "core/derive.h"
#include "core/skeleton.h"
#include "core/tool.h"
#include "make-btf.h"
#include "remote-bench.h"

extern char **environ;

/* An object of this process's byte order of choice, with BTF or without. */
static void write_object(const char *path, bool big, bool with_btf)
{
	cleanup_fclose FILE *f = fopen(path, "w");
	struct made m = {.big = big};
	struct btf_maker b;

	btf_begin(&b, big);
	btf_int(&b, "int", 4);
	btf_finish(&b);
	made_init(&m);
	m.sections[MADE_BTF].size = 0;
	if (!with_btf)
		m.sections[MADE_BTF].name = ".other";
	for (size_t i = 0; i < b.len; i++)
		made_number(&m, MADE_BTF, 1, b.bytes[i]);
	m.sections[MADE_TEXT].name = "xdp";
	m.sections[MADE_BSS].size = 16;
	made_put(&m, m.sections[MADE_SYMTAB].data + SYM_PROG * 24 + 16, 8, 16);
	made_finish(&m);
	ck_assert_ptr_ne(f, NULL);
	ck_assert_uint_eq(fwrite(m.data, 1, m.len, f), m.len);
}

/* In front of any that is installed. */
static void install_bpftool(const char *script)
{
	cleanup_free char *dir = getcwd(NULL, 0);
	cleanup_free char *path = str_printf("%s/bin:%s", dir, getenv("PATH"));

	if (!is_there("bin")) {
		ck_assert_int_eq(mkdir("bin", 0755), 0);
		setenv("PATH", path, 1);
	}
	write_program("bin/bpftool", script);
}

#define TELLS_VERSION "[ \"$1\" != version ] || exec echo v1\n"
static const char counting[] = TELLS_VERSION "echo asked >>asked\necho \"$1 $2 ${3##*/} $4 $5\"";

struct bench {
	char *root;
	struct settings settings;
	struct build_variant variant;
	struct build_action actions[2]; /* the second is planned by who needs it */
	struct build_plan plan;
	struct toolchain toolchain;
	struct state *state;
	struct cache *cache;
	struct build build;
	struct crossbpf_error error;
	bool done[2], keep_going;
	unsigned made, explained, failed, removed;
};

static void on_end(void *ctx, const struct derive_job *job, const uint8_t digest[DIGEST_SIZE],
		   size_t size)
{
	struct bench *b = ctx;

	(void)digest;
	ck_assert_uint_gt(size, 0);
	ck_assert(job->action == &b->actions[0] || job->action == &b->actions[1]);
	b->made++;
}

static void on_fail(void *ctx, const struct derive_job *job, const struct crossbpf_error *error)
{
	struct bench *b = ctx;

	ck_assert(job->derived->path && error->message);
	b->failed++;
}

static void on_remove(void *ctx, const char *path)
{
	struct bench *b = ctx;

	ck_assert(!is_there(path));
	b->removed++;
}

static void on_why(void *ctx, const struct derived *derived, const char *why)
{
	struct bench *b = ctx;

	ck_assert(derived->path && (!why || *why));
	b->explained++;
}

static void bench_open(struct bench *b)
{
	*b = (struct bench){
		.root = getcwd(NULL, 0),
		.settings = {.outdir = (char *)".",
			     .emit_skeleton = true,
			     .emit_go = true,
			     .emit_c = true,
			     .arch_is_default = true,
			     .package = (char *)"p"},
		.variant = {.target = "bpfel", .arch = "x86"},
		.actions = {{.source = (char *)"x.bpf.c", .object = (char *)"x.bpf.o"},
			    {.source = (char *)"y.bpf.c", .object = (char *)"y.bpf.o"}},
		.done = {true, true},
	};
	go_dialect_of(GO_DIALECT_OLDEST, &b->settings.dialect);
	for (size_t i = 0; i < LENGTH(b->actions); i++) {
		b->actions[i].variant = &b->variant;
		ck_assert_int_eq(derived_place(&b->actions[i], &b->settings), 0);
	}
	b->plan = (struct build_plan){.actions = b->actions, .n = 1};
	ck_assert_int_eq(state_open("state.db", b->root, MODULE_DIR, &b->state), 0);
	b->cache = cache_new(b->root, 1 << 20);
	b->build = (struct build){.state = b->state,
				  .plan = &b->plan,
				  .root = b->root,
				  .toolchain = &b->toolchain,
				  .cache = b->cache};
	write_object("x.bpf.o", false, true);
}

static void bench_close(struct bench *b)
{
	for (size_t i = 0; i < LENGTH(b->actions); i++)
		derived_free(b->actions[i].derived, b->actions[i].n_derived);
	state_close(b->state);
	cache_close(b->cache);
	error_free(&b->error);
	free(b->root);
}

#define BENCH(b)                                              \
	__attribute__((cleanup(bench_close))) struct bench b; \
	bench_open(&b)

static int derive_all(struct bench *b)
{
	cleanup_derive struct derive d = {
		.build = &b->build,
		.settings = &b->settings,
		.done = b->done,
		.env = (const char *const *)environ,
		.control = -1,
		.ctx = b,
		.on_end = on_end,
		.keep_going = b->keep_going,
		.on_fail = on_fail,
		.on_remove = on_remove,
		.on_why = on_why,
	};

	/* As the next build would: a state looks at each file once. */
	state_save(b->state, false);
	state_close(b->state);
	ck_assert_int_eq(state_open("state.db", b->root, MODULE_DIR, &b->state), 0);
	b->build.state = b->state;
	b->made = 0;
	error_free(&b->error);
	b->error = (struct crossbpf_error){0};
	int r = derive_find(&d, &b->error);
	return r < 0 ? r : derive_make(&d, &b->error);
}

static void assert_made(struct bench *b, unsigned n)
{
	int r = derive_all(b);

	ck_assert_msg(r == 0, "%s", b->error.message ? b->error.message : "?");
	ck_assert_uint_eq(b->made, n);
}

TEST(all_kinds)
{
	install_bpftool(counting);
	BENCH(b);

	assert_made(&b, 3);
	assert_text("x.skel.h", "gen skeleton x.bpf.o name x_bpf\n");
	cleanup_free char *go = read_text("x_bpfel.go"), *c = read_text("x.embed.h");
	assert_contains(go, "//go:embed x.bpf.o\n");
	assert_contains(go, "package p\n");
	assert_contains(c, "x_open_opts");
	assert_made(&b, 0);
	ck_assert_uint_eq(b.explained, 6);
	ck_assert_int_eq(unlink("x.embed.h"), 0);
	assert_made(&b, 1);
	/* Of what was not built nothing is made. */
	ck_assert_int_eq(unlink("x.embed.h"), 0);
	b.done[0] = false;
	assert_made(&b, 0);
	b.done[0] = true;
	b.settings.package = (char *)"other";
	assert_made(&b, 2);
	write_object("x.bpf.o", false, true);
	FILE *f = fopen("x.bpf.o", "a");
	ck_assert_ptr_ne(f, NULL);
	fputs("more", f);
	fclose(f);
	assert_made(&b, 3);
}

TEST(skeletons_are_cached)
{
	install_bpftool(counting);
	BENCH(b);

	assert_made(&b, 3);
	ck_assert_int_eq(unlink("x.skel.h"), 0);
	assert_made(&b, 1);
	assert_text("asked", "asked\n");
	install_bpftool(TELLS_VERSION "echo asked >>asked\necho another");
	assert_made(&b, 1);
	assert_text("asked", "asked\nasked\n");
	assert_text("x.skel.h", "another\n");
	b.build.cache = NULL;
	ck_assert_int_eq(unlink("x.skel.h"), 0);
	assert_made(&b, 1);
	assert_text("asked", "asked\nasked\nasked\n");
}

/* By the names that another version, or another arch, gave it. */
TEST(obsolete_files)
{
	static const char ours[] = "// Code generated by crossbpf gen go; DO NOT EDIT.\n\nx\n",
			  theirs[] = "// Code generated by bpf2go; DO NOT EDIT.\n\nx\n\n//go:embed "
				     "x_x86_bpfel.o\nvar x\n";
	static const char *const stay[] = {"x_bpfel_arm.go", "x_bpfel_arm64.o", "x_bpfeb.go",
					   "x_bpfel_own.go", "xx_bpfel_x86.go"};
	static const char *const go[] = {"x_x86_bpfel.go", "x_x86_bpfel.o", "x_bpfel_arm64.go"};
	BENCH(b);

	b.settings.emit_skeleton = false;
	write_text("x_x86_bpfel.go", theirs);
	write_text("x_x86_bpfel.o", "its object");
	write_text("x_bpfel_arm64.go", ours);
	write_text("x_bpfel_arm64.o", "not its object");
	write_text("x_bpfel_arm.go", "// Code of somebody's\n");
	for (size_t i = 2; i < LENGTH(stay); i++)
		write_text(stay[i], ours);
	derived_free(b.actions[0].derived, b.actions[0].n_derived);
	b.actions[0].derived = NULL;
	b.actions[0].n_derived = 0;
	ck_assert_int_eq(derived_place(&b.actions[0], &b.settings), 0);
	assert_made(&b, 2);
	ck_assert_uint_eq(b.removed, 2);
	ck_assert(is_there("x_bpfel.go"));
	for (size_t i = 0; i < LENGTH(stay); i++)
		ck_assert_msg(is_there(stay[i]), "%s", stay[i]);
	for (size_t i = 0; i < LENGTH(go); i++)
		ck_assert_msg(!is_there(go[i]), "%s", go[i]);
}

/* As Ubuntu has it: what is in PATH calls another. */
TEST(a_wrapper_of_bpftool)
{
	install_bpftool("exec ./tool \"$@\"");
	BENCH(b);

	write_program("tool", TELLS_VERSION "echo one");
	assert_made(&b, 3);
	write_program("tool", "[ \"$1\" != version ] || exec echo v2\necho two");
	ck_assert_int_eq(unlink("x.skel.h"), 0);
	assert_made(&b, 1);
	assert_text("x.skel.h", "two\n");
}

static void assert_refused(struct bench *b, int r, enum exit_status status, const char *part)
{
	ck_assert_int_eq(derive_all(b), r);
	ck_assert_int_eq(b->error.status, status);
	ck_assert_msg(strstr(b->error.message, part), "%s", b->error.message);
}

TEST(refuses)
{
	install_bpftool("echo 'libbpf: something' >&2\necho 'Error: no such luck' >&2\nexit 3");
	BENCH(b);

	assert_refused(&b, -ENOEXEC, EXIT_STATUS_FAILED, "x.bpf.o: no such luck");
	install_bpftool("exit 3");
	assert_refused(&b, -ENOEXEC, EXIT_STATUS_FAILED, "its exit status is 3");
	install_bpftool("exit 0");
	assert_refused(&b, -ENOEXEC, EXIT_STATUS_FAILED, "its exit status is 0");
	ck_assert(!is_there("x.skel.h"));
	write_object("x.bpf.o", true, true);
	assert_refused(&b, -EXDEV, EXIT_STATUS_FAILED, "is not for bpfel: its byte order is");
	write_object("x.bpf.o", false, false);
	assert_refused(&b, -ENODATA, EXIT_STATUS_FAILED, "x.bpf.o: it has no BTF");
	write_text("x.bpf.o", "nonsense");
	assert_refused(&b, -ENOEXEC, EXIT_STATUS_FAILED, "x.bpf.o: ");
	ck_assert_int_eq(unlink("x.bpf.o"), 0);
	assert_refused(&b, -ENOENT, EXIT_STATUS_FAILED, "cannot read x.bpf.o");
}

TEST(keeps_going)
{
	install_bpftool("echo 'Error: no such luck' >&2\nexit 3");
	BENCH(b);

	b.keep_going = true;
	assert_made(&b, 2);
	ck_assert_uint_eq(b.failed, 1);
	ck_assert(is_there("x_bpfel.go") && is_there("x.embed.h") && !is_there("x.skel.h"));
	install_bpftool(counting);
	write_object("x.bpf.o", false, false);
	assert_made(&b, 2);
	ck_assert_uint_eq(b.failed, 2);
	ck_assert_int_eq(unlink("x.bpf.o"), 0);
	assert_made(&b, 0);
	ck_assert_uint_eq(b.failed, 5);
}

/* Of two of which one cannot be made the other is, and stays. */
TEST(one_of_two)
{
	install_bpftool(TELLS_VERSION
			"case $3 in *x.bpf.o) exit 3 ;; esac\necho asked >>asked\necho it");
	BENCH(b);

	write_object("y.bpf.o", false, true);
	b.plan.n = 2;
	b.keep_going = true;
	assert_made(&b, 5);
	ck_assert_uint_eq(b.failed, 1);
	ck_assert(is_there("y.skel.h") && !is_there("x.skel.h"));
	assert_made(&b, 0);
	/* Also where the first that cannot be made is the last that is tried. */
	install_bpftool(TELLS_VERSION
			"case $3 in *y.bpf.o) exit 3 ;; esac\necho asked >>asked\necho it");
	ck_assert_int_eq(unlink("y.skel.h"), 0);
	b.build.cache = NULL;
	b.keep_going = false;
	assert_refused(&b, -ENOEXEC, EXIT_STATUS_FAILED, "y.bpf.o: its exit status is 3");
	ck_assert(is_there("x.skel.h") && !is_there("y.skel.h"));
	assert_text("asked", "asked\nasked\n");
	assert_refused(&b, -ENOEXEC, EXIT_STATUS_FAILED, "y.bpf.o: its exit status is 3");
	assert_text("asked", "asked\nasked\n");
}

TEST(finds_no_bpftool_of_ours)
{
	cleanup_free char *path = NULL, *dir = getcwd(NULL, 0);

	install_bpftool("exit 0");
	ck_assert_int_eq(rename("bin/bpftool", "bin/crossbpf-bpftool"), 0);
	ck_assert_int_eq(symlink("crossbpf-bpftool", "bin/bpftool"), 0);
	ck_assert_int_eq(skeleton_find_bpftool(&path), 0);
	ck_assert(!path || !strstr(path, dir));
	cleanup_error struct crossbpf_error e = {0};
	ck_assert_int_eq(skeleton_refuse_here("native", &e), -ENOENT);
	ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(e.message, "native: there is no bpftool");
}

/* On a builder that does not see the host's files. */
static int make_there(struct remote_bench *b, const char *script, bool keep_going,
		      struct skeleton *two)
{
	cleanup_free char *tool = str_printf("%s/there/bin/bpftool", b->here);

	if (script)
		write_program(tool, script);
	error_free(&b->error);
	b->error = (struct crossbpf_error){0};
	for (size_t i = 0; i < 2; i++) {
		skeleton_free(&two[i]);
		two[i] = (struct skeleton){.object = two[i].object, .ident = two[i].ident};
	}
	return skeleton_make_there(two, 2, keep_going, &b->remote, &b->error);
}

TEST(by_a_builder)
{
	REMOTE_BENCH(b);
	cleanup_free char *one = str_printf("%s/one.o", b.root),
			  *two = str_printf("%s/two.o", b.root);
	struct skeleton all[] = {{.object = one, .ident = "one"},
				 {.object = two, .ident = "other"}};

	write_text("one.o", "first");
	write_text("two.o", "second");
	int r = make_there(&b, "cat \"$3\" && echo \" $1 $2 $4 $5\"", false, all);
	ck_assert_msg(r == 0, "%s", b.error.message);
	ck_assert_str_eq(all[0].text.data, "first gen skeleton name one\n");
	ck_assert_str_eq(all[1].text.data, "second gen skeleton name other\n");
	ck_assert_int_eq(skeleton_take_failure(all, 2, &b.error), 0);
	/* Each of them says that it failed. */
	ck_assert_int_eq(make_there(&b, "echo 'Error: in vain' >&2\nexit 1", true, all), 0);
	assert_contains(all[0].error.message, "one.o: in vain");
	assert_contains(all[1].error.message, "two.o: in vain");
	ck_assert_int_eq(skeleton_take_failure(all, 2, &b.error), -ENOEXEC);
	assert_contains(b.error.message, "one.o: in vain");
	/* One alone. */
	const char *first = "case $3 in *one.o) exit 1 ;; esac\necho text";
	ck_assert_int_eq(make_there(&b, first, true, all), 0);
	ck_assert_int_eq(all[0].result, -ENOEXEC);
	ck_assert_int_eq(all[1].result, 0);
	ck_assert_str_eq(all[1].text.data, "text\n");
	ck_assert_int_eq(make_there(&b, first, false, all), 0);
	ck_assert_int_eq(all[0].result, -ENOEXEC);
	/* None, as there is no bpftool. */
	ck_assert_int_eq(make_there(&b, "exit 127", true, all), -ENOENT);
	assert_contains(b.error.message, "there is no bpftool");
	/* What the byte order of another machine is to it. */
	ck_assert_int_eq(make_there(&b,
				    "echo 'Error: failed to open BPF object file: "
				    "Endian mismatch' >&2; exit 1",
				    true, all),
			 0);
	assert_contains(all[0].error.hint, "both byte orders");
	skeleton_free(&all[0]);
	skeleton_free(&all[1]);
}

TEST(names_and_archs)
{
	cleanup_error struct crossbpf_error e = {0}, other = {0};
	struct binding_object o = {.file = "x.o", .arch = {.is_stamped = true, .arch = "any"}};

	ck_assert_int_eq(binding_check_go_ident("probe", NULL), 0);
	ck_assert_int_eq(binding_check_go_ident("1", &e), -EINVAL);
	ck_assert_int_eq(binding_check_c_ident("probe", NULL), 0);
	ck_assert_int_eq(binding_check_c_ident("int", &other), -EINVAL);
	ck_assert_int_eq(other.status, EXIT_STATUS_USAGE);
	ck_assert_ptr_eq(binding_arch(&o), NULL);
	o.arch.arch = "arm64";
	ck_assert_str_eq(binding_arch(&o), "arm64");
	o.arch = (struct object_arch){.big = true, .registers = "s390"};
	ck_assert_str_eq(binding_arch(&o), "s390");
	ck_assert_str_eq(binding_target(&o), "bpfeb");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, all_kinds);
	tcase_add_test(c, skeletons_are_cached);
	tcase_add_test(c, obsolete_files);
	tcase_add_test(c, a_wrapper_of_bpftool);
	tcase_add_test(c, refuses);
	tcase_add_test(c, keeps_going);
	tcase_add_test(c, one_of_two);
	tcase_add_test(c, finds_no_bpftool_of_ours);
	tcase_add_test(c, by_a_builder);
	tcase_add_test(c, names_and_archs);
}

int main(void)
{
	return suite_run("derive", add_tests);
}
