/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects made by hand, in either byte order: what the suites of src/object are fed with. */
#ifndef CROSSBPF_TESTS_MAKE_OBJECT_H
#define CROSSBPF_TESTS_MAKE_OBJECT_H

#include <stdint.h>

#include "suite.h"

enum { MADE_SECTIONS = 24, MADE_NAMES = 4096, MADE_CONTENT = 2048, MADE_SIZE = 16384 };

/* Where it has things; the null section is 0. */
enum {
	MADE_STRTAB = 1,
	MADE_TEXT,
	MADE_REL_TEXT,
	MADE_BSS,
	MADE_MAPS,
	MADE_DEBUG_INFO,
	MADE_REL_DEBUG_INFO,
	MADE_BTF,
	MADE_GROUP,
	MADE_ADDRSIG,
	MADE_DEBUG_LINE,
	MADE_LINE_ORDER,
	MADE_SYMTAB,
	MADE_COUNT,
};

struct made_section {
	const char *name;
	uint32_t type, link, info;
	uint64_t flags, size, align, entsize;
	uint8_t data[MADE_CONTENT];
};

struct made {
	bool big;
	bool without_debug; /* never had any, and no name of a file either */
	const char *unused; /* strings that no section and no symbol has; may be NULL */
	struct made_section sections[MADE_SECTIONS];
	unsigned n_sections;
	char names[MADE_NAMES];
	uint32_t names_len;
	uint8_t data[MADE_SIZE];
	size_t len;
};

static inline void made_put(const struct made *m, void *to, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		((uint8_t *)to)[m->big ? bytes - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

static inline uint64_t made_get(bool big, const void *from, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)((const uint8_t *)from)[big ? bytes - 1 - i : i] << 8 * i;
	return value;
}

static inline uint32_t made_name(struct made *m, const char *name)
{
	uint32_t at = m->names_len;

	if (!name[0])
		return 0;
	ck_assert_uint_lt(at + strlen(name), MADE_NAMES);
	memcpy(m->names + at, name, strlen(name) + 1);
	m->names_len += (uint32_t)strlen(name) + 1;
	return at;
}

/* Appends a number to a section's content. */
static inline void made_number(struct made *m, unsigned section, unsigned bytes, uint64_t value)
{
	struct made_section *s = &m->sections[section];

	ck_assert_uint_le(s->size + bytes, sizeof(s->data));
	made_put(m, s->data + s->size, bytes, value);
	s->size += bytes;
}

static inline void made_symbol(struct made *m, const char *name, uint8_t info, uint16_t section,
			       uint64_t value)
{
	struct made_section *s = &m->sections[MADE_SYMTAB];

	made_number(m, MADE_SYMTAB, 4, made_name(m, name));
	made_number(m, MADE_SYMTAB, 1, info);
	made_number(m, MADE_SYMTAB, 1, 0);
	made_number(m, MADE_SYMTAB, 2, section);
	made_number(m, MADE_SYMTAB, 8, value);
	made_number(m, MADE_SYMTAB, 8, 0);
	if (info < 0x10)
		s->info = (uint32_t)(s->size / 24);
}

static inline void made_relocation(struct made *m, unsigned section, uint64_t offset,
				   uint64_t symbol, uint32_t type)
{
	made_number(m, section, 8, offset);
	made_number(m, section, 8, symbol << 32 | type);
}

/* The symbols' numbers, with and without debug information. */
enum { SYM_FILE = 1, SYM_TEXT, SYM_DEBUG, SYM_LABEL, SYM_PROG, SYM_MAP, SYM_EXTERN, SYM_COUNT };
enum { NEW_TEXT = 1, NEW_LABEL, NEW_PROG, NEW_MAP, NEW_EXTERN, NEW_COUNT };

static inline void made_symbols(struct made *m)
{
	made_symbol(m, "", 0, 0, 0);
	if (!m->without_debug)
		made_symbol(m, "unit.c", 4, 0xfff1, 0);
	made_symbol(m, "", 3, MADE_TEXT, 0);
	if (!m->without_debug)
		made_symbol(m, "", 3, MADE_DEBUG_INFO, 0);
	made_symbol(m, "LBB0_1", 0, MADE_TEXT, 8);
	made_symbol(m, "prog", 0x12, MADE_TEXT, 0);
	made_symbol(m, "map", 0x11, MADE_MAPS, 4);
	made_symbol(m, "extern_map", 0x10, 0, 0);
}

static inline void made_btf(struct made *m, const char *type)
{
	static const char first[] = "\0int";
	uint32_t strings = sizeof(first) + (uint32_t)strlen(type) + 1;

	made_number(m, MADE_BTF, 2, 0xeb9f);
	made_number(m, MADE_BTF, 2, 1);
	m->sections[MADE_BTF].size -= 2;
	made_number(m, MADE_BTF, 1, 1); /* version */
	made_number(m, MADE_BTF, 1, 0);
	made_number(m, MADE_BTF, 4, 24);
	made_number(m, MADE_BTF, 4, 0);
	made_number(m, MADE_BTF, 4, 16 + 24);
	made_number(m, MADE_BTF, 4, 16 + 24);
	made_number(m, MADE_BTF, 4, strings);
	made_number(m, MADE_BTF, 4, 1); /* int: 32 bits, signed */
	made_number(m, MADE_BTF, 4, 1 << 24);
	made_number(m, MADE_BTF, 4, 4);
	made_number(m, MADE_BTF, 4, 1 << 24 | 32);
	made_number(m, MADE_BTF, 4, sizeof(first)); /* a structure with one of it */
	made_number(m, MADE_BTF, 4, 4 << 24 | 1);
	made_number(m, MADE_BTF, 4, 4);
	made_number(m, MADE_BTF, 4, 1);
	made_number(m, MADE_BTF, 4, 1);
	made_number(m, MADE_BTF, 4, 0);
	for (size_t i = 0; i < sizeof(first); i++)
		made_number(m, MADE_BTF, 1, (uint8_t)first[i]);
	for (size_t i = 0; i <= strlen(type); i++)
		made_number(m, MADE_BTF, 1, (uint8_t)type[i]);
}

static inline void made_contents(struct made *m)
{
	bool debug = !m->without_debug;

	made_symbols(m);
	made_number(m, MADE_TEXT, 8, 0x18);
	made_number(m, MADE_TEXT, 8, 0x95);
	made_relocation(m, MADE_REL_TEXT, 0, debug ? SYM_MAP : NEW_MAP, 1);
	made_relocation(m, MADE_REL_TEXT, 8, debug ? SYM_TEXT : NEW_TEXT, 10);
	made_number(m, MADE_MAPS, 8, 0x0102030405060708);
	made_number(m, MADE_DEBUG_INFO, 8, 0xdeb);
	made_relocation(m, MADE_REL_DEBUG_INFO, 0, SYM_DEBUG, 3);
	made_btf(m, "some");
	made_number(m, MADE_GROUP, 4, 1);
	made_number(m, MADE_GROUP, 4, MADE_TEXT);
	if (debug)
		made_number(m, MADE_GROUP, 4, MADE_DEBUG_INFO);
	made_number(m, MADE_ADDRSIG, 1, debug ? SYM_PROG : NEW_PROG);
	if (debug)
		made_number(m, MADE_ADDRSIG, 2,
			    m->big ? 0x8300 : 0x83); /* SYM_DEBUG in two bytes */
	made_number(m, MADE_ADDRSIG, 1, debug ? SYM_EXTERN : NEW_EXTERN);
	made_number(m, MADE_DEBUG_LINE, 4, 0xdeb);
	made_number(m, MADE_LINE_ORDER, 4, 0x1234);
}

static inline void made_init(struct made *m)
{
	static const struct made_section all[MADE_COUNT] = {
		[MADE_STRTAB] = {".strtab", .type = 3, .align = 1},
		[MADE_TEXT] = {".text", .type = 1, .flags = 6, .align = 8},
		[MADE_REL_TEXT] = {".rel.text", .type = 9, .link = MADE_SYMTAB, .info = MADE_TEXT,
				   .flags = 0x40, .align = 8, .entsize = 16},
		[MADE_BSS] = {".bss", .type = 8, .flags = 3, .align = 4, .size = 0x100000000},
		[MADE_MAPS] = {".maps", .type = 1, .flags = 3, .align = 256},
		[MADE_DEBUG_INFO] = {".debug_info", .type = 1, .align = 1},
		[MADE_REL_DEBUG_INFO] = {".rel.debug_info", .type = 9, .link = MADE_SYMTAB,
					 .info = MADE_DEBUG_INFO, .flags = 0x40, .align = 8,
					 .entsize = 16},
		[MADE_BTF] = {".BTF", .type = 1, .align = 4},
		[MADE_GROUP] = {".group", .type = 17, .link = MADE_SYMTAB, .align = 4,
				.entsize = 4},
		[MADE_ADDRSIG] = {".llvm_addrsig", .type = 0x6fff4c03, .link = MADE_SYMTAB,
				  .flags = 0x80000000, .align = 1},
		[MADE_DEBUG_LINE] = {".debug_line", .type = 1, .align = 1},
		[MADE_LINE_ORDER] = {".ordered", .type = 1, .link = MADE_TEXT, .flags = 0x80,
				     .align = 1},
		[MADE_SYMTAB] = {".symtab", .type = 2, .link = MADE_STRTAB, .align = 8,
				 .entsize = 24},
	};
	memcpy(m->sections, all, sizeof(all));
	m->n_sections = MADE_COUNT;
	m->names_len = 1;
	made_contents(m);
	m->sections[MADE_GROUP].info = m->without_debug ? NEW_PROG : SYM_PROG;
}

static inline void made_header(struct made *m, uint64_t sections)
{
	memcpy(m->data, m->big ? "\177ELF\2\2\1" : "\177ELF\2\1\1", 7);
	made_put(m, m->data + 16, 2, 1);
	made_put(m, m->data + 18, 2, 247);
	made_put(m, m->data + 20, 4, 1);
	made_put(m, m->data + 40, 8, sections);
	made_put(m, m->data + 52, 2, 64);
	made_put(m, m->data + 58, 2, 64);
	made_put(m, m->data + 60, 2, m->n_sections);
	made_put(m, m->data + 62, 2, MADE_STRTAB);
}

static inline void made_section_header(struct made *m, unsigned i, uint32_t name, uint64_t offset)
{
	const struct made_section *s = &m->sections[i];
	uint8_t *h = m->data + m->len + (size_t)i * 64;

	made_put(m, h, 4, name);
	made_put(m, h + 4, 4, s->type);
	made_put(m, h + 8, 8, s->flags);
	made_put(m, h + 24, 8, offset);
	made_put(m, h + 32, 8, s->size);
	made_put(m, h + 40, 4, s->link);
	made_put(m, h + 44, 4, s->info);
	made_put(m, h + 48, 8, s->align);
	made_put(m, h + 56, 8, s->entsize);
}

/* Lays it out: the contents from the last to the first, which is not how we would. */
static inline void made_finish(struct made *m)
{
	uint32_t names[MADE_SECTIONS] = {0};
	uint64_t offsets[MADE_SECTIONS] = {0};
	struct made_section *strtab = &m->sections[MADE_STRTAB];

	for (unsigned i = 1; i < m->n_sections; i++)
		names[i] = made_name(m, m->sections[i].name);
	if (m->unused)
		made_name(m, m->unused);
	memset(m->data, 0, sizeof(m->data));
	m->len = 64;
	for (unsigned i = m->n_sections - 1; i; i--) {
		const void *data = i == MADE_STRTAB ? (void *)m->names : m->sections[i].data;

		offsets[i] = m->len;
		if (i == MADE_STRTAB)
			strtab->size = m->names_len;
		if (m->sections[i].type == 8)
			continue;
		memcpy(m->data + m->len, data, m->sections[i].size);
		m->len += m->sections[i].size;
	}
	for (unsigned i = 1; i < m->n_sections; i++)
		made_section_header(m, i, names[i], offsets[i]);
	made_header(m, m->len);
	m->len += m->n_sections * 64;
}

/* Leaves a section out, which nothing refers to any more. */
static inline void made_drop(struct made *m, unsigned section)
{
	for (unsigned i = section; i + 1 < m->n_sections; i++)
		m->sections[i] = m->sections[i + 1];
	m->n_sections--;
	for (unsigned i = 1; i < m->n_sections; i++) {
		struct made_section *s = &m->sections[i];

		s->link -= s->link > section;
		if (s->type == 9)
			s->info -= s->info > section;
	}
}

static inline void made_object(struct made *m, bool big)
{
	*m = (struct made){.big = big};
	made_init(m);
	made_finish(m);
}

/* The same, with a structure of that name in its BTF. */
static inline void made_object_with(struct made *m, bool big, const char *type)
{
	*m = (struct made){.big = big};
	made_init(m);
	m->sections[MADE_BTF].size = 0;
	made_btf(m, type);
	made_finish(m);
}

/* Some bytes on the heap, so that a read past their end is seen. */
static inline void *made_copy(const void *data, size_t len)
{
	void *copy = malloc(len ? len : 1);

	ck_assert_ptr_ne(copy, NULL);
	memcpy(copy, data, len);
	return copy;
}

#endif
