/* SPDX-License-Identifier: BSD-2-Clause */
/* The compiler is a shell script here, which gets the options of placement as its arguments. */
#include "suite.h"

#include "core/executor.h"
#include "shared/io.h"

extern char **environ;

static char logged[1024];

static void keep_log(const char *message)
{
	size_t len = strlen(logged);

	snprintf(logged + len, sizeof(logged) - len, "%s\n", message);
}

/* A session, a plan of up to four actions, and the executor. */
struct bench {
	struct project project;
	struct session session;
	struct action actions[4];
	struct plan plan;
	struct executor executor;
	struct crossbpf_error error;
	int status;
};

static void bench_open(struct bench *b)
{
	static char root[] = "/";

	*b = (struct bench){
		.session = {.control = -1},
		.project = {.root = root, .id = "0"},
		.plan = {.actions = b->actions},
		.executor =
			{
				.session = &b->session,
				.env = (const char *const *)environ,
			},
	};
	ck_assert_int_eq(
		session_open(&b->session, BACKEND_DIR, "native", NULL, &b->project, &b->error), 0);
}

static void bench_close(struct bench *b)
{
	for (size_t i = 0; i < b->plan.n; i++)
		strv_free(&b->actions[i].argv);
	session_close(&b->session);
	error_free(&b->error);
}

/* An action that runs `script` with the options of placement, then with "end" as arguments. */
static struct action *add(struct bench *b, const char *script, char *output)
{
	struct action *a = &b->actions[b->plan.n++];

	strv_add(&a->argv, "sh");
	strv_add(&a->argv, "-c");
	strv_add(&a->argv, script);
	strv_add(&a->argv, "script");
	a->insert = a->argv.n;
	strv_add(&a->argv, "end");
	if (output) {
		a->outputs[0] = (struct output){"-o", output};
		a->n_outputs = 1;
	}
	return a;
}

static int run(struct bench *b)
{
	b->status = 77;
	return executor_run(&b->executor, &b->plan, &b->status, &b->error);
}

#define BENCH(b) __attribute__((cleanup(bench_close))) struct bench b

TEST(empty_plan)
{
	BENCH(b);

	bench_open(&b);
	ck_assert_int_eq(run(&b), 0);
	ck_assert_int_eq(b.status, 0);
}

TEST(places_the_output)
{
	char output[] = "x.o";
	BENCH(b);

	bench_open(&b);
	add(&b, "[ \"$1\" = -o ] && [ \"$2\" != x.o ] && [ \"$3\" = end ] && echo new >\"$2\"",
	    output);
	ck_assert_int_eq(run(&b), 0);
	ck_assert_int_eq(b.status, 0);
	assert_text("x.o", "new\n");
	ck_assert_uint_eq(count_entries("."), 1);
}

TEST(without_outputs)
{
	BENCH(b);

	bench_open(&b);
	add(&b, "[ \"$*\" = end ]", NULL);
	ck_assert_int_eq(run(&b), 0);
	ck_assert_int_eq(b.status, 0);
}

/* Options at the very end, as where there is no "--". */
TEST(options_at_the_end)
{
	char output[] = "x.o";
	BENCH(b);

	bench_open(&b);
	struct action *a = add(&b, "[ \"$1 $2\" = 'end -o' ] && echo new >\"$3\"", output);
	a->insert = a->argv.n;
	ck_assert_int_eq(run(&b), 0);
	ck_assert_int_eq(b.status, 0);
	assert_text("x.o", "new\n");
}

/* As clang does with several inputs; the first failure is what is told. */
TEST(goes_on_behind_a_failure)
{
	char first[] = "1.o", second[] = "2.o", third[] = "3.o";
	BENCH(b);

	write_text(first, "old");
	write_text(second, "old");
	bench_open(&b);
	add(&b, "echo 1 >>order; rm \"$2\"; exit 3", first);
	add(&b, "echo 2 >>order; echo new >\"$2\"", second);
	add(&b, "echo 3 >>order; exit 4", third);
	ck_assert_int_eq(run(&b), 0);
	ck_assert_int_eq(b.status, 3);
	assert_text("order", "1\n2\n3\n");
	ck_assert(!is_there(first));
	assert_text(second, "new\n");
	ck_assert_uint_eq(count_entries("."), 2);
}

TEST(environment)
{
	BENCH(b);

	bench_open(&b);
	b.executor.env = (const char *const[]){"COLOUR=blue", NULL};
	add(&b, "[ \"$COLOUR\" = blue ]", NULL);
	ck_assert_int_eq(run(&b), 0);
	ck_assert_int_eq(b.status, 0);
}

/* The command as it was planned: a user can run it again. */
TEST(logs_commands)
{
	char output[] = "x.o";
	BENCH(b);

	logged[0] = '\0';
	bench_open(&b);
	b.executor.log = keep_log;
	add(&b, "exit 1", output);
	add(&b, ":", NULL);
	ck_assert_int_eq(run(&b), 0);
	char want[256];
	snprintf(want, sizeof(want),
		 "sh -c 'exit 1' script -o .x.o.crossbpf-%ld-0.tmp end\nsh -c : script end\n",
		 (long)getpid());
	ck_assert_str_eq(logged, want);
}

/* Not even begun: each command is logged before it runs. */
TEST(interrupted_before)
{
	int control[2];
	BENCH(b);

	logged[0] = '\0';
	bench_open(&b);
	b.executor.log = keep_log;
	add(&b, "echo >ran", NULL);
	ck_assert_int_eq(io_pipe(control), 0);
	b.session.control = control[0];
	close(control[1]);
	ck_assert_int_eq(run(&b), 0);
	close(control[0]);
	ck_assert_str_eq(logged, "");
	ck_assert_uint_eq(count_entries("."), 0);
}

TEST(control_that_says_nothing)
{
	int control[2];
	BENCH(b);

	bench_open(&b);
	add(&b, "exit 5", NULL);
	add(&b, "echo >ran", NULL);
	ck_assert_int_eq(io_pipe(control), 0);
	b.session.control = control[0];
	ck_assert_int_eq(run(&b), 0);
	ck_assert_int_eq(b.status, 5);
	ck_assert(is_there("ran"));
	close(control[0]);
	close(control[1]);
}

/* A process that holds the other end of `control` until somebody opens the pipe "order". */
static pid_t start_holder(int control[2])
{
	ck_assert_int_eq(mkfifo("order", 0600), 0);
	ck_assert_int_eq(io_pipe(control), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(open("order", O_RDONLY));
		_exit(0);
	}
	close(control[1]);
	return pid;
}

/* The command itself has it ended; what follows is not begun. */
TEST(interrupted_while_it_runs)
{
	char output[] = "x.o";
	int control[2];
	BENCH(b);

	logged[0] = '\0';
	write_text(output, "old");
	bench_open(&b);
	b.executor.log = keep_log;
	pid_t holder = start_holder(control);
	b.session.control = control[0];
	add(&b, "echo half >\"$2\"; : >order; exec sleep 50", output);
	add(&b, "echo >ran", NULL);
	int r = run(&b);
	end_process(holder);
	close(control[0]);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(b.status, 128 + SIGTERM);
	assert_text(output, "old");
	ck_assert_ptr_eq(strstr(logged, "ran"), NULL);
	ck_assert_uint_eq(count_entries("."), 2); /* and the pipe */
}

TEST(cannot_be_run)
{
	char output[] = "x.o";
	BENCH(b);

	write_text(output, "old");
	bench_open(&b);
	struct action *a = add(&b, ":", output);
	strv_free(&a->argv);
	strv_add(&a->argv, "crossbpf-no-such-program");
	add(&b, "echo >ran", NULL);
	ck_assert_int_eq(run(&b), -ENOENT);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b.error.message, "crossbpf-no-such-program");
	assert_text(output, "old");
	ck_assert_uint_eq(count_entries("."), 1);
}

TEST(cannot_be_placed)
{
	char output[] = "x.o";
	BENCH(b);

	bench_open(&b);
	add(&b, "echo new >\"$2\"; mkdir x.o x.o/inside", output);
	add(&b, "echo >ran", NULL);
	ck_assert_int_lt(run(&b), 0);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_OUTPUT);
	assert_contains(b.error.message, "x.o");
	ck_assert_uint_eq(count_entries("."), 1);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, empty_plan);
	tcase_add_test(c, places_the_output);
	tcase_add_test(c, without_outputs);
	tcase_add_test(c, options_at_the_end);
	tcase_add_test(c, goes_on_behind_a_failure);
	tcase_add_test(c, environment);
	tcase_add_test(c, logs_commands);
	tcase_add_test(c, interrupted_before);
	tcase_add_test(c, control_that_says_nothing);
	tcase_add_test(c, interrupted_while_it_runs);
	tcase_add_test(c, cannot_be_run);
	tcase_add_test(c, cannot_be_placed);
}

int main(void)
{
	return suite_run("executor", add_tests);
}
