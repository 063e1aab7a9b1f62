/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes to the project what a builder has of a file, and to nothing else. */
#ifndef CROSSBPF_BRING_BACK_H
#define CROSSBPF_BRING_BACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "shared/digest.h"

/* What the host had when it was sent. */
struct sent_file {
	char *name; /* owned; from the project's root on */
	struct stat st;
	uint8_t digest[DIGEST_SIZE];
};

struct bring_back {
	const char *root;             /* of the project */
	const char *name;             /* from there on, as the builder has it: anything */
	const struct sent_file *sent; /* or NULL: it was not sent */
	int64_t began;                /* before any was sent, in nanoseconds since the epoch */
	bool is_program;
	const char *data;
	size_t len;
};

enum bring_back_result {
	BRING_BACK_DONE,
	BRING_BACK_SAME,   /* it was the same already */
	BRING_BACK_BESIDE, /* the host's changed meanwhile and is kept; the builder's is beside it
			    */
	BRING_BACK_KEPT,   /* the same, but beside it something was already */
};

/* Behind the name of what is written beside. */
#define BRING_BACK_SUFFIX ".from-builder"

/* Is it a name within the project that may be written? None that leads upwards, and none of .git,
 * whose content git would run. */
bool bring_back_is_name(const char *name);

/*
 * A new file is written under a name of its own and renamed. 0, or -EPERM for a name that may not
 * be written, -ELOOP where it leads through a link, or is one, or no regular file, on the host, or
 * another negative errno.
 */
int bring_back(const struct bring_back *b, enum bring_back_result *ret_result);

#endif
