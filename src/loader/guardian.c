/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "attach.h"
#include "shared/strv.h"

enum { CLSACT_SIZE = 96 };

/* What goes to and fro, a message each; a program's descriptor goes along with the first. */
struct order {
	int device;
	bool egress;
};
struct answer {
	int result;
	char clsact[CLSACT_SIZE];
};

static struct {
	int fd;
	pid_t pid;
} guardian = {.fd = -1};

union control {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static int send_order(int fd, struct order order, int program)
{
	union control control = {{0}};
	struct iovec iov = {.iov_base = &order, .iov_len = sizeof(order)};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.buf,
				 .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &program, sizeof(int));
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* A program's descriptor; -ESHUTDOWN once the other side is gone. */
static int receive_order(int fd, struct order *ret)
{
	union control control = {{0}};
	struct iovec iov = {.iov_base = ret, .iov_len = sizeof(*ret)};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.buf,
				 .msg_controllen = sizeof(control.buf)};
	ssize_t len;
	int program = -ESHUTDOWN;

	do {
		len = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	} while (len < 0 && errno == EINTR);
	const struct cmsghdr *c = len == sizeof(*ret) ? CMSG_FIRSTHDR(&message) : NULL;
	if (c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&program, CMSG_DATA(c), sizeof(int));
	return program;
}

static void close_all_from(int fd)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, fd, ~0U, 0) == 0)
		return;
#endif
	for (int i = fd; i < 1024; i++)
		close(i);
}

/* It belongs to nobody: no terminal's keys and no reader of ours is to wait for it. */
static void go_apart(int fd)
{
	static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP};
	int null = open("/dev/null", O_RDWR);

	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		signal(deadly[i], SIG_IGN);
	(void)setsid();
	(void)!chdir("/");
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	dup2(fd, 3);
	close_all_from(4);
}

static void guard(void)
{
	cleanup_strv struct strv made = {0};
	struct order order;
	int program;

	while ((program = receive_order(3, &order)) >= 0) {
		struct answer answer = {0};
		cleanup_free char *clsact = NULL;
		answer.result = attach_tc_make(order.device, order.egress, program, &clsact);
		close(program);
		if (answer.result == 0) {
			strv_add(&made, clsact);
			strncpy(answer.clsact, clsact, CLSACT_SIZE - 1);
		}
		(void)!send(3, &answer, sizeof(answer), MSG_NOSIGNAL);
	}
	for (size_t i = made.n; i-- > 0;)
		(void)attach_tc_remove(made.v[i]);
}

static int make_by_guardian(int device, bool egress, int program, char **ret_clsact)
{
	const struct order order = {.device = device, .egress = egress};
	struct answer answer = {0};
	ssize_t len;
	int r = send_order(guardian.fd, order, program);

	if (r < 0)
		return r;
	do {
		len = recv(guardian.fd, &answer, sizeof(answer), 0);
	} while (len < 0 && errno == EINTR);
	if (len != sizeof(answer))
		return -EPIPE;
	if (answer.result < 0)
		return answer.result;
	*ret_clsact = strndup(answer.clsact, CLSACT_SIZE);
	return *ret_clsact ? 0 : -ENOMEM;
}

int guardian_start(struct crossbpf_error *e)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_set(e, -errno, EXIT_STATUS_FAILED, NULL, "cannot make a socket: %s",
				 strerror(errno));
	guardian.pid = fork();
	if (guardian.pid == 0) {
		close(fds[0]); /* or it would never see that the other side is gone */
		go_apart(fds[1]);
		guard();
		_exit(0);
	}
	close(fds[1]);
	if (guardian.pid < 0) {
		close(fds[0]);
		return error_set(e, -errno, EXIT_STATUS_FAILED, NULL, "cannot fork: %s",
				 strerror(errno));
	}
	guardian.fd = fds[0];
	attach_tc_set_maker(make_by_guardian);
	return 0;
}

void guardian_end(void)
{
	if (guardian.fd < 0)
		return;
	close(guardian.fd);
	guardian.fd = -1;
	attach_tc_set_maker(NULL);
	while (waitpid(guardian.pid, NULL, 0) < 0 && errno == EINTR)
		;
}
