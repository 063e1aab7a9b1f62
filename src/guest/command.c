/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "command.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-protocol.h"
#include "shared/io.h"
#include "shared/strbuf.h"

enum { NO_SHELL = 127, CANNOT_RUN = 126 };
/* In nanoseconds: that who is told to end has for that. */
#define LAST_WORDS INT64_C(3000000000)
static const size_t collected_max = (size_t)2 * GUEST_LOG_MAX;

/* The process that this one's parent is; 0: it is gone. The name before it may have any characters.
 */
static pid_t parent_of(const char *pid)
{
	cleanup_free char *path = str_printf("/proc/%s/stat", pid);
	cleanup_strbuf struct strbuf text = {0};

	if (!path || io_read_file(path, 4096, &text) < 0 || !text.data)
		return 0;
	const char *end = strrchr(text.data, ')');
	return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : 0;
}

static void kill_children(void)
{
	cleanup_closedir DIR *dir = opendir("/proc");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    parent_of(entry->d_name) == getpid())
			(void)kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
}

static void enter_cgroup(const char *cgroup)
{
	cleanup_free char *path = cgroup ? str_printf("%s/cgroup.procs", cgroup) : NULL;
	cleanup_close int fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;

	if (fd >= 0)
		(void)io_write_fd(fd, "0", 1);
}

static void become_shell(const struct examine *x, int output)
{
	static const char *const missing[][2] = {
		{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"HOME", "/root"},
		{"TERM", "dumb"},
	};
	cleanup_close int input = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		(void)setenv(missing[i][0], missing[i][1], 0);
	(void)setsid();
	enter_cgroup(x->cgroup);
	if (input >= 0)
		(void)dup2(input, STDIN_FILENO);
	(void)dup2(output, STDOUT_FILENO);
	(void)dup2(output, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", x->request->command, (char *)NULL);
	(void)dprintf(STDERR_FILENO, "/bin/sh cannot be run: %s\n", strerror(errno));
	_exit(errno == ENOENT ? NO_SHELL : CANNOT_RUN);
}

/* Until the command ends, or who asked for it is gone. Its status, as waitpid() has it. */
static int wait_for_either(pid_t pid, const sigset_t *told)
{
	int status = NO_SHELL << 8, number;

	while (pid > 0 && waitpid(pid, &status, WNOHANG) != pid)
		if (sigwait(told, &number) == 0 && number == SIGTERM)
			break;
	return status;
}

/* Between the command and who asked for it: what a killed process leaves behind becomes its child.
 * Who asked may be killed with all of its group, which this is none of. */
static void run_and_kill(const struct examine *x, pid_t asker, int output)
{
	sigset_t told, before;

	(void)setsid();
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sigemptyset(&told);
	sigaddset(&told, SIGCHLD);
	sigaddset(&told, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &told, &before);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	pid_t pid = getppid() == asker ? fork() : -1;
	if (pid == 0) {
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
		become_shell(x, output);
	}
	int status = wait_for_either(pid, &told);
	/* Only where something is left: looking for it is work that programs under test count. */
	for (pid_t ended; (ended = waitpid(-1, NULL, WNOHANG)) >= 0;) {
		if (ended)
			continue;
		kill_children();
		(void)waitpid(-1, NULL, 0);
	}
	if (getppid() != asker && x->cgroup)
		(void)rmdir(x->cgroup); /* who made it cannot any more */
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* Is there something to be read, or the end, by then? -1: whenever. */
static bool await(int fd, int64_t until)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	int64_t left = until < 0 ? -1 : (until - io_clock()) / 1000000;

	return until < 0 || (left > 0 && poll(&ready, 1, (int)left) != 0);
}

/* Reads all, and keeps the end. -ETIMEDOUT where that did not come by then. */
static int collect(int fd, int64_t until, struct strbuf *output)
{
	char buf[16384];
	ssize_t n;

	for (;;) {
		if (!await(fd, until))
			return -ETIMEDOUT;
		n = read(fd, buf, sizeof(buf));
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			strbuf_add(output, buf, (size_t)n);
		if (output->error)
			return output->error;
		if (output->len > collected_max) {
			memmove(output->data, output->data + output->len - GUEST_LOG_MAX,
				GUEST_LOG_MAX);
			output->len = GUEST_LOG_MAX;
		}
	}
}

/* Of one that was ended, there is no status. */
static int answer_command(const struct examine *x, bool ended, int status,
			  const struct strbuf *output)
{
	int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	json_t *number = ended ? NULL : json_integer(code);

	return answer_line(
		x->answer,
		json_pack("{s:s, s:o*, s:o}", "event", "command", "status", number, "output",
			  answer_text(x->answer, output->data ? output->data : "", output->len)));
}

int command_run(const struct examine *x)
{
	cleanup_strbuf struct strbuf output = {0};
	cleanup_close int in = -1;
	int out = -1, status = 0, seconds = x->request->command_seconds;
	int64_t until = seconds ? io_clock() + seconds * INT64_C(1000000000) : -1;
	int r = io_pipe_ends(&in, &out);

	if (r < 0)
		return r;
	pid_t asker = getpid(), pid = fork();
	if (pid == 0)
		run_and_kill(x, asker, out);
	close(out);
	if (pid < 0)
		return -errno;
	r = collect(in, until, &output);
	bool ended = r == -ETIMEDOUT;
	if (ended) {
		(void)kill(pid, SIGTERM); /* which ends all that it started, if it can */
		r = collect(in, io_clock() + LAST_WORDS, &output);
		r = r == -ETIMEDOUT ? 0 : r;
		(void)kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return r < 0 ? r : answer_command(x, ended, status, &output);
}
