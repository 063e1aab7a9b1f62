/* SPDX-License-Identifier: BSD-2-Clause */
/* Each function's variables have room on the stack, all together have not. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __attribute__((noinline)) int inner(struct xdp_md *ctx)
{
	char name[300] = {0};

	bpf_probe_read_kernel(name, sizeof(name), ctx);
	return name[ctx->rx_queue_index & 255];
}

SEC("xdp") int outer(struct xdp_md *ctx)
{
	char name[300] = {0};

	bpf_probe_read_kernel(name, sizeof(name), ctx);
	return inner(ctx) + name[ctx->ingress_ifindex & 255]; /* the fault */
}

char _license[] SEC("license") = "GPL";
