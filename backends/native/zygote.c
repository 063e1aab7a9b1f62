/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/io.h"
#include "shared/strv.h"
#include "zygote-protocol.h"
#include "zygote.h"

enum {
	RUNS_BEFORE = 2, /* less would not pay where only few files are compiled */
	READY_MS = 10000,
};

void zygote_begin(struct zygote *z, const char *module)
{
	*z = (struct zygote){.module = module, .socket = -1};
	pthread_mutex_init(&z->lock, NULL);
}

/* It would end when its socket does, but for one that is stopped. */
static void dismiss(struct zygote *z)
{
	if (z->socket >= 0)
		close(TAKE_FD(z->socket));
	if (z->pid > 0) {
		kill(z->pid, SIGKILL);
		while (waitpid(z->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	z->pid = 0;
}

void zygote_end(struct zygote *z)
{
	dismiss(z);
	strbuf_free(&z->program);
	pthread_mutex_destroy(&z->lock);
}

#ifdef HAVE_ZYGOTE

static uint32_t add_words(struct strbuf *b, const char *const *words)
{
	uint32_t n = 0;

	for (; words[n]; n++)
		strbuf_add(b, words[n], strlen(words[n]) + 1);
	return n;
}

/* A program in machine code. Not a script: that would start an interpreter. */
static bool is_elf(const char *path, struct stat *ret_st)
{
	cleanup_close int fd = path[0] == '/' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char magic[4];

	return fd >= 0 && fstat(fd, ret_st) == 0 && S_ISREG(ret_st->st_mode) &&
	       read(fd, magic, sizeof(magic)) == sizeof(magic) && !memcmp(magic, "\177ELF", 4);
}

/* ld.so parts LD_PRELOAD at these, and what is left may be a name that is looked for. */
static bool can_be_preloaded(const char *module)
{
	return module && module[0] == '/' && !strpbrk(module, " :\t\n$") &&
	       access(module, R_OK) == 0;
}

/* The environment with what has the module loaded into that file. */
static int make_env(const char *module, const struct process *p, const struct stat *st,
		    struct strv *ret_env)
{
	const char *preload = NULL;
	char value[ZYGOTE_VALUE_SIZE];

	for (size_t i = 0; p->env[i]; i++)
		if (strncmp(p->env[i], "LD_PRELOAD=", strlen("LD_PRELOAD=")) == 0)
			preload = p->env[i] + strlen("LD_PRELOAD=");
		else
			strv_add(ret_env, p->env[i]);
	strv_take(ret_env, str_printf("LD_PRELOAD=%s%s%s", module, preload ? ":" : "",
				      preload ? preload : ""));
	snprintf(value, sizeof(value), ZYGOTE_VALUE(st));
	strv_take(ret_env, str_printf(ZYGOTE_VARIABLE "=%s", value));
	return ret_env->error;
}

/* -ETIMEDOUT, or -EPIPE where it has ended. */
static int hear(int socket, int timeout_ms, int32_t *ret_said)
{
	struct pollfd fd = {.fd = socket, .events = POLLIN};
	int polled;

	while ((polled = poll(&fd, 1, timeout_ms)) < 0 && errno == EINTR)
		;
	if (polled <= 0)
		return polled < 0 ? -errno : -ETIMEDOUT;
	return recv(socket, ret_said, sizeof(*ret_said), 0) == sizeof(*ret_said) ? 0 : -EPIPE;
}

/* Starts the program with our module in it. One that does not load that tells its version, and
 * ends. */
static int hatch(struct zygote *z, const struct process *p)
{
	char room[4096]; /* for the command lines that ps shows of its children */
	const char *const argv[] = {p->argv[0], "--version", room, NULL};
	cleanup_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC), theirs = -1;
	cleanup_strv struct strv env = {0};
	int32_t said;
	int pair[2];

	if (null < 0 || !can_be_preloaded(z->module) || !is_elf(p->argv[0], &z->file) ||
	    make_env(z->module, p, &z->file, &env) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -ENOSYS;
	z->socket = pair[0];
	theirs = pair[1];
	memset(room, ' ', sizeof(room) - 1);
	room[sizeof(room) - 1] = '\0';
	struct process process = {
		.argv = argv,
		.env = (const char *const *)env.v,
		.fd = {theirs, null, null},
	};
	int r = process_start(NULL, &process, true, &z->pid);
	close(TAKE_FD(theirs));
	if (r == 0)
		r = hear(z->socket, READY_MS, &said);
	return r;
}

static void count_run(struct zygote *z, const struct strbuf *program)
{
	if (z->program.len != program->len ||
	    memcmp(z->program.data, program->data, program->len) != 0) {
		strbuf_free(&z->program);
		strbuf_add(&z->program, program->data, program->len);
		z->runs = 0;
	}
	z->runs++;
}

/* One that was installed over it has other headers. */
static bool is_same_file(struct zygote *z, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && st.st_dev == z->file.st_dev && st.st_ino == z->file.st_ino &&
	    st.st_size == z->file.st_size && st.st_mtime == z->file.st_mtime)
		return true;
	z->failed = true;
	dismiss(z);
	return false;
}

/* Is there a zygote of this program? `program` names it. */
static bool is_there(struct zygote *z, const struct process *p, const struct strbuf *program)
{
	if (z->failed)
		return false;
	if (z->socket >= 0)
		return z->program.len == program->len &&
		       memcmp(z->program.data, program->data, program->len) == 0 &&
		       is_same_file(z, p->argv[0]);
	count_run(z, program);
	if (z->program.error || z->runs <= RUNS_BEFORE)
		return false;
	z->failed = hatch(z, p) < 0;
	if (z->failed)
		dismiss(z);
	return !z->failed;
}

static int send_order(int socket, const struct zygote_order *head, const struct strbuf *text,
		      const int fd[3])
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = {0};
	struct iovec parts[] = {{(void *)head, sizeof(*head)}, {text->data, text->len}};
	struct msghdr m = {.msg_iov = parts,
			   .msg_iovlen = 2,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;

	*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
			      .cmsg_len = CMSG_LEN(3 * sizeof(int))};
	memcpy(CMSG_DATA(c), fd, 3 * sizeof(int));
	while ((n = sendmsg(socket, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR)
		;
	return n < 0 ? -errno : 0;
}

/* Where nothing began, -ENOSYS. */
static int order(struct zygote *z, const struct process *p, bool own_group, pid_t *ret_pid)
{
	struct zygote_order head = {.group = own_group ? 0 : getpgrp()};
	cleanup_strbuf struct strbuf text = {0};
	int32_t said;

	strbuf_add(&text, p->dir ? p->dir : "", p->dir ? strlen(p->dir) + 1 : 1);
	head.n_env = add_words(&text, p->env);
	head.n_argv = add_words(&text, p->argv);
	if (text.error || text.len > ZYGOTE_MAX || (p->dir && !*p->dir))
		return -ENOSYS;
	int r = send_order(z->socket, &head, &text, p->fd);
	if (r == -EMSGSIZE)
		return -ENOSYS;
	if (r == 0)
		r = hear(z->socket, -1, &said);
	if (r < 0 || said == 0) {
		z->failed = true;
		dismiss(z);
	}
	if (r < 0 || said <= 0) /* of a directory that is missing the spawned one tells */
		return -ENOSYS;
	setpgid(said, head.group); /* as it does itself: whoever comes first */
	*ret_pid = said;
	return 0;
}

int zygote_start(void *ctx, const struct process *p, bool own_group, pid_t *ret_pid)
{
	cleanup_strbuf struct strbuf program = {0};
	struct zygote *z = ctx;

	strbuf_add(&program, p->argv[0], strlen(p->argv[0]) + 1);
	add_words(&program, p->env);
	if (program.error)
		return -ENOSYS;
	pthread_mutex_lock(&z->lock);
	int r = is_there(z, p, &program) ? order(z, p, own_group, ret_pid) : -ENOSYS;
	pthread_mutex_unlock(&z->lock);
	return r;
}

#else

int zygote_start(void *ctx, const struct process *p, bool own_group, pid_t *ret_pid)
{
	(void)ctx, (void)p, (void)own_group, (void)ret_pid;
	return -ENOSYS;
}

#endif
