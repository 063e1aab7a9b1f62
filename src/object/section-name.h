/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program is by the name of its section, as libbpf sees it (kernel:
 * Documentation/bpf/libbpf/program_types.rst): "kprobe/do_unlinkat" is a kprobe on do_unlinkat.
 */
#ifndef CROSSBPF_SECTION_NAME_H
#define CROSSBPF_SECTION_NAME_H

#include <stdbool.h>
#include <stdint.h>

enum { SECTION_NO_ATTACH_TYPE = -1 };

struct section_meaning {
	uint32_t program_type; /* enum bpf_prog_type; 0: the name says nothing */
	int attach_type;       /* enum bpf_attach_type; SECTION_NO_ATTACH_TYPE */
	/* It is loaded without its attach type where the kernel knows none. */
	bool is_attach_type_optional;
	bool is_sleepable, has_fragments;
	const char *target; /* what it attaches to, within the name; NULL: the name does not say */
};

/* A name without '?'. */
void section_name_read(const char *name, struct section_meaning *ret);

#endif
