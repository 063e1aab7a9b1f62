// SPDX-License-Identifier: BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} Hits SEC(".maps");

static __attribute__((noinline)) int hit(void *ctx)
{
	__u32 key = 0;
	__u64 *hits = bpf_map_lookup_elem(&Hits, &key);

	if (hits)
		(*hits)++;
	return ctx != 0;
}

SEC("xdp") int xdp_pass(struct xdp_md *ctx)
{
	return hit(ctx) ? XDP_PASS : XDP_ABORTED;
}

SEC("xdp") int xdp_Drop__all(struct xdp_md *ctx)
{
	return hit(ctx) ? XDP_DROP : XDP_ABORTED;
}

SEC("tc") int _classify(struct __sk_buff *skb)
{
	return hit(skb) ? 2 : 0;
}

char _license[] SEC("license") = "GPL";
