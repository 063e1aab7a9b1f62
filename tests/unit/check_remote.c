/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/remote.h"
#include "remote-bench.h"

static void assert_list(const struct strv *list, const char *base, const char *const *want)
{
	size_t n = 0;

	for (; want[n]; n++) {
		cleanup_free char *path = str_printf("%s/%s", base, want[n]);
		ck_assert_msg(n < list->n, "no %s", path);
		ck_assert_str_eq(list->v[n], path);
	}
	ck_assert_msg(list->n == n, "also %s", list->n > n ? list->v[n] : "");
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING ((const char *const[]){NULL})

/* Without a session it is what is remembered of the builder. */
TEST(is_one)
{
	REMOTE_BENCH(b);
	struct builder unknown = {0};
	char name[] = "some builder";

	ck_assert(remote_is(&b.builder));
	ck_assert(!remote_is(&unknown));
	unknown.toolchain.builder = name;
	ck_assert(remote_is(&unknown));
	b.builder.session.plugin.backend.caps |= CROSSBPF_CAP_HOST_FILES;
	ck_assert(!remote_is(&b.builder));
}

static void add_file(struct remote_bench *b, const char *name)
{
	cleanup_free char *path = str_printf("%s/%s", b->here, name);

	remote_add_file(&b->remote, path);
}

TEST(adds_files)
{
	REMOTE_BENCH(b);

	write_text("x.h", "");
	add_file(&b, "p/x.h");
	add_file(&b, "p/x.h");
	add_file(&b, "p/missing.h"); /* it may be there by the time it is sent */
	add_file(&b, "there/include/x.h");
	add_file(&b, "there/includes.h");
	add_file(&b, "there/include");
	assert_list(&b.remote.files, b.here,
		    LIST("p/x.h", "p/missing.h", "there/includes.h", "there/include"));
	ck_assert_uint_eq(b.remote.outside.n, 0);
}

static void make_tree(const char *const *dirs, const char *const *names)
{
	for (; *dirs; dirs++)
		ck_assert_int_eq(mkdir(*dirs, 0755), 0);
	for (; *names; names++)
		write_text(*names, "");
}

/* Each once, and what it really is where it is a link. */
TEST(directories_out_of_the_project)
{
	REMOTE_BENCH(b);

	make_tree(LIST("../o", "../o/a b", "../real", "../pp"),
		  LIST("../o/1.h", "../o/2.h", "../o/a b/3.h", "../real/4.h", "../pp/5.h", "6.h"));
	ck_assert_int_eq(symlink("real", "../link"), 0);
	ck_assert_int_eq(symlink("p", "../inward"), 0);
	ck_assert_int_eq(mkfifo("../real/pipe", 0600), 0);
	add_file(&b, "p/6.h");
	add_file(&b, "o/missing.h");
	add_file(&b, "real/pipe");
	ck_assert_uint_eq(b.remote.outside.n, 0);
	add_file(&b, "o/1.h");
	add_file(&b, "o/2.h");
	add_file(&b, "o//1.h");
	add_file(&b, "o/a b/3.h");
	add_file(&b, "pp/5.h"); /* its name begins like the project's */
	add_file(&b, "link/4.h");
	add_file(&b, "inward/6.h");
	assert_list(&b.remote.outside, b.here, LIST("o", "o/a b", "pp", "link", "real", "inward"));
}

/* Names below the project's directory may lead out of it. */
TEST(names_that_lead_out_of_the_project)
{
	REMOTE_BENCH(b);

	make_tree(LIST("../o", "../o/sub", "../l", "../u", "sub"),
		  LIST("../o/1.h", "../o/sub/2.h", "../l/3.h", "../u/4.h", "5.h"));
	ck_assert_int_eq(symlink("../o", "dir"), 0);
	ck_assert_int_eq(symlink("../l/3.h", "file.h"), 0);
	ck_assert_int_eq(symlink("5.h", "inside.h"), 0);
	add_file(&b, "p/sub/../5.h");
	add_file(&b, "p/../p/5.h");
	add_file(&b, "p/inside.h");
	ck_assert_uint_eq(b.remote.outside.n, 0);
	add_file(&b, "p/dir/1.h");
	add_file(&b, "p/dir/sub/2.h");
	add_file(&b, "p/file.h");
	add_file(&b, "p/../u/4.h");
	assert_list(&b.remote.outside, b.here, LIST("o", "o/sub", "l", "u"));
	/* A link behind a link: where it is, and where it leads. */
	ck_assert_int_eq(mkdir("../m", 0755), 0);
	ck_assert_int_eq(symlink("../l/3.h", "../m/file.h"), 0);
	ck_assert_int_eq(symlink("../m", "m"), 0);
	add_file(&b, "p/m/file.h");
	assert_list(&b.remote.outside, b.here, LIST("o", "o/sub", "l", "u", "m"));
}

/* Where a link leads to the project's directory, what is in it is in the project. */
TEST(project_behind_a_link)
{
	REMOTE_BENCH(b);

	make_tree(LIST("sub", "../o"), LIST("sub/1.h", "../o/2.h"));
	ck_assert_int_eq(symlink("p", "../inward"), 0);
	free(b.project.root);
	b.project.root = str_printf("%s/inward", b.here);
	add_file(&b, "inward/sub/1.h");
	add_file(&b, "inward/sub/../sub/1.h");
	ck_assert_uint_eq(b.remote.outside.n, 0);
	add_file(&b, "inward/../o/2.h");
	assert_list(&b.remote.outside, b.here, LIST("o"));
}

static int add(struct remote_bench *b, const char *const *words)
{
	cleanup_strv struct strv args = {0};

	strv_add_all(&args, words);
	return remote_add(&b->remote, b->root, &args, NULL, &b->error);
}

TEST(adds_what_a_command_may_read)
{
	REMOTE_BENCH(b);
	cleanup_free char *theirs = str_printf("-I%s", b.include);
	cleanup_free char *header_dir = str_printf("%s/headers", b.here);
	cleanup_free char *absolute = str_printf("%s/p/q", b.here);

	ck_assert_int_eq(mkdir("inc", 0755), 0);
	ck_assert_int_eq(mkdir("q", 0755), 0);
	ck_assert_int_eq(mkdir("../headers", 0755), 0);
	ck_assert_int_eq(mkdir("../headers/gnu", 0755), 0);
	write_text("../headers/gnu/stubs-32.h", "");
	write_text("x.c", "#include \"x.h\"\n#include <y.h>\n#include <z.h>\n");
	write_text("x.h", "");
	write_text("inc/y.h", "");
	write_text("unused.h", "");
	write_text("../there/include/z.h", "");
	b.remote.header_dir = header_dir;
	ck_assert_int_eq(add(&b, LIST("-c", "x.c", "-Iinc", theirs, "-iquote", absolute, "-isystem",
				      "./sys")),
			 0);
	assert_list(&b.remote.files, b.here,
		    LIST("p/x.c", "p/x.h", "p/inc/y.h", "headers/gnu/stubs-32.h"));
	assert_list(&b.remote.dirs, b.here, LIST("p/q", "p/inc", "p/./sys"));
	ck_assert_int_gt(b.remote.looked, 0);
	int64_t looked = b.remote.looked;

	/* More of it, with what is known already. */
	write_text("y.c", "#include \"x.h\"\n");
	ck_assert_int_eq(add(&b, LIST("-c", "y.c", "-Iinc")), 0);
	assert_list(&b.remote.files, b.here,
		    LIST("p/x.c", "p/x.h", "p/inc/y.h", "headers/gnu/stubs-32.h", "p/y.c"));
	assert_list(&b.remote.dirs, b.here, LIST("p/q", "p/inc", "p/./sys"));
	ck_assert_int_eq(b.remote.looked, looked);
}

TEST(adds_nothing)
{
	REMOTE_BENCH(b);

	ck_assert_int_eq(add(&b, NOTHING), 0);
	ck_assert_uint_eq(b.remote.files.n, 0);
	ck_assert_uint_eq(b.remote.dirs.n, 0);
}

TEST(maps_commands)
{
	REMOTE_BENCH(b);
	cleanup_strv struct strv mapped = {0}, kept = {0}, end = {0};
	size_t insert = 77;

	write_text("x.c", "");
	cleanup_free char *source = str_printf("%s/x.c", b.root);
	cleanup_free char *there = str_printf(EXCHANGE_ROOT "%s", source);
	const char *const argv[] = {"clang", source, "--", "-x.c", NULL};
	ck_assert_int_eq(remote_map_argv(&b.remote, argv, 2, REMOTE_NAMES_HOST, &mapped, &insert),
			 0);
	ck_assert_uint_eq(mapped.n, 9);
	ck_assert_uint_eq(insert, 7);
	ck_assert_str_eq(mapped.v[1], there);
	ck_assert_str_eq(mapped.v[2], "-ffile-prefix-map=" EXCHANGE_ROOT "/=/");
	ck_assert_str_eq(mapped.v[4], "-gembed-source");
	ck_assert_str_eq(mapped.v[7], "--");

	/* At the very end; IR keeps no sources. */
	ck_assert_int_eq(remote_map_argv(&b.remote, argv, 4, REMOTE_NAMES_IR, &end, &insert), 0);
	ck_assert_uint_eq(end.n, 5);
	ck_assert_uint_eq(insert, 5);

	/* Where the host's paths can be made, all stays. */
	b.builder.session.plugin.backend.caps |= CROSSBPF_CAP_HOST_PATHS;
	ck_assert_int_eq(remote_map_argv(&b.remote, argv, 2, REMOTE_NAMES_HOST, &kept, &insert), 0);
	ck_assert_uint_eq(kept.n, 4);
	ck_assert_uint_eq(insert, 2);
	ck_assert_str_eq(kept.v[1], source);
}

static void map_build(struct remote_bench *b, const char *word, struct strv *ret_argv)
{
	cleanup_strv struct strv argv = {0};

	strv_add_all(&argv, LIST("clang", word));
	ck_assert_int_eq(remote_map_build(&b->remote, &argv, ret_argv), 0);
}

TEST(maps_builds)
{
	REMOTE_BENCH(b);
	cleanup_strv struct strv inside = {0}, outside = {0}, kept = {0};

	ck_assert_int_eq(mkdir("../o", 0755), 0);
	ck_assert_int_eq(mkdir("../o=1", 0755), 0);
	write_text("../o/x.h", "");
	write_text("../o=1/x.h", "");
	map_build(&b, "x.c", &inside);
	ck_assert_uint_eq(inside.n, 2);

	/* An "=" parts the two: such a directory cannot be mapped. */
	add_file(&b, "o/x.h");
	add_file(&b, "o=1/x.h");
	map_build(&b, "x.c", &outside);
	cleanup_free char *map =
		str_printf("-ffile-prefix-map=" EXCHANGE_ROOT "%s/o=%s/o", b.here, b.here);
	ck_assert_uint_eq(outside.n, 7);
	ck_assert_str_eq(outside.v[2], map);
	ck_assert_str_eq(outside.v[6], "-dwarf-version=5");

	b.builder.session.plugin.backend.caps |= CROSSBPF_CAP_HOST_PATHS;
	map_build(&b, "x.c", &kept);
	ck_assert_uint_eq(kept.n, 2);
}

/* One command there. */
struct trip {
	struct exchange_action action;
	struct exchange exchange;
	size_t n_ended;
	int status;
	char output[64];
};

static void on_end(void *ctx, size_t i, const struct exchange_result *result)
{
	struct trip *t = ctx;

	ck_assert_uint_eq(i, 0);
	t->n_ended++;
	t->status = result->status;
	snprintf(t->output, sizeof(t->output), "%.*s", (int)result->output.len,
		 result->output.data);
}

static int run(struct remote_bench *b, const char *script, struct trip *t)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	*t = (struct trip){
		.action = {.argv = argv, .insert = 3, .dir = b->root},
		.exchange = {.actions = &t->action, .n = 1, .lanes = 1, .ctx = t, .on_end = on_end},
	};
	return remote_run(&b->remote, &t->exchange, &b->error);
}

/* What the builder said that it read there; the host's name of what it should have read, or "". */
static void assert_check(struct remote_bench *b, const char *read_there, const char *more)
{
	cleanup_strv struct strv read = {0};
	bool is_more = !more[0];

	strv_take(&read, str_printf("%s/%s", b->here, read_there));
	ck_assert_int_eq(remote_check(&b->remote, &read, &is_more), 0);
	ck_assert_int_eq(is_more, more[0] != '\0');
	if (is_more) {
		cleanup_free char *path = str_printf("%s/%s", b->here, more);
		ck_assert(strv_contains(&b->remote.files, path));
	}
}

TEST(checks)
{
	REMOTE_BENCH(b);

	ck_assert_int_eq(mkdir("inc", 0755), 0);
	ck_assert_int_eq(mkdir("inc/sys", 0755), 0);
	ck_assert_int_eq(mkdir("inc/dir.h", 0755), 0);
	write_text("inc/a.h", "");
	write_text("inc/b.h", "");
	write_text("inc/a b.h", "");
	write_text("inc/sys/c.h", "");
	write_text("inc/..d.h", "");
	write_text("secret.h", "");
	strv_take(&b.remote.dirs, str_printf("%s/inc", b.root));
	assert_check(&b, "there/include/a.h", "p/inc/a.h");
	assert_check(&b, "there/include/a.h", "p/inc/a.h"); /* for another command of the same */
	ck_assert_uint_eq(b.remote.files.n, 1);
	assert_check(&b, "there/include/sys/c.h", "p/inc/sys/c.h");
	assert_check(&b, "there/include/a b.h", "p/inc/a b.h");
	assert_check(&b, "there/include/..d.h", "p/inc/..d.h");
	assert_check(&b, "there/include/none.h", "");
	assert_check(&b, "there/include/dir.h", "");
	assert_check(&b, "p/b.h", ""); /* none of the builder's */
	assert_check(&b, "there/includes/b.h", "");
	/* One that would read what it was not given. */
	assert_check(&b, "there/include/../secret.h", "");
	assert_check(&b, "there/include/sys/../../secret.h", "");
	assert_check(&b, "there/include/..", "");
	assert_check(&b, "there/include/", "");
	ck_assert_uint_eq(b.remote.files.n, 4);
}

/* A command that could read the host's and did read the builder's has its reasons. */
TEST(checks_what_was_there)
{
	struct trip t;
	REMOTE_BENCH(b);

	ck_assert_int_eq(mkdir("inc", 0755), 0);
	send_file(&b, "inc/a.h", "");
	write_text("inc/b.h", "");
	strv_take(&b.remote.dirs, str_printf("%s/inc", b.root));
	ck_assert_int_eq(run(&b, "exit 0", &t), 0);
	assert_check(&b, "there/include/a.h", "");
	assert_check(&b, "there/include/b.h", "p/inc/b.h");
	ck_assert_int_eq(run(&b, "exit 0", &t), 0);
	assert_check(&b, "there/include/b.h", "");
}

TEST(checks_nothing)
{
	const struct strv none = {0};
	bool more = true;
	REMOTE_BENCH(b);

	ck_assert_int_eq(remote_check(&b.remote, &none, &more), 0);
	ck_assert(!more);
}

/* Opened before anything was known of files, it is opened anew where some lie out of the project.
 */
TEST(connects)
{
	REMOTE_BENCH(b);

	const void *handle = b.builder.session.handle;
	ck_assert_int_eq(remote_connect(&b.remote, &b.error), 0);
	ck_assert_ptr_eq(b.builder.session.handle, handle);
	ck_assert_ptr_eq(b.builder.session.project.dirs[0], NULL);
	strv_add(&b.remote.outside, "/some/where");
	ck_assert_int_eq(remote_connect(&b.remote, &b.error), 0);
	ck_assert_str_eq(b.builder.session.project.dirs[0], "/some/where");

	session_close(&b.builder.session);
	b.builder.connected = false;
	ck_assert_int_eq(remote_connect(&b.remote, &b.error), 0);
	ck_assert(b.builder.connected);
	ck_assert_str_eq(b.builder.session.project.dirs[0], "/some/where");
}

/* As what was remembered of it is wrong, "-ESTALE" tells. */
TEST(connects_to_another)
{
	REMOTE_BENCH(b);

	session_close(&b.builder.session);
	b.builder.connected = false;
	b.builder.toolchain.builder = strdup("the one before");
	ck_assert_int_eq(remote_connect(&b.remote, &b.error), -ESTALE);
	ck_assert_ptr_eq(b.error.message, NULL);
}

static void assert_not_loaded(struct remote_bench *b, const char *dir, const char *message)
{
	b->remote.module_dir = dir;
	int r = remote_load(&b->remote, &b->error);
	ck_assert_int_lt(r, 0);
	ck_assert_int_eq(b->error.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b->error.message, message);
	ck_assert_ptr_eq(b->remote.module, NULL);
	error_free(&b->error);
}

TEST(module)
{
	REMOTE_BENCH(b);

	assert_not_loaded(&b, "/nonexistent", "exchange");
	write_text("exchange.so", "no module");
	assert_not_loaded(&b, b.root, "exchange.so");
	ck_assert_int_eq(chmod("exchange.so", 0777), 0);
	assert_not_loaded(&b, b.root, "exchange.so");
	b.remote.module_dir = MODULE_DIR;
	ck_assert_int_eq(remote_load(&b.remote, &b.error), 0);
	ck_assert_int_eq(remote_load(&b.remote, &b.error), 0);
}

/* A module that has another's symbol. */
TEST(module_of_something_else)
{
	REMOTE_BENCH(b);

	ck_assert_int_eq(symlink(TEST_PLUGINDIR "/elsewhere.so", "exchange.so"), 0);
	b.remote.module_dir = b.root;
	ck_assert_int_eq(remote_load(&b.remote, &b.error), -ENOEXEC);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b.error.message, "exchange.so");
}

TEST(runs)
{
	struct trip t;
	REMOTE_BENCH(b);

	send_file(&b, "x.h", "header");
	ck_assert_int_eq(run(&b, "cat x.h; exit 7", &t), 0);
	ck_assert_uint_eq(t.n_ended, 1);
	ck_assert_int_eq(t.status, 7);
	ck_assert_str_eq(t.output, "header");
	uint64_t sent = b.remote.report.bytes_sent;
	ck_assert_uint_gt(sent, 0);
	ck_assert_int_eq(run(&b, "cat x.h", &t), 0);
	ck_assert_str_eq(t.output, "header");
	ck_assert_uint_gt(b.remote.report.bytes_sent, sent);
	/* The second time the file was there. */
	ck_assert_uint_lt(b.remote.report.bytes_sent, 2 * sent);
}

TEST(without_a_module)
{
	struct trip t;
	REMOTE_BENCH(b);

	b.remote.module_dir = "/nonexistent";
	ck_assert_int_lt(run(&b, "exit 0", &t), 0);
	ck_assert_uint_eq(t.n_ended, 0);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_NO_BACKEND);
}

/* What the backend says of it is told, and it is tried once more only where that may help. */
TEST(no_shell_there)
{
	struct trip t;
	REMOTE_BENCH(b);

	setenv("TEST_BUILDER_SHELL", "/nonexistent/sh", 1);
	ck_assert_int_eq(run(&b, "exit 0", &t), -ENOENT);
	ck_assert_uint_eq(t.n_ended, 0);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b.error.message, "elsewhere: ");
}

/* A shell that ends at once, as often as the file says. */
static void use_dying_shell(struct remote_bench *b, const char *times)
{
	cleanup_free char *shell = str_printf("%s/shell", b->here);
	cleanup_free char *script =
		str_printf("n=$(cat '%s/times')\necho $((n - 1)) >'%s/times'\n"
			   "[ $n -le 0 ] || { echo gone away >&2; exit 1; }\nexec sh \"$@\"",
			   b->here, b->here);

	write_program(shell, script);
	write_text("../times", times);
	setenv("TEST_BUILDER_SHELL", shell, 1);
}

TEST(lost_before_it_answered)
{
	struct trip t;
	REMOTE_BENCH(b);

	use_dying_shell(&b, "1\n");
	ck_assert_int_eq(run(&b, "echo there", &t), 0);
	ck_assert_str_eq(t.output, "there\n");
	assert_text("../times", "-1\n");
}

TEST(lost_twice)
{
	struct trip t;
	REMOTE_BENCH(b);

	use_dying_shell(&b, "9\n");
	ck_assert_int_eq(run(&b, "echo there", &t), -EPIPE);
	ck_assert_uint_eq(t.n_ended, 0);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_LOST);
	assert_contains(b.error.message, "gone away");
	assert_text("../times", "7\n");
}

/* Once it began, it is not done a second time: what ended is done. */
TEST(lost_meanwhile)
{
	struct trip t;
	REMOTE_BENCH(b);
	cleanup_free char *script =
		str_printf("echo >>'%s/ran'; kill -KILL $PPID; exec sleep 1", b.here);

	ck_assert_int_lt(run(&b, script, &t), 0);
	ck_assert_uint_eq(t.n_ended, 0);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_LOST);
	assert_text("../ran", "\n");
}

/* A file that cannot be read: that is said before anything runs. */
TEST(cannot_be_sent)
{
	struct trip t;
	REMOTE_BENCH(b);
	cleanup_free char *path = str_printf("%s/loop.h/x.h", b.root);

	ck_assert_int_eq(symlink("loop2.h", "loop.h"), 0);
	ck_assert_int_eq(symlink("loop.h", "loop2.h"), 0);
	remote_add_file(&b.remote, path);
	int r = run(&b, "exit 0", &t);
	ck_assert_int_eq(r, -ELOOP);
	ck_assert_uint_eq(t.n_ended, 0);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_FAILED);
	assert_contains(b.error.message, "loop");
	ck_assert_ptr_ne(b.error.hint, NULL);
}

TEST(freed_twice)
{
	REMOTE_BENCH(b);

	ck_assert_int_eq(remote_load(&b.remote, &b.error), 0);
	remote_free(&b.remote);
	remote_free(&b.remote);
	ck_assert_ptr_eq(b.remote.module, NULL);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, is_one);
	tcase_add_test(c, adds_files);
	tcase_add_test(c, directories_out_of_the_project);
	tcase_add_test(c, names_that_lead_out_of_the_project);
	tcase_add_test(c, project_behind_a_link);
	tcase_add_test(c, adds_what_a_command_may_read);
	tcase_add_test(c, adds_nothing);
	tcase_add_test(c, maps_commands);
	tcase_add_test(c, maps_builds);
	tcase_add_test(c, checks);
	tcase_add_test(c, checks_what_was_there);
	tcase_add_test(c, checks_nothing);
	tcase_add_test(c, connects);
	tcase_add_test(c, connects_to_another);
	tcase_add_test(c, module);
	tcase_add_test(c, module_of_something_else);
	tcase_add_test(c, runs);
	tcase_add_test(c, without_a_module);
	tcase_add_test(c, no_shell_there);
	tcase_add_test(c, lost_before_it_answered);
	tcase_add_test(c, lost_twice);
	tcase_add_test(c, lost_meanwhile);
	tcase_add_test(c, cannot_be_sent);
	tcase_add_test(c, freed_twice);
}

int main(void)
{
	return suite_run("remote", add_tests);
}
