/* SPDX-License-Identifier: BSD-2-Clause */
/* A program takes one argument: what a second has nobody knows. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp") int with_two(struct xdp_md *ctx, int limit)
{
	return ctx->data_end - ctx->data > limit ? XDP_DROP : XDP_PASS; /* the fault */
}

char _license[] SEC("license") = "GPL";
