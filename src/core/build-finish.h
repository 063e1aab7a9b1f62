/* SPDX-License-Identifier: BSD-2-Clause */
/* What follows a compile, wherever the compiler ran. */
#ifndef CROSSBPF_BUILD_FINISH_H
#define CROSSBPF_BUILD_FINISH_H

#include "build.h"
#include "shared/strbuf.h"

/* What the compiler wrote. */
struct build_made {
	const struct strbuf *object, *dep;
	int64_t began; /* when, in nanoseconds since the epoch */
};

/* Makes the action's outputs of it, remembers the action, and fills in ret_result. */
int build_finish(const struct build *b, const struct build_made *made,
		 struct build_result *ret_result, struct crossbpf_error *e);

#endif
