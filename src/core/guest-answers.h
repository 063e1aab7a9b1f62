/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest answers, as guest-protocol.h has it, becomes part of a report. Nothing of it is
 * trusted: a guest runs what is under test.
 */
#ifndef CROSSBPF_GUEST_ANSWERS_H
#define CROSSBPF_GUEST_ANSWERS_H

#include "shared/strbuf.h"
#include "verify.h"

struct guest_answers {
	/* To be set. */
	struct verify_kernel *kernel; /* whose objects are there, and empty */
	const size_t *objects;        /* which of those each is that the guest was given */
	size_t n_objects;
	bool attach, has_command; /* what it was asked to do */
	/* The rest begins as nothing. */
	struct strbuf line; /* what is not whole yet */
	uint64_t total;
	size_t object; /* whose answers come now */
	bool greeted, command_ended, done;
	char why[160]; /* where it failed */
};

/* Takes the next bytes. 0; -EPROTO where these cannot be answers, -EFBIG where they are too many:
 * with `why` in either case; or -ENOMEM. */
int guest_answers_take(struct guest_answers *a, const char *data, size_t len);
void guest_answers_free(struct guest_answers *a);
#define cleanup_guest_answers CLEANUP(guest_answers_free)

#endif
