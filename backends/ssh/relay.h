/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread between what a client writes and the caller's streams: it drops what the login shell
 * said, and what the command's shell says of its end, and keeps the client from making the caller's
 * own descriptors non-blocking. It also keeps the client from being told to end before it is known
 * what is to be ended over there. */
#ifndef CROSSBPF_SSH_RELAY_H
#define CROSSBPF_SSH_RELAY_H

#include <pthread.h>
#include <stdint.h>

#include "ending.h"
#include "start.h"

enum { RELAY_CHUNK = 64 << 10 };

/* What came of one stream, and is not handed on yet. */
struct pending {
	char data[ENDING_SIZE + RELAY_CHUNK];
	const char *at;
	size_t len;
};

struct relay {
	struct start start;
	struct ending ending;
	struct pending *pending; /* of both streams */
	int say[2];              /* the client's standard output and error */
	int heard[2];            /* our ends */
	int to[2];               /* the caller's, borrowed */
	int end[2];              /* a pipe: at its end the client is gone */
	int control;             /* the caller's, borrowed */
	int stop[2];             /* a pipe: what tells the client to end is read from stop[0] */
	int64_t told;            /* when the caller said so, or 0 */
	/* Asked where nothing came for a while; else the client is told to end. Or NULL. */
	bool (*is_alive)(void *ctx);
	void *ctx;
	int64_t since; /* when something came, or it was asked */
	bool lost;
	bool began;
	pthread_t thread;
};

/* What relay_free() finds nothing in. */
#define RELAY_NONE                                                                     \
	{                                                                              \
		.say = {-1, -1}, .heard = {-1, -1}, .end = {-1, -1}, .stop = {-1, -1}, \
	}

int relay_init(struct relay *r, const struct crossbpf_run *run);
void relay_free(struct relay *r);
#define cleanup_relay CLEANUP(relay_free)

int relay_begin(struct relay *r);
/* The client is gone: returns once all that it said was handed on. */
void relay_end(struct relay *r);

#endif
