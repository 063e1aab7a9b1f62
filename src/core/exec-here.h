/* SPDX-License-Identifier: BSD-2-Clause */
/* What a command made that ran in place: the same is said of its outputs as if they were to be
 * fetched from an empty directory to which files were sent. */
#ifndef CROSSBPF_EXEC_HERE_H
#define CROSSBPF_EXEC_HERE_H

#include "remote-exec.h"

struct exec_here {
	/* To be set, as in struct remote_exec. */
	const char *dir;
	const struct strv *in, *out;
	/* The rest begins as nothing. */
	int64_t began;
	struct exec_before *before; /* of each in `out` */
	struct exec_output *outputs;
};

/* Before the command. 0 or -ENOMEM. */
int exec_here_begin(struct exec_here *h);
/* Behind it: fills h->outputs. */
void exec_here_look(struct exec_here *h);
void exec_here_free(struct exec_here *h);
#define cleanup_exec_here CLEANUP(exec_here_free)

#endif
