/* SPDX-License-Identifier: BSD-2-Clause */
/* One command on a link. */
#ifndef CROSSBPF_SSH_PUMP_H
#define CROSSBPF_SSH_PUMP_H

#include "link.h"
#include "start.h"

enum pump_end {
	PUMP_DONE,    /* it ended by itself */
	PUMP_ENDED,   /* it was told to end */
	PUMP_LOST,    /* the line was lost */
	PUMP_REFUSED, /* there is no room for a command on this link: MaxSessions */
};

/* Runs a line of the login shell's, on the streams of `run`. Past the mark in `start` its output
 * is handed on. *ret_status is its exit status, or 128 + N for a signal. 0 or a negative errno. */
int pump_run(struct link *l, const struct crossbpf_run *run, const char *line, struct start *start,
	     enum pump_end *ret_end, int *ret_status);

#endif
