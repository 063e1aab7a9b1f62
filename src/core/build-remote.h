/* SPDX-License-Identifier: BSD-2-Clause */
/* build_run() on a builder that does not see the host's files. */
#ifndef CROSSBPF_BUILD_REMOTE_H
#define CROSSBPF_BUILD_REMOTE_H

#include "build.h"

/* As build_run(), of b->remote, in the order of `actions`. */
int build_run_remote(const struct build *b, const struct build_action **actions, size_t n,
		     size_t *ret_left, struct crossbpf_error *e);

#endif
