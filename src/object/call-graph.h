/* SPDX-License-Identifier: BSD-2-Clause */
/* Which functions of an object call which: a loader loads a program with all that it reaches. */
#ifndef CROSSBPF_CALL_GRAPH_H
#define CROSSBPF_CALL_GRAPH_H

#include "inspection.h"

/* Once the code of all functions is read: finds out which are loaded, and adds what a kernel looks
 * at of a program as a whole to the program's own features. 0 or -ENOMEM. */
int call_graph_read(struct inspection *in);

#endif
