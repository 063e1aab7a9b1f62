/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verifier's messages mean, and where the fault is that they tell of. */
#ifndef CROSSBPF_VERIFIER_MEANINGS_H
#define CROSSBPF_VERIFIER_MEANINGS_H

#include "verifier-log.h"

enum meaning_place {
	PLACE_LAST,   /* the instruction that it came to last */
	PLACE_NUMBER, /* the one that the message names */
	PLACE_BACK,   /* the loop that the message names, by its jump and where that leads */
	PLACE_LOOP,   /* the loop that it went through last */
	PLACE_VALUE,  /* where the register got what is in it */
	PLACE_STACK,  /* the first of the calls that take most of the stack */
	PLACE_CALLS,  /* the first of the longest row of calls */
	PLACE_NONE,   /* no instruction's */
};

struct meaning {
	const char *words, *also; /* which a message has; the second may be NULL */
	enum meaning_place place;
	const char *number;  /* of NUMBER, BACK, LOOP: what stands before it; NULL: the last */
	bool has_operand;    /* the register is the one that the instruction adds */
	const char *still;   /* what holds at the last instruction, or NULL */
	const char *meaning; /* and what to do */
};

/* NULL: none that is known. */
const struct meaning *meaning_of(const struct log *log);

/* Where a number is taken for a pointer: what it means by what the register was last said to have;
 * NULL: no more than the message. */
const char *meaning_of_number(struct span state);

#endif
