/* SPDX-License-Identifier: BSD-2-Clause */
/* A command as one line that means the same to every login shell. */
#ifndef CROSSBPF_SSH_QUOTE_H
#define CROSSBPF_SSH_QUOTE_H

#include <stdbool.h>

#include "crossbpf-backend.h"

/*
 * The line for run->argv in run->dir, relative to the home directory. Before the command begins
 * there comes a line on its standard output, "MARK:N" with the number of its process group, or
 * "MARK:dir" or "MARK:program" where it cannot begin for want of that (start.h reads it). With
 * `confirms` the line that ending.h reads follows on its standard error, where it has one of its
 * own: on a terminal it has not. -E2BIG where it is longer than an argument of a program may be.
 * The caller frees.
 */
int quote_run(const struct crossbpf_run *run, const char *mark, bool confirms, char **ret_line);

/* The same that ends all processes of a process group, first in peace. */
int quote_kill(long group, char **ret_line);

#endif
