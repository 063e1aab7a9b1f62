/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of a capture file, pcap or pcapng, by libpcap.
 *
 * A module of its own, packets.so: libpcap takes libdbus, and that others, along, and nothing but
 * test-run has use of it. It exports one symbol, crossbpf_packets_init.
 */
#ifndef CROSSBPF_PACKETS_H
#define CROSSBPF_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "crossbpf-backend.h"

struct packets;

enum packets_link {
	PACKETS_ETHERNET,
	PACKETS_IP, /* what begins with an IP header, of whichever version */
	PACKETS_OTHER,
};

/* As much as was captured of it. */
struct packet {
	const unsigned char *data; /* until the next one is asked for */
	size_t len;
};

struct packets_module {
	uint32_t size;
	/* Takes the file, in any case. NULL with a reason in `why`. */
	struct packets *(*open)(FILE *file, char *why, size_t size);
	/* What each packet begins with; *ret_name is libpcap's name of it, until it is closed. */
	enum packets_link (*link)(struct packets *p, const char **ret_name);
	/* 1 with a packet; 0: there are no more; -EIO with a reason in `why`. */
	int (*next)(struct packets *p, struct packet *ret, char *why, size_t size);
	void (*close)(struct packets *p);
};

CROSSBPF_BACKEND_EXPORT const struct packets_module *crossbpf_packets_init(void);

#endif
