/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program may return, its type says. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/connect4") int refuse(struct bpf_sock_addr *ctx)
{
	bpf_printk("port");
	return ctx->user_port; /* the fault */
}

char _license[] SEC("license") = "GPL";
