/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What sock_dns.bpf.c shares with user space: the records of its ring buffer, the map events. The
 * map lost is an array with one element, a __u64 for each CPU, that counts the records the ring
 * buffer had no room for. A query that is malformed or cut off before its question ends, and one
 * over IPv6 behind an extension header, is no record, and is not counted there either.
 *
 * Addresses and ports are in network byte order, everything else is in host byte order.
 */
#ifndef SOCK_DNS_H
#define SOCK_DNS_H

#include <linux/types.h>

#define SOCK_DNS_NAME_SIZE 256

/*
 * A DNS query over UDP: its first question. The name is as it is in the packet: each label follows
 * its length in one byte, and the last is the empty one: \3www\7example\3com\0. Bytes after it are
 * undefined.
 */
struct sock_dns_query {
	__u64 timestamp; /* in ns, CLOCK_MONOTONIC */
	__u32 ifindex;   /* of the device that the packet was seen on */
	__u32 name_len;  /* in bytes, with that of the last label; 1 to 255 */
	__be32 saddr[4]; /* an IPv4 address is in [0], the others are then 0 */
	__be32 daddr[4];
	__be16 sport;
	__be16 dport;
	__u16 id;
	__u16 flags; /* as in RFC 1035, 4.1.1 */
	__u16 qtype; /* 1: A, 28: AAAA, ... */
	__u16 qclass;
	__u8 version; /* of IP: 4 or 6 */
	__u8 pad[3];
	__u8 name[SOCK_DNS_NAME_SIZE];
};

#endif /* SOCK_DNS_H */
