/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread between what a client writes and the caller's streams: it drops what the login shell
 * said, and keeps the client from making the caller's own descriptors non-blocking. */
#ifndef CROSSBPF_SSH_RELAY_H
#define CROSSBPF_SSH_RELAY_H

#include <pthread.h>

#include "start.h"

struct relay {
	struct start start;
	int say[2];   /* the client's standard output and error */
	int heard[2]; /* our ends */
	int to[2];    /* the caller's, borrowed */
	int end[2];   /* a pipe: at its end the client is gone */
	bool began;
	pthread_t thread;
};

/* What relay_free() finds nothing in. */
#define RELAY_NONE                                                   \
	{                                                            \
		.say = {-1, -1}, .heard = {-1, -1}, .end = {-1, -1}, \
	}

int relay_init(struct relay *r, const struct crossbpf_run *run);
void relay_free(struct relay *r);
#define cleanup_relay CLEANUP(relay_free)

int relay_begin(struct relay *r);
/* The client is gone: returns once all that it said was handed on. */
void relay_end(struct relay *r);

#endif
