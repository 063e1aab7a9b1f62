/* SPDX-License-Identifier: BSD-2-Clause */
/* An object's BTF and .BTF.ext, for who reads and changes the source lines in them. */
#ifndef CROSSBPF_SOURCE_SIDE_H
#define CROSSBPF_SOURCE_SIDE_H

#include "btf-ext.h"
#include "btf.h"
#include "elf.h"
#include "shared/strbuf.h"

enum {
	BTF_STRINGS_LEN = 20, /* of struct btf_header, which has this length: */
	BTF_HEADER_SIZE = 24,
};

struct side {
	struct elf_object elf;
	const struct elf_section *btf_section, *ext;
	struct btf btf;
	struct btf_ext records;
};

/* Borrows `data`. 1, 0 where it has no lines, or a negative errno. */
int side_open(struct side *ret, const void *data, size_t len, const char **why);
void side_close(struct side *s);
#define cleanup_side CLEANUP(side_close)

/* A word of .BTF.ext, which stands at `at` in it: the offset of a string, or a function's type. Of
 * records, what begins each is the place of an instruction: four bytes before a FUNCTION_TYPE and a
 * FILE_NAME, eight before a LINE_TEXT and an ACCESS_STRING. */
enum side_field { SECTION_NAME, FUNCTION_TYPE, FILE_NAME, LINE_TEXT, ACCESS_STRING };
typedef int side_visit_fn(void *ctx, enum side_field field, uint32_t at);

/* Visits all, functions first, until that is not 0. 0, what visit() gave, or -ENOEXEC. */
int side_walk(const struct side *s, side_visit_fn *visit, void *ctx, const char **why);

/* The string whose offset stands at `at` in .BTF.ext; NULL: there is none. */
const char *side_string(const struct side *s, uint32_t at);

/* Is BTF laid out as LLVM does it: a header, the types, the strings? 0 or -ENOEXEC. */
int side_check_layout(const struct side *side, const char **why);

/* Appends the object with other content of both. 0 or -ENOMEM. */
int side_put(const struct side *side, const struct strbuf *btf, const struct strbuf *ext,
	     struct strbuf *to);

#endif
