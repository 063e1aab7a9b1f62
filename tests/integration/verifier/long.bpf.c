/* SPDX-License-Identifier: BSD-2-Clause */
/* More ways through the program than the kernel is ready to follow. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp") int hash(struct xdp_md *ctx)
{
	__u32 sum = 1;

	for (__u32 i = 0; i < 1000000; i++) { /* the fault */
		sum = sum * 31 + ctx->rx_queue_index;
		if (sum & 1)
			sum ^= ctx->ingress_ifindex;
	}
	return sum & 1;
}

char _license[] SEC("license") = "GPL";
