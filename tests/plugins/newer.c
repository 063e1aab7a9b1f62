/* SPDX-License-Identifier: BSD-2-Clause */
/* newer: a backend of a later release of the same ABI: its table is longer than ours. */
#include "crossbpf-backend.h"
#include "place.h"

static const struct {
	struct crossbpf_backend known;
	int (*later[4])(void);
} newer = {
	.known =
		{
			.size = sizeof(newer),
			.abi = CROSSBPF_BACKEND_ABI,
			.name = "newer",
			.summary = "this machine, by a plugin of a later release",
			.probe = place_probe,
			.open = place_open,
			.run = place_run,
			.close = place_close,
		},
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return &newer.known;
}
