/* SPDX-License-Identifier: BSD-2-Clause */
/* Another attempt at what a crowded host did not take: sshd drops connections beyond its
 * MaxStartups before they log in. */
#ifndef CROSSBPF_SSH_RETRY_H
#define CROSSBPF_SSH_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "connection.h"

struct retry {
	int64_t until; /* 0: there was no attempt yet */
	int64_t pause;
};

enum retry_result { RETRY_NOW, RETRY_NO_MORE, RETRY_ENDED };

/* Was the connection dropped before the host had even said who it is? By what ssh or libssh said.
 * Then surely nothing began over there. */
bool retry_is_worth(const char *said);

/* Waits longer each time, and not for the same time as others that were dropped with us, and says
 * so to `host`. RETRY_ENDED where the control descriptor (-1: none) says that it is to end. */
enum retry_result retry_wait(struct retry *r, const struct crossbpf_host *host, int control);

/* complain() once there was no attempt that the host took. -EAGAIN. */
int retry_give_up(const struct connection *c, const struct crossbpf_host *host);

#endif
