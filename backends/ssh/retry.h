/* SPDX-License-Identifier: BSD-2-Clause */
/* Another attempt at what a crowded host did not take: sshd drops connections beyond its
 * MaxStartups before they log in. */
#ifndef CROSSBPF_SSH_RETRY_H
#define CROSSBPF_SSH_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "connection.h"

/* How long all pauses together last. */
enum {
	/* Nobody knows yet that the host takes us at all: hosts.deny or a firewall drops
	 * connections alike. And nobody hears a ^C meanwhile. */
	RETRY_CONNECT_MS = 3000,
	RETRY_COMMAND_MS = 60000, /* it took us: it is only crowded */
};

/* In pauses rather than by a clock, which somebody may set. */
struct retry {
	int left_ms;  /* RETRY_…; 0 or less: there is no other attempt */
	int pause_ms; /* the next pause; 0: there was none yet */
};

enum retry_result { RETRY_NOW, RETRY_NO_MORE, RETRY_ENDED };

/* Was the connection dropped before the host had even said who it is? By what ssh or libssh said.
 * Then surely nothing began over there. */
bool retry_is_worth(const char *said);

/* Waits longer each time, and not for the same time as others that were dropped with us, and says
 * so to `host`. RETRY_ENDED where the control descriptor (-1: none) says that it is to end. */
enum retry_result retry_wait(struct retry *r, const struct crossbpf_host *host, int control);

/* complain() once there was no attempt that the host took; `said` of the last. -EAGAIN. */
int retry_give_up(const struct connection *c, const struct crossbpf_host *host, const char *said);

#endif
