/* SPDX-License-Identifier: BSD-2-Clause */
/* A command in a private container that ends it once this program is gone, however that ended: its
 * standard input is held open here. */
#ifndef CROSSBPF_DOCKER_HOLDER_H
#define CROSSBPF_DOCKER_HOLDER_H

#include <pthread.h>

#include "container.h"

struct holder {
	struct strv argv;
	int in, hold;       /* a pipe: at the end of `in` the container ends */
	int control, order; /* a pipe: at its end the engine's command ends */
	int null;
	bool began;
	pthread_t thread;
};

/* Holds the container until holder_end(). Where that cannot be begun, the container still ends some
 * minutes after its last use. */
void holder_begin(struct holder *h, const struct container *c);

/* The container was removed. Takes one that never began. */
void holder_end(struct holder *h);

#endif
