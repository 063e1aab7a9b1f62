/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "relay.h"
#include "shared/io.h"
#include "shared/thread.h"

enum { CHUNK = 64 << 10, START_MS = 1000 };

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
		.stop = {-1, -1},
		.control = run->control,
		.to = {run->fd[1], run->fd[2]},
	};
	int error = start_init(&r->start);
	for (int i = 0; i < 2 && error == 0; i++)
		error = open_pipe(&r->heard[i], &r->say[i]);
	if (error == 0 && run->control >= 0)
		error = open_pipe(&r->stop[0], &r->stop[1]);
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
	shut(&r->stop[0]);
	shut(&r->stop[1]);
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

/* A new size of the window is not for us: the client is sent a signal of that itself. */
static void take_order(struct relay *r)
{
	char order;
	ssize_t n = read(r->control, &order, 1);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0 || order == 'k') {
		r->told = io_now();
		r->control = -1;
	}
}

/* Milliseconds until the client is to be told; -1: not yet, or it was. */
static int time_left(const struct relay *r)
{
	int64_t left = START_MS - (io_now() - r->told) / 1000000;

	if (!r->told || r->stop[1] < 0)
		return -1;
	return r->start.began || left < 0 ? 0 : (int)left;
}

static void *hand_on(void *arg)
{
	struct relay *r = arg;

	for (;;) {
		struct pollfd fds[4] = {{.fd = r->heard[0], .events = POLLIN},
					{.fd = r->heard[1], .events = POLLIN},
					{.fd = r->control, .events = POLLIN},
					{.fd = r->end[0], .events = POLLIN}};
		int n = poll(fds, 4, time_left(r));
		if (n == 0)
			shut(&r->stop[1]);
		if (n <= 0)
			continue;
		if (fds[0].revents)
			take(r, 0);
		if (fds[1].revents)
			take(r, 1);
		if (fds[2].revents)
			take_order(r);
		/* A jump host's client may hold them open. */
		if (!fds[0].revents && !fds[1].revents && fds[3].revents)
			break;
	}
	return NULL;
}

int relay_begin(struct relay *r)
{
	/* With all signals blocked, nobody dies of a pipe that nobody reads. */
	int error = thread_start(&r->thread, hand_on, r);

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
