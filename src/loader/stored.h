/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables of a program that runs: those that are named are stored, and no other byte is. */
#ifndef CROSSBPF_STORED_H
#define CROSSBPF_STORED_H

#include <stdbool.h>

#include "map.h"

/* Sets those that the text names, each as a whole. 0; a negative errno with an error of the value's
 * text; or 1: the map cannot be mapped, such as one of constants, which is frozen. */
int stored_set(const struct map *m, const char *text, struct crossbpf_error *e);

#endif
