/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ssh ends with 255 where the line was lost, and where the command did. Of the latter the command's
 * shell says so itself, by a line behind the command's on standard error, which is dropped here.
 */
#ifndef CROSSBPF_SSH_ENDING_H
#define CROSSBPF_SSH_ENDING_H

#include <stdbool.h>

#include "start.h"

enum { ENDING_STATUS = 255, ENDING_SIZE = MARK_SIZE + 8 };

struct ending {
	char line[ENDING_SIZE];
	size_t len, seen; /* so much of the line was seen, and is held back */
	bool said;
};

/* With the mark of the command's beginning. */
void ending_init(struct ending *e, const char *mark);

/*
 * Takes what comes next of standard error, and makes of it what is to be handed on: `to`, which has
 * room for ENDING_SIZE bytes more than `len`, and may be the same memory where `data` begins so
 * many bytes behind. Returns how many bytes that are.
 */
size_t ending_take(struct ending *e, const char *data, size_t len, char *to);

/* At the end of the stream: what was held back. */
size_t ending_finish(struct ending *e, char *to);

#endif
