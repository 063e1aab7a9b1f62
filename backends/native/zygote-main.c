/* SPDX-License-Identifier: BSD-2-Clause */
/* Preloaded into a compiler: takes the place of its main(). For each order a child is forked that
 * goes on in the compiler's own main(). */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "zygote-protocol.h"

extern char **environ;

typedef int main_fn(int argc, char **argv, char **env);
typedef int start_main_fn(main_fn *main, int argc, char **argv, void (*init)(void),
			  void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

static main_fn *compiler_main;
static char *title;      /* the zygote's own words, as /proc/PID/cmdline has them */
static size_t title_len; /* with the last one's NUL */

/* An order as it was received: `words` are NULL-terminated, the environment and then the command.
 */
struct order {
	struct zygote_order head;
	char text[ZYGOTE_MAX];
	const char *dir;
	char **env, **argv;
	int fd[3];
};

/* Cuts the text into its words. */
static int cut(struct order *o, size_t len)
{
	size_t n = (size_t)o->head.n_env + o->head.n_argv;
	char *at = o->text, *end = o->text + len;

	if (!len || end[-1] != '\0' || n > len || !o->head.n_argv)
		return -EBADMSG;
	char **words = calloc(n + 2, sizeof(*words));
	if (!words)
		return -ENOMEM;
	o->dir = at;
	at += strlen(at) + 1;
	o->env = words;
	o->argv = words + o->head.n_env + 1;
	for (size_t i = 0; i < n; i++) {
		if (at >= end)
			return -EBADMSG;
		words[i < o->head.n_env ? i : i + 1] = at;
		at += strlen(at) + 1;
	}
	return 0;
}

/* False at the end, and for what is no order. */
static bool receive(struct order *o)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(o->fd))];
	} control;
	struct iovec parts[] = {{&o->head, sizeof(o->head)}, {o->text, sizeof(o->text)}};
	struct msghdr m = {.msg_iov = parts,
			   .msg_iovlen = 2,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t n;

	while ((n = recvmsg(ZYGOTE_SOCKET, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(o->fd)) ||
	    (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || (size_t)n < sizeof(o->head))
		return false;
	memcpy(o->fd, CMSG_DATA(c), sizeof(o->fd));
	return cut(o, (size_t)n - sizeof(o->head)) == 0;
}

/* A child of this process's parent. By hand, as fork() makes none: this process has one thread and
 * holds no lock. */
static pid_t fork_sibling(void)
{
	struct clone_args args = {.flags = CLONE_PARENT};
	void *tid = NULL;

	/* Where the C library keeps the thread's ID. */
	if (prctl(PR_GET_TID_ADDRESS, &tid) == 0 && tid) {
		args.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
		args.child_tid = (uintptr_t)tid;
	}
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* So that ps tells what runs: where the last byte is none, Linux shows what is before the first NUL
 * (get_mm_proctitle() in its fs/proc/base.c). */
static void write_title(const struct order *o)
{
	size_t at = 0;

	memset(title, 0, title_len);
	for (uint32_t i = 0; i < o->head.n_argv && at < title_len - 1; i++)
		at += (size_t)snprintf(title + at, title_len - 1 - at, i ? " %s" : "%s",
				       o->argv[i]);
	title[title_len - 1] = '.';
}

/* In the child: what posix_spawn() does in process.c. */
static int become(const struct order *o, int dir)
{
	sigset_t blocked;

	if (dir >= 0 && fchdir(dir) < 0)
		_exit(127);
	for (int i = 0; i < 3; i++)
		if (dup2(o->fd[i], i) < 0)
			_exit(127);
	setpgid(0, o->head.group);
	sigemptyset(&blocked);
	if (o->head.group == 0)
		sigaddset(&blocked, SIGTTOU);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* Those that exec() would close: these are all. */
	for (int i = 0; i < 3; i++)
		close(o->fd[i]);
	if (dir >= 0)
		close(dir);
	write_title(o);
	environ = o->env;
	return compiler_main((int)o->head.n_argv, o->argv, environ);
}

static void answer(int32_t n)
{
	if (send(ZYGOTE_SOCKET, &n, sizeof(n), MSG_NOSIGNAL) < 0)
		_exit(1);
}

/* With a second thread, a child would lack it, and may find its locks held. */
static bool has_one_thread(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int n = 0;

	if (!tasks)
		return false;
	for (struct dirent *task; (task = readdir(tasks));)
		n += task->d_name[0] != '.';
	closedir(tasks);
	return n == 1;
}

static int zygote_main(int argc, char **argv, char **env)
{
	static struct order o;

	if (!has_one_thread())
		return compiler_main(argc, argv, env);
	title = argv[0];
	title_len = (size_t)(argv[argc - 1] - argv[0]) + strlen(argv[argc - 1]) + 1;
	answer(ZYGOTE_READY);
	while (receive(&o)) {
		int dir = *o.dir ? open(o.dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		pid_t pid = *o.dir && dir < 0 ? -1 : fork_sibling();
		if (pid == 0)
			return become(&o, dir);
		answer(pid < 0 ? -errno : pid);
		for (int i = 0; i < 3; i++)
			close(o.fd[i]);
		if (dir >= 0)
			close(dir);
		free(o.env);
	}
	_exit(0); /* of the compiler nothing has run that is to be ended */
}

/* Is this the program that is meant? */
static bool is_zygote(void)
{
	const char *said = getenv(ZYGOTE_VARIABLE);
	char ours[ZYGOTE_VALUE_SIZE];
	struct stat st;

	if (!said || stat("/proc/self/exe", &st) < 0)
		return false;
	snprintf(ours, sizeof(ours), ZYGOTE_VALUE(&st));
	return strcmp(said, ours) == 0;
}

/* What the C runtime's start calls, with the program's main(). */
__attribute__((visibility("default"))) start_main_fn __libc_start_main;

int __libc_start_main(main_fn *main, int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	start_main_fn *start = (start_main_fn *)dlsym(RTLD_NEXT, "__libc_start_main");

	if (!start)
		_exit(127);
	compiler_main = main;
	return start(is_zygote() ? zygote_main : main, argc, argv, init, fini, rtld_fini,
		     stack_end);
}
