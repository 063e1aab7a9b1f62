/* SPDX-License-Identifier: BSD-2-Clause */
/* The streams by which a guest is heard, and a child of ours that has them. */
#ifndef CROSSBPF_GUEST_STREAMS_H
#define CROSSBPF_GUEST_STREAMS_H

#include <sys/types.h>

#include "guest-listen.h"

struct guest_streams {
	int null;
	int answers, to_answers; /* of its standard output, */
	int console, to_console; /* and error: pipes */
};

#define GUEST_STREAMS_NONE         \
	{                          \
		-1, -1, -1, -1, -1 \
	}

/* 0 or a negative errno; to be closed in either case. */
int guest_streams_open(struct guest_streams *s);
void guest_streams_close(struct guest_streams *s);
#define cleanup_guest_streams CLEANUP(guest_streams_close)

/* Starts a program with them, as the leader of a group of its own, and leaves it its ends. 0 or a
 * negative errno. */
int guest_streams_start(struct guest_streams *s, const char *const *argv, pid_t *ret_pid);

/* guest_listen() to them, but for that one that was lost is an answer: 0. */
int guest_streams_listen(const struct guest_streams *s, struct guest_listen l);

/* Ends what was started, with its group. */
void guest_streams_end(pid_t pid);

#endif
