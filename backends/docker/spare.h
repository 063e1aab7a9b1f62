/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shell that waits in the container for the next command. To enter a container costs more than to
 * compile in it: after a build one is entered in advance, by crossbpf-docker-spare, and left again
 * when no command came for a minute.
 */
#ifndef CROSSBPF_DOCKER_SPARE_H
#define CROSSBPF_DOCKER_SPARE_H

#include "container.h"

/* Has the container's next command a shell that waits for it. Nothing is told where it cannot. */
void spare_leave(const struct container *c);

/*
 * Runs the command by the one that waits, if one does. -ENOENT where none does, and nothing was
 * begun; -EPIPE where it was lost. *ret_ended as in struct process.
 */
int spare_run(const struct container *c, const struct crossbpf_run *run, const char *dir,
	      const char *mark, bool *ret_ended, int *ret_status);

#endif
