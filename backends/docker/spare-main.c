/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crossbpf-docker-spare SOCKET SECONDS ENGINE ARGS...: keeps a shell waiting in a container
 * (spare.h). It runs the engine's command, which says a line once it is inside; then whoever comes
 * to the socket gets it. After each it begins anew; after SECONDS without anybody, or where the
 * container is gone, it ends.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/io.h"
#include "shared/process.h"
#include "shared/strbuf.h"
#include "shared/thread.h"
#include "spare-protocol.h"

enum {
	ENTER_MS = 60000,
	RECEIVE_SECONDS = 5,
};

/* The engine's command, and what comes out of it and goes in. */
struct spare {
	struct process process;
	int theirs[3];      /* its streams */
	int ours[3];        /* our ends of them */
	int order, control; /* a pipe: at its end the command is ended */
	int ended, end;     /* a pipe: at its end the command did */
	int status;         /* of it; < 0: it could not be started */
	pthread_t thread;
};

/* One stream, until its end. */
struct copy {
	int from, to;
	pthread_t thread;
};

static void *copy(void *arg)
{
	struct copy *c = arg;
	char buf[64 << 10];
	ssize_t n;

	while ((n = read(c->from, buf, sizeof(buf))) > 0 ||
	       (n < 0 && (errno == EINTR || io_is_ready_later(c->from, POLLIN))))
		if (n > 0 && io_write_fd(c->to, buf, (size_t)n) < 0)
			break;
	close(TAKE_FD(c->to));
	close(TAKE_FD(c->from)); /* who still writes learns that nobody reads */
	return NULL;
}

static void *run(void *arg)
{
	struct spare *s = arg;
	int status, r = process_run(&s->process, &status);

	s->status = r < 0 ? r : status;
	for (int i = 0; i < 3; i++)
		close(TAKE_FD(s->theirs[i]));
	close(TAKE_FD(s->end));
	return NULL;
}

static int enter(struct spare *s, char **words)
{
	*s = (struct spare){.theirs = {-1, -1, -1}, .ours = {-1, -1, -1}};
	int r = io_pipe_ends(&s->theirs[0], &s->ours[0]);
	for (int i = 1; i < 3 && r == 0; i++)
		r = io_pipe_ends(&s->ours[i], &s->theirs[i]);
	if (r == 0)
		r = io_pipe_ends(&s->control, &s->order);
	if (r == 0)
		r = io_pipe_ends(&s->ended, &s->end);
	s->process = (struct process){
		.argv = (const char *const *)words,
		.env = process_environment(),
		.fd = {s->theirs[0], s->theirs[1], s->theirs[2]},
		.control = s->control,
	};
	return r < 0 ? r : thread_start(&s->thread, run, s);
}

/* Waits for one of two descriptors; -ETIMEDOUT. */
static int wait_for(int first, int second, int timeout_ms, bool *ret_first)
{
	struct pollfd fds[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
	int n;

	while ((n = poll(fds, 2, timeout_ms)) < 0 && errno == EINTR)
		;
	if (n <= 0)
		return n < 0 ? -errno : -ETIMEDOUT;
	*ret_first = fds[0].revents != 0;
	return 0;
}

static int await_inside(const struct spare *s)
{
	bool said;
	char c;
	int r = wait_for(s->ours[1], s->ended, ENTER_MS, &said);

	return r < 0 ? r : said && read(s->ours[1], &c, 1) == 1 && c == '\n' ? 0 : -EPIPE;
}

/* Under another name first: whoever finds the socket can connect to it. */
static int listen_at(const char *place, int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", place) >=
	    (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	unlink(address.sun_path);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0 ||
	    rename(address.sun_path, place) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Somebody's streams and script; -EPIPE where they did not send them whole. */
static int receive(int fd, int ret_streams[SPARE_STREAMS], struct strbuf *ret_script)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(SPARE_STREAMS * sizeof(int))];
	} control = {0};
	spare_length length = 0;
	struct iovec data = {.iov_base = &length, .iov_len = sizeof(length)};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	const struct timeval patience = {.tv_sec = RECEIVE_SECONDS};
	char buf[64 << 10];
	ssize_t n;

	/* One that was stopped meanwhile (^Z) loses its turn. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (recvmsg(fd, &message, MSG_WAITALL) != sizeof(length))
		return -EPIPE;
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	if (!rights || rights->cmsg_type != SCM_RIGHTS || length > SPARE_SCRIPT_MAX ||
	    rights->cmsg_len != CMSG_LEN(SPARE_STREAMS * sizeof(int)))
		return -EPIPE;
	memcpy(ret_streams, CMSG_DATA(rights), SPARE_STREAMS * sizeof(int));
	for (int i = 0; i < SPARE_STREAMS; i++)
		(void)fcntl(ret_streams[i], F_SETFD, FD_CLOEXEC);
	while (ret_script->len < length &&
	       (n = recv(fd, buf,
			 length - ret_script->len < sizeof(buf) ? length - ret_script->len
								: sizeof(buf),
			 0)) > 0)
		strbuf_add(ret_script, buf, (size_t)n);
	return ret_script->error ? ret_script->error : ret_script->len == length ? 0 : -EPIPE;
}

/* From now on it is begun, and nobody else is to do it. */
static int say_taken(const struct spare *s, int fd)
{
	const spare_status taken = SPARE_TAKEN;
	bool ended;

	if (wait_for(s->ended, -1, 0, &ended) == 0)
		return -EPIPE;
	return io_write_fd(fd, &taken, sizeof(taken));
}

/* Has the one that waits read it. */
static int hand_over(const struct spare *s, const struct strbuf *script)
{
	cleanup_free char *length = str_printf("%zu\n", script->len);
	int r = length ? io_write_fd(s->ours[0], length, strlen(length)) : -ENOMEM;

	return r < 0 ? r : io_write_fd(s->ours[0], script->data, script->len);
}

/* Their input in, and both outputs back, until the command ended and the outputs did. */
static int serve(struct spare *s, int fd, const int streams[SPARE_STREAMS])
{
	struct copy copies[SPARE_STREAMS] = {{streams[0], s->ours[0], 0},
					     {s->ours[1], streams[1], 0},
					     {s->ours[2], streams[2], 0}};
	bool hung_up;
	int r = 0;

	for (int i = 0; i < SPARE_STREAMS && r == 0; i++)
		r = thread_start(&copies[i].thread, copy, &copies[i]);
	if (r < 0)
		return r;
	if (wait_for(fd, s->ended, -1, &hung_up) == 0 && hung_up)
		close(TAKE_FD(s->order));
	pthread_join(s->thread, NULL);
	pthread_join(copies[1].thread, NULL);
	pthread_join(copies[2].thread, NULL);
	if (s->status < 0)
		return s->status;
	spare_status status = s->status;
	return io_write_fd(fd, &status, sizeof(status));
}

/* Who comes for it; -ETIMEDOUT where nobody does, or it has ended. */
static int await_client(const char *place, int seconds, const struct spare *s, int *ret_fd)
{
	cleanup_close int listener = -1;
	bool came;

	int r = listen_at(place, &listener);
	if (r < 0)
		return r;
	r = wait_for(listener, s->ended, seconds * 1000, &came);
	unlink(place); /* it is nobody else's now */
	*ret_fd = r == 0 && came ? accept(listener, NULL, NULL) : -1;
	return *ret_fd < 0 ? -ETIMEDOUT : fcntl(*ret_fd, F_SETFD, FD_CLOEXEC);
}

/* 0: again. */
static int wait_and_serve(const char *place, int seconds, char **words)
{
	cleanup_strbuf struct strbuf script = {0};
	int fd = -1, streams[SPARE_STREAMS];
	struct spare s;

	int r = enter(&s, words);
	if (r < 0)
		return r;
	r = await_inside(&s);
	if (r == 0)
		r = await_client(place, seconds, &s, &fd);
	if (r < 0) { /* nobody hears of it */
		close(s.order);
		pthread_join(s.thread, NULL);
		return r;
	}
	r = receive(fd, streams, &script);
	if (r == 0)
		r = say_taken(&s, fd);
	if (r == 0)
		r = hand_over(&s, &script);
	return r < 0 ? r : serve(&s, fd, streams);
}

/* One for each socket. */
static int lock(const char *place)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	cleanup_free char *path = str_printf("%s.lock", place);
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	return fd < 0 ? -errno : fcntl(fd, F_SETLK, &all);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	/* The second time it leads its session already. */
	if (getsid(0) != getpid()) {
		if (fork() != 0)
			_exit(0);
		setsid();
	}
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (lock(argv[1]) < 0 ||
	    wait_and_serve(argv[1], (int)strtol(argv[2], NULL, 10), argv + 3) < 0)
		_exit(0);
	execv(argv[0], argv); /* without this one's threads, memory and descriptors */
	_exit(1);
}
