/* SPDX-License-Identifier: BSD-2-Clause */
/* What the programs of a loaded object call. */
#ifndef CROSSBPF_CALLS_H
#define CROSSBPF_CALLS_H

#include "opened.h"

/* Does any that is loaded, or a function that it calls, call this helper, enum bpf_func_id? */
bool calls_helper(const struct opened *o, int helper);

#endif
