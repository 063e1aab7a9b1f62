/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs say of a packet. */
#ifndef CROSSBPF_VERDICT_H
#define CROSSBPF_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one type of programs gets, and says. */
struct verdict_type {
	unsigned type; /* enum bpf_prog_type */
	const char *name;
	/* It sees a frame from the Ethernet header on; else from the IP header on. */
	bool sees_frame;
	/* The kernel would hand it over without that header: it stands there twice. */
	bool twice;
	bool keeps_size; /* what comes out is no packet */
	bool number;     /* the number itself says more than whether it passes */
	const char *(*verdict)(uint32_t value); /* NULL: there is none for it */
};

/* NULL: the kernel does not run programs of this type on packets. */
const struct verdict_type *verdict_type(unsigned program_type);

/* The name of a value; of one that has none, its number. */
void verdict_print(const struct verdict_type *type, uint32_t value, char *buf, size_t size);

#endif
