/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What tc_classify.bpf.c shares with user space: keys and values of its maps.
 *
 * Addresses and ports are in network byte order, everything else is in host byte order.
 */
#ifndef TC_CLASSIFY_H
#define TC_CLASSIFY_H

#include <linux/types.h>

/*
 * Key of the map rules: a 5-tuple. Of fragments but the first, and of protocols other than TCP,
 * UDP, UDP-Lite, DCCP and SCTP, both ports are 0. A rule may leave parts out, which are 0 then; of
 * the rules that fit a packet this one counts:
 *   1. the one with all parts
 *   2. without the source port
 *   3. without the source address and port
 *   4. without both addresses and the source port
 * Six extension headers of IPv6 are stepped over: hop-by-hop and destination options, routing,
 * fragment. Of a packet with more of them, or with another one, such as an authentication header
 * (51), the protocol is that header's number, and both ports are 0.
 */
struct tc_classify_key {
	__be32 saddr[4]; /* an IPv4 address is in [0], the others are then 0 */
	__be32 daddr[4];
	__be16 sport;
	__be16 dport;
	__u8 protocol; /* IPPROTO_TCP, ... */
	__u8 version;  /* of IP: 4 or 6 */
	__u8 pad[2];   /* 0 */
};

/* Bits of tc_classify_rule.set. */
enum tc_classify_set {
	TC_CLASSIFY_MARK = 1 << 0,
	TC_CLASSIFY_PRIORITY = 1 << 1,
};

/* Value of the map rules. */
struct tc_classify_rule {
	__u32 set;      /* which of the following the packet gets: enum tc_classify_set */
	__u32 mark;     /* as by SO_MARK: for ip rule and netfilter */
	__u32 priority; /* as by SO_PRIORITY: MAJOR:MINOR of a class, or a band */
	__u32 cookie;   /* for user space; the program does not read it */
};

/* Key of the map counters, an array. */
enum tc_classify_verdict {
	TC_CLASSIFY_NO_RULE,   /* IP, and no rule fits */
	TC_CLASSIFY_RULE,      /* a rule was followed */
	TC_CLASSIFY_NOT_IP,    /* another protocol, or more than two VLAN tags in the packet */
	TC_CLASSIFY_MALFORMED, /* a header is cut short, or has the wrong IP version */
	TC_CLASSIFY_VERDICTS,  /* how many there are */
};

/* Value of the map counters, one for each CPU. */
struct tc_classify_counter {
	__u64 packets;
	__u64 bytes; /* from the Ethernet header on */
};

#endif /* TC_CLASSIFY_H */
