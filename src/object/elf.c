/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "elf.h"
#include "object.h"

static int check_identity(const uint8_t *h, size_t len, const char **why)
{
	if (len < ELF_HEADER_SIZE || memcmp(h, "\177ELF", 4) != 0)
		return elf_malformed(why, "it is no ELF file");
	if (h[ELF_E_CLASS] != ELF_CLASS_64)
		return elf_malformed(why, "it is not 64-bit ELF");
	if (h[ELF_E_DATA] != ELF_DATA_LITTLE && h[ELF_E_DATA] != ELF_DATA_BIG)
		return elf_malformed(why, "its byte order is unknown");
	return 0;
}

static int check_header(const struct elf_object *e, const char **why)
{
	const uint8_t *h = e->data;

	if (bytes_get16(h + ELF_E_MACHINE, e->big) != ELF_MACHINE_BPF)
		return elf_malformed(why, "it is not for BPF");
	if (h[ELF_E_IDENT_VERSION] != ELF_VERSION_CURRENT ||
	    bytes_get32(h + ELF_E_VERSION, e->big) != ELF_VERSION_CURRENT)
		return elf_malformed(why, "its ELF version is unknown");
	if (bytes_get16(h + ELF_E_TYPE, e->big) != ELF_TYPE_REL)
		return elf_malformed(why, "it is not relocatable");
	if (bytes_get16(h + ELF_E_PHNUM, e->big) != 0)
		return elf_malformed(why, "it has program headers");
	if (bytes_get16(h + ELF_E_SHENTSIZE, e->big) != ELF_SECTION_SIZE)
		return elf_malformed(why, "its section headers have an unknown size");
	return 0;
}

/* Finds the section headers. Numbers past 0xff00 stand elsewhere, and no BPF loader looks there. */
static int find_sections(struct elf_object *e, uint64_t *ret_offset, const char **why)
{
	uint64_t offset = bytes_get64(e->data + ELF_E_SHOFF, e->big);

	e->n_sections = bytes_get16(e->data + ELF_E_SHNUM, e->big);
	e->names = bytes_get16(e->data + ELF_E_SHSTRNDX, e->big);
	if (offset == 0)
		return elf_malformed(why, "it has no sections");
	if (e->n_sections == 0 || e->n_sections >= ELF_SHN_LORESERVE || e->names == ELF_SHN_XINDEX)
		return elf_malformed(why, "it has more sections than a BPF loader reads");
	if (offset > e->len || (e->len - offset) / ELF_SECTION_SIZE < e->n_sections)
		return elf_malformed(why, "its section headers lie outside of the file");
	*ret_offset = offset;
	return 0;
}

static int read_section(const struct elf_object *e, const uint8_t *h, struct elf_section *s,
			const char **why)
{
	uint64_t offset = bytes_get64(h + 24, e->big);

	s->name_offset = bytes_get32(h, e->big);
	s->type = bytes_get32(h + 4, e->big);
	if (s->type == ELF_SHT_NULL)
		return 0;
	s->flags = bytes_get64(h + 8, e->big);
	s->addr = bytes_get64(h + 16, e->big);
	s->size = bytes_get64(h + 32, e->big);
	s->link = bytes_get32(h + 40, e->big);
	s->info = bytes_get32(h + 44, e->big);
	s->align = bytes_get64(h + 48, e->big);
	s->entsize = bytes_get64(h + 56, e->big);
	if (s->type == ELF_SHT_NOBITS)
		return 0;
	if (offset > e->len || s->size > e->len - offset)
		return elf_malformed(why, "a section lies outside of the file");
	s->data = e->data + offset;
	return 0;
}

static int read_sections(struct elf_object *e, uint64_t offset, const char **why)
{
	uint64_t total = ELF_HEADER_SIZE + (uint64_t)e->n_sections * ELF_SECTION_SIZE;

	e->sections = calloc(e->n_sections, sizeof(*e->sections));
	if (!e->sections)
		return -ENOMEM;
	for (uint32_t i = 1; i < e->n_sections; i++) {
		struct elf_section *s = &e->sections[i];
		int r = read_section(e, e->data + offset + (size_t)i * ELF_SECTION_SIZE, s, why);
		if (r < 0)
			return r;
		total += s->data ? s->size : 0;
	}
	/* A small file could claim to be a large object. */
	if (total > e->len)
		return elf_malformed(why, "its sections overlap");
	return 0;
}

/* Each offset within a string table is a string: its last byte ends one. */
static bool is_string_table(const struct elf_object *e, uint32_t i)
{
	const struct elf_section *s = i < e->n_sections ? &e->sections[i] : NULL;

	return s && s->type == ELF_SHT_STRTAB && s->size && s->data[s->size - 1] == '\0';
}

static int read_names(struct elf_object *e, const char **why)
{
	if (!is_string_table(e, e->names))
		return elf_malformed(why, "its table of section names is malformed");

	const struct elf_section *names = &e->sections[e->names];
	e->sections[0].name = "";
	for (uint32_t i = 1; i < e->n_sections; i++) {
		if (e->sections[i].name_offset >= names->size)
			return elf_malformed(why, "a section's name lies outside of the table");
		e->sections[i].name = (const char *)names->data + e->sections[i].name_offset;
	}
	return 0;
}

static int check_symbol(const struct elf_object *e, const struct elf_symbol *s, const char **why)
{
	if (s->name_offset >= e->sections[e->sections[e->symtab].link].size)
		return elf_malformed(why, "a symbol's name lies outside of the table");
	if (s->section == ELF_SHN_XINDEX ||
	    (s->section >= e->n_sections && s->section < ELF_SHN_LORESERVE))
		return elf_malformed(why, "a symbol is in a section that is not there");
	return 0;
}

static int check_symbols(struct elf_object *e, const char **why)
{
	const struct elf_section *table = &e->sections[e->symtab];

	if (table->size % ELF_SYMBOL_SIZE != 0 || table->entsize != ELF_SYMBOL_SIZE)
		return elf_malformed(why, "its symbol table is malformed");
	if (!is_string_table(e, table->link))
		return elf_malformed(why, "its table of symbol names is malformed");
	e->n_symbols = (uint32_t)(table->size / ELF_SYMBOL_SIZE);
	if (table->info > e->n_symbols)
		return elf_malformed(why, "its symbol table is malformed");
	for (uint32_t i = 0; i < e->n_symbols; i++) {
		struct elf_symbol s;

		elf_object_symbol(e, i, &s);
		int r = check_symbol(e, &s, why);
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_symbols(struct elf_object *e, const char **why)
{
	for (uint32_t i = 1; i < e->n_sections; i++) {
		if (e->sections[i].type == ELF_SHT_SYMTAB_SHNDX)
			return elf_malformed(why, "it has more sections than a BPF loader reads");
		if (e->sections[i].type != ELF_SHT_SYMTAB)
			continue;
		if (e->symtab)
			return elf_malformed(why, "it has two symbol tables");
		e->symtab = i;
	}
	return e->symtab ? check_symbols(e, why) : 0;
}

int elf_object_open(struct elf_object *ret, const void *data, size_t len, const char **why)
{
	cleanup_elf_object struct elf_object e = {.data = data, .len = len};
	uint64_t offset;

	*why = NULL;
	if (len > OBJECT_SIZE_MAX)
		return -EFBIG;
	int r = check_identity(e.data, len, why);
	if (r < 0)
		return r;
	e.big = e.data[ELF_E_DATA] == ELF_DATA_BIG;
	if ((r = check_header(&e, why)) < 0 || (r = find_sections(&e, &offset, why)) < 0 ||
	    (r = read_sections(&e, offset, why)) < 0 || (r = read_names(&e, why)) < 0 ||
	    (r = find_symbols(&e, why)) < 0)
		return r;
	*ret = e;
	e.sections = NULL;
	return 0;
}

void elf_object_close(struct elf_object *e)
{
	free(e->sections);
	*e = (struct elf_object){0};
}

void elf_object_symbol(const struct elf_object *e, uint32_t i, struct elf_symbol *ret)
{
	const uint8_t *s = e->sections[e->symtab].data + (size_t)i * ELF_SYMBOL_SIZE;

	*ret = (struct elf_symbol){
		.name_offset = bytes_get32(s, e->big),
		.info = s[4],
		.other = s[5],
		.section = bytes_get16(s + 6, e->big),
		.value = bytes_get64(s + 8, e->big),
		.size = bytes_get64(s + 16, e->big),
	};
}

const char *elf_object_symbol_name(const struct elf_object *e, const struct elf_symbol *s)
{
	return (const char *)e->sections[e->sections[e->symtab].link].data + s->name_offset;
}

const struct elf_section *elf_object_find(const struct elf_object *e, const char *name)
{
	for (uint32_t i = 1; i < e->n_sections; i++)
		if (strcmp(e->sections[i].name, name) == 0)
			return &e->sections[i];
	return NULL;
}
