/* SPDX-License-Identifier: BSD-2-Clause */
/* An offset into a packet that may be anything. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp") int at(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 offset = bpf_ktime_get_ns();

	data += offset; /* the fault */
	if (data + 1 > end)
		return XDP_DROP;
	return *data;
}

char _license[] SEC("license") = "GPL";
