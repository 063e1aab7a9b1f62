// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Drops packets whose IPv4 or IPv6 source address is listed, counts all packets by verdict and
 * reports a sample of the dropped ones.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp_blocklist.h"

/* From <sys/socket.h>, which needs a C library for the target. */
#define AF_INET 2
#define AF_INET6 10

#define VLAN_TAGS_MAX 2

struct vlan_hdr {
	__be16 tci;
	__be16 encapsulated_proto;
};

/*
 * The source address as the key of the trie, whose address part is the key of the hash map. The
 * members of the union overlap so that v6.addr is also an IPv4 address padded with zeroes.
 */
struct source {
	__u32 family;
	union {
		struct xdp_blocklist_prefix4 v4;
		struct xdp_blocklist_prefix6 v6;
	};
};

/*
 * Each CPU samples its first drop of either verdict and then one in sample_every; none if 0. User
 * space can set it before it loads the program.
 */
const volatile __u32 sample_every = 1;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct xdp_blocklist_addr4);
	__type(value, struct xdp_blocklist_entry);
} hosts4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct xdp_blocklist_addr6);
	__type(value, struct xdp_blocklist_entry);
} hosts6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct xdp_blocklist_prefix4);
	__type(value, struct xdp_blocklist_entry);
} prefixes4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct xdp_blocklist_prefix6);
	__type(value, struct xdp_blocklist_entry);
} prefixes6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XDP_BLOCKLIST_VERDICTS);
	__type(key, __u32);
	__type(value, struct xdp_blocklist_counter);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} samples SEC(".maps");

/* clang tells in BTF of what a variable is of: for those who print the records by it. */
const struct xdp_blocklist_sample *const volatile sample_type;

/*
 * The version is taken from the first byte, as the bit-fields of struct iphdr and struct ipv6hdr
 * follow the byte order of the build machine's headers and not that of the target.
 */
static __always_inline __u8 ip_version(const void *header)
{
	return *(const __u8 *)header >> 4;
}

static __always_inline __u32 lookup4(const struct iphdr *ip, const void *end, struct source *src)
{
	if ((const void *)(ip + 1) > end || ip_version(ip) != 4)
		return XDP_BLOCKLIST_MALFORMED;

	src->family = AF_INET;
	src->v4.len = 32;
	src->v4.addr.word = ip->saddr;

	if (bpf_map_lookup_elem(&hosts4, &src->v4.addr))
		return XDP_BLOCKLIST_DROP_HOST;
	if (bpf_map_lookup_elem(&prefixes4, &src->v4))
		return XDP_BLOCKLIST_DROP_PREFIX;
	return XDP_BLOCKLIST_PASS;
}

static __always_inline __u32 lookup6(const struct ipv6hdr *ip6, const void *end, struct source *src)
{
	if ((const void *)(ip6 + 1) > end || ip_version(ip6) != 6)
		return XDP_BLOCKLIST_MALFORMED;

	src->family = AF_INET6;
	src->v6.len = 128;
	__builtin_memcpy(&src->v6.addr, &ip6->saddr, sizeof(src->v6.addr));

	if (bpf_map_lookup_elem(&hosts6, &src->v6.addr))
		return XDP_BLOCKLIST_DROP_HOST;
	if (bpf_map_lookup_elem(&prefixes6, &src->v6))
		return XDP_BLOCKLIST_DROP_PREFIX;
	return XDP_BLOCKLIST_PASS;
}

static __always_inline __u32 classify(const void *data, const void *end, struct source *src)
{
	const struct ethhdr *eth = data;
	const struct vlan_hdr *vlan;
	const void *next = eth + 1;
	__be16 proto;
	int i;

	if (next > end)
		return XDP_BLOCKLIST_MALFORMED;
	proto = eth->h_proto;

#pragma unroll
	for (i = 0; i < VLAN_TAGS_MAX; i++) {
		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		vlan = next;
		next = vlan + 1;
		if (next > end)
			return XDP_BLOCKLIST_MALFORMED;
		proto = vlan->encapsulated_proto;
	}

	if (proto == bpf_htons(ETH_P_IP))
		return lookup4(next, end, src);
	if (proto == bpf_htons(ETH_P_IPV6))
		return lookup6(next, end, src);
	return XDP_BLOCKLIST_NOT_IP;
}

/* Returns whether there was room for the record. */
static __always_inline bool report(const struct xdp_md *ctx, const struct source *src,
				   __u32 verdict, __u32 len)
{
	struct xdp_blocklist_sample *sample;

	sample = bpf_ringbuf_reserve(&samples, sizeof(*sample), 0);
	if (!sample)
		return false;

	sample->timestamp = bpf_ktime_get_ns();
	sample->ifindex = ctx->ingress_ifindex;
	sample->len = len;
	sample->family = src->family;
	sample->verdict = verdict;
	__builtin_memcpy(sample->saddr, &src->v6.addr, sizeof(sample->saddr));
	bpf_ringbuf_submit(sample, 0);
	return true;
}

SEC("xdp")
int xdp_blocklist(struct xdp_md *ctx)
{
	const void *data = (const void *)(long)ctx->data;
	const void *end = (const void *)(long)ctx->data_end;
	struct xdp_blocklist_counter *counter;
	struct source src = {};
	__u32 verdict = classify(data, end, &src);
	bool drop = verdict == XDP_BLOCKLIST_DROP_HOST || verdict == XDP_BLOCKLIST_DROP_PREFIX;

	counter = bpf_map_lookup_elem(&counters, &verdict);
	if (counter) {
		if (drop && sample_every && counter->packets % sample_every == 0 &&
		    !report(ctx, &src, verdict, end - data))
			counter->samples_lost++;
		counter->packets++;
		counter->bytes += end - data;
	}
	return drop ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
