/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which sections and symbols stay, and what their new numbers are, is decided first; then
 * everything is written in the order of the input: the header, each section's content, the stamp,
 * the section headers. Sections whose content holds numbers of sections or symbols, or offsets of
 * names, are written anew; others are copied.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "elf.h"
#include "object.h"
#include "stamp.h"
#include "strtab.h"

/* A section starts at a multiple of its alignment in the file too, up to this: what is mapped may
 * be read in place, and padding stays below the size of a section header. */
enum { FILE_ALIGN_MAX = 64 };

enum { REMOVED = 0 }; /* of a section or symbol; the null ones have number 0 as well */

struct rewrite {
	struct elf_object in;
	bool keep_debug;
	const char **why;
	uint32_t *sections; /* new numbers, by the old; owned */
	uint32_t *symbols;  /* likewise; owned */
	uint32_t n_sections, n_symbols;
	struct strtab names;        /* of sections, and of symbols where that is one table */
	struct strtab symbol_names; /* else */
	struct strbuf stamp;
	uint8_t *out; /* owned; large enough for all there can be */
	size_t len;
	uint8_t *headers; /* of sections, until they are written; owned */
};

static void rewrite_free(struct rewrite *w)
{
	elf_object_close(&w->in);
	free(w->sections);
	free(w->symbols);
	strtab_free(&w->names);
	strtab_free(&w->symbol_names);
	strbuf_free(&w->stamp);
	free(w->out);
	free(w->headers);
}
#define cleanup_rewrite CLEANUP(rewrite_free)

/* Sections */

static bool has_symbol_table(const struct rewrite *w)
{
	return w->in.symtab != 0;
}

static uint32_t symbol_names_section(const struct rewrite *w)
{
	return w->in.sections[w->in.symtab].link; /* 0 where there are no symbols */
}

static bool is_relocations(const struct elf_section *s)
{
	return s->type == ELF_SHT_REL || s->type == ELF_SHT_RELA;
}

static bool is_debug_name(const char *name)
{
	return strncmp(name, ".debug", 6) == 0 || strncmp(name, ".zdebug", 7) == 0 ||
	       strcmp(name, ".gdb_index") == 0;
}

/* Removed for itself. Any name that starts with .debug counts: LLVM sees it so too. */
static bool is_unwanted(const struct rewrite *w, const struct elf_section *s)
{
	return strcmp(s->name, STAMP_SECTION) == 0 || (!w->keep_debug && is_debug_name(s->name));
}

static int choose_sections(struct rewrite *w)
{
	const struct elf_object *in = &w->in;

	w->sections = calloc(in->n_sections, sizeof(*w->sections));
	if (!w->sections)
		return -ENOMEM;
	for (uint32_t i = 1; i < in->n_sections; i++) {
		const struct elf_section *s = &in->sections[i];

		if (is_relocations(s) && s->info >= in->n_sections)
			return elf_malformed(w->why,
					     "relocations are for a section that is not there");
		if (is_unwanted(w, s) ||
		    (is_relocations(s) && s->info && is_unwanted(w, &in->sections[s->info])))
			continue;
		w->sections[i] = ++w->n_sections;
	}
	if (!w->sections[in->names] ||
	    (has_symbol_table(w) &&
	     (!w->sections[in->symtab] || !w->sections[symbol_names_section(w)])))
		return elf_malformed(w->why, "its tables have the name of debug information");
	w->n_sections++; /* the null section */
	if (w->n_sections + 1 >= ELF_SHN_LORESERVE)
		return elf_malformed(w->why, "it has more sections than a BPF loader reads");
	return 0;
}

static int new_section(const struct rewrite *w, uint32_t old, uint32_t *ret)
{
	if (old >= w->in.n_sections || (old && w->sections[old] == REMOVED))
		return elf_malformed(w->why, "a section refers to one that is not there, or to "
					     "debug information");
	*ret = w->sections[old];
	return 0;
}

/* Symbols */

static bool is_kept_symbol(const struct rewrite *w, const struct elf_symbol *s)
{
	if (!w->keep_debug && elf_symbol_type(s) == ELF_STT_FILE)
		return false;
	return s->section == ELF_SHN_UNDEF || s->section >= ELF_SHN_LORESERVE ||
	       w->sections[s->section] != REMOVED;
}

static int choose_symbols(struct rewrite *w)
{
	w->symbols = calloc((size_t)w->in.n_symbols + 1, sizeof(*w->symbols));
	if (!w->symbols)
		return -ENOMEM;
	for (uint32_t i = 1; i < w->in.n_symbols; i++) {
		struct elf_symbol s;

		elf_object_symbol(&w->in, i, &s);
		if (is_kept_symbol(w, &s))
			w->symbols[i] = ++w->n_symbols;
	}
	w->n_symbols += w->in.n_symbols != 0; /* the null symbol */
	return 0;
}

static int new_symbol(const struct rewrite *w, uint64_t old, uint32_t *ret)
{
	if (old >= w->in.n_symbols && old)
		return elf_malformed(w->why, "a section refers to a symbol that is not there");
	if (old && w->symbols[old] == REMOVED)
		return elf_malformed(w->why, "a section refers to a symbol of debug information");
	*ret = w->symbols[old];
	return 0;
}

/* How many of the first `old` symbols are left. */
static uint32_t new_symbol_count(const struct rewrite *w, uint32_t old)
{
	uint32_t n = old != 0;

	for (uint32_t i = 1; i < old; i++)
		n += w->symbols[i] != REMOVED;
	return n;
}

/* Names */

static struct strtab *symbol_names(struct rewrite *w)
{
	return symbol_names_section(w) == w->in.names ? &w->names : &w->symbol_names;
}

static uint32_t stamp_name_offset(const struct rewrite *w)
{
	return (uint32_t)w->in.sections[w->in.names].size; /* strtab_init() added it there */
}

static int init_names(struct strtab *names, const struct elf_section *s, const char *added)
{
	return strtab_init(names, s->data, (uint32_t)s->size, added);
}

static void use_symbol_names(struct rewrite *w)
{
	for (uint32_t i = 1; i < w->in.n_symbols; i++) {
		struct elf_symbol s;

		elf_object_symbol(&w->in, i, &s);
		if (w->symbols[i] != REMOVED)
			strtab_use(symbol_names(w), s.name_offset);
	}
}

static int make_names(struct rewrite *w)
{
	const struct elf_section *sections = w->in.sections;
	int r = init_names(&w->names, &sections[w->in.names], STAMP_SECTION);

	if (r == 0 && has_symbol_table(w) && symbol_names(w) != &w->names)
		r = init_names(&w->symbol_names, &sections[symbol_names_section(w)], "");
	if (r < 0)
		return r;
	strtab_use(&w->names, stamp_name_offset(w));
	for (uint32_t i = 1; i < w->in.n_sections; i++)
		if (w->sections[i] != REMOVED)
			strtab_use(&w->names, sections[i].name_offset);
	use_symbol_names(w);
	r = strtab_build(&w->names);
	return r == 0 && w->symbol_names.old ? strtab_build(&w->symbol_names) : r;
}

/* Output */

static uint8_t *append(struct rewrite *w, size_t len)
{
	uint8_t *place = w->out + w->len;

	w->len += len;
	return place;
}

static void copy(struct rewrite *w, const void *data, size_t len)
{
	if (len)
		memcpy(append(w, len), data, len);
}

static void pad(struct rewrite *w, uint64_t align)
{
	uint64_t to = align > FILE_ALIGN_MAX ? FILE_ALIGN_MAX : align ? align : 1;
	size_t more = (size_t)((to - w->len % to) % to);

	memset(append(w, more), 0, more);
}

/* Room for all that can be written: no content grows, but for tables of names, by one. */
static int make_room(struct rewrite *w)
{
	size_t room = ELF_HEADER_SIZE + w->names.len + w->symbol_names.len + w->stamp.len +
		      ((size_t)w->n_sections + 1) * (ELF_SECTION_SIZE + FILE_ALIGN_MAX);

	for (uint32_t i = 1; i < w->in.n_sections; i++)
		if (w->sections[i] != REMOVED && w->in.sections[i].data)
			room += w->in.sections[i].size;
	w->out = malloc(room + 1);
	w->headers = calloc((size_t)w->n_sections + 1, ELF_SECTION_SIZE);
	return w->out && w->headers ? 0 : -ENOMEM;
}

static void put_symbol(struct rewrite *w, const struct elf_symbol *s)
{
	uint8_t *to = append(w, ELF_SYMBOL_SIZE);
	bool big = w->in.big;
	uint16_t section =
		s->section < ELF_SHN_LORESERVE ? (uint16_t)w->sections[s->section] : s->section;

	bytes_put32(to, strtab_place(symbol_names(w), s->name_offset), big);
	to[4] = s->info;
	to[5] = s->other;
	bytes_put16(to + 6, section, big);
	bytes_put64(to + 8, s->value, big);
	bytes_put64(to + 16, s->size, big);
}

static int put_symbols(struct rewrite *w)
{
	if (w->in.n_symbols)
		memset(append(w, ELF_SYMBOL_SIZE), 0, ELF_SYMBOL_SIZE);
	for (uint32_t i = 1; i < w->in.n_symbols; i++) {
		struct elf_symbol s;

		elf_object_symbol(&w->in, i, &s);
		if (w->symbols[i] != REMOVED)
			put_symbol(w, &s);
	}
	return 0;
}

static int put_relocations(struct rewrite *w, const struct elf_section *s)
{
	size_t entry = s->type == ELF_SHT_RELA ? ELF_RELA_SIZE : ELF_REL_SIZE;
	bool big = w->in.big;

	if (s->entsize != entry || s->size % entry != 0 || !has_symbol_table(w) ||
	    s->link != w->in.symtab)
		return elf_malformed(w->why, "relocations are malformed");
	for (uint64_t at = 0; at < s->size; at += entry) {
		uint64_t info = bytes_get64(s->data + at + 8, big);
		uint32_t symbol;
		int r = new_symbol(w, info >> 32, &symbol);

		if (r < 0)
			return r;
		uint8_t *to = append(w, entry);
		memcpy(to, s->data + at, entry);
		bytes_put64(to + 8, (uint64_t)symbol << 32 | (info & UINT32_MAX), big);
	}
	return 0;
}

/* A word of flags, then the sections of the group. */
static int put_group(struct rewrite *w, const struct elf_section *s)
{
	if (s->size % 4 != 0 || s->size == 0 || !has_symbol_table(w) || s->link != w->in.symtab)
		return elf_malformed(w->why, "a section group is malformed");
	copy(w, s->data, 4);
	for (uint64_t at = 4; at < s->size; at += 4) {
		uint32_t section = bytes_get32(s->data + at, w->in.big);

		if (section == 0 || section >= w->in.n_sections)
			return elf_malformed(w->why, "a section group is malformed");
		if (w->sections[section] != REMOVED)
			bytes_put32(append(w, 4), w->sections[section], w->in.big);
	}
	return 0;
}

/* 7 bits a byte, the lowest first, the last byte without its top bit. */
static int get_uleb32(const struct elf_section *s, uint64_t *at, uint32_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; *at < s->size && shift < 35; shift += 7) {
		uint8_t byte = s->data[(*at)++];

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = (uint32_t)value;
			return value > UINT32_MAX ? -ENOEXEC : 0;
		}
	}
	return -ENOEXEC;
}

static void put_uleb32(struct rewrite *w, uint32_t value)
{
	for (; value > 0x7f; value >>= 7)
		*append(w, 1) = (uint8_t)(value | 0x80);
	*append(w, 1) = (uint8_t)value;
}

/* The numbers of symbols whose address matters. llvm-strip leaves the old numbers and unlinks the
 * section from the symbols (then it says nothing, and is copied); here they stay right. */
static int put_addrsig(struct rewrite *w, const struct elf_section *s)
{
	for (uint64_t at = 0; at < s->size;) {
		uint32_t old;

		if (get_uleb32(s, &at, &old) < 0 || old >= w->in.n_symbols)
			return elf_malformed(w->why,
					     "its table of significant addresses is malformed");
		if (w->symbols[old] != REMOVED)
			put_uleb32(w, w->symbols[old]);
	}
	return 0;
}

/* What else refers to symbols or to names that change holds numbers nobody here knows. */
static int put_other(struct rewrite *w, const struct elf_section *s)
{
	if (s->link && (s->link == w->in.names || s->link == symbol_names_section(w) ||
			s->link == w->in.symtab))
		return elf_malformed(w->why, "a section of an unknown type refers to symbols");
	if (s->data)
		copy(w, s->data, s->size);
	return 0;
}

static int put_content(struct rewrite *w, uint32_t i)
{
	const struct elf_section *s = &w->in.sections[i];

	if (i == w->in.names) {
		copy(w, w->names.data, w->names.len);
		return 0;
	}
	if (i == w->in.symtab)
		return put_symbols(w);
	if (i == symbol_names_section(w)) {
		copy(w, w->symbol_names.data, w->symbol_names.len);
		return 0;
	}
	if (is_relocations(s))
		return put_relocations(w, s);
	if (s->type == ELF_SHT_GROUP)
		return put_group(w, s);
	if (s->type == ELF_SHT_LLVM_ADDRSIG && s->link && s->link == w->in.symtab)
		return put_addrsig(w, s);
	return put_other(w, s);
}

/* sh_info is a number of many meanings. */
static int new_info(const struct rewrite *w, const struct elf_section *s, uint32_t *ret)
{
	if (s->type == ELF_SHT_SYMTAB) {
		*ret = new_symbol_count(w, s->info);
		return 0;
	}
	if (s->type == ELF_SHT_GROUP)
		return new_symbol(w, s->info, ret);
	if (is_relocations(s) || (s->flags & ELF_SHF_INFO_LINK))
		return new_section(w, s->info, ret);
	*ret = s->info;
	return 0;
}

static void put_header(struct rewrite *w, uint32_t i, const struct elf_section *s, uint64_t offset)
{
	uint8_t *to = w->headers + (size_t)i * ELF_SECTION_SIZE;
	bool big = w->in.big;

	bytes_put32(to, s->name_offset, big);
	bytes_put32(to + 4, s->type, big);
	bytes_put64(to + 8, s->flags, big);
	bytes_put64(to + 16, s->addr, big);
	bytes_put64(to + 24, offset, big);
	bytes_put64(to + 32, s->size, big);
	bytes_put32(to + 40, s->link, big);
	bytes_put32(to + 44, s->info, big);
	bytes_put64(to + 48, s->align, big);
	bytes_put64(to + 56, s->entsize, big);
}

static int put_section(struct rewrite *w, uint32_t i)
{
	struct elf_section s = w->in.sections[i];

	if (s.type != ELF_SHT_NULL)
		pad(w, s.align);
	uint64_t offset = s.type == ELF_SHT_NULL ? 0 : w->len;
	int r = put_content(w, i);
	if (r < 0)
		return r;
	if (s.data)
		s.size = w->len - offset;
	s.name_offset = strtab_place(&w->names, s.name_offset);
	if ((r = new_info(w, &w->in.sections[i], &s.info)) < 0 ||
	    (r = new_section(w, s.link, &s.link)) < 0)
		return r;
	put_header(w, w->sections[i], &s, offset);
	return 0;
}

static void put_stamp(struct rewrite *w)
{
	struct elf_section s = {
		.name_offset = strtab_place(&w->names, stamp_name_offset(w)),
		.type = ELF_SHT_PROGBITS,
		.size = w->stamp.len,
		.align = 1,
	};

	put_header(w, w->n_sections, &s, w->len);
	copy(w, w->stamp.data, w->stamp.len);
}

static void put_elf_header(struct rewrite *w)
{
	uint8_t *h = append(w, ELF_HEADER_SIZE);
	bool big = w->in.big;

	memcpy(h, w->in.data, ELF_HEADER_SIZE);
	bytes_put64(h + ELF_E_PHOFF, 0, big);
	bytes_put16(h + ELF_E_EHSIZE, ELF_HEADER_SIZE, big);
	bytes_put16(h + ELF_E_PHENTSIZE, 0, big);
	bytes_put16(h + ELF_E_SHNUM, (uint16_t)(w->n_sections + 1), big);
	bytes_put16(h + ELF_E_SHSTRNDX, (uint16_t)w->sections[w->in.names], big);
}

static int put_object(struct rewrite *w)
{
	int r = make_room(w);

	if (r < 0)
		return r;
	put_elf_header(w);
	for (uint32_t i = 1; i < w->in.n_sections; i++)
		if (w->sections[i] != REMOVED && (r = put_section(w, i)) < 0)
			return r;
	put_stamp(w);
	pad(w, 8);
	bytes_put64(w->out + ELF_E_SHOFF, w->len, w->in.big);
	copy(w, w->headers, ((size_t)w->n_sections + 1) * ELF_SECTION_SIZE);
	w->out[w->len] = '\0'; /* as of any strbuf */
	return 0;
}

int object_rewrite(const void *data, size_t len, bool keep_debug, const struct object_stamp *stamp,
		   struct strbuf *ret_object, const char **why)
{
	cleanup_rewrite struct rewrite w = {.keep_debug = keep_debug, .why = why};
	int r = elf_object_open(&w.in, data, len, why);

	if (r < 0 || (r = stamp_write(stamp, &w.stamp)) < 0)
		return r;
	if (strcmp(stamp->target, w.in.big ? "bpfeb" : "bpfel") != 0)
		return elf_malformed(why, "its byte order is not the target's");
	if ((r = choose_sections(&w)) < 0 || (r = choose_symbols(&w)) < 0 ||
	    (r = make_names(&w)) < 0 || (r = put_object(&w)) < 0)
		return r;
	*ret_object = (struct strbuf){.data = (char *)w.out, .len = w.len, .room = w.len + 1};
	w.out = NULL;
	return 0;
}
