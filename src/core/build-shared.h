/* SPDX-License-Identifier: BSD-2-Clause */
/* What a build takes from the shared cache: some actions at once, as most of it is waiting. */
#ifndef CROSSBPF_BUILD_SHARED_H
#define CROSSBPF_BUILD_SHARED_H

#include "build.h"

/* As build_restore(), which was done, with b->shared. */
int build_restore_shared(const struct build *b, const struct build_action **actions, size_t *ret_n);

#endif
