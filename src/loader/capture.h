/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture file, read by packets.so. */
#ifndef CROSSBPF_CAPTURE_H
#define CROSSBPF_CAPTURE_H

#include "packets/packets.h"
#include "shared/error.h"

struct capture {
	const struct packets_module *module;
	struct packets *packets;
	const char *path; /* borrowed */
	const char *link; /* libpcap's name for what packets begin with */
	enum packets_link begins;
};

/* Opens a file; "-" is standard input. */
int capture_open(struct capture *ret, const char *path, struct crossbpf_error *e);
/* 1 with a packet, which is there until the next one is; 0: there are no more. */
int capture_next(struct capture *c, struct packet *ret, struct crossbpf_error *e);
void capture_close(struct capture *c);
#define cleanup_capture CLEANUP(capture_close)

#endif
