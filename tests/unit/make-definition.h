/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects made by hand whose BTF defines maps and variables. */
#ifndef CROSSBPF_TESTS_MAKE_DEFINITION_H
#define CROSSBPF_TESTS_MAKE_DEFINITION_H

#include "make-btf.h"

/* An object with this BTF, whose function "prog" is all of its section's two instructions. */
static inline void made_object_of(struct made *m, struct btf_maker *b)
{
	btf_finish(b);
	*m = (struct made){.big = b->order.big};
	made_init(m);
	m->sections[MADE_BTF].size = 0;
	for (size_t i = 0; i < b->len; i++)
		made_number(m, MADE_BTF, 1, b->bytes[i]);
	m->sections[MADE_TEXT].name = "xdp";
	m->sections[MADE_BSS].size = 16;
	made_put(m, m->sections[MADE_SYMTAB].data + SYM_PROG * 24 + 16, 8, 16);
}

/* A map's definition, and what it is made of. */
struct definition {
	struct btf_maker b;
	uint32_t integer, members[8], n_members;
	const char *names[8];
};

static inline void define_begin(struct definition *d, bool big)
{
	btf_begin(&d->b, big);
	d->integer = btf_int(&d->b, "int", 4);
	d->n_members = 0;
}

static inline void define(struct definition *d, const char *name, uint32_t type)
{
	d->names[d->n_members] = name;
	d->members[d->n_members++] = type;
}

static inline uint32_t pointer_to(struct definition *d, uint32_t type)
{
	return btf_type(&d->b, "", 2, 0, type);
}

/* As __uint() has it. */
static inline void define_number(struct definition *d, const char *name, uint32_t number)
{
	uint32_t array = btf_array(&d->b, d->integer, number);

	define(d, name, pointer_to(d, array));
}

/* The structure of what was defined since the last. */
static inline uint32_t define_end(struct definition *d)
{
	uint32_t id = btf_type(&d->b, "", 4, d->n_members, 8 * d->n_members);

	for (uint32_t i = 0; i < d->n_members; i++) {
		btf_member(&d->b, d->names[i], d->members[i]);
		btf_number(&d->b, 64 * i);
	}
	d->n_members = 0;
	return id;
}

/* A variable in a section of its own. */
static inline void put_in(struct definition *d, const char *section, const char *name,
			  uint32_t type, uint32_t linkage)
{
	uint32_t variable = btf_type(&d->b, name, 14, 0, type);

	btf_number(&d->b, linkage);
	btf_type(&d->b, section, 15, 1, 0);
	btf_number(&d->b, variable);
	btf_number(&d->b, 0);
	btf_number(&d->b, 0);
}

/* One more section, without content. */
static inline unsigned made_section(struct made *m, const char *name, uint32_t type, uint64_t flags)
{
	ck_assert_uint_lt(m->n_sections, MADE_SECTIONS);
	m->sections[m->n_sections] =
		(struct made_section){name, .type = type, .flags = flags, .align = 1};
	return m->n_sections++;
}

#endif
