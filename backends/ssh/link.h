/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection by libssh. libssh takes one caller at a time, so every call of it is made with the
 * lock held, and none of them waits: the session is non-blocking, and who has to wait polls its
 * socket meanwhile. What comes for one command may be read by the thread of another, which then
 * wakes all others.
 */
#ifndef CROSSBPF_SSH_LINK_H
#define CROSSBPF_SSH_LINK_H

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h> /* ssh_send_keepalive() */
#include <pthread.h>

#include "connection.h"
#include "resolved.h"

/*
 * Time in which we looked. Who was stopped (^Z, a sleeping laptop) and goes on finds that much time
 * went by, and what the peer said waiting: so no more of it counts than lies between two looks of
 * who runs.
 */
struct watch {
	int64_t at, total; /* nanoseconds */
};

void watch_start(struct watch *w);
/* The seconds that it has run for. */
int watch_look(struct watch *w);

struct waiter {
	int wake[2]; /* a pipe */
	struct waiter *next;
};

struct link {
	ssh_session session;
	ssh_event event; /* of that session alone */
	pthread_mutex_t lock;
	struct waiter *waiters;
	struct ssh_counter_struct received;
	uint64_t known;     /* of the bytes received */
	struct watch quiet; /* since they came */
	int asked;          /* how often we asked for a sign of life since */
};

/* Connects and logs in, or complains; -EINTR where c->run was told to end meanwhile. */
int link_open(const struct connection *c, struct link **ret_link);
void link_free(struct link *l);

/* Waits until there is something to do on the socket, or `ms` went by. For who is alone with it. */
void link_wait(struct link *l, int ms);

/* With the lock held: takes what came, sends what is to go. False once the line is lost: it was
 * closed, or the peer has been silent for too long. */
bool link_turn(struct link *l);

/* What poll() is to wait for on the socket. */
short link_events(struct link *l);

int link_join(struct link *l, struct waiter *w);
void link_leave(struct link *l, struct waiter *w);

#endif
