/* SPDX-License-Identifier: BSD-2-Clause */
/* A place in a map's value that may lie behind its end; in a global function. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct table {
	__u32 slots[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct table);
} tables SEC(".maps");

__attribute__((noinline)) int slot_of(struct __sk_buff *skb)
{
	__u32 key = 0, place = skb->mark & 31;
	struct table *table = bpf_map_lookup_elem(&tables, &key);

	if (!table)
		return 0;
	return table->slots[place]; /* the fault */
}

SEC("tc") int classify(struct __sk_buff *skb)
{
	return slot_of(skb) ? 0 : 2;
}

char _license[] SEC("license") = "GPL";
