/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet that is read before its length is known; in a header. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "headers.h"

SEC("xdp") int only_ipv4(struct xdp_md *ctx)
{
	return protocol_of(ctx) == 8 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
