/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture as a guest takes it: see guest-protocol.h. */
#ifndef CROSSBPF_GUEST_PACKETS_H
#define CROSSBPF_GUEST_PACKETS_H

#include "shared/error.h"
#include "shared/strbuf.h"

/* Reads a capture file by packets.so in `module_dir`. */
int guest_packets_read(const char *path, const char *module_dir, struct strbuf *ret,
		       struct crossbpf_error *e);

#endif
