/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>

#include "shared/io.h"
#include "shared/process.h"

extern char **environ;

#define SHELL(script) ((const char *const[]){"sh", "-c", (script), NULL})

/* A process on the streams of this one. */
static struct process process_of(const char *const *argv)
{
	return (struct process){
		.argv = argv,
		.env = (const char *const *)environ,
		.fd = {0, 1, 2},
		.control = -1,
	};
}

static int run(const struct process *p)
{
	int status = -1;

	ck_assert_int_eq(process_run(p, &status), 0);
	return status;
}

static int status_of(const char *script)
{
	struct process p = process_of(SHELL(script));

	return run(&p);
}

/* It must not be run, for `error`. */
static void assert_fails(const struct process *p, int error)
{
	int status = 77;

	ck_assert_int_eq(process_run(p, &status), error);
	ck_assert_int_eq(status, 77);
}

/* Runs `p` with its standard output in the file `out`. */
static int run_to_file(struct process p, const char *out)
{
	cleanup_close int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	p.fd[1] = fd;
	return run(&p);
}

static unsigned count_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* None was left to be waited for. */
static void assert_no_child(void)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

TEST(exit_status)
{
	ck_assert_int_eq(status_of("exit 0"), 0);
	ck_assert_int_eq(status_of("exit 3"), 3);
	ck_assert_int_eq(status_of("exit 255"), 255);
}

TEST(signal_status)
{
	ck_assert_int_eq(status_of("kill -TERM $$"), 128 + SIGTERM);
	ck_assert_int_eq(status_of("kill -KILL $$"), 128 + SIGKILL);
	ck_assert_int_eq(status_of("kill -INT $$"), 128 + SIGINT);
}

TEST(looks_in_path)
{
	struct process by_name = process_of((const char *const[]){"true", NULL});
	struct process by_path = process_of((const char *const[]){"/bin/sh", "-c", "exit 4", NULL});
	struct process by_relative = process_of((const char *const[]){"./program", NULL});

	write_program("program", "exit 5");
	ck_assert_int_eq(run(&by_name), 0);
	ck_assert_int_eq(run(&by_path), 4);
	ck_assert_int_eq(run(&by_relative), 5);
}

TEST(missing_programs)
{
	static const struct {
		const char *program;
		int error;
	} table[] = {
		{"crossbpf-no-such-program", -ENOENT},
		{"./missing", -ENOENT},
		{"/missing/program", -ENOENT},
		{"./plain", -EACCES},
		{"./dir", -EACCES},
		{"./plain/program", -ENOTDIR},
	};

	write_text("plain", "not executable\n");
	ck_assert_int_eq(mkdir("dir", 0700), 0);
	for (size_t i = 0; i < LENGTH(table); i++) {
		struct process p = process_of((const char *const[]){table[i].program, NULL});

		assert_fails(&p, table[i].error);
	}
	assert_no_child();
}

TEST(environment_is_whole)
{
	struct process p = process_of((const char *const[]){"env", NULL});

	p.env = (const char *const[]){"ONLY=this", NULL};
	ck_assert_int_eq(run_to_file(p, "out"), 0);
	assert_text("out", "ONLY=this\n");
}

TEST(arguments_are_exact)
{
	struct process p = process_of((const char *const[]){
		"sh", "-c", "printf '[%s]' \"$@\"", "name", "a b", "", "$HOME", "it's\n", NULL});

	ck_assert_int_eq(run_to_file(p, "out"), 0);
	assert_text("out", "[a b][][$HOME][it's\n]");
}

TEST(directory)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *absolute = str_printf("%s/sub", here);
	struct process p = process_of(SHELL("cat file"));

	ck_assert_int_eq(mkdir("sub", 0700), 0);
	write_text("file", "outside");
	write_text("sub/file", "inside");

	p.dir = "sub";
	ck_assert_int_eq(run_to_file(p, "out"), 0);
	assert_text("out", "inside");
	p.dir = absolute;
	ck_assert_int_eq(run_to_file(p, "out"), 0);
	assert_text("out", "inside");
	p.dir = NULL;
	ck_assert_int_eq(run_to_file(p, "out"), 0);
	assert_text("out", "outside");

	p.dir = "missing";
#ifdef HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCHDIR_NP
	assert_fails(&p, -ENOENT);
	p.dir = "file";
	assert_fails(&p, -ENOTDIR);
#else
	ck_assert_int_ne(run(&p), 0); /* it is a shell that says so */
#endif
}

TEST(streams)
{
	struct process p = process_of(SHELL("cat; echo error >&2"));
	unsigned before = count_fds();

	write_text("in", "input\n");
	p.fd[0] = open("in", O_RDONLY | O_CLOEXEC);
	p.fd[1] = open("out", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	p.fd[2] = open("err", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(run(&p), 0);
	assert_text("out", "input\n");
	assert_text("err", "error\n");

	/* They are still open, and nothing else is. */
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(close(p.fd[i]), 0);
	ck_assert_uint_eq(count_fds(), before);
}

TEST(one_stream_twice)
{
	struct process p = process_of(SHELL("echo out; echo error >&2; echo out"));

	p.fd[1] = p.fd[2] = open("both", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(run(&p), 0);
	close(p.fd[1]);
	assert_text("both", "out\nerror\nout\n");
}

/* Runs a command whose streams are the files in, out and err, which this process holds at the
 * descriptors at[0] to at[2]; -1: at one above 2. */
static int status_with_streams(const int at[3])
{
	static const char *const names[] = {"in", "out", "err"};
	struct process p = process_of(SHELL("cat; echo error >&2"));
	int saved[3], held[3], status = -1;

	fflush(NULL);
	for (int i = 0; i < 3; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 20);
	for (int i = 0; i < 3; i++) {
		int fd = open(names[i], i ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0600);
		held[i] = fcntl(fd, F_DUPFD_CLOEXEC, 20);
		close(fd);
	}
	for (int i = 0; i < 3; i++) {
		p.fd[i] = at[i] < 0 ? held[i] : dup2(held[i], at[i]);
		fcntl(p.fd[i], F_SETFD, FD_CLOEXEC);
	}
	int r = process_run(&p, &status);
	for (int i = 0; i < 3; i++) {
		if (saved[i] < 0)
			close(i);
		else
			dup2(saved[i], i);
		close(saved[i]);
		close(held[i]);
	}
	return r < 0 ? r : status;
}

/* Any stream may be at any descriptor, also where another one belongs in the child. */
TEST(streams_that_need_lifting)
{
	unsigned before = count_fds();

	write_text("in", "input\n");
	for (int in = -1; in < 3; in++)
		for (int out = -1; out < 3; out++)
			for (int err = -1; err < 3; err++) {
				bool twice = (in >= 0 && (in == out || in == err)) ||
					     (out >= 0 && out == err);
				if (twice)
					continue;
				int status = status_with_streams((const int[]){in, out, err});
				ck_assert_msg(status == 0, "%d %d %d: %d", in, out, err, status);
				assert_text("out", "input\n");
				assert_text("err", "error\n");
			}
	ck_assert_uint_eq(count_fds(), before);
}

TEST(closed_stream)
{
	struct process p = process_of(SHELL("exit 0"));
	unsigned before = count_fds();

	p.fd[1] = -1;
	assert_fails(&p, -EBADF);
	ck_assert_uint_eq(count_fds(), before);
}

/* What a caller passed on by number the child has; what was made here it has not. */
TEST(other_descriptors)
{
	cleanup_free char *script = NULL;
	int ours[2], passed;

	ck_assert_int_eq(io_pipe(ours), 0);
	passed = fcntl(ours[1], F_DUPFD, 3);
	script = str_printf("[ -e /dev/fd/%d ] && ! [ -e /dev/fd/%d ] && ! [ -e /dev/fd/%d ]",
			    passed, ours[0], ours[1]);
	ck_assert_int_eq(status_of(script), 0);
	close(passed);
	close(ours[0]);
	close(ours[1]);
}

/* One that outlives us keeps nothing of the caller's open, but its streams. */
TEST(no_other_descriptors)
{
	int passed = fcntl(1, F_DUPFD, 3), out = fcntl(1, F_DUPFD, 40);
	cleanup_free char *script = str_printf(
		"[ -e /dev/fd/1 ] && ! [ -e /dev/fd/%d ] && ! [ -e /dev/fd/%d ]", passed, out);
	struct process p = process_of(SHELL(script));

	ck_assert_int_ge(passed, 3);
	p.alone = true;
	p.fd[1] = out;
	ck_assert_int_eq(run(&p), 0);
	ck_assert_int_ge(fcntl(passed, F_GETFD), 0);
	close(passed);
	close(out);
}

/* The child must end by SIGPIPE though we ignore it, and by SIGTERM though we block it. */
TEST(signals_are_reset)
{
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	sigset_t block, before;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	int by_pipe = status_of("kill -PIPE $$; exit 9");
	int by_term = status_of("kill -TERM $$; exit 9");
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, old);
	ck_assert_int_eq(by_pipe, 128 + SIGPIPE);
	ck_assert_int_eq(by_term, 128 + SIGTERM);
}

/* In a process that leads a session of its own on a terminal under `stty tostop`. */
static int write_under_tostop(const char *terminal)
{
	struct process p = process_of(SHELL("echo said; echo complained >&2"));
	struct termios settings;
	int control[2];

	setsid();
	int tty = open(terminal, O_RDWR);
	if (tty < 0 || tcgetattr(tty, &settings) < 0)
		return 81;
	(void)ioctl(tty, TIOCSCTTY, 0); /* where opening it did not do that */
	settings.c_lflag |= TOSTOP;
	if (tcsetattr(tty, TCSANOW, &settings) < 0 || tcsetpgrp(tty, getpid()) < 0 ||
	    io_pipe(control) < 0)
		return 82;
	p.fd[0] = open("/dev/null", O_RDONLY);
	p.fd[1] = p.fd[2] = tty;
	p.control = control[0];
	return run(&p);
}

TEST(a_terminal_does_not_stop_it)
{
	cleanup_close int ours = posix_openpt(O_RDWR | O_NOCTTY);
	int status;

	ck_assert_int_ge(ours, 0);
	ck_assert_int_eq(grantpt(ours), 0);
	ck_assert_int_eq(unlockpt(ours), 0);
	pid_t pid = fork();
	if (pid == 0) {
		alarm(10); /* stopped, it would wait for ever */
		_exit(write_under_tostop(ptsname(ours)));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* Gives orders to a child once it said something, which a thread waits for. */
struct controlled {
	struct process process;
	const char *orders;
	bool at_end; /* and then the end of file */
	int out[2], control[2];
	char said[32];
	pid_t pid, group; /* of the child, where it says its number */
};

static void *give_orders(void *arg)
{
	struct controlled *c = arg;
	ssize_t n = read(c->out[0], c->said, sizeof(c->said) - 1);

	c->said[n < 0 ? 0 : n] = '\0';
	c->pid = (pid_t)atol(c->said);
	c->group = c->pid > 0 ? getpgid(c->pid) : -1;
	if (write(c->control[1], c->orders, strlen(c->orders)) < 0)
		abort();
	if (c->at_end)
		close(c->control[1]);
	return NULL;
}

/* Runs the child to its end; `out` is still open for what it started. */
static int run_controlled_on(struct controlled *c, int input, const char *script,
			     const char *orders, bool at_end)
{
	pthread_t thread;

	*c = (struct controlled){.orders = orders, .at_end = at_end};
	ck_assert_int_eq(io_pipe(c->out), 0);
	ck_assert_int_eq(io_pipe(c->control), 0);
	c->process = process_of(SHELL(script));
	c->process.fd[0] = input;
	c->process.fd[1] = c->out[1];
	c->process.control = c->control[0];
	ck_assert_int_eq(pthread_create(&thread, NULL, give_orders, c), 0);
	int status = run(&c->process);
	pthread_join(thread, NULL);
	ck_assert_int_eq(close(c->control[0]), 0); /* it was only borrowed */
	if (!at_end)
		close(c->control[1]);
	close(c->out[1]);
	return status;
}

static int run_controlled(struct controlled *c, const char *script, const char *orders, bool at_end)
{
	cleanup_close int no_terminal = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return run_controlled_on(c, no_terminal, script, orders, at_end);
}

static int status_after(const char *script, const char *orders, bool at_end)
{
	unsigned before = count_fds();
	struct controlled c;

	int status = run_controlled(&c, script, orders, at_end);
	close(c.out[0]);
	ck_assert_uint_eq(count_fds(), before);
	assert_no_child();
	return status;
}

TEST(control_ends_the_child)
{
	static const char script[] = "echo; exec sleep 50";

	ck_assert_int_eq(status_after(script, "k", false), 128 + SIGTERM);
	ck_assert_int_eq(status_after(script, "", true), 128 + SIGTERM);
	ck_assert_int_eq(status_after(script, "wwk", false), 128 + SIGTERM);
	ck_assert_int_eq(status_after(script, "w", true), 128 + SIGTERM);
}

TEST(control_is_at_its_end_before)
{
	struct process p = process_of((const char *const[]){"sleep", "50", NULL});
	int control[2];

	ck_assert_int_eq(io_pipe(control), 0);
	close(control[1]);
	p.control = control[0];
	ck_assert_int_eq(run(&p), 128 + SIGTERM);
	close(control[0]);
}

TEST(child_may_end_in_its_own_way)
{
	static const char script[] = "trap 'exit 7' TERM; echo; sleep 50 & wait";

	ck_assert_int_eq(status_after(script, "k", false), 7);
	ck_assert_int_eq(status_after(script, "kk", true), 7);
}

/* Waits for all that hold the other end of `fd` to be gone. */
static void assert_end_of_file(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;

	ck_assert_msg(poll(&p, 1, 20000) == 1 && read(fd, &byte, 1) == 0, "somebody lives on");
}

/* A compiler driver does not take its compilers along. */
TEST(control_ends_what_the_child_started)
{
	struct controlled c;

	int status = run_controlled(&c, "sleep 50 & sleep 50 & echo; exec sleep 50", "k", false);
	assert_end_of_file(c.out[0]);
	close(c.out[0]);
	ck_assert_int_eq(status, 128 + SIGTERM);
	/* Also what would not end by itself, where its parent has ended. */
	status = run_controlled(&c, "trap '' TERM; sleep 50 & trap 'exit 5' TERM; echo; wait", "",
				true);
	assert_end_of_file(c.out[0]);
	close(c.out[0]);
	ck_assert_int_eq(status, 5);
}

/* Two seconds: there is no way around it. */
TEST(child_that_will_not_end_is_killed)
{
	ck_assert_int_eq(status_after("trap '' TERM; echo; exec sleep 50", "k", false),
			 128 + SIGKILL);
}

/* Without an order nobody is ended, also not who outlives the child. */
TEST(child_ends_before_any_order)
{
	struct controlled c;
	char said[8] = "";

	ck_assert_int_eq(mkfifo("go", 0600), 0);
	int status = run_controlled(&c, "{ read line <go; echo alive; } & echo; exit 6", "", false);
	cleanup_close int go = open("go", O_RDWR);
	ck_assert_int_eq(write(go, "\n", 1), 1);
	ssize_t n = read(c.out[0], said, sizeof(said) - 1);
	close(c.out[0]);
	ck_assert_int_eq(status, 6);
	ck_assert_int_eq(n, 6);
	ck_assert_str_eq(said, "alive\n");
}

struct stream_closer {
	int control;
	int input;
};

/* Closes the child's input once the orders were read. */
static void *close_after_orders(void *arg)
{
	struct stream_closer *c = arg;
	int pending = 1;

	while (ioctl(c->control, FIONREAD, &pending) == 0 && pending)
		usleep(1000);
	close(c->input);
	return NULL;
}

TEST(other_orders_end_nothing)
{
	struct process p = process_of(SHELL("cat; exit 8"));
	int control[2], input[2];
	pthread_t thread;

	ck_assert_int_eq(io_pipe(control), 0);
	ck_assert_int_eq(io_pipe(input), 0);
	ck_assert_int_eq(write(control[1], "wx", 2), 2);
	p.control = control[0];
	p.fd[0] = input[0];
	struct stream_closer closer = {control[0], input[1]};
	ck_assert_int_eq(pthread_create(&thread, NULL, close_after_orders, &closer), 0);
	ck_assert_int_eq(run(&p), 8);
	pthread_join(thread, NULL);
	close(input[0]);
	close(control[0]);
	close(control[1]);
}

/* Without orders a child is in the caller's group, so that ^C and ^Z reach it. */
TEST(same_process_group)
{
	struct controlled c = {.orders = "", .at_end = true};
	pthread_t thread;

	ck_assert_int_eq(io_pipe(c.out), 0);
	ck_assert_int_eq(io_pipe(c.control), 0);
	c.process = process_of(SHELL("echo $$; exec cat"));
	c.process.fd[0] = c.control[0]; /* whose end ends it */
	c.process.fd[1] = c.out[1];
	ck_assert_int_eq(pthread_create(&thread, NULL, give_orders, &c), 0);
	ck_assert_int_eq(run(&c.process), 0);
	pthread_join(thread, NULL);
	close(c.control[0]);
	close(c.out[0]);
	close(c.out[1]);
	ck_assert_int_gt(c.pid, 0);
	ck_assert_int_eq(c.group, getpgrp());
}

/* To be reached by its orders as a whole it leads a group of its own. */
TEST(own_process_group)
{
	struct controlled c;

	run_controlled(&c, "echo $$; exec sleep 50", "k", false);
	close(c.out[0]);
	ck_assert_int_gt(c.pid, 0);
	ck_assert_int_eq(c.group, c.pid);
}

/* On a terminal a group of its own could not read. */
TEST(same_process_group_on_a_terminal)
{
	struct controlled c;
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), slave = -1;

	if (terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0)
		slave = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	if (slave >= 0) {
		int status = run_controlled_on(&c, slave, "echo $$; exec sleep 50", "k", false);
		close(c.out[0]);
		ck_assert_int_eq(status, 128 + SIGTERM);
		ck_assert_int_eq(c.group, getpgrp());
	}
	closep(&slave);
	closep(&terminal);
}

/* The child was started, and must not be left behind where it cannot be watched. */
TEST(no_descriptor_is_left)
{
	struct process p = process_of((const char *const[]){"sleep", "50", NULL});
	struct rlimit old, none;
	int control[2], status = 77;

	ck_assert_int_eq(io_pipe(control), 0);
	p.control = control[0];
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = (rlim_t)dup(0);
	close((int)none.rlim_cur);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	int r = process_run(&p, &status);
	setrlimit(RLIMIT_NOFILE, &old);
	close(control[0]);
	close(control[1]);
	ck_assert_int_eq(r, -EMFILE);
	ck_assert_int_eq(status, 77);
	assert_no_child();
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, exit_status);
	tcase_add_test(c, signal_status);
	tcase_add_test(c, looks_in_path);
	tcase_add_test(c, missing_programs);
	tcase_add_test(c, environment_is_whole);
	tcase_add_test(c, arguments_are_exact);
	tcase_add_test(c, directory);
	tcase_add_test(c, streams);
	tcase_add_test(c, one_stream_twice);
	tcase_add_test(c, streams_that_need_lifting);
	tcase_add_test(c, closed_stream);
	tcase_add_test(c, other_descriptors);
	tcase_add_test(c, no_other_descriptors);
	tcase_add_test(c, signals_are_reset);
	tcase_add_test(c, a_terminal_does_not_stop_it);
	tcase_add_test(c, control_ends_the_child);
	tcase_add_test(c, control_is_at_its_end_before);
	tcase_add_test(c, child_may_end_in_its_own_way);
	tcase_add_test(c, control_ends_what_the_child_started);
	tcase_add_test(c, child_that_will_not_end_is_killed);
	tcase_add_test(c, child_ends_before_any_order);
	tcase_add_test(c, other_orders_end_nothing);
	tcase_add_test(c, same_process_group);
	tcase_add_test(c, own_process_group);
	tcase_add_test(c, same_process_group_on_a_terminal);
	tcase_add_test(c, no_descriptor_is_left);
}

int main(void)
{
	return suite_run("process", add_tests);
}
