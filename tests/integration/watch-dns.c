/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch-dns PROGRAM EVENTS: attaches the pinned sock_dns to a socket on lo, sends DNS queries and
 * what is none through lo, and prints what the ring buffer has of them, a line a record.
 */
#include "config.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../bpf/sock_dns.h"

enum { POLL_MS = 500, PORT = 53 };

static int last_ids; /* the records of the last query that were seen */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void bring_up_lo(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = {.ifr_name = "lo"};

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		die("lo");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		die("lo up");
	close(fd);
}

static void attach(const char *pinned)
{
	struct sockaddr_ll lo = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int program = bpf_obj_get(pinned);
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)); /* open until the end */

	lo.sll_ifindex = (int)if_nametoindex("lo");
	if (program < 0 || fd < 0 || bind(fd, (struct sockaddr *)&lo, sizeof(lo)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)) < 0)
		die("attach");
}

struct query {
	uint16_t id, flags, questions, port;
	const char *name; /* as in a packet, but for its end */
	size_t name_len;
	uint16_t type;
	size_t cut; /* so many bytes of its end are not sent */
};

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void send_query(int family, const struct query *q)
{
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	uint8_t packet[512] = {0}, *at = packet + 12;
	int fd = socket(family, SOCK_DGRAM, 0);

	put16(packet, q->id);
	put16(packet + 2, q->flags);
	put16(packet + 4, q->questions);
	memcpy(at, q->name, q->name_len);
	at += q->name_len + 1;
	put16(at, q->type);
	put16(at + 2, 1);
	size_t len = (size_t)(at + 4 - packet) - q->cut;
	to4.sin_port = to6.sin6_port = htons(q->port);
	ssize_t n = family == AF_INET
			    ? sendto(fd, packet, len, 0, (struct sockaddr *)&to4, sizeof(to4))
			    : sendto(fd, packet, len, 0, (struct sockaddr *)&to6, sizeof(to6));
	if (fd < 0 || n != (ssize_t)len)
		die("send");
	close(fd);
}

static int print(void *ctx, void *data, size_t len)
{
	const struct sock_dns_query *q = data;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	int family = q->version == 4 ? AF_INET : AF_INET6;

	(void)ctx;
	if (len < sizeof(*q) || q->name_len < 1 || q->name_len > 255)
		exit(1);
	inet_ntop(family, q->saddr, from, sizeof(from));
	inet_ntop(family, q->daddr, to, sizeof(to));
	printf("%d %s %s %d %x flags %x type %u class %u %u ", q->version, from, to,
	       ntohs(q->dport), q->id, q->flags, q->qtype, q->qclass, q->name_len);
	for (uint32_t at = 0; at < q->name_len && q->name[at]; at += q->name[at] + 1U)
		printf("%.*s.", q->name[at], (const char *)q->name + at + 1);
	printf("%s%s\n", q->sport ? "" : " no source port", q->timestamp ? "" : " no time");
	last_ids += q->id == 0xffff;
	return 0;
}

int main(int argc, char **argv)
{
	static const char www[] = "\3www\7example\3com", root[] = "";
	char longest[254], label[65];
	const struct query queries[] = {
		{0x1001, 0x0100, 1, PORT, www, 16, 1, 0},
		{0x1002, 0x0000, 1, PORT, root, 0, 2, 0},
		{0x1003, 0x0120, 1, PORT, longest, 254, 28, 0},
		{0x2001, 0x8180, 1, PORT, www, 16, 1, 0},     /* an answer */
		{0x2002, 0x2800, 1, PORT, www, 16, 1, 0},     /* an update */
		{0x2003, 0x0100, 0, PORT, www, 16, 1, 0},     /* no question */
		{0x2004, 0x0100, 1, PORT + 1, www, 16, 1, 0}, /* another port */
		{0x2005, 0x0100, 1, PORT, label, 65, 1, 0},   /* too long a label */
		{0x2006, 0x0100, 1, PORT, www, 16, 1, 3},     /* cut off in its type, */
		{0x2007, 0x0100, 1, PORT, www, 16, 1, 8},     /* in its name, */
		{0x2008, 0x0100, 1, PORT, www, 16, 1, 25},    /* in its header */
		{0xffff, 0x0100, 1, PORT, www, 16, 255, 0},
	};

	if (argc != 3)
		return 2;
	memset(label, 'a', sizeof(label));
	label[0] = 64;
	memset(longest, 'x', sizeof(longest)); /* 255 bytes with the last label */
	for (size_t i = 0; i < sizeof(longest); i += 64)
		longest[i] = (char)(sizeof(longest) - i > 64 ? 63 : sizeof(longest) - i - 1);
	bring_up_lo();
	attach(argv[1]);
	int events = bpf_obj_get(argv[2]);
	struct ring_buffer *ring = events < 0 ? NULL : ring_buffer__new(events, print, NULL, NULL);
	if (!ring)
		die(argv[2]);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		send_query(AF_INET, &queries[i]);
		send_query(AF_INET6, &queries[i]);
	}
	/* Each is seen as it leaves and as it comes in. */
	for (int tries = 0; tries < 20 && last_ids < 4; tries++)
		if (ring_buffer__poll(ring, POLL_MS) < 0)
			die("poll");
	ring_buffer__free(ring);
	return last_ids == 4 ? 0 : 1;
}
