// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Gives packets the mark and the priority of the rule for their 5-tuple, and counts them by
 * verdict. For a device with Ethernet headers, at ingress or egress, with direct-action: tc filter
 * add dev eth0 egress bpf direct-action object-file tc_classify.bpf.o section tc
 */
#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tc_classify.h"

#define VLAN_TAGS_MAX 2
#define EXTENSIONS_MAX 6

#define IP_OFFSET 0x1fff

/* Those of <linux/in6.h>, which needs a C library for the target. */
#define NEXT_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_DESTINATION 60

struct vlan_hdr {
	__be16 tci;
	__be16 encapsulated_proto;
};

struct extension {
	__u8 next;
	__u8 len; /* in units of eight bytes, without the first; of a fragment header reserved */
	__be16 offset;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct tc_classify_key);
	__type(value, struct tc_classify_rule);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TC_CLASSIFY_VERDICTS);
	__type(key, __u32);
	__type(value, struct tc_classify_counter);
} counters SEC(".maps");

static __always_inline bool has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_SCTP;
}

static __always_inline bool read_ports(struct __sk_buff *skb, __u32 at, struct tc_classify_key *key)
{
	__be16 ports[2];

	if (!has_ports(key->protocol))
		return true;
	if (bpf_skb_load_bytes(skb, at, ports, sizeof(ports)))
		return false;
	key->sport = ports[0];
	key->dport = ports[1];
	return true;
}

/* The version and the header's length are taken from the first byte, as bit-fields follow the byte
 * order of the build machine's headers and not that of the target. */
static __always_inline bool read4(struct __sk_buff *skb, __u32 at, struct tc_classify_key *key)
{
	struct iphdr ip;
	__u8 first;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)))
		return false;
	first = *(const __u8 *)&ip;
	if (first >> 4 != 4 || (first & 15) < 5)
		return false;
	key->version = 4;
	key->saddr[0] = ip.saddr;
	key->daddr[0] = ip.daddr;
	key->protocol = ip.protocol;
	if (ip.frag_off & bpf_htons(IP_OFFSET))
		return true;
	return read_ports(skb, at + (first & 15) * 4, key);
}

static __always_inline bool read6(struct __sk_buff *skb, __u32 at, struct tc_classify_key *key)
{
	struct extension ext;
	struct ipv6hdr ip6;
	__u8 next;
	int i;

	if (bpf_skb_load_bytes(skb, at, &ip6, sizeof(ip6)))
		return false;
	if (*(const __u8 *)&ip6 >> 4 != 6)
		return false;
	key->version = 6;
	__builtin_memcpy(key->saddr, &ip6.saddr, sizeof(key->saddr));
	__builtin_memcpy(key->daddr, &ip6.daddr, sizeof(key->daddr));
	at += sizeof(ip6);
	next = ip6.nexthdr;

#pragma unroll
	for (i = 0; i < EXTENSIONS_MAX; i++) {
		if (next != NEXT_HOP && next != NEXT_ROUTING && next != NEXT_FRAGMENT &&
		    next != NEXT_DESTINATION)
			break;
		if (bpf_skb_load_bytes(skb, at, &ext, sizeof(ext)))
			return false;
		if (next == NEXT_FRAGMENT && ext.offset & bpf_htons(0xfff8)) {
			key->protocol = ext.next;
			return true;
		}
		at += next == NEXT_FRAGMENT ? 8 : (ext.len + 1) * 8;
		next = ext.next;
	}
	key->protocol = next;
	return read_ports(skb, at, key);
}

/* Reads the packet's 5-tuple; TC_CLASSIFY_RULE if it has one. */
static __always_inline __u32 read_key(struct __sk_buff *skb, struct tc_classify_key *key)
{
	__u32 at = sizeof(struct ethhdr);
	struct vlan_hdr vlan;
	__be16 proto;
	bool ok;
	int i;

	if (bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &proto, sizeof(proto)))
		return TC_CLASSIFY_MALFORMED;

#pragma unroll
	for (i = 0; i < VLAN_TAGS_MAX; i++) {
		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		if (bpf_skb_load_bytes(skb, at, &vlan, sizeof(vlan)))
			return TC_CLASSIFY_MALFORMED;
		at += sizeof(vlan);
		proto = vlan.encapsulated_proto;
	}

	if (proto == bpf_htons(ETH_P_IP))
		ok = read4(skb, at, key);
	else if (proto == bpf_htons(ETH_P_IPV6))
		ok = read6(skb, at, key);
	else
		return TC_CLASSIFY_NOT_IP;
	return ok ? TC_CLASSIFY_RULE : TC_CLASSIFY_MALFORMED;
}

/* Parts are left out of the key as the header says. */
static __always_inline struct tc_classify_rule *find_rule(struct tc_classify_key *key)
{
	struct tc_classify_rule *rule = bpf_map_lookup_elem(&rules, key);

	if (rule)
		return rule;
	key->sport = 0;
	rule = bpf_map_lookup_elem(&rules, key);
	if (rule)
		return rule;
	__builtin_memset(key->saddr, 0, sizeof(key->saddr));
	rule = bpf_map_lookup_elem(&rules, key);
	if (rule)
		return rule;
	__builtin_memset(key->daddr, 0, sizeof(key->daddr));
	return bpf_map_lookup_elem(&rules, key);
}

SEC("tc")
int tc_classify(struct __sk_buff *skb)
{
	struct tc_classify_counter *counter;
	struct tc_classify_rule *rule = NULL;
	struct tc_classify_key key = {};
	__u32 verdict = read_key(skb, &key);

	if (verdict == TC_CLASSIFY_RULE) {
		rule = find_rule(&key);
		if (!rule)
			verdict = TC_CLASSIFY_NO_RULE;
	}
	if (rule && rule->set & TC_CLASSIFY_MARK)
		skb->mark = rule->mark;
	if (rule && rule->set & TC_CLASSIFY_PRIORITY)
		skb->priority = rule->priority;

	counter = bpf_map_lookup_elem(&counters, &verdict);
	if (counter) {
		counter->packets++;
		counter->bytes += skb->len;
	}
	return TC_ACT_UNSPEC; /* on to the next filter */
}

char _license[] SEC("license") = "Dual BSD/GPL";
