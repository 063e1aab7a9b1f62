/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that outlives this one, however it ends: filters of clsact would stay, for the kernel
 * does not end them with who made them. It makes them, so that there is none that it does not know
 * of, and removes them once this process is gone.
 */
#ifndef CROSSBPF_GUARDIAN_H
#define CROSSBPF_GUARDIAN_H

#include <sys/types.h>

#include "shared/error.h"

/* Starts it; from then on filters are made by it. To be called while there is nothing of the
 * kernel's open that it would keep alive. */
int guardian_start(struct crossbpf_error *e);
/* Has it remove them, and waits for that. Of no effect where there is none. */
void guardian_end(void);

#endif
