/* SPDX-License-Identifier: BSD-2-Clause */
/* A place that is reckoned out of what may be no pointer. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u8[64]);
} names SEC(".maps");

SEC("xdp") int letter(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u8 *name = bpf_map_lookup_elem(&names, &key);

	name += ctx->rx_queue_index & 7; /* the fault */
	asm volatile("" : "+r"(name));
	return name ? *name : 0;
}

char _license[] SEC("license") = "GPL";
