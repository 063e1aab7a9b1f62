/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "relay.h"
#include "shared/io.h"

enum { CHUNK = 64 << 10 };

static int open_pipe(int *ret_read, int *ret_write)
{
	int fds[2];
	int r = io_pipe(fds);

	if (r == 0) {
		*ret_read = fds[0];
		*ret_write = fds[1];
	}
	return r;
}

int relay_init(struct relay *r, const struct crossbpf_run *run)
{
	*r = (struct relay){
		.say = {-1, -1},
		.heard = {-1, -1},
		.end = {-1, -1},
		.to = {run->fd[1], run->fd[2]},
	};
	int error = start_init(&r->start);
	for (int i = 0; i < 2 && error == 0; i++)
		error = open_pipe(&r->heard[i], &r->say[i]);
	return error ? error : open_pipe(&r->end[0], &r->end[1]);
}

static void shut(int *fd)
{
	closep(fd);
	*fd = -1;
}

void relay_free(struct relay *r)
{
	relay_end(r);
	for (int i = 0; i < 2; i++)
		shut(&r->heard[i]);
	shut(&r->end[0]);
	start_free(&r->start);
}

/* The caller's descriptor may not wait. */
static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
		else if (n < 0 && errno != EINTR)
			return -errno;
		else if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Where nobody reads any more, the client is to see it. */
static void take(struct relay *r, int i)
{
	char chunk[CHUNK];
	const char *data = chunk;
	ssize_t n = read(r->heard[i], chunk, sizeof(chunk));
	size_t len = n > 0 ? (size_t)n : 0;

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0 || (i == 0 && start_take(&r->start, chunk, len, &data, &len) < 0) ||
	    write_all(r->to[i], data, len) < 0)
		shut(&r->heard[i]);
}

static void *hand_on(void *arg)
{
	struct relay *r = arg;

	while (r->heard[0] >= 0 || r->heard[1] >= 0) {
		struct pollfd fds[3] = {{.fd = r->heard[0], .events = POLLIN},
					{.fd = r->heard[1], .events = POLLIN},
					{.fd = r->end[0], .events = POLLIN}};
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents)
			take(r, 0);
		if (fds[1].revents)
			take(r, 1);
		/* A jump host's client may hold them open. */
		if (!fds[0].revents && !fds[1].revents && fds[2].revents)
			break;
	}
	return NULL;
}

int relay_begin(struct relay *r)
{
	sigset_t all, before;

	/* A handler runs in the caller's thread; and nobody dies of a pipe that nobody reads. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int error = -pthread_create(&r->thread, NULL, hand_on, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	r->began = error == 0;
	return error;
}

void relay_end(struct relay *r)
{
	for (int i = 0; i < 2; i++)
		shut(&r->say[i]);
	shut(&r->end[1]);
	if (r->began)
		pthread_join(r->thread, NULL);
	r->began = false;
}
