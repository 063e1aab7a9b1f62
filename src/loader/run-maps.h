/* SPDX-License-Identifier: BSD-2-Clause */
/* What an object's maps hold, when it ends. */
#ifndef CROSSBPF_RUN_MAPS_H
#define CROSSBPF_RUN_MAPS_H

#include "opened.h"
#include "output.h"

/* Prints the first entries of each map but those that hold none to print: buffers, and those of
 * variables. */
void run_print_maps(const struct opened *o, struct output *to);

#endif
