/* SPDX-License-Identifier: BSD-2-Clause */
/* A loop that does not end. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

volatile int stop;

SEC("socket") int wait(struct __sk_buff *skb)
{
	int turns = 0;

	while (!stop) /* the fault */
		asm volatile("" : "+r"(turns));
	return turns;
}

char _license[] SEC("license") = "GPL";
