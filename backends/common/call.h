/* SPDX-License-Identifier: BSD-2-Clause */
/* A program that is run to its end, and listened to meanwhile. */
#ifndef CROSSBPF_COMMON_CALL_H
#define CROSSBPF_COMMON_CALL_H

#include <stdbool.h>

#include "crossbpf-backend.h"
#include "shared/strbuf.h"

enum { CALL_LINES = 8 };

struct call {
	const char *const *argv;
	const char *dir;                 /* where it runs; NULL: where we do */
	const struct crossbpf_host *log; /* its lines go there as they come; NULL: nowhere */
	int timeout_ms;                  /* after which it is told to end; 0: never */
	bool stays;            /* in our process group also with a timeout: ^C reaches it */
	bool outlives;         /* it leaves something running that has nothing of ours */
	struct strbuf *answer; /* gets its standard output; NULL: listened to like the errors */

	/* What is known afterwards, also of a failure. */
	int status;
	bool late;              /* it was told to end */
	char *last[CALL_LINES]; /* what it said last, the last line first; owned */
};

void call_free(struct call *c);
#define cleanup_call CLEANUP(call_free)

/* 0 once it ended, with whatever status; a negative errno where it could not be run. Its input is
 * empty. Without a timeout it stays in our process group: ^C reaches it. */
int call_run(struct call *c);

/* What it said last, or in its absence what its status was, for an error message. NULL where memory
 * ran out. The caller frees. */
char *call_reason(const struct call *c);

/* The last lines that it said, one after another in their order. The same. */
char *call_tail(const struct call *c);

#endif
