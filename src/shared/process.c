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

#ifdef __APPLE__
#include <crt_externs.h>
#else
extern char **environ;
#endif

enum { TERMINATE_GRACE_MS = 2000, MOST_DESCRIPTORS = 4096 };

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

/* Closes what it would inherit behind its streams. */
static int add_closes(posix_spawn_file_actions_t *actions)
{
	long most = sysconf(_SC_OPEN_MAX);
	int r = 0;

	if (most < 0 || most > MOST_DESCRIPTORS)
		most = MOST_DESCRIPTORS;
	for (int fd = 3; fd < most && r == 0; fd++) {
		int flags = fcntl(fd, F_GETFD);
		if (flags >= 0 && !(flags & FD_CLOEXEC))
			r = -posix_spawn_file_actions_addclose(actions, fd);
	}
	return r;
}

static int set_attributes(posix_spawnattr_t *attr, bool own_group)
{
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t blocked, defaults;

	sigemptyset(&blocked);
	/* Under `stty tostop` a group that is not the terminal's would be stopped by its first
	 * diagnostic. */
	if (own_group)
		sigaddset(&blocked, SIGTTOU);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	int r = posix_spawnattr_setsigmask(attr, &blocked);
	if (!r)
		r = posix_spawnattr_setsigdefault(attr, &defaults);
	if (!r && own_group) {
		flags |= POSIX_SPAWN_SETPGROUP;
		r = posix_spawnattr_setpgroup(attr, 0);
	}
	if (!r)
		r = posix_spawnattr_setflags(attr, flags);
	return -r;
}

static int spawn(const char *const *argv, const char *const *env, bool own_group,
		 const posix_spawn_file_actions_t *actions, pid_t *ret_pid)
{
	posix_spawnattr_t attr;
	int r = -posix_spawnattr_init(&attr);
	if (r < 0)
		return r;

	r = set_attributes(&attr, own_group);
	if (r == 0) {
		io_lock_spawn();
		r = -posix_spawnp(ret_pid, argv[0], actions, &attr, (char *const *)argv,
				  (char *const *)env);
		io_unlock_spawn();
	}
	posix_spawnattr_destroy(&attr);
	return r;
}

/* Has the child start in p->dir; *argv may become another command line, kept in `shell`. */
static int add_dir(const struct process *p, posix_spawn_file_actions_t *actions, struct strv *shell,
		   const char *const **argv)
{
	if (!p->dir)
		return 0;
#ifdef HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCHDIR_NP
	(void)shell, (void)argv;
	return -posix_spawn_file_actions_addchdir_np(actions, p->dir);
#else
	(void)actions;
	strv_add(shell, "/bin/sh");
	strv_add(shell, "-c");
	strv_add(shell, "cd \"$0\" && exec \"$@\"");
	strv_add(shell, p->dir);
	strv_add_all(shell, p->argv);
	*argv = (const char *const *)shell->v;
	return shell->error;
#endif
}

int process_start(void *ctx, const struct process *p, bool own_group, pid_t *ret_pid)
{
	(void)ctx;
	cleanup_strv struct strv shell = {0};
	const char *const *argv = p->argv;
	posix_spawn_file_actions_t actions;
	int lifted[3] = {-1, -1, -1};

	int r = -posix_spawn_file_actions_init(&actions);
	if (r < 0)
		return r;
	r = add_streams(&actions, p->fd, lifted);
	if (r == 0 && p->alone)
		r = add_closes(&actions);
	if (r == 0)
		r = add_dir(p, &actions, &shell, &argv);
	if (r == 0)
		r = spawn(argv, p->env, own_group, &actions, ret_pid);

	posix_spawn_file_actions_destroy(&actions);
	for (int i = 0; i < 3; i++)
		closep(&lifted[i]);
	return r;
}

bool process_is_told(int control)
{
	char order;
	ssize_t n = read(control, &order, 1);

	if (n < 0)
		return errno != EINTR && errno != EAGAIN; /* nobody can say anything any more */
	return n == 0 || order == 'k';
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

/* `target` is what kill() takes: a process, or a group as a negative number. True where it was told
 * to end. */
static bool poll_until_end(pid_t target, int control, int ended)
{
	struct pollfd fds[2] = {{.fd = ended, .events = POLLIN}, {.fd = control, .events = POLLIN}};
	int timeout = -1;

	for (;;) {
		int n = poll(fds, 2, timeout);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || fds[0].revents)
			break;
		if (n == 0) {
			kill(target, SIGKILL);
			timeout = -1;
		} else if (fds[1].revents && process_is_told(control)) {
			kill(target, SIGTERM);
			fds[1].fd = -1; /* one order is enough */
			timeout = TERMINATE_GRACE_MS;
		}
	}
	if (fds[1].fd < 0)
		kill(target, SIGKILL); /* who of the group outlived it */
	return fds[1].fd < 0;
}

/* Until the child ended, or was made to. */
static int wait_controlled(pid_t pid, pid_t target, int control, bool *ret_ended)
{
	cleanup_close int ended = -1;
	struct waiter waiter = {.pid = pid};
	pthread_t thread;
	int fds[2];

	int r = io_pipe(fds);
	if (r < 0)
		return r;
	ended = fds[0];
	waiter.ended = fds[1];
	r = -pthread_create(&thread, NULL, wait_for_end, &waiter);
	if (r < 0) {
		close(waiter.ended);
		return r;
	}
	bool told = poll_until_end(target, control, ended);
	if (told && ret_ended)
		*ret_ended = true;
	pthread_join(thread, NULL);
	return 0;
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

int process_run(const struct process *p, int *ret_status)
{
	bool own_group = p->control >= 0 && !p->keeps_group && !isatty(p->fd[0]);
	pid_t pid;

	int r = p->start ? p->start(p->start_ctx, p, own_group, &pid) : -ENOSYS;
	if (r == -ENOSYS)
		r = process_start(NULL, p, own_group, &pid);
	if (r < 0)
		return r;
	if (p->control >= 0) {
		r = wait_controlled(pid, own_group ? -pid : pid, p->control, p->ret_ended);
		if (r < 0)
			kill(pid, SIGKILL);
	}
	int status = 0, reaped = reap(pid, &status);
	if (r == 0)
		r = reaped;
	if (r == 0)
		*ret_status = status;
	return r;
}

const char *const *process_environment(void)
{
#ifdef __APPLE__
	return (const char *const *)*_NSGetEnviron();
#else
	return (const char *const *)environ;
#endif
}
