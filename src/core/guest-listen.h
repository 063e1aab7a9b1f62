/* SPDX-License-Identifier: BSD-2-Clause */
/* Listens to a guest until it has answered all, or is lost: in a bounded time. */
#ifndef CROSSBPF_GUEST_LISTEN_H
#define CROSSBPF_GUEST_LISTEN_H

#include "guest-answers.h"

struct guest_listen {
	struct guest_answers *answers;
	int from;    /* its answers, */
	int console; /* what it prints beside: of that the end is kept; -1: nothing */
	int control; /* as in struct process */
	unsigned timeout, boot_timeout; /* seconds without an answer, and until the first one */
};

/*
 * 0: it answered all. -ECANCELED where the control descriptor ended it, or -ENOMEM. Else it was
 * lost, and a->kernel says so: a negative errno. Whoever answers is to be ended in any case.
 */
int guest_listen(const struct guest_listen *l);

#endif
