/* SPDX-License-Identifier: BSD-2-Clause */
/* The command of a request. */
#ifndef CROSSBPF_GUEST_COMMAND_H
#define CROSSBPF_GUEST_COMMAND_H

#include "examine.h"

/* Runs it by sh, in x->cgroup where there is one, and answers with its status and output. All that
 * it started is killed at its end. */
int command_run(const struct examine *x);

#endif
