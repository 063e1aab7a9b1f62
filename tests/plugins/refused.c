/* SPDX-License-Identifier: BSD-2-Clause */
/* What must be refused: one thing is wrong in each module that is made of this, by macros. */
#include "crossbpf-backend.h"
#include "place.h"

#ifndef REFUSED_ABI
#define REFUSED_ABI CROSSBPF_BACKEND_ABI
#endif
#ifndef REFUSED_SIZE
#define REFUSED_SIZE sizeof(struct crossbpf_backend)
#endif
#ifndef REFUSED_PROBE
#define REFUSED_PROBE place_probe
#endif
#ifndef REFUSED_OPEN
#define REFUSED_OPEN place_open
#endif
#ifndef REFUSED_RUN
#define REFUSED_RUN place_run
#endif
#ifndef REFUSED_CLOSE
#define REFUSED_CLOSE place_close
#endif

static const struct crossbpf_backend refused = {
	.size = REFUSED_SIZE,
	.abi = REFUSED_ABI,
	.name = REFUSED_NAME,
	.summary = "is refused",
	.probe = REFUSED_PROBE,
	.open = REFUSED_OPEN,
	.run = REFUSED_RUN,
	.close = REFUSED_CLOSE,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return &refused;
}
