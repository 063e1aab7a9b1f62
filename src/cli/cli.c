/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "shared/io.h"

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

int cli_report(const struct crossbpf_error *e)
{
	fprintf(stderr, "crossbpf: %s\n", e->message ? e->message : "out of memory");
	if (e->hint)
		fprintf(stderr, "crossbpf: hint: %s\n", e->hint);
	return e->status;
}

void cli_log(const char *message)
{
	fprintf(stderr, "crossbpf: %s\n", message);
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
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction action = {.sa_handler = on_interrupt}, old;
		/* A signal that our caller ignores (nohup, a shell's &) stays ignored. */
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	return fds[0];
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
