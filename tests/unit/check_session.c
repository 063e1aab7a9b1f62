/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/project.h"
#include "core/session.h"
#include "shared/io.h"

extern char **environ;

#define SHELL(script) ((const char *const[]){"sh", "-c", (script), NULL})

static char last_log[256];

static void keep_log(const char *message)
{
	snprintf(last_log, sizeof(last_log), "%s", message);
}

static struct project a_project(void)
{
	static char root[] = "/the/root";

	return (struct project){.root = root, .id = "0123456789abcdef"};
}

/* Opens NAME:WHERE of the tests' plugins. */
static int open_test(struct session *s, const char *name, const char *where,
		     struct crossbpf_error *e)
{
	static struct project project;

	project = a_project();
	return session_open(s, TEST_PLUGINDIR, name, where, &project, e);
}

static void open_native(struct session *s)
{
	static struct project project;
	cleanup_error struct crossbpf_error e = {0};

	project = a_project();
	ck_assert_int_eq(session_open(s, BACKEND_DIR, "native", NULL, &project, &e), 0);
}

static struct crossbpf_run run_of(const char *const *argv)
{
	return (struct crossbpf_run){
		.size = sizeof(struct crossbpf_run),
		.argv = argv,
		.env = (const char *const *)environ,
		.fd = {0, 1, 2},
		.control = -1,
	};
}

TEST(never_opened)
{
	struct session s = {0};

	session_close(&s);
	session_close(&s);
}

TEST(native_sees_host_files)
{
	cleanup_session struct session s = {.control = -1};

	open_native(&s);
	ck_assert(session_sees_host_files(&s));
	session_close(&s);
	ck_assert_ptr_eq(s.handle, NULL);
}

TEST(others_need_not)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(open_test(&s, "newer", NULL, &e), 0);
	ck_assert(!session_sees_host_files(&s));
}

TEST(missing_plugin)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(open_test(&s, "missing", NULL, &e), -ENOENT);
	ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(e.message, "'missing' is not installed");
}

/* Opening NAME:WHERE must fail so. */
static void assert_open_fails(const char *where, int code, const char *message, const char *hint)
{
	cleanup_session struct session s = {.log = keep_log, .control = -1};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(open_test(&s, "failing", where, &e), code);
	ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
	ck_assert_str_eq(e.message, message);
	if (hint)
		ck_assert_str_eq(e.hint ? e.hint : "(none)", hint);
	else
		ck_assert_ptr_eq(e.hint, NULL);
	ck_assert_ptr_eq(s.handle, NULL);
}

TEST(probe_refuses)
{
	static const char hint[] =
		"crossbpf doctor says what each backend lacks; or choose another";
	cleanup_free char *silent =
		str_printf("backend 'failing' cannot work here: %s", strerror(EACCES));

	assert_open_fails("probe", -ENOENT,
			  "backend 'failing' cannot work here: there is no engine", hint);
	assert_open_fails("probe-silent", -EACCES, silent, hint);
}

/* The first thing that a plugin says counts. */
TEST(open_fails)
{
	cleanup_free char *silent = str_printf("failing: %s", strerror(ECONNREFUSED));

	assert_open_fails("open", -ECONNREFUSED, "failing: the door is shut", "knock");
	assert_open_fails("open-silent", -ECONNREFUSED, silent, NULL);
	assert_open_fails("crowded", -EAGAIN, "failing: the room is full", NULL);
}

TEST(crowded_one_is_opened_again_where_asked_for)
{
	cleanup_session struct session s = {.control = -1, .log = keep_log, .asked_for = true};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(open_test(&s, "failing", "crowded", &e), 0);
	ck_assert_ptr_eq(e.message, NULL);
	ck_assert_ptr_eq(s.report.error.message, NULL);
}

TEST(crowded_one_is_not_waited_for_after_an_interrupt)
{
	cleanup_session struct session s = {.asked_for = true};
	cleanup_error struct crossbpf_error e = {0};
	int control[2];

	ck_assert_int_eq(io_pipe(control), 0);
	close(control[1]);
	s.control = control[0];
	ck_assert_int_eq(open_test(&s, "failing", "crowded", &e), -EAGAIN);
	ck_assert_str_eq(e.message, "failing: the room is full");
	close(control[0]);
}

/* Nobody is asked where standard input is no terminal. */
TEST(asks_on_a_terminal_only)
{
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int before = dup(STDIN_FILENO);

	ck_assert_int_eq(dup2(null, STDIN_FILENO), STDIN_FILENO);
	assert_open_fails("ask", -ENOTTY, "failing: no terminal", NULL);
	if (before >= 0)
		dup2(before, STDIN_FILENO);
	closep(&before);
}

TEST(where_and_log_reach_the_plugin)
{
	cleanup_session struct session s = {.log = keep_log, .control = -1},
				       quiet = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(open_test(&s, "failing", NULL, &e), 0);
	ck_assert_str_eq(last_log, "/the/root");
	keep_log("none");
	ck_assert_int_eq(open_test(&quiet, "failing", "elsewhere", &e), 0);
	ck_assert_str_eq(last_log, "none");
	ck_assert_str_eq(quiet.conf[0].key, "where");
	ck_assert_str_eq(quiet.conf[0].value, "elsewhere");
	ck_assert_ptr_eq(quiet.conf[1].key, NULL);
	ck_assert_ptr_eq(s.conf[0].key, NULL);
}

static int status_of(struct session *s, const char *const *argv)
{
	cleanup_error struct crossbpf_error e = {0};
	struct crossbpf_run run = run_of(argv);
	int status = -1;

	ck_assert_int_eq(session_run(s, &run, &status, &e), 0);
	return status;
}

TEST(runs)
{
	cleanup_session struct session s = {.control = -1};

	open_native(&s);
	ck_assert_int_eq(status_of(&s, SHELL("exit 0")), 0);
	ck_assert_int_eq(status_of(&s, SHELL("exit 9")), 9);
	ck_assert_int_eq(status_of(&s, SHELL("kill -TERM $$")), 128 + SIGTERM);
}

TEST(runs_in_a_directory_with_an_environment)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};
	struct crossbpf_run run = run_of(SHELL("echo \"$GREETING\" >said"));
	int status;

	open_native(&s);
	ck_assert_int_eq(mkdir("dir", 0700), 0);
	run.dir = "dir";
	run.env = (const char *const[]){"GREETING=hello", NULL};
	ck_assert_int_eq(session_run(&s, &run, &status, &e), 0);
	assert_text("dir/said", "hello\n");
}

TEST(control_ends_the_command)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};
	struct crossbpf_run run = run_of((const char *const[]){"sleep", "50", NULL});
	int control[2], status;

	open_native(&s);
	ck_assert_int_eq(io_pipe(control), 0);
	run.control = control[0];
	close(control[1]);
	ck_assert_int_eq(session_run(&s, &run, &status, &e), 0);
	close(control[0]);
	ck_assert_int_eq(status, 128 + SIGTERM);
}

static void assert_run_fails(struct session *s, const char *program, int code,
			     enum exit_status exit_status, const char *message, const char *hint)
{
	cleanup_error struct crossbpf_error e = {0};
	struct crossbpf_run run = run_of((const char *const[]){program, NULL});
	int status = 77;

	ck_assert_int_eq(session_run(s, &run, &status, &e), code);
	ck_assert_int_eq(status, 77);
	ck_assert_int_eq(e.status, exit_status);
	assert_contains(e.message, message);
	if (hint)
		ck_assert_str_eq(e.hint ? e.hint : "(none)", hint);
	else
		ck_assert_ptr_eq(e.hint, NULL);
}

TEST(missing_program)
{
	cleanup_session struct session s = {.control = -1};

	open_native(&s);
	assert_run_fails(&s, "crossbpf-no-such-program", -ENOENT, EXIT_STATUS_NO_BACKEND,
			 "native: cannot run 'crossbpf-no-such-program': ", NULL);
	ck_assert_int_eq(status_of(&s, SHELL("exit 3")), 3);
}

/* What was said of one failure is not said of the next. */
TEST(run_fails)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(open_test(&s, "failing", NULL, &e), 0);
	assert_run_fails(&s, "lost", -EPIPE, EXIT_STATUS_LOST, "failing: the line broke",
			 "try again");
	assert_run_fails(&s, "silent", -EACCES, EXIT_STATUS_NO_BACKEND, strerror(EACCES), NULL);
	assert_run_fails(&s, "lost", -EPIPE, EXIT_STATUS_LOST, "failing: the line broke",
			 "try again");
}

static int capture(struct session *s, const char *script, struct strbuf *ret_output)
{
	cleanup_error struct crossbpf_error e = {0};
	int status = -1;

	ck_assert_int_eq(session_capture(s, SHELL(script), (const char *const *)environ, ret_output,
					 &status, &e),
			 0);
	return status;
}

TEST(captures)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_strbuf struct strbuf output = {0}, nothing = {0}, much = {0};

	open_native(&s);
	/* Its input is empty, and what it says on standard error is not for us. */
	ck_assert_int_eq(capture(&s, "cat; echo out; echo error >&2; exit 5", &output), 5);
	ck_assert_str_eq(output.data, "out\n");
	ck_assert_int_eq(capture(&s, "exit 0", &nothing), 0);
	ck_assert_str_eq(nothing.data, "");
	ck_assert_int_eq(capture(&s, "head -c 300000 /dev/zero", &much), 0);
	ck_assert_uint_eq(much.len, 300000);
}

/* The message of what goes wrong in capturing `argv`. */
static void assert_capture_fails(const char *const *argv, int code, enum exit_status exit_status,
				 const char *message)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_strbuf struct strbuf output = {0};
	cleanup_error struct crossbpf_error e = {0};
	int status;

	open_native(&s);
	ck_assert_int_eq(
		session_capture(&s, argv, (const char *const *)environ, &output, &status, &e),
		code);
	ck_assert_int_eq(e.status, exit_status);
	assert_contains(e.message, message);
}

TEST(capture_fails)
{
	assert_capture_fails((const char *const[]){"crossbpf-no-such-program", NULL}, -ENOENT,
			     EXIT_STATUS_NO_BACKEND, "crossbpf-no-such-program");
	/* No more is taken than may be. */
	assert_capture_fails(SHELL("exec cat /dev/zero"), -EFBIG, EXIT_STATUS_NO_BACKEND,
			     "cannot read what 'sh' printed");
}

/* A backend for the tests, but its record is what other tests rely on. */
TEST(record_records)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *file = str_printf("CROSSBPF_RECORD=%s/record", here);
	cleanup_free char *dir = str_printf("CROSSBPF_RECORD=%s", here);
	struct crossbpf_run run = run_of(SHELL("exit\n4"));
	int status;

	ck_assert_int_eq(open_test(&s, "record", NULL, &e), 0);
	ck_assert_int_eq(status_of(&s, (const char *const[]){"true", NULL}), 0);
	run.env = (const char *const[]){"PATH=/bin", file, NULL};
	ck_assert_int_eq(session_run(&s, &run, &status, &e), 0);
	run.argv = (const char *const[]){"true", "it's", "", NULL};
	ck_assert_int_eq(session_run(&s, &run, &status, &e), 0);
	ck_assert_int_eq(status, 0);
	assert_text("record", "sh -c 'exit 4'\ntrue 'it'\\''s' ''\n");

	run.env = (const char *const[]){dir, NULL};
	ck_assert_int_eq(session_run(&s, &run, &status, &e), -EISDIR);
	assert_contains(e.message, here);
}

TEST(old_plugin_works)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(open_test(&s, "old_abi1", NULL, &e), 0);
	ck_assert(session_sees_host_files(&s));
	ck_assert_int_eq(status_of(&s, SHELL("exit 6")), 6);
}

/* warm is up for as long as there is a file that begins with $TEST_WARM. */

static int open_warm(struct session *s, const char *where, struct crossbpf_error *e)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *base = str_printf("%s/warm", here);
	static struct project project;

	project = a_project();
	setenv("TEST_WARM", base, 1);
	last_log[0] = '\0';
	return session_load(s, TEST_PLUGINDIR, "warm", where, &project, e);
}

static void assert_status(struct session *s, const char *want)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *text = NULL;

	ck_assert_int_eq(session_status(s, &text, &e), 0);
	ck_assert_str_eq(text ? text : "(none)", want);
}

TEST(up_and_down)
{
	cleanup_session struct session s = {.inform = keep_log, .control = -1};
	cleanup_error struct crossbpf_error e = {0};
	bool any = false;

	ck_assert_int_eq(open_warm(&s, NULL, &e), 0);
	ck_assert_int_eq(session_probe(&s, &e), 0);
	assert_status(&s, "cold");
	ck_assert_int_eq(session_up(&s, &any, &e), 0);
	ck_assert(any);
	ck_assert_str_eq(last_log, "fetching the stove"); /* and not the detail */
	assert_status(&s, "stove: \"hot\"\nkettle: hot");
	any = false;
	ck_assert_int_eq(session_down(&s, &any, &e), 0);
	ck_assert(any);
	assert_status(&s, "cold");
	ck_assert_int_eq(session_down(&s, &any, &e), 0);
	ck_assert_ptr_eq(s.handle, NULL);
	unsetenv("TEST_WARM");
}

/* Who wants all of it gets the details, too, and each line once. */
TEST(up_with_a_log)
{
	cleanup_session struct session s = {.log = keep_log, .inform = NULL, .control = -1};
	cleanup_session struct session quiet = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};
	bool any;

	ck_assert_int_eq(open_warm(&s, NULL, &e), 0);
	ck_assert_int_eq(session_up(&s, &any, &e), 0);
	ck_assert_str_eq(last_log, "fetching the stove");
	ck_assert_int_eq(open_warm(&quiet, NULL, &e), 0);
	ck_assert_int_eq(session_up(&quiet, &any, &e), 0);
	ck_assert_str_eq(last_log, "");
	unsetenv("TEST_WARM");
}

static void assert_stuck(const struct crossbpf_error *e)
{
	ck_assert_int_eq(e->status, EXIT_STATUS_NO_BACKEND);
	ck_assert_str_eq(e->message, "warm: it is stuck");
	ck_assert_str_eq(e->hint, "push it");
}

TEST(neither_up_nor_down)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error up = {0}, down = {0}, status = {0};
	cleanup_free char *text = NULL;
	bool any;

	ck_assert_int_eq(open_warm(&s, "stuck", &up), 0);
	ck_assert_int_eq(session_up(&s, &any, &up), -EBUSY);
	assert_stuck(&up);
	ck_assert_int_eq(session_down(&s, &any, &down), -EBUSY);
	assert_stuck(&down);
	ck_assert_int_eq(session_status(&s, &text, &status), -EBUSY);
	assert_stuck(&status);
	ck_assert_ptr_eq(text, NULL);
	unsetenv("TEST_WARM");
}

TEST(cannot_be_brought_up)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(open_warm(&s, "never", &e), 0);
	ck_assert_int_eq(session_probe(&s, &e), -ENOENT);
	ck_assert_str_eq(e.message, "backend 'warm' cannot work here: it is cold");
	unsetenv("TEST_WARM");
}

/* native is always there. */
TEST(nothing_to_bring_up)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *text = NULL;
	char identity[8] = "before";
	bool any = true;

	open_native(&s);
	ck_assert_int_eq(session_up(&s, &any, &e), 0);
	ck_assert(!any);
	any = true;
	ck_assert_int_eq(session_down(&s, &any, &e), 0);
	ck_assert(!any);
	ck_assert_int_eq(session_status(&s, &text, &e), 0);
	ck_assert_ptr_eq(text, NULL);
	ck_assert_int_eq(session_identity(&s, identity, sizeof(identity), &e), 0);
	ck_assert_str_eq(identity, "");
}

/* What says which one it is, as far as there is room for it. */
TEST(identities)
{
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};
	char identity[64], tiny[4];

	ck_assert_int_eq(open_test(&s, "elsewhere", NULL, &e), 0);
	ck_assert_int_eq(session_identity(&s, identity, sizeof(identity), &e), 0);
	ck_assert_str_eq(identity, "elsewhere");
	ck_assert_int_eq(session_identity(&s, tiny, sizeof(tiny), &e), 0);
	ck_assert_str_eq(tiny, "els");
	setenv("TEST_BUILDER_IDENTITY", "", 1);
	ck_assert_int_eq(session_identity(&s, identity, sizeof(identity), &e), 0);
	unsetenv("TEST_BUILDER_IDENTITY");
	ck_assert_str_eq(identity, "");
}

/* With other directories; where it cannot, nothing is left open. */
TEST(reopens)
{
	static const char *const dirs[] = {"/a", "/b c", NULL};
	cleanup_session struct session s = {.control = -1};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(open_test(&s, "failing", NULL, &e), 0);
	ck_assert_ptr_eq(s.project.dirs[0], NULL);
	ck_assert_int_eq(session_reopen(&s, dirs, &e), 0);
	ck_assert_ptr_eq(s.project.dirs, dirs);
	ck_assert_ptr_ne(s.handle, NULL);
	struct crossbpf_kv refused[] = {{"where", "open"}, {NULL, NULL}};
	struct crossbpf_kv *before = s.conf;
	s.conf = refused;
	int r = session_reopen(&s, dirs, &e);
	s.conf = before;
	ck_assert_int_eq(r, -ECONNREFUSED);
	ck_assert_str_eq(e.message, "failing: the door is shut");
	ck_assert_ptr_eq(s.handle, NULL);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, never_opened);
	tcase_add_test(c, native_sees_host_files);
	tcase_add_test(c, others_need_not);
	tcase_add_test(c, missing_plugin);
	tcase_add_test(c, probe_refuses);
	tcase_add_test(c, open_fails);
	tcase_add_test(c, crowded_one_is_opened_again_where_asked_for);
	tcase_add_test(c, crowded_one_is_not_waited_for_after_an_interrupt);
	tcase_add_test(c, asks_on_a_terminal_only);
	tcase_add_test(c, where_and_log_reach_the_plugin);
	tcase_add_test(c, runs);
	tcase_add_test(c, runs_in_a_directory_with_an_environment);
	tcase_add_test(c, control_ends_the_command);
	tcase_add_test(c, missing_program);
	tcase_add_test(c, run_fails);
	tcase_add_test(c, captures);
	tcase_add_test(c, capture_fails);
	tcase_add_test(c, record_records);
	tcase_add_test(c, old_plugin_works);
	tcase_add_test(c, up_and_down);
	tcase_add_test(c, up_with_a_log);
	tcase_add_test(c, neither_up_nor_down);
	tcase_add_test(c, cannot_be_brought_up);
	tcase_add_test(c, nothing_to_bring_up);
	tcase_add_test(c, identities);
	tcase_add_test(c, reopens);
}

int main(void)
{
	return suite_run("session", add_tests);
}
