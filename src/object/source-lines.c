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

#include "bytes.h"
#include "object.h"
#include "source-side.h"

/* Which words of a part's records are of interest: strings, but for the type of a function. */
static const struct part {
	struct {
		uint32_t at;
		enum side_field field;
	} words[2];
	uint32_t n_words;
} parts[BTF_EXT_PARTS] = {
	[BTF_EXT_FUNC_INFO] = {{{4, FUNCTION_TYPE}}, 1},
	[BTF_EXT_LINE_INFO] = {{{4, FILE_NAME}, {8, LINE_TEXT}}, 2},
	[BTF_EXT_CORE_RELO] = {{{8, ACCESS_STRING}}, 1},
};

void side_close(struct side *s)
{
	elf_object_close(&s->elf);
}

struct walk {
	const struct part *part;
	side_visit_fn *visit;
	void *ctx;
};

static int walk_record(void *ctx, const struct btf_ext_record *record)
{
	const struct walk *w = ctx;
	int r = record->at ? 0 : w->visit(w->ctx, SECTION_NAME, record->section_at);

	for (uint32_t k = 0; record->at && k < w->part->n_words && r == 0; k++)
		r = w->visit(w->ctx, w->part->words[k].field, record->at + w->part->words[k].at);
	return r;
}

int side_walk(const struct side *s, side_visit_fn *visit, void *ctx, const char **why)
{
	int r = 0;

	for (enum btf_ext_part i = 0; i < BTF_EXT_PARTS && r == 0; i++) {
		struct walk walk = {&parts[i], visit, ctx};
		r = btf_ext_each(&s->records, i, walk_record, &walk, why);
	}
	return r;
}

int side_open(struct side *ret, const void *data, size_t len, const char **why)
{
	int r = elf_object_open(&ret->elf, data, len, why);

	if (r < 0)
		return r;
	ret->btf_section = elf_object_find(&ret->elf, ".BTF");
	ret->ext = elf_object_find(&ret->elf, ".BTF.ext");
	if (!ret->btf_section || !ret->ext || !ret->btf_section->data || !ret->ext->data)
		return 0;
	r = btf_ext_open(&ret->records, ret->ext->data, ret->ext->size, ret->elf.big, why);
	if (r < 0)
		return r;
	r = btf_open(&ret->btf, ret->btf_section->data, ret->btf_section->size, ret->elf.big, why);
	return r < 0 ? r : 1;
}

const char *side_string(const struct side *s, uint32_t at)
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

static int list_line(void *ctx, enum side_field field, uint32_t at)
{
	const struct listing *l = ctx;
	const uint8_t *ext = l->side->ext->data;
	bool big = l->side->elf.big;

	if (field != FILE_NAME)
		return 0;
	/* Behind the name: the text, then the line in the upper 22 bits, and the column. */
	struct object_line line = {
		.file = side_string(l->side, at),
		.text = side_string(l->side, at + 4),
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

	return r == 1 ? side_walk(&s, list_line, &listing, why) : r;
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

static int take_name(void *ctx, uint32_t type, uint32_t at)
{
	struct types *t = ctx;
	bool big = t->m->named.elf.big;
	(void)type;
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
		other = elf_object_find(lined, s->name);
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
static int note_name(void *ctx, enum side_field field, uint32_t at)
{
	struct merge *m = ctx;

	if (field != FILE_NAME)
		return 0;
	const char *name = side_string(&m->named, at), *other = side_string(&m->lined, at);
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

static int move_name(void *ctx, uint32_t type, uint32_t at)
{
	struct merge *m = ctx;

	(void)type;
	return move_string(m, m->btf.data + BTF_HEADER_SIZE + at);
}

static int move_ext(void *ctx, enum side_field field, uint32_t at)
{
	struct merge *m = ctx;

	return field == FUNCTION_TYPE ? 0 : move_string(m, m->ext.data + at);
}

int side_check_layout(const struct side *side, const char **why)
{
	const struct elf_section *s = side->btf_section;
	const struct btf *b = &side->btf;

	if (b->types != s->data + BTF_HEADER_SIZE ||
	    (const uint8_t *)b->strings != b->types + b->types_len ||
	    s->size != BTF_HEADER_SIZE + (uint64_t)b->types_len + b->strings_len)
		return elf_malformed(why, "its BTF is laid out in an unknown way");
	return 0;
}

static int merge_btf(struct merge *m)
{
	const struct btf *b = &m->lined.btf;
	const struct elf_section *ext = m->lined.ext;
	int r = side_check_layout(&m->lined, m->why);

	m->names = calloc(b->strings_len, sizeof(*m->names));
	m->places = malloc(b->strings_len * sizeof(*m->places));
	if (!m->names || !m->places)
		return -ENOMEM;
	memset(m->places, 0xff, b->strings_len * sizeof(*m->places)); /* NO_STRING */
	if (r < 0 || (r = side_walk(&m->lined, note_name, m, m->why)) < 0)
		return r;
	add_bytes(&m->btf, m->lined.btf_section->data, BTF_HEADER_SIZE + b->types_len);
	put_strings(m);
	add_bytes(&m->ext, ext->data, ext->size);
	if (m->btf.error || m->ext.error)
		return -ENOMEM;
	bytes_put32((uint8_t *)m->btf.data + BTF_STRINGS_LEN,
		    (uint32_t)(m->btf.len - BTF_HEADER_SIZE - b->types_len), m->lined.elf.big);
	r = btf_each_name(b, move_name, m, m->why);
	return r < 0 ? r : side_walk(&m->lined, move_ext, m, m->why);
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
int side_put(const struct side *side, const struct strbuf *btf, const struct strbuf *ext,
	     struct strbuf *to)
{
	const struct elf_object *e = &side->elf;
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
		const struct strbuf *content = s == side->btf_section ? btf
					       : s == side->ext       ? ext
								      : NULL;
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
	return side_put(&m.named, &m.btf, &m.ext, ret_object);
}
