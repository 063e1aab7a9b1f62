/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "relay.h"
#include "shared/io.h"
#include "shared/thread.h"

enum {
	PIECE = 4096 /* PIPE_BUF */,
	START_MS = 1000,
	SILENCE_MS = (ALIVE_TIMES + 1) * ALIVE_SECONDS * 1000,
};

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
	r->pending = calloc(2, sizeof(*r->pending));
	int error = r->pending ? start_init(&r->start) : -ENOMEM;
	if (error == 0)
		ending_init(&r->ending, r->start.mark);
	for (int i = 0; i < 2 && error == 0; i++)
		error = io_pipe_ends(&r->heard[i], &r->say[i]);
	if (error == 0)
		error = io_pipe_ends(&r->stop[0], &r->stop[1]);
	return error ? error : io_pipe_ends(&r->end[0], &r->end[1]);
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
	free(r->pending);
}

/* Where nobody reads any more, the client is to see it. */
static void take(struct relay *r, int i)
{
	struct pending *p = &r->pending[i];
	char *came = p->data + ENDING_SIZE;
	ssize_t n = read(r->heard[i], came, RELAY_CHUNK);

	if (n < 0 && errno == EINTR)
		return;
	r->since = io_now();
	p->at = i == 0 ? came : p->data;
	p->len = n > 0 ? (size_t)n : 0;
	bool goes_on = n > 0;
	if (goes_on && i == 0)
		goes_on = start_take(&r->start, came, p->len, &p->at, &p->len) == 0;
	else if (goes_on)
		p->len = ending_take(&r->ending, came, p->len, p->data);
	if (!goes_on) {
		p->len = 0;
		shut(&r->heard[i]);
	}
}

/* What of standard error was taken for the beginning of the last line, and was not. */
static bool take_held(struct relay *r)
{
	struct pending *p = &r->pending[1];

	p->at = p->data;
	p->len = ending_finish(&r->ending, p->data);
	return p->len;
}

/* In pieces of which a pipe that can be written takes all: nobody is waited for. */
static void give(struct relay *r, int i)
{
	struct pending *p = &r->pending[i];
	ssize_t n = write(r->to[i], p->at, p->len < PIECE ? p->len : PIECE);

	if (n > 0) {
		p->at += n;
		p->len -= (size_t)n;
	} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
		p->len = 0;
		shut(&r->heard[i]);
	}
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

/* A clock that was set back makes it no longer than that. */
static int time_within(int all, int64_t since)
{
	int64_t left = all - (io_now() - since) / 1000000;

	return left < 0 ? 0 : left > all ? all : (int)left;
}

/* Milliseconds until the client is to be told; -1: not yet, or it was. */
static int time_left(const struct relay *r)
{
	if (!r->told || r->stop[1] < 0)
		return -1;
	return r->start.began ? 0 : time_within(START_MS, r->told);
}

/* Milliseconds until who holds the line is to be asked; -1: never. */
static int time_to_ask(const struct relay *r)
{
	return !r->is_alive || r->told || r->stop[1] < 0 ? -1 : time_within(SILENCE_MS, r->since);
}

/* Nothing came, and nothing was ordered, for as long as that takes. */
static void act_on_silence(struct relay *r)
{
	if (!r->told) {
		bool alive = r->is_alive(r->ctx);
		r->since = io_now();
		if (alive)
			return;
		r->lost = true;
	}
	shut(&r->stop[1]);
}

/* Of each stream what came is handed on before more is taken; and while that waits for a reader,
 * what the caller orders is heard. */
static void *hand_on(void *arg)
{
	struct relay *r = arg;
	bool gone = false; /* the client */

	for (;;) {
		bool waits = r->pending[0].len || r->pending[1].len;
		/* A jump host's client may hold the streams open: they end with what is there. And
		 * who ordered the end waits for no reader. */
		bool last = gone && !waits;
		if (gone && r->told)
			break;
		struct pollfd fds[6] = {{.fd = r->control, .events = POLLIN},
					{.fd = gone ? -1 : r->end[0], .events = POLLIN}};
		for (int i = 0; i < 2; i++) {
			bool full = r->pending[i].len;
			fds[2 + i] =
				(struct pollfd){.fd = full ? -1 : r->heard[i], .events = POLLIN};
			fds[4 + i] = (struct pollfd){.fd = full ? r->to[i] : -1, .events = POLLOUT};
		}
		int wait = r->told ? time_left(r) : time_to_ask(r);
		int n = poll(fds, 6, last ? 0 : gone ? -1 : wait);
		if (n == 0 && last) {
			if (!take_held(r))
				break;
			continue;
		}
		if (n == 0)
			act_on_silence(r);
		if (n <= 0)
			continue;
		for (int i = 0; i < 2; i++) {
			if (fds[2 + i].revents)
				take(r, i);
			if (fds[4 + i].revents)
				give(r, i);
		}
		if (fds[0].revents)
			take_order(r);
		gone = gone || fds[1].revents;
	}
	return NULL;
}

int relay_begin(struct relay *r)
{
	r->since = io_now();
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
