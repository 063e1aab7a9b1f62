/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/remote-exec.h"
#include "place-bench.h"

struct bench {
	struct place_bench b;
	struct strv in, out;
	struct remote_exec exec;
};

static void set_up(struct bench *t)
{
	*t = (struct bench){0};
	place_bench_open(&t->b);
	t->exec = (struct remote_exec){
		.place = {.session = &t->b.session, .module_dir = MODULE_DIR},
		.dir = t->b.root,
		.in = &t->in,
		.out = &t->out,
	};
}

static void tear_down(struct bench *t)
{
	exec_free(&t->exec);
	strv_free(&t->in);
	strv_free(&t->out);
	place_bench_close(&t->b);
	ck_assert_uint_eq(place_bench_count(), 0);
}

static void begin(struct bench *t)
{
	int r = exec_begin(&t->exec, &t->b.error);

	ck_assert_msg(r == 0, "%s", t->b.error.message);
}

static int run(struct bench *t, const char *script)
{
	const char *const command[] = {"sh", "-c", script, NULL};
	static const char *const env[] = {NULL};
	cleanup_close int null = open("/dev/null", O_RDWR);
	const int fd[] = {null, null, null};
	int status = -1;

	int r = exec_run(&t->exec, command, fd, false, env, &status, &t->b.error);
	ck_assert_msg(r == 0, "%s", t->b.error.message);
	return status;
}

static void fetch(struct bench *t)
{
	int r = exec_fetch(&t->exec, &t->b.error);

	ck_assert_msg(r == 0, "%s", t->b.error.message);
}

TEST(which_names)
{
	static const struct {
		const char *given, *wanted; /* NULL: it leads out */
	} names[] = {
		{"a", "a"},       {"./a", "a"},       {"a/", "a"},         {"a//b/./c", "a/b/c"},
		{".", ""},        {"./", ""},         {"././/.", ""},      {"...", "..."},
		{"..a", "..a"},   {"a../b", "a../b"}, {".a/.b", ".a/.b"},  {"-x", "-x"},
		{" ", " "},       {"a\nb", "a\nb"},   {"", NULL},          {"/", NULL},
		{"/a", NULL},     {"..", NULL},       {"../a", NULL},      {"a/..", NULL},
		{"a/../b", NULL}, {"./../a", NULL},   {"a/b/../c/", NULL}, {"//a", NULL},
	};

	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *given = strdup(names[i].given), *name = NULL;
		int r = exec_name(given, &name);
		if (names[i].wanted) {
			ck_assert_msg(r == 0, "refused: %s", given);
			ck_assert_str_eq(name, names[i].wanted);
		} else {
			ck_assert_msg(r == -EINVAL, "taken: %s", given);
			ck_assert_ptr_eq(name, NULL);
		}
	}
}

TEST(there_and_back)
{
	struct bench t;
	struct stat st;

	set_up(&t);
	write_text("p/a", "a\n");
	ck_assert_int_eq(mkdir("p/tree", 0755), 0);
	write_program("p/tree/run", "cat a; echo ran");
	ck_assert_int_eq(symlink("../a", "p/tree/link"), 0);
	ck_assert_int_eq(mkfifo("p/tree/pipe", 0600), 0);
	write_text("p/unsent", "x");
	strv_add(&t.in, "a");
	strv_add(&t.in, "tree");
	strv_add(&t.out, "got/list");
	strv_add(&t.out, "none");
	strv_add(&t.out, "prog");
	begin(&t);
	ck_assert_int_eq(run(&t,
			     "mkdir got; { ./tree/run; cat tree/link; find . ! -type d | sort; } "
			     ">got/list; cp tree/run prog; exit 4"),
			 4);
	fetch(&t);
	assert_text("p/got/list", "a\nran\na\n./a\n./got/list\n./tree/link\n./tree/run\n");
	ck_assert_int_eq(t.exec.outputs[0].result, EXEC_OUTPUT_DONE);
	ck_assert_int_eq(t.exec.outputs[1].result, EXEC_OUTPUT_MISSING);
	ck_assert_int_eq(t.exec.outputs[2].result, EXEC_OUTPUT_DONE);
	ck_assert_int_eq(stat("p/prog", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0100, 0100);
	ck_assert_int_eq(stat("p/got/list", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0111, 0);
	ck_assert_uint_eq(place_bench_count(), 0); /* fetched, it is gone already */
	tear_down(&t);
}

/* A link that is named is sent as what it leads to, wherever that is. */
TEST(named_links)
{
	struct bench t;

	set_up(&t);
	write_text("outside", "outside");
	ck_assert_int_eq(symlink("../outside", "p/file"), 0);
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	write_text("dir/x", "x");
	ck_assert_int_eq(symlink("../dir", "p/tree"), 0);
	strv_add(&t.in, "file");
	strv_add(&t.in, "tree");
	strv_add(&t.out, "all");
	begin(&t);
	ck_assert_int_eq(run(&t, "[ ! -L file ] && [ ! -L tree ] && cat file tree/x >all"), 0);
	fetch(&t);
	assert_text("p/all", "outsidex");
	tear_down(&t);
}

TEST(cannot_be_sent)
{
	static const char *const names[] = {"none", "pipe", "loop", "a/none"};
	struct bench t;

	set_up(&t);
	ck_assert_int_eq(mkfifo("p/pipe", 0600), 0);
	ck_assert_int_eq(symlink("loop", "p/loop"), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_strv struct strv in = {0};
		strv_add(&in, names[i]);
		t.exec.in = &in;
		ck_assert_int_lt(exec_begin(&t.exec, &t.b.error), 0);
		assert_contains(t.b.error.message, names[i]);
		error_free(&t.b.error);
		t.exec.place.token[0] = '\0';
	}
	tear_down(&t);
}

/* What has no room over there, or no tar. */
TEST(cannot_be_put)
{
	struct bench t;

	set_up(&t);
	write_text("p/a", "a");
	strv_add(&t.in, "a");
	place_bench_lie(&t.b, "[ $mode != put ] || exit 3");
	ck_assert_int_eq(exec_begin(&t.exec, &t.b.error), -ENOSPC);
	assert_contains(t.b.error.message, "(status 3)");
	tear_down(&t);
}

/* Fetches two outputs, `x` and `y`, of a builder that says this. */
static int fetch_lie(const char *what, char **ret_message)
{
	cleanup_free char *script = str_printf("[ $mode != hand ] || { %s\nexit; }", what);
	struct bench t;

	set_up(&t);
	strv_add(&t.out, "x");
	strv_add(&t.out, "y");
	begin(&t);
	place_bench_lie(&t.b, script);
	int r = exec_fetch(&t.exec, &t.b.error);
	*ret_message = t.b.error.message ? strdup(t.b.error.message) : NULL;
	if (r < 0)
		ck_assert_int_eq(t.b.error.status, EXIT_STATUS_LOST);
	tear_down(&t);
	return r;
}

static void clear(void)
{
	suite_remove(AT_FDCWD, "p");
	suite_remove(AT_FDCWD, "home");
	suite_remove(AT_FDCWD, "lying-sh");
}

#define HELLO "echo 'crossbpf-shell 1'; "

TEST(noise)
{
	cleanup_free char *message = NULL;

	ck_assert_int_eq(fetch_lie("echo welcome; printf 'x crossbpf-shell 1\\n'; echo file 3; "
				   "printf abc; echo program 0; echo end; echo good bye",
				   &message),
			 0);
	assert_text("p/x", "abc");
	assert_text("p/y", "");
}

TEST(builders_that_lie)
{
	static const char *const lies[] = {
		"yes",
		"cat /dev/zero",
		HELLO "yes",
		HELLO "cat /dev/zero",
		HELLO "echo link /etc/passwd",
		HELLO "echo device",
		HELLO "echo ../x 3",
		HELLO "echo file",
		HELLO "echo 'file '",
		HELLO "echo file -1",
		HELLO "echo file +1",
		HELLO "echo file 1x",
		HELLO "echo file 0x1",
		HELLO "echo file 4294967297; cat /dev/zero",
		HELLO "echo file 99999999999999999999999",
		HELLO "echo missing; echo missing; echo missing; echo end",
		HELLO "echo missing; echo missing; echo end; yes",
		HELLO "echo end",
	};

	for (size_t i = 0; i < LENGTH(lies); i++) {
		cleanup_free char *message = NULL;
		int r = fetch_lie(lies[i], &message);
		ck_assert_msg(r == -EPROTO, "%s: %s", lies[i], strerror(-r));
		assert_contains(message, "the builder cannot be trusted");
		ck_assert_uint_eq(count_entries("p"), 0);
		clear();
	}
}

/* It ends too early: that may be no lie. */
TEST(cut_off)
{
	static const char *const ends[] = {
		":",
		HELLO,
		HELLO "echo missing",
		HELLO "echo missing; echo missing",
		HELLO "echo file 3; printf ab",
		HELLO "printf 'file 3'",
		HELLO "echo missing; exit 9",
	};

	for (size_t i = 0; i < LENGTH(ends); i++) {
		cleanup_free char *message = NULL;
		int r = fetch_lie(ends[i], &message);
		ck_assert_msg(r == -EPIPE, "%s: %s", ends[i], strerror(-r));
		ck_assert_uint_eq(count_entries("p"), 0);
		clear();
	}
}

/* What cannot be written does not keep the rest from coming. */
TEST(links_on_the_host)
{
	static const char *const names[] = {"link", "dir/x", "directory", "good"};
	struct bench t;

	set_up(&t);
	ck_assert_int_eq(mkdir("outside", 0755), 0);
	write_text("outside/x", "outside");
	ck_assert_int_eq(symlink("../outside/x", "p/link"), 0);
	ck_assert_int_eq(symlink("../outside", "p/dir"), 0);
	ck_assert_int_eq(mkdir("p/directory", 0755), 0);
	for (size_t i = 0; i < LENGTH(names); i++)
		strv_add(&t.out, names[i]);
	begin(&t);
	ck_assert_int_eq(
		run(&t, "mkdir dir; for f in link dir/x directory good; do echo new >$f; done"), 0);
	fetch(&t);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(t.exec.outputs[i].result, EXEC_OUTPUT_FAILED);
		ck_assert_int_eq(t.exec.outputs[i].error, -ELOOP);
	}
	ck_assert_int_eq(t.exec.outputs[3].result, EXEC_OUTPUT_DONE);
	assert_text("p/good", "new\n");
	assert_text("outside/x", "outside");
	ck_assert_uint_eq(count_entries("outside"), 1);
	ck_assert_uint_eq(count_entries("p"), 4);
	tear_down(&t);
}

TEST(what_is_no_file)
{
	static const char *const names[] = {"link", "dir", "pipe", "dead"};
	static const enum exec_output_result results[] = {EXEC_OUTPUT_SPECIAL,
							  EXEC_OUTPUT_DIRECTORY,
							  EXEC_OUTPUT_SPECIAL, EXEC_OUTPUT_SPECIAL};
	struct bench t;

	set_up(&t);
	for (size_t i = 0; i < LENGTH(names); i++)
		strv_add(&t.out, names[i]);
	begin(&t);
	ck_assert_int_eq(
		run(&t, "ln -s /etc/passwd link; mkdir dir; mkfifo pipe; ln -s nowhere dead"), 0);
	fetch(&t);
	for (size_t i = 0; i < LENGTH(names); i++)
		ck_assert_int_eq(t.exec.outputs[i].result, results[i]);
	ck_assert_uint_eq(count_entries("p"), 0);
	tear_down(&t);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, which_names);
	tcase_add_test(c, there_and_back);
	tcase_add_test(c, named_links);
	tcase_add_test(c, cannot_be_sent);
	tcase_add_test(c, cannot_be_put);
	tcase_add_test(c, noise);
	tcase_add_test(c, builders_that_lie);
	tcase_add_test(c, cut_off);
	tcase_add_test(c, links_on_the_host);
	tcase_add_test(c, what_is_no_file);
}

int main(void)
{
	return suite_run("remote_exec", add_tests);
}
