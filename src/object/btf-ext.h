/* SPDX-License-Identifier: BSD-2-Clause */
/* A bounded reader of .BTF.ext: records about instructions (kernel: struct btf_ext_header,
 * Documentation/bpf/btf.rst). */
#ifndef CROSSBPF_BTF_EXT_H
#define CROSSBPF_BTF_EXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum btf_ext_part { BTF_EXT_FUNC_INFO, BTF_EXT_LINE_INFO, BTF_EXT_CORE_RELO, BTF_EXT_PARTS };

struct btf_ext {
	const uint8_t *data;
	uint32_t len;
	bool big;
};

/* Both are places in `data`, each of which has four bytes. */
struct btf_ext_record {
	uint32_t section_at; /* of the offset of its section's name, among BTF's strings */
	/* of the record: it begins with the offset of its instruction, and has eight bytes
	 * (functions) or sixteen (lines, CO-RE). 0: this is the section, before its records. */
	uint32_t at;
};

/* Borrows `data`, the section's content. 0, or -ENOEXEC with *why as in object.h. */
int btf_ext_open(struct btf_ext *ret, const uint8_t *data, size_t len, bool big, const char **why);

/* Calls visit() for each section and record of a part, until that is not 0. 0, what visit() gave,
 * or -ENOEXEC with *why as in object.h. */
int btf_ext_each(const struct btf_ext *x, enum btf_ext_part part,
		 int (*visit)(void *ctx, const struct btf_ext_record *record), void *ctx,
		 const char **why);

#endif
