/* SPDX-License-Identifier: BSD-2-Clause */
/* The line of the fault is here. */
#include <linux/if_ether.h>

static inline __attribute__((always_inline)) __u16 protocol_of(struct xdp_md *ctx)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;

	return ethernet->h_proto; /* the fault */
}
