/* SPDX-License-Identifier: BSD-2-Clause */
/* A helper that programs of this type have not. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp") int load_bytes(struct xdp_md *ctx)
{
	__u32 word = 0;

	if (bpf_skb_load_bytes(ctx, 0, &word, sizeof(word)) < 0) /* the fault */
		return XDP_DROP;
	return word ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
