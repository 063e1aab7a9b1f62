// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Reports DNS queries over UDP that a packet socket (AF_PACKET, SOCK_RAW) sees, to which it is
 * attached by SO_ATTACH_BPF. The socket itself gets no packet.
 */
#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "sock_dns.h"

#define VLAN_TAGS_MAX 2
#define LABELS_MAX 128 /* of a name of 255 bytes, with the empty one */
#define LABEL_MAX 63
#define NAME_MAX 255

#define IP_OFFSET 0x1fff
#define DNS_QUERY_MASK 0xf800 /* no answer, and opcode 0 */

/* User space can set it before it loads the program, in host byte order. */
const volatile __u16 dns_port = 53;

struct vlan_hdr {
	__be16 tci;
	__be16 encapsulated_proto;
};

struct dns_hdr {
	__be16 id;
	__be16 flags;
	__be16 questions;
	__be16 others[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

/* clang tells in BTF of what a variable is of: for those who print the records by it. */
const struct sock_dns_query *const volatile query_type;

/* Where things are in the packet. */
struct place {
	__u32 ip;
	__u32 udp;
	__u8 version;
};

static __always_inline void count_lost(void)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&lost, &key);

	if (count)
		(*count)++;
}

/* UDP, in the first fragment and behind no extension header. */
static __always_inline bool find_udp(struct __sk_buff *skb, __be16 proto, struct place *p)
{
	struct ipv6hdr ip6;
	struct iphdr ip;
	__u8 first;

	if (proto == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, p->ip, &ip, sizeof(ip)))
			return false;
		first = *(const __u8 *)&ip; /* its bit-fields may be of another byte order */
		p->version = 4;
		p->udp = p->ip + (first & 15) * 4;
		return first >> 4 == 4 && (first & 15) >= 5 && ip.protocol == IPPROTO_UDP &&
		       !(ip.frag_off & bpf_htons(IP_OFFSET));
	}
	if (proto != bpf_htons(ETH_P_IPV6) || bpf_skb_load_bytes(skb, p->ip, &ip6, sizeof(ip6)))
		return false;
	p->version = 6;
	p->udp = p->ip + sizeof(ip6);
	return *(const __u8 *)&ip6 >> 4 == 6 && ip6.nexthdr == IPPROTO_UDP;
}

static __always_inline bool find(struct __sk_buff *skb, struct place *p)
{
	struct vlan_hdr vlan;
	__be16 proto;
	int i;

	p->ip = sizeof(struct ethhdr);
	if (bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &proto, sizeof(proto)))
		return false;

#pragma unroll
	for (i = 0; i < VLAN_TAGS_MAX; i++) {
		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		if (bpf_skb_load_bytes(skb, p->ip, &vlan, sizeof(vlan)))
			return false;
		p->ip += sizeof(vlan);
		proto = vlan.encapsulated_proto;
	}
	return find_udp(skb, proto, p);
}

/* How long is the name there? 0: it is malformed. Queries have no compressed names. */
static __always_inline __u32 name_length(struct __sk_buff *skb, __u32 at)
{
	__u32 len = 0;
	__u8 label;
	int i;

	for (i = 0; i < LABELS_MAX; i++) {
		if (bpf_skb_load_bytes(skb, at + len, &label, sizeof(label)))
			return 0;
		len += 1 + label;
		if (label > LABEL_MAX || len > NAME_MAX)
			return 0;
		if (!label)
			return len;
	}
	return 0;
}

/* False if the packet is cut short. */
static __always_inline bool read_query(struct __sk_buff *skb, const struct place *p,
				       const struct udphdr *udp, const struct dns_hdr *dns,
				       __u32 len, struct sock_dns_query *q)
{
	__u32 name = p->udp + sizeof(*udp) + sizeof(*dns);
	__be16 type[2];
	long r;

	__builtin_memset(q, 0, offsetof(struct sock_dns_query, name));
	q->timestamp = bpf_ktime_get_ns();
	q->ifindex = skb->ifindex;
	q->version = p->version;
	q->sport = udp->source;
	q->dport = udp->dest;
	q->id = bpf_ntohs(dns->id);
	q->flags = bpf_ntohs(dns->flags);
	if (p->version == 4) {
		r = bpf_skb_load_bytes(skb, p->ip + offsetof(struct iphdr, saddr), q->saddr, 4);
		r |= bpf_skb_load_bytes(skb, p->ip + offsetof(struct iphdr, daddr), q->daddr, 4);
	} else {
		r = bpf_skb_load_bytes(skb, p->ip + offsetof(struct ipv6hdr, saddr), q->saddr, 16);
		r |= bpf_skb_load_bytes(skb, p->ip + offsetof(struct ipv6hdr, daddr), q->daddr, 16);
	}
	r |= bpf_skb_load_bytes(skb, name + len, type, sizeof(type));
	q->qtype = bpf_ntohs(type[0]);
	q->qclass = bpf_ntohs(type[1]);
	q->name_len = len;
	/* The verifier is to see that it is from 1 to 255. */
	len = (len - 1) & NAME_MAX;
	r |= bpf_skb_load_bytes(skb, name, q->name, len + 1);
	return r == 0;
}

SEC("socket")
int sock_dns(struct __sk_buff *skb)
{
	struct sock_dns_query *query;
	struct dns_hdr dns;
	struct udphdr udp;
	struct place p;
	__u32 len;

	if (!find(skb, &p) || bpf_skb_load_bytes(skb, p.udp, &udp, sizeof(udp)) ||
	    udp.dest != bpf_htons(dns_port) ||
	    bpf_skb_load_bytes(skb, p.udp + sizeof(udp), &dns, sizeof(dns)) ||
	    dns.flags & bpf_htons(DNS_QUERY_MASK) || !dns.questions)
		return 0;
	len = name_length(skb, p.udp + sizeof(udp) + sizeof(dns));
	if (!len)
		return 0;

	query = bpf_ringbuf_reserve(&events, sizeof(*query), 0);
	if (!query) {
		count_lost();
		return 0;
	}
	if (read_query(skb, &p, &udp, &dns, len, query))
		bpf_ringbuf_submit(query, 0);
	else
		bpf_ringbuf_discard(query, 0);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
