/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What xdp_blocklist.bpf.c shares with user space: keys and values of its maps, and its samples.
 *
 * Addresses are in network byte order, everything else is in host byte order.
 */
#ifndef XDP_BLOCKLIST_H
#define XDP_BLOCKLIST_H

#include <linux/types.h>

/* Key of the map hosts4: one IPv4 address. */
struct xdp_blocklist_addr4 {
	__be32 word;
};

/* Key of the map hosts6: one IPv6 address. */
struct xdp_blocklist_addr6 {
	__be32 word[4];
};

/* Key of the map prefixes4: an IPv4 prefix. */
struct xdp_blocklist_prefix4 {
	__u32 len; /* in bits, 0 to 32 */
	struct xdp_blocklist_addr4 addr;
};

/* Key of the map prefixes6: an IPv6 prefix. */
struct xdp_blocklist_prefix6 {
	__u32 len; /* in bits, 0 to 128 */
	struct xdp_blocklist_addr6 addr;
};

/* Value of hosts4, hosts6, prefixes4 and prefixes6: the key alone decides. */
struct xdp_blocklist_entry {
	__u32 cookie; /* for user space; the program does not read it */
};

/* Key of the map counters, an array. Packets are dropped on the two DROP verdicts only. */
enum xdp_blocklist_verdict {
	XDP_BLOCKLIST_PASS,        /* IP, and the source address is not listed */
	XDP_BLOCKLIST_NOT_IP,      /* another protocol, or more than two VLAN tags */
	XDP_BLOCKLIST_MALFORMED,   /* a header is cut short, or has the wrong IP version */
	XDP_BLOCKLIST_DROP_HOST,   /* the source address is in hosts4 or hosts6 */
	XDP_BLOCKLIST_DROP_PREFIX, /* the source address is in prefixes4 or prefixes6 */
	XDP_BLOCKLIST_VERDICTS,    /* how many there are */
};

/* Value of the map counters, one for each CPU. */
struct xdp_blocklist_counter {
	__u64 packets;
	__u64 bytes;        /* from the Ethernet header on, without the frame check sequence */
	__u64 samples_lost; /* sampled packets that found the ring buffer full */
};

/* Record in the ring buffer samples: a packet that was dropped. */
struct xdp_blocklist_sample {
	__u64 timestamp; /* in ns, CLOCK_MONOTONIC */
	__u32 ifindex;   /* where the packet came in */
	__u32 len;       /* of the packet in bytes, counted as in xdp_blocklist_counter */
	__u32 family;    /* AF_INET or AF_INET6 */
	__u32 verdict;   /* enum xdp_blocklist_verdict */
	__be32 saddr[4]; /* an IPv4 address is in saddr[0], the others are then 0 */
};

#endif /* XDP_BLOCKLIST_H */
