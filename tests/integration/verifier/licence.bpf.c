/* SPDX-License-Identifier: BSD-2-Clause */
/* A helper that is for programs with a licence compatible with the GPL. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket") int speak(struct __sk_buff *skb)
{
	if (skb->len > 100)
		bpf_printk("long"); /* the fault */
	return 0;
}

char _license[] SEC("license") = "Proprietary";
