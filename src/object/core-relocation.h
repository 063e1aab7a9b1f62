/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CO-RE relocations: which of an object's instructions a loader adapts to the kernel's types
 * (kernel: enum bpf_core_relo_kind, Documentation/bpf/llvm_reloc.rst).
 */
#ifndef CROSSBPF_CORE_RELOCATION_H
#define CROSSBPF_CORE_RELOCATION_H

#include "contents.h"

enum core_kind { CORE_ENUM_VALUE_EXISTS = 10 };

struct core_relocation {
	const struct contents_program *program; /* NULL: the place is in none */
	const char *section;
	uint32_t offset; /* in bytes, within the program, else within the section */
	uint32_t kind;
	uint32_t type;      /* the root type, among the object's types */
	const char *access; /* "0:1:2": indices of members, elements or enumerators */
};

/* Calls visit() for each, until that is not 0. 0, what visit() gave, or a negative errno. */
int core_each(const struct contents *c,
	      int (*visit)(void *ctx, const struct core_relocation *relocation), void *ctx,
	      const char **why);

/* "field_byte_offset", …; NULL: unknown. */
const char *core_kind_name(uint32_t kind);

/* Appends what of the type is accessed: "group_leader.tgid", "comm[0]", the name of an enumerator.
 * Nothing for the type itself. */
void core_print_path(const struct types *t, const struct core_relocation *relocation,
		     struct strbuf *text);

#endif
