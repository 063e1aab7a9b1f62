/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of source lines, where LLVM would have put it (BTFDebug.cpp). A string comes behind
 * those that it met before: ahead of each function the names of all types made so far, then the
 * name of its section, and of each instruction what CO-RE patches, ahead of that again the names of
 * types, then file and line; in the end the rest of the types. So that order is checked with the
 * strings that are there, to the last of them, before it is followed with others.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "object.h"
#include "shared/strv.h"
#include "source-side.h"
#include "type-visits.h"

/* Where a string is mentioned of a function: when LLVM came there is the order of the fields. */
struct mention {
	uint32_t function; /* its type */
	bool within;       /* and not with its section */
	uint32_t instruction;
	bool line; /* and not what is patched */
	size_t turn;
	uint32_t root; /* the type that is looked into by what is patched */
	const char *old, *new;
};

/* A string, as it is and as it shall be. */
struct named {
	const char *old, *new;
};

/* That of a type. */
struct type_name {
	uint32_t type;
	const char *name;
};

struct function {
	uint32_t section, instruction, type;
	size_t turn; /* of those of one section, which are in order */
};

/* Where a string is in the new table. */
struct spot {
	const char *string;
	uint32_t offset;
};

struct filling {
	struct side side;
	object_text_fn *text;
	void *ctx;
	uint32_t section; /* that is walked */
	struct function *functions;
	struct mention *mentions;
	struct type_name *type_names; /* by type */
	struct named *named;          /* all, in order */
	struct spot *spots;           /* by string */
	size_t n_functions, functions_room, n_mentions, mentions_room, n_type_names,
		type_names_room, n_named, n_spots;
	struct type_visits visits;
	struct strv texts; /* of the lines, in turn */
	size_t n_put;      /* of these */
	struct strbuf btf, ext;
	const char **why;
};

static void filling_free(struct filling *f)
{
	side_close(&f->side);
	free(f->functions);
	free(f->mentions);
	free(f->type_names);
	free(f->named);
	free(f->spots);
	type_visits_free(&f->visits);
	strv_free(&f->texts);
	strbuf_free(&f->btf);
	strbuf_free(&f->ext);
}

static int refuse_order(const struct filling *f)
{
	return elf_malformed(f->why, "the strings of its BTF are in an unknown order");
}

/* Has `v`, of `n` with `size` bytes each, room for one more? Else it moves. 0 or -ENOMEM. */
static int make_room(void **v, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return 0;
	size_t wanted = *room ? 2 * *room : 64;
	void *more = realloc(*v, wanted * size);
	if (!more)
		return -ENOMEM;
	*v = more;
	*room = wanted;
	return 0;
}

static int add_mention(struct filling *f, const struct mention *mention)
{
	void *v = f->mentions;
	int r = make_room(&v, f->n_mentions, &f->mentions_room, sizeof(*f->mentions));

	if (r < 0)
		return r;
	f->mentions = v;
	f->mentions[f->n_mentions] = *mention;
	f->mentions[f->n_mentions].turn = f->n_mentions;
	f->n_mentions++;
	return 0;
}

static const char *type_string(const struct filling *f, uint32_t at)
{
	const struct btf *b = &f->side.btf;
	uint32_t offset = bytes_get32(b->types + at, b->big);

	return offset < b->strings_len ? b->strings + offset : NULL;
}

static int note_type(void *ctx, uint32_t type, uint32_t at)
{
	struct filling *f = ctx;
	const char *name = type_string(f, at);
	void *v = f->type_names;
	int r = name ? make_room(&v, f->n_type_names, &f->type_names_room, sizeof(*f->type_names))
		     : refuse_order(f);

	if (r < 0)
		return r;
	f->type_names = v;
	f->type_names[f->n_type_names++] = (struct type_name){type, name};
	return 0;
}

static int add_function(struct filling *f, uint32_t at)
{
	const uint8_t *word = f->side.ext->data + at;
	bool big = f->side.elf.big;
	const char *name =
		f->section < f->side.btf.strings_len ? f->side.btf.strings + f->section : NULL;
	void *v = f->functions;
	int r = name ? make_room(&v, f->n_functions, &f->functions_room, sizeof(*f->functions))
		     : refuse_order(f);

	if (r < 0)
		return r;
	f->functions = v;
	struct function *function = &f->functions[f->n_functions];
	*function = (struct function){.section = f->section,
				      .instruction = bytes_get32(word - 4, big),
				      .type = bytes_get32(word, big),
				      .turn = f->n_functions++};
	return add_mention(f,
			   &(struct mention){.function = function->type, .old = name, .new = name});
}

static int compare_functions(const void *first, const void *second)
{
	const struct function *a = first, *b = second;

	if (a->section != b->section)
		return a->section < b->section ? -1 : 1;
	if (a->instruction != b->instruction)
		return a->instruction < b->instruction ? -1 : 1;
	return a->turn < b->turn ? -1 : a->turn > b->turn;
}

/* The last of the section that begins at the instruction or before, or NULL. */
static const struct function *find_function(const struct filling *f, uint32_t instruction)
{
	size_t low = 0, high = f->n_functions;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct function *at = &f->functions[middle];
		bool behind = at->section > f->section ||
			      (at->section == f->section && at->instruction > instruction);
		if (behind)
			high = middle;
		else
			low = middle + 1;
	}
	const struct function *found = low ? &f->functions[low - 1] : NULL;
	return found && found->section == f->section ? found : NULL;
}

/* Of the instruction of a record. */
static int note_instruction(struct filling *f, uint32_t record, struct mention mention)
{
	uint32_t instruction = bytes_get32(f->side.ext->data + record, f->side.elf.big);
	const struct function *function = find_function(f, instruction);

	if (!function || !mention.old || !mention.new)
		return refuse_order(f);
	mention.function = function->type;
	mention.within = true;
	mention.instruction = instruction;
	return add_mention(f, &mention);
}

/* A file and its line: `at` is where the name stands, behind it the text, the line in the upper 22
 * bits, and the column. */
static int note_line(struct filling *f, uint32_t at)
{
	struct object_line line = {
		.file = side_string(&f->side, at),
		.text = side_string(&f->side, at + 4),
		.line = bytes_get32(f->side.ext->data + at + 8, f->side.elf.big) >> 10,
	};
	const char *text = "";
	size_t len = 0;

	if (!line.file || !line.text)
		return refuse_order(f);
	int r = f->text(f->ctx, &line, &text, &len);
	if (r == 0)
		strv_take(&f->texts, strndup(text, len));
	if (r != 0 || f->texts.error)
		return r != 0 ? r : -ENOMEM;
	const struct mention file = {.line = true, .old = line.file, .new = line.file};
	const struct mention its_text = {
		.line = true, .old = line.text, .new = f->texts.v[f->texts.n - 1]};
	r = note_instruction(f, at - 4, file);
	return r < 0 ? r : note_instruction(f, at - 4, its_text);
}

static int note_function(void *ctx, enum side_field field, uint32_t at)
{
	struct filling *f = ctx;

	if (field == SECTION_NAME)
		f->section = bytes_get32(f->side.ext->data + at, f->side.elf.big);
	return field == FUNCTION_TYPE ? add_function(f, at) : 0;
}

static int note_ext(void *ctx, enum side_field field, uint32_t at)
{
	struct filling *f = ctx;

	if (field == SECTION_NAME)
		f->section = bytes_get32(f->side.ext->data + at, f->side.elf.big);
	if (field == FILE_NAME)
		return note_line(f, at);
	if (field != ACCESS_STRING)
		return 0;
	const char *access = side_string(&f->side, at);
	const struct mention patched = {
		.root = bytes_get32(f->side.ext->data + at - 4, f->side.elf.big),
		.old = access,
		.new = access,
	};
	return note_instruction(f, at - 8, patched);
}

static int compare_mentions(const void *first, const void *second)
{
	const struct mention *a = first, *b = second;

	if (a->function != b->function)
		return a->function < b->function ? -1 : 1;
	if (a->within != b->within)
		return a->within ? 1 : -1;
	if (a->instruction != b->instruction)
		return a->instruction < b->instruction ? -1 : 1;
	if (a->line != b->line)
		return a->line ? 1 : -1;
	return a->turn < b->turn ? -1 : a->turn > b->turn;
}

/* What the compiler wrote without an instruction, as an asm() that is a comment, has the place of
 * the next one: two lines there, and something patched between them or behind. */
static bool is_in_doubt(const struct filling *f)
{
	for (size_t i = 0, lines = 0, patched = 0; i < f->n_mentions; i++) {
		const struct mention *m = &f->mentions[i], *last = i ? m - 1 : NULL;
		if (!m->within)
			continue;
		if (!last || !last->within || last->function != m->function ||
		    last->instruction != m->instruction)
			lines = patched = 0;
		lines += m->line;
		patched += !m->line;
		if (patched && lines > 2)
			return true;
	}
	return false;
}

static int find_mentions(struct filling *f)
{
	int r = side_walk(&f->side, note_function, f, f->why);

	if (r == 0 && f->n_functions)
		qsort(f->functions, f->n_functions, sizeof(*f->functions), compare_functions);
	if (r == 0)
		r = btf_each_name(&f->side.btf, note_type, f, f->why);
	if (r == 0)
		r = side_walk(&f->side, note_ext, f, f->why);
	if (r != 0)
		return r;
	if (f->n_mentions)
		qsort(f->mentions, f->n_mentions, sizeof(*f->mentions), compare_mentions);
	return is_in_doubt(f) ? refuse_order(f) : 0;
}

/* The names of the types before this one, from *next on. */
static void name_types(struct filling *f, uint32_t type, size_t *next)
{
	for (; *next < f->n_type_names && f->type_names[*next].type < type; ++*next)
		f->named[f->n_named++] =
			(struct named){f->type_names[*next].name, f->type_names[*next].name};
}

/* Puts the names of types between the others. */
static int order_all(struct filling *f)
{
	size_t next = 0;
	int r = type_visits_init(&f->visits, &f->side.btf, f->why);

	f->named = calloc(f->n_mentions + f->n_type_names + 1, sizeof(*f->named));
	if (r < 0 || !f->named)
		return r < 0 ? r : -ENOMEM;
	for (size_t i = 0; i < f->n_mentions; i++) {
		const struct mention *m = &f->mentions[i];
		if (!m->within)
			type_visits_function(&f->visits, m->function);
		else if (!m->line && !type_visits_root(&f->visits, m->root))
			return refuse_order(f);
		if (!m->line)
			name_types(f, f->visits.made, &next);
		f->named[f->n_named++] = (struct named){m->old, m->new};
	}
	name_types(f, UINT32_MAX, &next);
	return 0;
}

/* Are the strings that are there in this order? */
static int check_order(const struct filling *f)
{
	const struct btf *b = &f->side.btf;
	cleanup_strv struct strv met = {0};
	size_t next = 1;

	for (size_t i = 0; i < f->n_named; i++) {
		const char *string = f->named[i].old;
		if (!*string || !strv_add_once(&met, string))
			continue;
		if (string != b->strings + next)
			return met.error ? met.error : refuse_order(f);
		next += strlen(string) + 1;
	}
	return met.error ? met.error : next == b->strings_len ? 0 : refuse_order(f);
}

static int compare_spots(const void *first, const void *second)
{
	const struct spot *a = first, *b = second;

	return strcmp(a->string, b->string);
}

/* The new strings, and where each is. */
static int put_strings(struct filling *f)
{
	cleanup_strv struct strv met = {0};
	size_t start = f->btf.len;

	f->spots = calloc(f->n_named + 1, sizeof(*f->spots));
	if (!f->spots)
		return -ENOMEM;
	strbuf_putc(&f->btf, '\0');
	for (size_t i = 0; i < f->n_named; i++) {
		const char *string = f->named[i].new;
		if (!*string || !strv_add_once(&met, string))
			continue;
		f->spots[f->n_spots++] = (struct spot){string, (uint32_t)(f->btf.len - start)};
		strbuf_add(&f->btf, string, strlen(string) + 1);
	}
	if (met.error || f->btf.error)
		return -ENOMEM;
	qsort(f->spots, f->n_spots, sizeof(*f->spots), compare_spots);
	return f->btf.len - start > UINT32_MAX ? refuse_order(f) : 0;
}

/* Writes where a string is now. */
static int put_spot(const struct filling *f, const char *string, char *to)
{
	const struct spot wanted = {.string = string};
	const struct spot *spot =
		bsearch(&wanted, f->spots, f->n_spots, sizeof(*f->spots), compare_spots);

	if (*string && !spot)
		return refuse_order(f);
	bytes_put32((uint8_t *)to, *string ? spot->offset : 0, f->side.elf.big);
	return 0;
}

static int put_type(void *ctx, uint32_t type, uint32_t at)
{
	const struct filling *f = ctx;

	(void)type;
	return put_spot(f, type_string(f, at), f->btf.data + BTF_HEADER_SIZE + at);
}

static int put_ext(void *ctx, enum side_field field, uint32_t at)
{
	struct filling *f = ctx;
	const char *string = field == LINE_TEXT       ? f->texts.v[f->n_put++]
			     : field != FUNCTION_TYPE ? side_string(&f->side, at)
						      : "";

	if (field == FUNCTION_TYPE)
		return 0;
	return string ? put_spot(f, string, f->ext.data + at) : refuse_order(f);
}

static int put_all(struct filling *f)
{
	const struct btf *b = &f->side.btf;
	const struct elf_section *ext = f->side.ext;

	strbuf_add(&f->btf, (const char *)f->side.btf_section->data,
		   BTF_HEADER_SIZE + b->types_len);
	strbuf_add(&f->ext, (const char *)ext->data, ext->size);
	int r = f->ext.error ? f->ext.error : put_strings(f);
	if (r < 0)
		return r;
	bytes_put32((uint8_t *)f->btf.data + BTF_STRINGS_LEN,
		    (uint32_t)(f->btf.len - BTF_HEADER_SIZE - b->types_len), b->big);
	r = btf_each_name(b, put_type, f, f->why);
	return r < 0 ? r : side_walk(&f->side, put_ext, f, f->why);
}

int object_set_texts(const void *data, size_t len, object_text_fn *text, void *ctx,
		     struct strbuf *ret_object, const char **why)
{
	CLEANUP(filling_free) struct filling f = {.text = text, .ctx = ctx, .why = why};
	int r = side_open(&f.side, data, len, why);

	if (r == 0) {
		strbuf_add(ret_object, data, len);
		return ret_object->error;
	}
	if (r == 1)
		r = side_check_layout(&f.side, why);
	if (r == 0)
		r = find_mentions(&f);
	if (r == 0)
		r = order_all(&f);
	if (r == 0)
		r = check_order(&f);
	if (r == 0)
		r = put_all(&f);
	return r == 0 ? side_put(&f.side, &f.btf, &f.ext, ret_object) : r;
}
