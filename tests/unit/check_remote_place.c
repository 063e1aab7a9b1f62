/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/remote-place.h"
#include "place-bench.h"
#include "shared/io.h"

struct bench {
	struct place_bench b;
	struct place place;
};

static void set_up(struct bench *t)
{
	*t = (struct bench){0};
	place_bench_open(&t->b);
	t->place = (struct place){
		.session = &t->b.session,
		.root = "",
		.module_dir = MODULE_DIR,
	};
	ck_assert_int_eq(place_plan(&t->place, &t->b.error), 0);
	ck_assert_int_eq(place_open(&t->place, &t->b.error), 0);
}

static void tear_down(struct bench *t)
{
	place_free(&t->place);
	place_bench_close(&t->b);
}

/* What the script says to `mode`. */
static int call(struct bench *t, const char *mode, size_t limit, struct strbuf *ret_answer,
		int *ret_status)
{
	cleanup_strv struct strv argv = {0};

	place_argv(&t->place, mode, &argv);
	return place_call(&t->place, &argv, -1, limit, ret_answer, ret_status, &t->b.error);
}

TEST(tokens)
{
	struct bench t, other = {0};

	set_up(&t);
	ck_assert_uint_eq(strspn(t.place.token, "0123456789abcdef"), 32);
	ck_assert_uint_eq(strlen(t.place.token), 32);
	other.place.session = &t.b.session;
	ck_assert_int_eq(place_plan(&other.place, &t.b.error), 0);
	ck_assert_str_ne(t.place.token, other.place.token);
	other.place.loads = true;
	ck_assert_int_eq(place_plan(&other.place, &t.b.error), -EOPNOTSUPP);
	assert_contains(t.b.error.message, "elsewhere");
	tear_down(&t);
}

TEST(runs_in_a_directory_of_its_own)
{
	static const char *const command[] = {"sh", "-c", "echo \"$A\" >made; pwd; ls -A; exit 9",
					      NULL};
	static const char *const env[] = {"A=b c", NULL};
	cleanup_close int null = open("/dev/null", O_RDWR), out = -1;
	cleanup_strbuf struct strbuf text = {0};
	struct bench t;
	int status = -1;

	set_up(&t);
	ck_assert_int_eq(io_temporary(&out), 0);
	const int fd[] = {null, out, null};
	ck_assert_int_eq(place_run(&t.place, "", command, fd, false, env, &status, &t.b.error), 0);
	ck_assert_int_eq(status, 9);
	lseek(out, 0, SEEK_SET);
	ck_assert_int_eq(io_read_fd(out, 4096, &text), 0);
	cleanup_free char *place =
		str_printf("%s/home/.cache/crossbpf/shell/%s/root", t.b.here, t.place.token);
	cleanup_free char *made = str_printf("%s/made", place);
	cleanup_free char *wanted = str_printf("%s\nmade\n", place);
	ck_assert_str_eq(text.data, wanted);
	assert_text(made, "b c\n");
	ck_assert_uint_eq(place_bench_count(), 1);
	tear_down(&t);
	ck_assert_uint_eq(place_bench_count(), 0);
}

TEST(answers)
{
	cleanup_strbuf struct strbuf answer = {0};
	struct bench t;
	int status = -1;

	set_up(&t);
	place_bench_lie(&t.b, "[ $mode != list ] || { echo answer; exit 7; }");
	ck_assert_int_eq(call(&t, "list", 100, &answer, &status), 0);
	ck_assert_int_eq(status, 7);
	ck_assert_str_eq(answer.data, "answer\n");
	tear_down(&t);
}

/* What never ends is ended. */
TEST(endless_answers)
{
	cleanup_strbuf struct strbuf answer = {0};
	struct bench t;
	int status = -1;

	set_up(&t);
	place_bench_lie(&t.b, "[ $mode != list ] || exec yes");
	ck_assert_int_eq(call(&t, "list", 100000, &answer, &status), -EFBIG);
	ck_assert_uint_le(answer.len, 100000);
	ck_assert_int_eq(t.b.error.status, EXIT_STATUS_LOST);
	tear_down(&t);
}

TEST(interrupted)
{
	cleanup_strbuf struct strbuf answer = {0};
	struct bench t;
	int control[2], status = -1;

	set_up(&t);
	ck_assert_int_eq(io_pipe(control), 0);
	t.b.session.control = control[0];
	close(control[1]);
	place_bench_lie(&t.b, "[ $mode != list ] || { echo $$ >\"$HOME/pid\"; exec sleep 1000; }");
	ck_assert_int_eq(call(&t, "list", 100, &answer, &status), -EINTR);
	tear_down(&t); /* also when interrupted */
	ck_assert_uint_eq(place_bench_count(), 0);
	close(control[0]);
}

/* A byte on the control descriptor is no end of it. */
TEST(not_interrupted)
{
	cleanup_strbuf struct strbuf answer = {0};
	struct bench t;
	int control[2], status = -1;

	set_up(&t);
	ck_assert_int_eq(io_pipe(control), 0);
	t.b.session.control = control[0];
	ck_assert_int_eq(write(control[1], "w", 1), 1);
	place_bench_lie(&t.b, "[ $mode != list ] || { echo answer; exit 0; }");
	ck_assert_int_eq(call(&t, "list", 100, &answer, &status), 0);
	ck_assert_str_eq(answer.data, "answer\n");
	tear_down(&t);
	close(control[0]);
	close(control[1]);
}

/* The backend says why. */
TEST(not_started)
{
	cleanup_strbuf struct strbuf answer = {0};
	struct bench t;
	int status = -1;

	set_up(&t);
	setenv("TEST_BUILDER_SHELL", "/nonexistent/sh", 1);
	ck_assert_int_eq(call(&t, "list", 100, &answer, &status), -ENOENT);
	assert_contains(t.b.error.message, "elsewhere: ");
	ck_assert_int_eq(status, -1);
	tear_down(&t);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, tokens);
	tcase_add_test(c, runs_in_a_directory_of_its_own);
	tcase_add_test(c, answers);
	tcase_add_test(c, endless_answers);
	tcase_add_test(c, interrupted);
	tcase_add_test(c, not_interrupted);
	tcase_add_test(c, not_started);
}

int main(void)
{
	return suite_run("remote_place", add_tests);
}
