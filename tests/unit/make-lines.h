/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects made by hand with source lines in BTF. */
#ifndef CROSSBPF_TESTS_MAKE_LINES_H
#define CROSSBPF_TESTS_MAKE_LINES_H

#include "make-object.h"

enum { MADE_EXT = MADE_COUNT };

/* What it says of one instruction. */
struct source {
	const char *file, *text;
	uint32_t line;
};

static inline uint32_t add_string(struct made *m, uint32_t strings, const char *string)
{
	uint32_t at = (uint32_t)m->sections[MADE_BTF].size - strings;

	if (!*string)
		return 0;
	for (size_t i = 0; i <= strlen(string); i++)
		made_number(m, MADE_BTF, 1, (uint8_t)string[i]);
	return at;
}

/* The strings in the order in which LLVM meets them: types, a function's lines, later types. */
static inline void make_btf(struct made *m, const struct source *s, uint32_t ret_strings[4])
{
	enum { TYPES = 4 * (3 + 6) + 12, HEADER = 24 };
	struct made_section *btf = &m->sections[MADE_BTF];

	btf->size = 0;
	for (int i = 0; i < HEADER + TYPES; i++)
		made_number(m, MADE_BTF, 1, 0);
	made_number(m, MADE_BTF, 1, 0); /* the empty string */
	uint32_t strings = HEADER + TYPES, first = add_string(m, strings, "first");
	ret_strings[0] = add_string(m, strings, ".text");
	ret_strings[1] = add_string(m, strings, s->file);
	ret_strings[2] = add_string(m, strings, s->text);
	uint32_t last = add_string(m, strings, "last");
	ret_strings[3] = add_string(m, strings, "0:1");
	made_put(m, btf->data, 2, 0xeb9f);
	btf->data[2] = 1;
	made_put(m, btf->data + 4, 4, HEADER);
	made_put(m, btf->data + 12, 4, TYPES);
	made_put(m, btf->data + 16, 4, TYPES);
	made_put(m, btf->data + 20, 4, btf->size - strings);
	/* A declaration ahead, and a structure with one member. */
	made_put(m, btf->data + HEADER, 4, first);
	made_put(m, btf->data + HEADER + 4, 4, 7 << 24);
	made_put(m, btf->data + HEADER + 12, 4, last);
	made_put(m, btf->data + HEADER + 16, 4, 4 << 24 | 1);
	made_put(m, btf->data + HEADER + 24, 4, last);
	made_put(m, btf->data + HEADER + 36, 4, first);
	made_put(m, btf->data + HEADER + 40, 4, 8 << 24);
}

static inline void make_ext(struct made *m, const struct source *s, const uint32_t strings[4])
{
	static const uint32_t header[] = {0, 20, 20, 28, 48, 28};

	m->sections[MADE_EXT] = (struct made_section){".BTF.ext", .type = 1, .align = 4};
	m->n_sections = MADE_EXT + 1;
	made_number(m, MADE_EXT, 2, 0xeb9f);
	made_number(m, MADE_EXT, 2, m->big ? 0x0100 : 1);
	made_number(m, MADE_EXT, 4, 32);
	for (unsigned i = 0; i < LENGTH(header); i++)
		made_number(m, MADE_EXT, 4, header[i]);
	const uint32_t words[] = {
		8,  strings[0], 1, 0, 1,                                         /* func_info */
		16, strings[0], 1, 0, strings[1], strings[2], s->line << 10 | 3, /* line_info */
		16, strings[0], 1, 8, 2,          strings[3], 0,                 /* core_relo */
	};
	for (unsigned i = 0; i < LENGTH(words); i++)
		made_number(m, MADE_EXT, 4, words[i]);
}

static inline void make(struct made *m, const struct source *s)
{
	uint32_t strings[4];

	made_init(m);
	make_btf(m, s, strings);
	make_ext(m, s, strings);
	made_finish(m);
}

#endif
