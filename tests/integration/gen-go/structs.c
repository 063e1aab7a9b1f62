// SPDX-License-Identifier: BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum verdict {
	VERDICT_NONE,
	VERDICT_drop_it = 5,
	VERDICT_LAST = -1,
};

typedef struct {
	__u8 first;
	__u64 second;
} pair_t;

typedef char name_t[6];

union address {
	__u32 v4;
	__u8 v6[16];
};

struct flow_key {
	union address source;
	__u16 port;
	__u8 proto;
};

struct flow_value {
	__u8 type; /* a keyword of Go's */
	__u64 packets;
	__u32 seen : 3, done : 9;
	enum verdict verdict;
	pair_t pairs[2];
	name_t name;
	union {
		__u16 small;
		__u64 large;
	};
	struct {
		__s32 x, y;
	} at;
	_Bool flag;
	__s16 signed_short;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct flow_key);
	__type(value, struct flow_value);
	__uint(max_entries, 16);
} flow_table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, pair_t);
	__uint(max_entries, 2);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, enum verdict);
	__type(value, union address);
	__uint(max_entries, 2);
} by_verdict SEC(".maps");

SEC("xdp") int see_flow(struct xdp_md *ctx)
{
	struct flow_key key = {.port = 80, .proto = 6};
	struct flow_value *value = bpf_map_lookup_elem(&flow_table, &key);

	if (!value)
		return XDP_ABORTED;
	__sync_fetch_and_add(&value->packets, 1);
	value->pairs[1].second = 0x1122334455667788;
	value->at.y = -2;
	value->verdict = VERDICT_drop_it;
	value->signed_short = -300;
	return value->flag ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
