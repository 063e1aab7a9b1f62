/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "btf-ext.h"
#include "bytes.h"
#include "contents-parts.h"
#include "core-relocation.h"

enum {
	KIND_LAST_FIELD = 5, /* kinds up to it are of members */
	KIND_ENUM_VALUE = 11,
	PATH_MAX_PARTS = 64, /* as libbpf: no more are followed */
	PATH_MAX_LEN = 1000, /* what is behind it is left out */
	/* Of "0:1:2": as many numbers of ten digits. All relocations may have the same. */
	ACCESS_MAX_LEN = PATH_MAX_PARTS * 11,
};

static const char *const kinds[] = {
	"field_byte_offset", "field_byte_size",  "field_exists",      "field_signed",
	"field_lshift_u64",  "field_rshift_u64", "type_id_local",     "type_id_target",
	"type_exists",       "type_size",        "enum_value_exists", "enum_value",
	"type_matches",
};

const char *core_kind_name(uint32_t kind)
{
	return kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind] : NULL;
}

struct reader {
	const struct contents *c;
	struct btf_ext ext;
	struct names sections; /* those with instructions */
	int (*visit)(void *ctx, const struct core_relocation *relocation);
	void *ctx;
	const char **why;
};

static void reader_free(struct reader *r)
{
	names_free(&r->sections);
}
#define cleanup_reader CLEANUP(reader_free)

/* NULL: it is none, or longer than `most`. */
static const char *string_of(const struct contents *c, uint32_t offset, size_t most)
{
	const char *s = c->types.btf.strings + offset;

	return offset < c->types.btf.strings_len && strnlen(s, most + 1) <= most ? s : NULL;
}

static int read_record(void *ctx, const struct btf_ext_record *record)
{
	const struct reader *r = ctx;
	const uint8_t *at = r->ext.data + record->at;

	if (!record->at)
		return 0;
	struct core_relocation relocation = {
		.section =
			string_of(r->c, bytes_get32(r->ext.data + record->section_at, r->ext.big),
				  TYPES_NAME_MAX),
		.offset = bytes_get32(at, r->ext.big),
		.type = bytes_get32(at + 4, r->ext.big),
		.access = string_of(r->c, bytes_get32(at + 8, r->ext.big), ACCESS_MAX_LEN),
		.kind = bytes_get32(at + 12, r->ext.big),
	};
	if (!relocation.section || !relocation.access || relocation.type >= r->c->types.n)
		return elf_malformed(r->why, "a CO-RE relocation of its is malformed");
	uint32_t section = names_find(&r->sections, relocation.section);
	relocation.program = section ? contents_program_at(r->c, section, relocation.offset) : NULL;
	if (relocation.program)
		relocation.offset -= relocation.program->offset;
	return r->visit(r->ctx, &relocation);
}

static int name_sections(struct reader *r)
{
	const struct elf_object *e = &r->c->elf;

	if (names_init(&r->sections, e->n_sections) < 0)
		return -ENOMEM;
	for (uint32_t i = 1; i < e->n_sections; i++)
		if (e->sections[i].flags & ELF_SHF_EXECINSTR)
			names_add(&r->sections, e->sections[i].name, i);
	names_sort(&r->sections);
	return 0;
}

int core_each(const struct contents *c,
	      int (*visit)(void *ctx, const struct core_relocation *relocation), void *ctx,
	      const char **why)
{
	cleanup_reader struct reader reader = {.c = c, .visit = visit, .ctx = ctx, .why = why};
	const struct elf_section *s = elf_object_find(&c->elf, ".BTF.ext");

	if (!c->has_btf || !s || !s->data)
		return 0;
	int r = btf_ext_open(&reader.ext, s->data, s->size, c->elf.big, why);
	if (r == 0)
		r = name_sections(&reader);
	return r < 0 ? r : btf_ext_each(&reader.ext, BTF_EXT_CORE_RELO, read_record, &reader, why);
}

/* Paths */

/* The next index of "0:1:2", moving *at behind it. -ENOENT at the end, or where that is none. */
static int next_index(const char **at, uint32_t *ret)
{
	uint32_t n = 0;
	const char *s = *at;

	if (*s == ':')
		s++;
	if (!isdigit((unsigned char)*s))
		return -ENOENT;
	for (; isdigit((unsigned char)*s); s++) {
		if (n > UINT32_MAX / 10 - 1)
			return -ENOENT;
		n = n * 10 + (uint32_t)(*s - '0');
	}
	*at = s;
	*ret = n;
	return 0;
}

/* One step: the type's member or element. What it is of; 0: it has no such one. */
static uint32_t print_step(const struct types *t, uint32_t id, uint32_t index, bool is_first,
			   struct strbuf *text)
{
	struct type type;
	struct type_member m;

	types_get(t, types_resolve(t, id), &type);
	if (type.kind == TYPE_ARRAY) {
		strbuf_printf(text, "[%u]", index);
		return type.type;
	}
	if ((type.kind != TYPE_STRUCT && type.kind != TYPE_UNION) || index >= type.n_members)
		return 0;
	types_member(t, &type, index, &m);
	if (m.name[0])
		strbuf_printf(text, "%s%s", is_first ? "" : ".", m.name);
	return m.type;
}

static void print_value(const struct types *t, uint32_t id, uint32_t index, struct strbuf *text)
{
	struct type type;
	struct type_value value;

	types_get(t, types_resolve(t, id), &type);
	if ((type.kind != TYPE_ENUM && type.kind != TYPE_ENUM64) || index >= type.n_members)
		return;
	types_value(t, &type, index, &value);
	strbuf_puts(text, value.name);
}

void core_print_path(const struct types *t, const struct core_relocation *relocation,
		     struct strbuf *text)
{
	const char *at = relocation->access;
	uint32_t id = relocation->type, index;
	size_t begin = text->len;

	if (next_index(&at, &index) < 0)
		return;
	if (relocation->kind == CORE_ENUM_VALUE_EXISTS || relocation->kind == KIND_ENUM_VALUE)
		print_value(t, id, index, text);
	if (relocation->kind > KIND_LAST_FIELD)
		return;
	if (index) /* of what a pointer points to */
		strbuf_printf(text, "[%u]", index);
	for (int i = 0; i < PATH_MAX_PARTS && id && text->len - begin < PATH_MAX_LEN &&
			next_index(&at, &index) == 0;
	     i++)
		id = print_step(t, id, index, text->len == begin, text);
}
