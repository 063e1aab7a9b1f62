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
#include "shared/strv.h"

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
		if (e->sections[i].data && strcmp(e->sections[i].name, name) == 0)
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
	if (!ret->btf_section || !ret->ext)
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

/* Does a record name a line, and no text of it? Line 0 is none. */
static int find_lack(void *ctx, enum field field, uint32_t at)
{
	const struct side *s = ctx;

	if (field != LINE_TEXT)
		return 0;
	const char *text = string_at(s, at);
	/* Behind the text's offset: the line in the upper 22 bits, the column. */
	return text && !*text && bytes_get32(s->ext->data + at + 4, s->elf.big) >> 10 != 0;
}

int object_lacks_lines(const void *data, size_t len, const char **why)
{
	cleanup_side struct side s = {0};
	int r = side_open(&s, data, len, why);

	return r == 1 ? walk_ext(&s, find_lack, &s, why) : r;
}

/* An object's BTF with other names: those of another object, or what they are said to be. */
struct merge {
	struct side named, lined; /* the object whose BTF is replaced, and whose takes its place */
	const char *from, *to;    /* what names begin with, and shall */
	struct strv owned;        /* names made of that */
	const char **names; /* by the offset of a string of `lined`: what stands for it; owned */
	uint32_t *places;   /* by the same: its new offset, or NO_STRING; owned */
	struct strbuf btf, ext;
	const char **why;
};

#define NO_STRING UINT32_MAX

static void merge_free(struct merge *m)
{
	side_close(&m->named);
	side_close(&m->lined);
	free(m->names);
	free(m->places);
	strv_free(&m->owned);
	strbuf_free(&m->btf);
	strbuf_free(&m->ext);
}
#define cleanup_merge CLEANUP(merge_free)

static int differ(const struct merge *m)
{
	return elf_malformed(m->why, "the two objects differ in more than names");
}

/* What runs is the same, and the records about it are as many: the relocations are for both. */
static int check_alike(const struct merge *m)
{
	const struct elf_object *named = &m->named.elf, *lined = &m->lined.elf;
	enum { ALLOC = 2 }; /* SHF_ALLOC */

	if (named->big != lined->big || m->named.ext->size != m->lined.ext->size ||
	    m->named.btf.types_len != m->lined.btf.types_len)
		return differ(m);
	for (uint32_t i = 1; i < named->n_sections; i++) {
		const struct elf_section *s = &named->sections[i], *other;
		if (!(s->flags & ALLOC) || !s->data || !s->size)
			continue;
		other = find_section(lined, s->name);
		if (!other || other->size != s->size || memcmp(other->data, s->data, s->size) != 0)
			return differ(m);
	}
	return 0;
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

/* One that is also a line's text would have to share its place: nobody writes that. */
static int note(struct merge *m, const char *old, const char *name)
{
	const char **noted = &m->names[old - m->lined.btf.strings];

	if (strcmp(name, old) == 0 || (*noted && strcmp(*noted, name) == 0))
		return 0;
	if (*noted || has_string(&m->lined.btf, name))
		return differ(m);
	*noted = name;
	return 0;
}

/* A file's name is the other object's with a directory before it. */
static int note_others(void *ctx, enum field field, uint32_t at)
{
	struct merge *m = ctx;

	if (field != FILE_NAME)
		return 0;
	const char *name = string_at(&m->named, at), *old = string_at(&m->lined, at);
	return name && old && ends_in(old, name) ? note(m, old, name) : differ(m);
}

static int note_renamed(void *ctx, enum field field, uint32_t at)
{
	struct merge *m = ctx;

	if (field != FILE_NAME)
		return 0;
	const char *old = string_at(&m->lined, at);
	if (!old)
		return differ(m);
	if (strncmp(old, m->from, strlen(m->from)) != 0 || m->names[old - m->lined.btf.strings])
		return 0;
	strv_take(&m->owned, str_printf("%s%s", m->to, old + strlen(m->from)));
	return m->owned.error ? m->owned.error : note(m, old, m->owned.v[m->owned.n - 1]);
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

static int merge_btf(struct merge *m, visit_fn *note_name)
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

static int compare_places(const void *first, const void *second)
{
	const struct elf_section *const *a = first, *const *b = second;

	if ((*a)->data != (*b)->data)
		return (*a)->data < (*b)->data ? -1 : 1;
	return *a < *b ? -1 : *a > *b; /* an empty one is where the next begins */
}

static void pad(struct strbuf *to, uint64_t align)
{
	static const char zeros[8];
	size_t over = align && align <= sizeof(zeros) ? to->len % align : 0;

	if (over)
		strbuf_add(to, zeros, align - over);
}

/* The sections where they were, behind one another; then the headers, with their new places. */
static int put_object(const struct merge *m, struct strbuf *to)
{
	const struct elf_object *e = &m->named.elf;
	cleanup_free const struct elf_section **order = calloc(e->n_sections, sizeof(*order));
	cleanup_strbuf struct strbuf headers = {0};
	uint32_t n = 0;

	add_bytes(&headers, e->data + bytes_get64(e->data + ELF_E_SHOFF, e->big),
		  (size_t)e->n_sections * ELF_SECTION_SIZE);
	if (!order || headers.error)
		return -ENOMEM;
	for (uint32_t i = 1; i < e->n_sections; i++)
		if (e->sections[i].data)
			order[n++] = &e->sections[i];
	qsort(order, n, sizeof(struct elf_section *), compare_places);
	add_bytes(to, e->data, ELF_HEADER_SIZE);
	for (uint32_t i = 0; i < n; i++) {
		const struct strbuf *content = new_content(m, order[i]);
		uint8_t *h = (uint8_t *)headers.data +
			     (size_t)(order[i] - e->sections) * ELF_SECTION_SIZE;
		uint64_t size = content ? content->len : order[i]->size;
		pad(to, order[i]->align);
		bytes_put64(h + 24, to->len, e->big);
		bytes_put64(h + 32, size, e->big);
		add_bytes(to, content ? (const uint8_t *)content->data : order[i]->data, size);
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
	if ((r = check_alike(&m)) < 0 || (r = merge_btf(&m, note_others)) < 0)
		return r;
	return put_object(&m, ret_object);
}

int object_rename_sources(const void *data, size_t len, const char *from, const char *to,
			  struct strbuf *ret_object, const char **why)
{
	cleanup_merge struct merge m = {.why = why, .from = from, .to = to};
	int r = side_open(&m.named, data, len, why);

	if (r == 1)
		r = side_open(&m.lined, data, len, why);
	if (r == 0) {
		strbuf_add(ret_object, data, len);
		return ret_object->error;
	}
	if (r < 0 || (r = merge_btf(&m, note_renamed)) < 0)
		return r;
	return put_object(&m, ret_object);
}
