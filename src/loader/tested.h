/* SPDX-License-Identifier: BSD-2-Clause */
/* The program that test-run runs: of an object, or one that the kernel has already. */
#ifndef CROSSBPF_TESTED_H
#define CROSSBPF_TESTED_H

#include "opened.h"
#include "verdict.h"

struct tested {
	struct opened o; /* where `word` is an object */
	int pinned;      /* else; -1 */
	char *name;      /* of the program; owned */
	int fd;          /* of the program; one of the former's */
	const struct verdict_type *type;
};

/*
 * `word` is an object's file, which is loaded; the path of a pinned program; or the NAME of what
 * crossbpf load or attach has pinned. `program` is a function or a section; NULL: the only one that
 * takes packets.
 */
int tested_open(struct tested *ret, const char *word, const char *program,
		const struct open_options *options, struct crossbpf_error *e);
void tested_close(struct tested *t);
#define cleanup_tested CLEANUP(tested_close)

#endif
