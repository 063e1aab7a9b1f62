/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <pthread.h>

#include "native/zygote-protocol.h"
#include "native/zygote.h"
#include "shared/io.h"

extern char **environ;

/* A shell is as good a compiler. */
#define SHELL(script) ((const char *const[]){"/bin/sh", "-c", (script), NULL})

/* Under a sanitizer, whose runtime must be the first module of all, the program has no zygote:
 * then this tests that commands run all the same. */
#if defined(HAVE_ZYGOTE) && !defined(__SANITIZE_ADDRESS__)
#define ASSERT_IS_THERE(z) ck_assert_int_ge((z)->socket, 0)
#else
#define ASSERT_IS_THERE(z) ((void)(z))
#endif

static struct process process_of(struct zygote *z, const char *const *argv)
{
	return (struct process){
		.argv = argv,
		.env = (const char *const *)environ,
		.fd = {0, 1, 2},
		.control = -1,
		.start = zygote_start,
		.start_ctx = z,
	};
}

static int run(const struct process *p)
{
	int status = -1;

	ck_assert_int_eq(process_run(p, &status), 0);
	return status;
}

static int status_of(struct zygote *z, const char *script)
{
	struct process p = process_of(z, SHELL(script));

	return run(&p);
}

/* Has it started, as after some commands. */
static void hatch(struct zygote *z)
{
	zygote_begin(z, BACKEND_DIR "/" ZYGOTE_MODULE);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(status_of(z, "exit 5"), 5);
	ASSERT_IS_THERE(z);
}

#define cleanup_zygote CLEANUP(zygote_end)

TEST(begins_once_a_program_runs_often)
{
	cleanup_zygote struct zygote z;

	zygote_begin(&z, BACKEND_DIR "/" ZYGOTE_MODULE);
	ck_assert_int_eq(status_of(&z, "exit 0"), 0);
	ck_assert_int_eq(status_of(&z, "exit 1"), 1);
	ck_assert_int_eq(z.socket, -1);
	ck_assert_int_eq(status_of(&z, "exit 2"), 2);
	ASSERT_IS_THERE(&z);
}

/* What a command has to see, whoever started it. */
static const char seen[] =
	"cat; echo \"$PPID $NAME ${LD_PRELOAD-} ${" ZYGOTE_VARIABLE "-}\"; pwd; ls /proc/$$/fd; "
	/* By the shell alone: while it forks, its signals are blocked. */
	"while read -r l; do case $l in Sig[BIC]*) echo \"$l\" ;; esac; done </proc/$$/status; "
	"cut -d' ' -f5,6 </proc/$$/stat; tr '\\0' ' ' </proc/$$/cmdline | sed 's/ *$//'; "
	"echo said >&2";

static void see(struct process p, const char *dir, const char *out, struct strbuf *ret)
{
	cleanup_close int in = -1, file = -1;

	write_text("in", "in\n");
	in = open("in", O_RDONLY | O_CLOEXEC);
	file = open(out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	p.dir = dir;
	p.fd[0] = in;
	p.fd[1] = p.fd[2] = file;
	ck_assert_int_eq(run(&p), 0);
	ck_assert_int_eq(io_read_file(out, 4096, ret), 0);
}

TEST(command_sees_what_a_spawned_one_does)
{
	cleanup_zygote struct zygote z;
	cleanup_strbuf struct strbuf spawned = {0}, forked = {0};

	ck_assert_int_eq(setenv("NAME", "a value", 1), 0);
	hatch(&z);
	struct process p = process_of(&z, SHELL(seen));
	see(p, "/usr", "forked", &forked);
	p.start = NULL;
	see(p, "/usr", "spawned", &spawned);
	ck_assert_str_eq(forked.data, spawned.data);
	ck_assert_ptr_ne(strstr(forked.data, "a value"), NULL);
	ck_assert_int_eq(unsetenv("NAME"), 0);
}

TEST(missing_directory)
{
	cleanup_zygote struct zygote z;
	int status = 77;

	hatch(&z);
	struct process p = process_of(&z, SHELL("exit 0"));
	p.dir = "/no/such";
	ck_assert_int_eq(process_run(&p, &status), -ENOENT);
	ck_assert_int_eq(status, 77);
	ck_assert_int_eq(status_of(&z, "exit 3"), 3);
	ASSERT_IS_THERE(&z);
}

TEST(signals)
{
	cleanup_zygote struct zygote z;

	hatch(&z);
	ck_assert_int_eq(status_of(&z, "kill -KILL $$"), 128 + SIGKILL);
	ck_assert_int_eq(status_of(&z, "kill -PIPE $$"), 128 + SIGPIPE);
	ck_assert_int_eq(status_of(&z, "kill -ABRT $$"), 128 + SIGABRT);
}

/* All of its group. */
TEST(told_to_end)
{
	cleanup_zygote struct zygote z;
	bool ended = false;
	int control[2];

	hatch(&z);
	ck_assert_int_eq(io_pipe(control), 0);
	struct process p = process_of(&z, SHELL("sleep 1000 & sleep 1000"));
	p.control = control[0];
	p.ret_ended = &ended;
	ck_assert_int_eq(write(control[1], "k", 1), 1);
	ck_assert_int_eq(run(&p), 128 + SIGTERM);
	ck_assert(ended);
	close(control[0]);
	close(control[1]);
}

static void *run_many(void *ctx)
{
	for (int i = 0; i < 50; i++)
		if (status_of(ctx, "exit 9") != 9)
			return ctx;
	return NULL;
}

TEST(many_threads)
{
	cleanup_zygote struct zygote z;
	pthread_t threads[4];
	void *failed;

	zygote_begin(&z, BACKEND_DIR "/" ZYGOTE_MODULE);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_many, &z), 0);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
		ck_assert_ptr_eq(failed, NULL);
	}
	ASSERT_IS_THERE(&z);
}

/* Others are spawned. */
TEST(one_program_in_one_environment)
{
	cleanup_zygote struct zygote z;

	hatch(&z);
	struct process p = process_of(&z, SHELL("[ \"$A\" = b ]"));
	p.env = (const char *const[]){"A=b", "PATH=/usr/bin:/bin", NULL};
	ck_assert_int_eq(run(&p), 0);
	p = process_of(&z, (const char *const[]){"/usr/bin/test", "a", "=", "a", NULL});
	ck_assert_int_eq(run(&p), 0);
	ck_assert_int_eq(status_of(&z, "exit 4"), 4);
	ASSERT_IS_THERE(&z);
}

TEST(command_longer_than_a_message)
{
	cleanup_zygote struct zygote z;
	static char word[100000];

	hatch(&z);
	memset(word, 'a', sizeof(word) - 1);
	struct process p =
		process_of(&z, (const char *const[]){"/bin/sh", "-c", "[ ${#0}${#1} = 9999999999 ]",
						     word, word, NULL});
	ck_assert_int_eq(run(&p), 0);
	ck_assert_int_eq(status_of(&z, "exit 4"), 4);
	ASSERT_IS_THERE(&z);
}

TEST(killed_zygote)
{
	cleanup_zygote struct zygote z;

	hatch(&z);
	if (z.pid > 0)
		ck_assert_int_eq(kill(z.pid, SIGKILL), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(status_of(&z, "exit 6"), 6);
}

/* Runs it five times, and there is none. */
static void assert_spawned(struct zygote *z, const char *const *argv, int status)
{
	struct process p = process_of(z, argv);

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(run(&p), status);
	ck_assert_int_eq(z->socket, -1);
	zygote_end(z);
}

TEST(what_cannot_be_a_zygote)
{
	struct zygote z;
	char path[4096];

	zygote_begin(&z, NULL);
	assert_spawned(&z, SHELL("exit 3"), 3);
	zygote_begin(&z, "/no/such/module.so");
	assert_spawned(&z, SHELL("exit 3"), 3);
	/* Which does not say that it is ready. */
	zygote_begin(&z, BACKEND_DIR "/native.so");
	assert_spawned(&z, SHELL("exit 3"), 3);
	/* By a name that is looked up: it may be another program each time. */
	zygote_begin(&z, BACKEND_DIR "/" ZYGOTE_MODULE);
	assert_spawned(&z, (const char *const[]){"sh", "-c", "exit 3", NULL}, 3);
	write_program("wrapper", "exit 8");
	ck_assert_ptr_ne(realpath("wrapper", path), NULL);
	zygote_begin(&z, BACKEND_DIR "/" ZYGOTE_MODULE);
	assert_spawned(&z, (const char *const[]){path, NULL}, 8);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, begins_once_a_program_runs_often);
	tcase_add_test(tests, command_sees_what_a_spawned_one_does);
	tcase_add_test(tests, missing_directory);
	tcase_add_test(tests, signals);
	tcase_add_test(tests, told_to_end);
	tcase_add_test(tests, many_threads);
	tcase_add_test(tests, one_program_in_one_environment);
	tcase_add_test(tests, command_longer_than_a_message);
	tcase_add_test(tests, killed_zygote);
	tcase_add_test(tests, what_cannot_be_a_zygote);
}

int main(void)
{
	return suite_run("zygote", add_tests);
}
