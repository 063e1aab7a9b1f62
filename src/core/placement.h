/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where an action writes its outputs: beside the place where each belongs, under a name of its
 * own, and renamed in the end. An output that is not a regular file (a pipe, /dev/null,
 * /dev/fd/3, a link), or whose directory cannot be written, is left to clang, in place.
 */
#ifndef CROSSBPF_PLACEMENT_H
#define CROSSBPF_PLACEMENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

struct placement {
	const struct action *action;
	struct {
		char *path; /* beside the output, empty to begin with; NULL: in place */
		dev_t dev;  /* which file was made there, */
		ino_t ino;  /* to know whether clang put another in its place */
	} temporary[2];     /* for each output */
};

void placement_begin(struct placement *p, const struct action *action);

/* Has each output a temporary file? */
bool placement_is_whole(const struct placement *p);
/* Is the output a pipe, as that of bpf2go's -MF/dev/fd/3? What is written there cannot be taken
 * back. */
bool placement_is_pipe(const struct output *output);

/* Appends the options that lead clang to the temporary files, none where all is in place. */
void placement_options(const struct placement *p, struct strv *argv);

/*
 * Puts in place what a command left that ended with `status`. Like clang: a compile that failed
 * removes the old object; what it did not come to touch (an unknown option, a missing source)
 * stays, as does all where it was ended by a signal.
 */
int placement_end(struct placement *p, int status, struct crossbpf_error *e);

/* Removes what is left; right at any time. */
void placement_free(struct placement *p);
#define cleanup_placement CLEANUP(placement_free)

#endif
