/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors that a user must be told of.
 *
 * Functions return 0 or a negative errno. One that takes a `struct crossbpf_error *` fills it
 * before it fails, through error_set(): the message says what failed and on what, the hint what
 * to do next, the status what the program exits with. The first error stands; only cli prints.
 */
#ifndef CROSSBPF_ERROR_H
#define CROSSBPF_ERROR_H

#include "cleanup.h"

/* What scripts may rely on; documented in crossbpf(1). */
enum exit_status {
	EXIT_STATUS_OK = 0,
	EXIT_STATUS_FAILED = 1,      /* a compile failed, its diagnostics are printed */
	EXIT_STATUS_USAGE = 2,       /* wrong usage or configuration */
	EXIT_STATUS_NO_BACKEND = 3,  /* no usable backend */
	EXIT_STATUS_LOST = 4,        /* the builder was lost */
	EXIT_STATUS_OUTPUT = 5,      /* an output could not be written */
	EXIT_STATUS_INTERRUPT = 130, /* interrupted */
};

struct crossbpf_error {
	enum exit_status status;
	char *message; /* NULL: none set */
	char *hint;    /* NULL: none */
};

void error_free(struct crossbpf_error *e);
#define cleanup_error CLEANUP(error_free)

/* Returns `code`, a negative errno, so that callers can say `return error_set(…)`. */
__attribute__((format(printf, 5, 6))) int error_set(struct crossbpf_error *e, int code,
						    enum exit_status status, const char *hint,
						    const char *format, ...);

/* Out of memory: needs none itself. Returns -ENOMEM. */
int error_no_memory(struct crossbpf_error *e);

#endif
