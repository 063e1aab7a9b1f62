/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "io.h"
#include "process.h"
#include "strv.h"

enum { TERMINATE_GRACE_MS = 2000 };

/* The streams are first lifted above 2, lest dup2() of one overwrites the next one's source. */
static int add_streams(posix_spawn_file_actions_t *actions, const int fd[3], int ret_lifted[3])
{
	for (int i = 0; i < 3; i++) {
		int from = fd[i];
		if (from < 3 && from != i) {
			from = ret_lifted[i] = fcntl(fd[i], F_DUPFD_CLOEXEC, 3);
			if (from < 0)
				return -errno;
		}
		int r = posix_spawn_file_actions_adddup2(actions, from, i);
		if (r)
			return -r;
	}
	return 0;
}

static int set_signals(posix_spawnattr_t *attr)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	int r = posix_spawnattr_setsigmask(attr, &none);
	if (!r)
		r = posix_spawnattr_setsigdefault(attr, &defaults);
	if (!r)
		r = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return -r;
}

static int spawn(const struct process *p, const posix_spawn_file_actions_t *actions, pid_t *ret_pid)
{
	posix_spawnattr_t attr;
	int r = posix_spawnattr_init(&attr);
	if (r)
		return -r;

	r = set_signals(&attr);
	if (r == 0) {
		io_lock_spawn();
		r = -posix_spawnp(ret_pid, p->argv[0], actions, &attr, (char *const *)p->argv,
				  (char *const *)p->env);
		io_unlock_spawn();
	}
	posix_spawnattr_destroy(&attr);
	return r;
}

int process_start(const struct process *p, pid_t *ret_pid)
{
	cleanup_strv struct strv shell = {0};
	struct process in_dir = *p;
	posix_spawn_file_actions_t actions;
	int lifted[3] = {-1, -1, -1};

	int r = -posix_spawn_file_actions_init(&actions);
	if (r < 0)
		return r;
	r = add_streams(&actions, p->fd, lifted);

	if (r == 0 && p->dir) {
#ifdef HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCHDIR_NP
		r = -posix_spawn_file_actions_addchdir_np(&actions, p->dir);
#else
		strv_add(&shell, "/bin/sh");
		strv_add(&shell, "-c");
		strv_add(&shell, "cd \"$0\" && exec \"$@\"");
		strv_add(&shell, p->dir);
		for (const char *const *arg = p->argv; *arg; arg++)
			strv_add(&shell, *arg);
		r = shell.error;
		in_dir.argv = (const char *const *)shell.v;
#endif
	}
	if (r == 0)
		r = spawn(&in_dir, &actions, ret_pid);

	posix_spawn_file_actions_destroy(&actions);
	for (int i = 0; i < 3; i++)
		closep(&lifted[i]);
	return r;
}

/* True once whoever holds the other end wants the child ended. */
static bool control_ends(int control)
{
	char order;
	ssize_t n = read(control, &order, 1);

	return n == 0 || (n == 1 && order == 'k');
}

struct waiter {
	pid_t pid;
	int ended; /* write end of a pipe */
};

/* A thread rather than SIGCHLD, which is not ours to handle in a plugin. The child is left a
 * zombie, so that its pid cannot mean another process when it is signalled. */
static void *wait_for_end(void *arg)
{
	struct waiter *w = arg;
	siginfo_t info;

	while (waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	close(w->ended);
	return NULL;
}

static void poll_until_end(pid_t pid, int control, int ended)
{
	struct pollfd fds[2] = {{.fd = ended, .events = POLLIN}, {.fd = control, .events = POLLIN}};
	int timeout = -1;

	for (;;) {
		int n = poll(fds, 2, timeout);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || fds[0].revents)
			return;
		if (n == 0) {
			kill(pid, SIGKILL);
			timeout = -1;
		} else if (fds[1].revents && control_ends(control)) {
			kill(pid, SIGTERM);
			fds[1].fd = -1; /* one order is enough */
			timeout = TERMINATE_GRACE_MS;
		}
	}
}

static int reap(pid_t pid, int *ret_status)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

int process_wait(pid_t pid, int control, int *ret_status)
{
	if (control >= 0) {
		cleanup_close int ended = -1;
		int pipe_fds[2];
		struct waiter waiter = {.pid = pid};
		pthread_t thread;

		int r = io_pipe(pipe_fds);
		if (r < 0)
			return r;
		ended = pipe_fds[0];
		waiter.ended = pipe_fds[1];
		r = -pthread_create(&thread, NULL, wait_for_end, &waiter);
		if (r < 0) {
			close(waiter.ended);
			return r;
		}
		poll_until_end(pid, control, ended);
		pthread_join(thread, NULL);
	}
	return reap(pid, ret_status);
}
