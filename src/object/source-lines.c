/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of source lines lives among BTF's strings, and a record of .BTF.ext says for an
 * instruction in which file and line it stands and where that line's text is (kernel: struct
 * bpf_line_info, Documentation/bpf/btf.rst). LLVM adds a string where it first meets it. So an
 * object with other names of files differs in its strings, and in all offsets behind the first of
 * them, alone.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "btf.h"
#include "bytes.h"
#include "elf.h"
#include "object.h"

enum { /* struct btf_ext_header */
       EXT_HEADER_LEN = 4,
       EXT_FUNC_INFO = 8, /* an offset behind the header, and a length: so are the other two */
       EXT_LINE_INFO = 16,
       EXT_CORE_RELO = 24,
       EXT_MAGIC = 0xeb9f,

       BTF_STRINGS_LEN = 20, /* of struct btf_header, which has this length: */
       BTF_HEADER_SIZE = 24,
};

enum field { SECTION_NAME, FILE_NAME, LINE_TEXT, ACCESS_STRING };

/* A part of .BTF.ext: its records, and which of their words are strings. */
static const struct part {
	uint32_t header, record_min;
	struct {
		uint32_t at;
		enum field field;
	} strings[2];
	uint32_t n_strings;
} parts[] = {
	{EXT_FUNC_INFO, 8, {{0}}, 0},
	{EXT_LINE_INFO, 16, {{4, FILE_NAME}, {8, LINE_TEXT}}, 2},
	{EXT_CORE_RELO, 16, {{8, ACCESS_STRING}}, 1},
};

struct side {
	struct elf_object elf;
	const struct elf_section *btf_section, *ext;
	struct btf btf;
};

static void side_close(struct side *s)
{
	elf_object_close(&s->elf);
}
#define cleanup_side CLEANUP(side_close)

/* A string's offset stands at `at` in .BTF.ext. What is not 0 ends the walk. */
typedef int visit_fn(void *ctx, enum field field, uint32_t at);

static int malformed_ext(const char **why)
{
	return elf_malformed(why, "its .BTF.ext is malformed");
}

static int walk_records(const struct part *part, uint32_t record, uint32_t at, uint32_t n,
			visit_fn *visit, void *ctx)
{
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++, at += record)
		for (uint32_t k = 0; k < part->n_strings && r == 0; k++)
			r = visit(ctx, part->strings[k].field, at + part->strings[k].at);
	return r;
}

/* The part's records by section: the section's name, their number, the records. */
static int walk_part(const struct side *s, const struct part *part, visit_fn *visit, void *ctx,
		     const char **why)
{
	const uint8_t *ext = s->ext->data;
	bool big = s->elf.big;
	uint32_t header = bytes_get32(ext + EXT_HEADER_LEN, big);

	if (header < part->header + 8)
		return 0;
	uint64_t at = (uint64_t)header + bytes_get32(ext + part->header, big);
	uint64_t end = at + bytes_get32(ext + part->header + 4, big);
	if (at == end)
		return 0;
	if (end > s->ext->size || end - at < 4)
		return malformed_ext(why);
	uint32_t record = bytes_get32(ext + at, big);
	if (record < part->record_min)
		return malformed_ext(why);
	for (at += 4; at < end;) {
		if (end - at < 8)
			return malformed_ext(why);
		uint32_t n = bytes_get32(ext + at + 4, big);
		int r = visit(ctx, SECTION_NAME, (uint32_t)at);
		if (r != 0)
			return r;
		at += 8;
		if ((end - at) / record < n)
			return malformed_ext(why);
		if ((r = walk_records(part, record, (uint32_t)at, n, visit, ctx)) != 0)
			return r;
		at += (uint64_t)n * record;
	}
	return 0;
}

static int walk_ext(const struct side *s, visit_fn *visit, void *ctx, const char **why)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && r == 0; i++)
		r = walk_part(s, &parts[i], visit, ctx, why);
	return r;
}

static const struct elf_section *find_section(const struct elf_object *e, const char *name)
{
	for (uint32_t i = 1; i < e->n_sections; i++)
		if (strcmp(e->sections[i].name, name) == 0)
			return &e->sections[i];
	return NULL;
}

/* 1, 0 where it has no lines, or a negative errno. */
static int side_open(struct side *ret, const void *data, size_t len, const char **why)
{
	int r = elf_object_open(&ret->elf, data, len, why);

	if (r < 0)
		return r;
	ret->btf_section = find_section(&ret->elf, ".BTF");
	ret->ext = find_section(&ret->elf, ".BTF.ext");
	if (!ret->btf_section || !ret->ext || !ret->btf_section->data || !ret->ext->data)
		return 0;
	if (ret->ext->size < EXT_CORE_RELO || ret->ext->size > UINT32_MAX ||
	    bytes_get16(ret->ext->data, ret->elf.big) != EXT_MAGIC ||
	    bytes_get32(ret->ext->data + EXT_HEADER_LEN, ret->elf.big) > ret->ext->size)
		return malformed_ext(why);
	r = btf_open(&ret->btf, ret->btf_section->data, ret->btf_section->size, ret->elf.big, why);
	return r < 0 ? r : 1;
}

/* The string whose offset stands at `at` in .BTF.ext; NULL: there is none. */
static const char *string_at(const struct side *s, uint32_t at)
{
	uint32_t offset = bytes_get32(s->ext->data + at, s->elf.big);

	return offset < s->btf.strings_len ? s->btf.strings + offset : NULL;
}

struct listing {
	const struct side *side;
	int (*visit)(void *ctx, const struct object_line *line);
	void *ctx;
	const char **why;
};

static int list_line(void *ctx, enum field field, uint32_t at)
{
	const struct listing *l = ctx;
	const uint8_t *ext = l->side->ext->data;
	bool big = l->side->elf.big;

	if (field != FILE_NAME)
		return 0;
	/* Behind the name: the text, then the line in the upper 22 bits, and the column. */
	struct object_line line = {
		.file = string_at(l->side, at),
		.text = string_at(l->side, at + 4),
		.line = bytes_get32(ext + at + 8, big) >> 10,
	};
	if (!line.file || !line.text)
		return elf_malformed(l->why, "a line of its BTF lies outside of its strings");
	return l->visit(l->ctx, &line);
}

int object_each_line(const void *data, size_t len,
		     int (*visit)(void *ctx, const struct object_line *line), void *ctx,
		     const char **why)
{
	cleanup_side struct side s = {0};
	struct listing listing = {&s, visit, ctx, why};
	int r = side_open(&s, data, len, why);

	return r == 1 ? walk_ext(&s, list_line, &listing, why) : r;
}

/* The names of one, the lines of another. */
struct merge {
	struct side named, lined;
	const char **names; /* by the offset of a string of `lined`: what stands for it; owned */
	uint32_t *places;   /* by the same: its new offset, or NO_STRING; owned */
	uint32_t n_names;
	struct strbuf btf, ext;
	const char **why;
};

#define NO_STRING UINT32_MAX
/* A builder may send anything: no object of a person has more files than this, with longer names.
 */
enum { MAX_NAMES = 256, MAX_NAME = 4096, MAX_ALIGN = 4096 };

static void merge_free(struct merge *m)
{
	side_close(&m->named);
	side_close(&m->lined);
	free(m->names);
	free(m->places);
	strbuf_free(&m->btf);
	strbuf_free(&m->ext);
}
#define cleanup_merge CLEANUP(merge_free)

static int differ(const struct merge *m)
{
	return elf_malformed(m->why, "the two objects differ in more than names");
}

/* The types of both, without their names, which are the same. */
struct types {
	struct merge *m;
	uint8_t *named, *lined;
};

static int take_name(void *ctx, uint32_t at)
{
	struct types *t = ctx;
	bool big = t->m->named.elf.big;
	uint32_t a = bytes_get32(t->named + at, big), b = bytes_get32(t->lined + at, big);

	if (a >= t->m->named.btf.strings_len || b >= t->m->lined.btf.strings_len ||
	    strcmp(t->m->named.btf.strings + a, t->m->lined.btf.strings + b) != 0)
		return differ(t->m);
	bytes_put32(t->named + at, 0, big);
	bytes_put32(t->lined + at, 0, big);
	return 0;
}

static int check_types(struct merge *m)
{
	uint32_t len = m->named.btf.types_len;
	cleanup_free uint8_t *named = malloc((size_t)len + 1), *lined = malloc((size_t)len + 1);
	struct types types = {m, named, lined};

	if (len != m->lined.btf.types_len)
		return differ(m);
	if (!named || !lined)
		return -ENOMEM;
	memcpy(named, m->named.btf.types, len);
	memcpy(lined, m->lined.btf.types, len);
	int r = btf_each_name(&m->named.btf, take_name, &types, m->why);
	return r < 0 ? r : memcmp(named, lined, len) == 0 ? 0 : differ(m);
}

/* What runs is the same, and the records about it are as many: the relocations are for both. */
static int check_alike(struct merge *m)
{
	const struct elf_object *named = &m->named.elf, *lined = &m->lined.elf;
	enum { ALLOC = 2 /* SHF_ALLOC */, MANY = 4096 };

	if (named->big != lined->big || m->named.ext->size != m->lined.ext->size ||
	    named->n_sections > MANY || lined->n_sections > MANY)
		return differ(m);
	for (uint32_t i = 1; i < named->n_sections; i++) {
		const struct elf_section *s = &named->sections[i], *other;
		if (!(s->flags & ALLOC) || !s->size)
			continue;
		other = find_section(lined, s->name);
		if (!other || other->size != s->size || !other->data != !s->data ||
		    (s->data && memcmp(other->data, s->data, s->size) != 0))
			return differ(m);
	}
	return check_types(m);
}

static bool ends_in(const char *string, const char *end)
{
	size_t len = strlen(string), end_len = strlen(end);

	return len >= end_len && strcmp(string + len - end_len, end) == 0;
}

static bool has_string(const struct btf *b, const char *string)
{
	for (uint32_t at = 0; at < b->strings_len; at += (uint32_t)strlen(b->strings + at) + 1)
		if (strcmp(b->strings + at, string) == 0)
			return true;
	return false;
}

/* A whole string, and not the end of one. */
static bool is_name(const struct btf *b, const char *name)
{
	return name && (name == b->strings || !name[-1]) && strnlen(name, MAX_NAME) < MAX_NAME;
}

/* A file's name is the other's with a directory before it. One that is also a line's text would
 * have to share its place: nobody writes that. */
static int note_name(void *ctx, enum field field, uint32_t at)
{
	struct merge *m = ctx;

	if (field != FILE_NAME)
		return 0;
	const char *name = string_at(&m->named, at), *other = string_at(&m->lined, at);
	if (!is_name(&m->named.btf, name) || !is_name(&m->lined.btf, other) ||
	    !ends_in(other, name))
		return differ(m);
	const char **noted = &m->names[other - m->lined.btf.strings];
	if (strcmp(name, other) == 0 || (*noted && strcmp(*noted, name) == 0))
		return 0;
	if (*noted || m->n_names++ == MAX_NAMES || has_string(&m->lined.btf, name))
		return differ(m);
	*noted = name;
	return 0;
}

static void add_bytes(struct strbuf *to, const uint8_t *bytes, size_t len)
{
	strbuf_add(to, (const char *)bytes, len);
}

/* The strings in the order in which they are, under their new names. */
static void put_strings(struct merge *m)
{
	const struct btf *b = &m->lined.btf;
	size_t before = m->btf.len;

	for (uint32_t at = 0; at < b->strings_len; at += (uint32_t)strlen(b->strings + at) + 1) {
		const char *string = m->names[at] ? m->names[at] : b->strings + at;
		m->places[at] = (uint32_t)(m->btf.len - before);
		strbuf_add(&m->btf, string, strlen(string) + 1);
	}
}

/* Writes the new place of a string over its old one. */
static int move_string(const struct merge *m, char *to)
{
	uint32_t old = bytes_get32((const uint8_t *)to, m->lined.elf.big);

	if (old >= m->lined.btf.strings_len || m->places[old] == NO_STRING)
		return elf_malformed(m->why, "a name of its BTF lies outside of its strings");
	bytes_put32((uint8_t *)to, m->places[old], m->lined.elf.big);
	return 0;
}

static int move_name(void *ctx, uint32_t at)
{
	struct merge *m = ctx;

	return move_string(m, m->btf.data + BTF_HEADER_SIZE + at);
}

static int move_ext(void *ctx, enum field field, uint32_t at)
{
	struct merge *m = ctx;

	(void)field;
	return move_string(m, m->ext.data + at);
}

/* As LLVM writes it: a header, the types, the strings. */
static int check_layout(const struct merge *m)
{
	const struct elf_section *s = m->lined.btf_section;
	const struct btf *b = &m->lined.btf;

	if (b->types != s->data + BTF_HEADER_SIZE ||
	    (const uint8_t *)b->strings != b->types + b->types_len ||
	    s->size != BTF_HEADER_SIZE + (uint64_t)b->types_len + b->strings_len)
		return elf_malformed(m->why, "its BTF is laid out in an unknown way");
	return 0;
}

static int merge_btf(struct merge *m)
{
	const struct btf *b = &m->lined.btf;
	const struct elf_section *ext = m->lined.ext;
	int r = check_layout(m);

	m->names = calloc(b->strings_len, sizeof(*m->names));
	m->places = malloc(b->strings_len * sizeof(*m->places));
	if (!m->names || !m->places)
		return -ENOMEM;
	memset(m->places, 0xff, b->strings_len * sizeof(*m->places)); /* NO_STRING */
	if (r < 0 || (r = walk_ext(&m->lined, note_name, m, m->why)) < 0)
		return r;
	add_bytes(&m->btf, m->lined.btf_section->data, BTF_HEADER_SIZE + b->types_len);
	put_strings(m);
	add_bytes(&m->ext, ext->data, ext->size);
	if (m->btf.error || m->ext.error)
		return -ENOMEM;
	bytes_put32((uint8_t *)m->btf.data + BTF_STRINGS_LEN,
		    (uint32_t)(m->btf.len - BTF_HEADER_SIZE - b->types_len), m->lined.elf.big);
	r = btf_each_name(b, move_name, m, m->why);
	return r < 0 ? r : walk_ext(&m->lined, move_ext, m, m->why);
}

/* A section's new content, where it has one. */
static const struct strbuf *new_content(const struct merge *m, const struct elf_section *s)
{
	return s == m->named.btf_section ? &m->btf : s == m->named.ext ? &m->ext : NULL;
}

/* A section and where it is in the file: also one without content, of which that is all. */
struct place {
	const struct elf_section *section;
	uint64_t offset;
};

static int compare_places(const void *first, const void *second)
{
	const struct place *a = first, *b = second;

	bool a_full = a->section->data && a->section->size,
	     b_full = b->section->data && b->section->size;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	/* An empty one is where the next begins. */
	return a_full != b_full ? (a_full ? 1 : -1) : a->section < b->section ? -1 : 1;
}

static void pad(struct strbuf *to, uint64_t align)
{
	static const char zeros[64];
	size_t left = align > 1 && align <= MAX_ALIGN ? (align - to->len % align) % align : 0;

	for (; left > sizeof(zeros); left -= sizeof(zeros))
		strbuf_add(to, zeros, sizeof(zeros));
	strbuf_add(to, zeros, left);
}

/* The sections where they were, behind one another; then the headers, with their new places. */
static int put_object(const struct merge *m, struct strbuf *to)
{
	const struct elf_object *e = &m->named.elf;
	cleanup_free struct place *order = calloc(e->n_sections, sizeof(*order));
	cleanup_strbuf struct strbuf headers = {0};
	uint32_t n = e->n_sections - 1;

	add_bytes(&headers, e->data + bytes_get64(e->data + ELF_E_SHOFF, e->big),
		  (size_t)e->n_sections * ELF_SECTION_SIZE);
	if (!order || headers.error)
		return -ENOMEM;
	uint8_t *header = (uint8_t *)headers.data;
	for (uint32_t i = 0; i < n; i++)
		order[i] = (struct place){
			&e->sections[i + 1],
			bytes_get64(header + (size_t)(i + 1) * ELF_SECTION_SIZE + 24, e->big)};
	qsort(order, n, sizeof(*order), compare_places);
	add_bytes(to, e->data, ELF_HEADER_SIZE);
	for (uint32_t i = 0; i < n; i++) {
		const struct elf_section *s = order[i].section;
		const struct strbuf *content = new_content(m, s);
		uint8_t *h = header + (size_t)(s - e->sections) * ELF_SECTION_SIZE;
		if (s->type == ELF_SHT_NULL)
			continue;
		pad(to, s->align);
		bytes_put64(h + 24, to->len, e->big);
		if (content) {
			bytes_put64(h + 32, content->len, e->big);
			strbuf_add(to, content->data, content->len);
		} else if (s->data) {
			add_bytes(to, s->data, s->size);
		}
	}
	pad(to, 8);
	if (to->error)
		return -ENOMEM;
	bytes_put64((uint8_t *)to->data + ELF_E_SHOFF, to->len, e->big);
	strbuf_add(to, headers.data, headers.len);
	return to->error;
}

int object_take_lines(const void *named, size_t named_len, const void *lined, size_t lined_len,
		      struct strbuf *ret_object, const char **why)
{
	cleanup_merge struct merge m = {.why = why};
	int r = side_open(&m.named, named, named_len, why);

	if (r == 1)
		r = side_open(&m.lined, lined, lined_len, why);
	if (r < 0)
		return r;
	if (r == 0)
		return differ(&m);
	if ((r = check_alike(&m)) < 0 || (r = merge_btf(&m)) < 0)
		return r;
	return put_object(&m, ret_object);
}
