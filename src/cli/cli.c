/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"
#include "shared/io.h"
#include "shared/nearest.h"
#include "shared/strv.h"

/* A descriptor that we open must not become one of the three standard streams. */
static void open_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= 2);
	closep(&fd);
}

void cli_begin(void)
{
	open_standard_streams();
	signal(SIGCHLD, SIG_DFL); /* a caller that ignores it would have our children vanish */
}

static void put_line(const char *begin, const char *message)
{
	cleanup_strbuf struct strbuf line = {0};

	cli_add_visible(&line, message);
	fprintf(stderr, "%s%s\n", begin, line.error || !line.data ? "" : line.data);
}

int cli_report(const struct crossbpf_error *e)
{
	put_line("crossbpf: ", e->message ? e->message : "out of memory");
	if (e->hint)
		put_line("crossbpf: hint: ", e->hint);
	return e->status;
}

int cli_refuse_option(const char *command, const struct option *longs, char **argv,
		      struct crossbpf_error *e)
{
	const char *word = argv[optind - 1];
	cleanup_strv struct strv names = {0};
	cleanup_free char *name = NULL, *hint = NULL;

	for (; longs->name; longs++)
		strv_add(&names, longs->name);
	if (strncmp(word, "--", 2) == 0)
		name = strndup(word + 2, strcspn(word + 2, "="));
	const char *near =
		name && !names.error ? nearest(name, (const char *const *)names.v) : NULL;
	/* One that is there lacks its argument, or takes none. */
	if (near && strcmp(near, name) != 0)
		hint = str_printf("did you mean '--%s'?", near);
	else
		hint = str_printf("crossbpf %s --help lists them", command);
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint, "wrong options");
}

void cli_warn(const struct crossbpf_error *e)
{
	put_line("crossbpf: warning: ", e->message ? e->message : "out of memory");
	if (e->hint)
		put_line("crossbpf: hint: ", e->hint);
}

void cli_log(const char *message)
{
	put_line("crossbpf: ", message);
}

const char *cli_setting(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value && value[0] ? value : fallback;
}

const char *cli_directory(const char *name, const char *fallback)
{
	bool is_setuid = geteuid() != getuid() || getegid() != getgid();

	return is_setuid ? fallback : cli_setting(name, fallback);
}

const char *cli_module_dir(void)
{
	return cli_directory("CROSSBPF_MODULEDIR", CROSSBPF_MODULEDIR);
}

const char *cli_backend_dir(void)
{
	return cli_directory("CROSSBPF_BACKENDDIR", CROSSBPF_BACKENDDIR);
}

char *cli_header_dir(void)
{
	return str_printf("%s/include", cli_directory("CROSSBPF_DATADIR", CROSSBPF_DATADIR));
}

int cli_finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_STATUS_OK;
	fprintf(stderr, "crossbpf: cannot write to standard output: %s\n", strerror(errno));
	return EXIT_STATUS_OUTPUT;
}

static volatile sig_atomic_t interrupt_signal;
static volatile sig_atomic_t interrupt_fd = -1;

static void on_interrupt(int signal_number)
{
	if (interrupt_signal)
		return;
	interrupt_signal = signal_number;
	close(interrupt_fd);
}

int cli_catch_interrupts(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	int fds[2];

	if (io_pipe(fds) < 0)
		return -1;
	interrupt_fd = fds[1];
	(void)fcntl(fds[1], F_SETFL, O_NONBLOCK);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction action = {.sa_handler = on_interrupt}, old;
		/* A signal that our caller ignores (nohup, a shell's &) stays ignored. */
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	return fds[0];
}

static void on_key(int signal_number)
{
	(void)signal_number; /* with a handler rather than ignored: children would inherit that */
}

static void on_resize(int signal_number)
{
	int saved = errno;

	(void)signal_number;
	if (!interrupt_signal && write(interrupt_fd, "w", 1) < 0)
		errno = 0; /* a pipe that is full holds enough of them */
	errno = saved;
}

static const struct {
	int number;
	void (*handler)(int);
} lent[] = {{SIGINT, on_key}, {SIGQUIT, on_key}, {SIGWINCH, on_resize}};
enum { N_LENT = sizeof(lent) / sizeof(lent[0]) };
static struct sigaction before_lent[N_LENT];
static struct termios terminal;
static pid_t terminal_group;
static bool has_terminal;

void cli_lend_terminal(void)
{
	has_terminal = tcgetattr(STDIN_FILENO, &terminal) == 0;
	terminal_group = tcgetpgrp(STDIN_FILENO);
	for (size_t i = 0; i < N_LENT; i++) {
		struct sigaction action = {.sa_handler = lent[i].handler, .sa_flags = SA_RESTART};
		sigaction(lent[i].number, &action, &before_lent[i]);
	}
}

/* A command that was killed may have left it as it needed it, a shell in the hands of a process
 * group that is gone: then it is not ours to set, but for the signal that says so being blocked. */
static void restore_terminal(void)
{
	sigset_t stop, before;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stop, &before);
	if (terminal_group == getpgrp() && tcgetpgrp(STDIN_FILENO) != terminal_group)
		tcsetpgrp(STDIN_FILENO, terminal_group);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void cli_take_terminal(void)
{
	for (size_t i = 0; i < N_LENT; i++)
		sigaction(lent[i].number, &before_lent[i], NULL);
	if (has_terminal)
		restore_terminal();
}

bool cli_is_interrupted(void)
{
	return interrupt_signal;
}

void cli_die_of_interrupt(void)
{
	if (!interrupt_signal)
		return;
	signal(interrupt_signal, SIG_DFL);
	raise(interrupt_signal);
}
