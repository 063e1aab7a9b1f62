/* SPDX-License-Identifier: BSD-2-Clause */
/* A length that may be anything. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp/syscalls/sys_enter_write") int on_write(unsigned long long *ctx)
{
	char text[64];
	__s64 len = ctx[4];

	return bpf_probe_read_user(text, len, (void *)ctx[3]); /* the fault */
}

char _license[] SEC("license") = "GPL";
