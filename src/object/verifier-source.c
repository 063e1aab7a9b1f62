/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verifier-source.h"

#include <string.h>

#include "bytes.h"

enum { INSTRUCTION = 8, OP_LOAD_64 = 0x18, OP_CALL = 0x85 };

void source_close(struct source *s)
{
	free(s->parts);
	free(s->records);
	references_free(&s->references);
	side_close(&s->side);
	contents_close(&s->contents);
}

/* Functions, as libbpf lays them out: a function that is called for the first time comes behind all
 * that is there, and what it calls before what its caller calls later. */

struct turn {
	const struct contents_program *function;
	uint32_t next; /* instruction to be looked at */
};

struct layout {
	struct source *source;
	bool *seen;         /* by contents.programs; owned */
	struct turn *turns; /* those on the way here; owned */
	size_t n_turns;
};

static void layout_free(struct layout *l)
{
	free(l->seen);
	free(l->turns);
}
#define cleanup_layout CLEANUP(layout_free)

static void enter(struct layout *l, const struct contents_program *function)
{
	struct source *s = l->source;

	l->seen[function - s->contents.programs] = true;
	l->turns[l->n_turns++] = (struct turn){function, 0};
	s->parts[s->n_parts++] = (struct source_part){function, s->n_instructions};
	s->n_instructions += function->n_instructions;
}

static int lay_out(struct source *s, const struct contents_program *program)
{
	size_t n = s->contents.n_programs;
	cleanup_layout struct layout l = {.source = s};

	l.seen = calloc(n, sizeof(*l.seen));
	l.turns = calloc(n, sizeof(*l.turns));
	s->parts = calloc(n, sizeof(*s->parts));
	if (!l.seen || !l.turns || !s->parts)
		return -ENOMEM;
	enter(&l, program);
	while (l.n_turns) {
		struct turn *turn = &l.turns[l.n_turns - 1];
		if (turn->next == turn->function->n_instructions) {
			l.n_turns--;
			continue;
		}
		const struct contents_program *callee =
			code_callee(&s->contents, &s->references, turn->function, turn->next++);
		if (callee && !l.seen[callee - s->contents.programs])
			enter(&l, callee);
	}
	return 0;
}

static const struct contents_program *find_program(const struct contents *c, const char *name)
{
	for (size_t i = 0; i < c->n_programs; i++)
		if (!c->programs[i].is_subprogram && strcmp(c->programs[i].name, name) == 0)
			return &c->programs[i];
	return NULL;
}

/* Lines */

struct reading {
	struct source *source;
	bool is_wanted; /* this section */
	uint32_t section;
};

/* Is a function of this section among those that are loaded? They are of the program's, and of
 * ".text". */
static void enter_section(struct reading *r, const char *name)
{
	const struct source *s = r->source;

	r->is_wanted = false;
	for (size_t i = 0; i < s->n_parts && i < 2 && !r->is_wanted; i++) {
		r->section = s->parts[i].function->section_number;
		r->is_wanted = strcmp(s->contents.elf.sections[r->section].name, name) == 0;
	}
}

static int add_record(struct source *s, const struct source_record *record)
{
	if (s->n_records == s->room) {
		size_t room = s->room ? 2 * s->room : 256;
		void *v = realloc(s->records, room * sizeof(*s->records));
		if (!v)
			return -ENOMEM;
		s->records = v;
		s->room = room;
	}
	s->records[s->n_records++] = *record;
	return 0;
}

static int read_record(void *ctx, enum side_field field, uint32_t at)
{
	struct reading *r = ctx;
	const struct side *side = &r->source->side;
	const uint8_t *word = side->ext->data + at;

	if (field == SECTION_NAME) {
		const char *name = side_string(side, at);
		enter_section(r, name ? name : "");
	}
	if (field != FILE_NAME || !r->is_wanted)
		return 0;
	/* Before the name is the instruction's place; behind it the text, and the line. */
	const struct source_record record = {
		.section = r->section,
		.offset = bytes_get32(word - 4, side->elf.big),
		.line = {.file = side_string(side, at),
			 .text = side_string(side, at + 4),
			 .line = bytes_get32(word + 8, side->elf.big) >> 10},
	};
	/* Line 0 is none: what the compiler made of itself. */
	return record.line.file && record.line.text && record.line.line
		       ? add_record(r->source, &record)
		       : 0;
}

static int compare_records(const void *first, const void *second)
{
	const struct source_record *a = first, *b = second;

	if (a->section != b->section)
		return a->section < b->section ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int read_lines(struct source *s, const void *object, size_t len)
{
	struct reading reading = {.source = s};
	const char *why;
	int r = side_open(&s->side, object, len, &why);

	if (r == 1)
		r = side_walk(&s->side, read_record, &reading, &why);
	if (s->n_records)
		qsort(s->records, s->n_records, sizeof(*s->records), compare_records);
	return r == -ENOMEM ? r : 0;
}

int source_open(struct source *ret, const void *object, size_t len, const char *program,
		uint32_t n_instructions)
{
	const char *why;
	int r = contents_open(&ret->contents, object, len, &why);

	if (r == 0)
		r = references_read(&ret->references, &ret->contents.elf, &why);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	const struct contents_program *found = find_program(&ret->contents, program);
	r = found ? lay_out(ret, found) : 0;
	/* Where libbpf has it otherwise, the program's own are known alone. */
	if (r == 0 && found && n_instructions && ret->n_instructions != n_instructions) {
		ret->n_parts = 1;
		ret->n_instructions = found->n_instructions;
	}
	return r == 0 && found ? read_lines(ret, object, len) : r;
}

static const struct source_part *find_part(const struct source *s, uint32_t instruction)
{
	size_t low = 0, high = instruction < s->n_instructions ? s->n_parts : 0;

	while (low < high) { /* the first that is behind it */
		size_t middle = low + (high - low) / 2;
		if (s->parts[middle].start <= instruction)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &s->parts[low - 1] : NULL;
}

const struct contents_program *source_function(const struct source *s, uint32_t instruction,
					       struct log_range *ret_range)
{
	const struct source_part *part = find_part(s, instruction);

	if (part && ret_range)
		*ret_range = (struct log_range){part->start,
						part->start + part->function->n_instructions - 1};
	return part ? part->function : NULL;
}

/* How many records are of places before the instruction's, or of it. */
static size_t records_to(const struct source *s, const struct source_part *part,
			 uint32_t instruction)
{
	const struct source_record key = {
		.section = part->function->section_number,
		.offset = part->function->offset + (instruction - part->start) * INSTRUCTION,
	};
	size_t low = 0, high = s->n_records;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_records(&s->records[middle], &key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_of(const struct source_record *record, const struct contents_program *function)
{
	return record->section == function->section_number && record->offset >= function->offset &&
	       (record->offset - function->offset) / INSTRUCTION < function->n_instructions;
}

struct source_line source_line(const struct source *s, uint32_t instruction)
{
	const struct source_part *part = find_part(s, instruction);
	size_t n = part ? records_to(s, part, instruction) : 0;

	return n && is_of(&s->records[n - 1], part->function) ? s->records[n - 1].line
							      : (struct source_line){0};
}

bool source_begins_line(const struct source *s, uint32_t instruction)
{
	const struct source_part *part = find_part(s, instruction);
	size_t n = part ? records_to(s, part, instruction) : 0;

	return n && is_of(&s->records[n - 1], part->function) &&
	       (s->records[n - 1].offset - part->function->offset) / INSTRUCTION ==
		       instruction - part->start;
}

static bool begins_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	return strncmp(text, word, len) == 0 && strchr(" \t({", text[len]);
}

static bool is_loop(const char *text)
{
	text += strspn(text, " \t}");
	return begins_word(text, "for") || begins_word(text, "while") || begins_word(text, "do") ||
	       str_begins(text, "bpf_for") || str_begins(text, "bpf_repeat");
}

struct source_line source_loop(const struct source *s, struct log_range range)
{
	const struct source_part *part = find_part(s, range.first);

	if (!part)
		return (struct source_line){0};
	/* That of the first began before it, perhaps. */
	size_t i = records_to(s, part, range.first);
	for (i -= i > 0; i < s->n_records && is_of(&s->records[i], part->function); i++) {
		uint64_t n = (s->records[i].offset - part->function->offset) / INSTRUCTION;
		if (part->start + n > range.last)
			break;
		if (is_loop(s->records[i].line.text))
			return s->records[i].line;
	}
	return (struct source_line){0};
}

/* Texts */

static struct span trim(const char *text)
{
	text += strspn(text, " \t");
	size_t len = strlen(text);
	while (len && strchr(" \t", text[len - 1]))
		len--;
	return (struct span){text, len};
}

static bool is_same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static struct span base_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return trim(slash ? slash + 1 : file);
}

struct source_line source_find(const struct source *s, struct span text, struct span file,
			       uint32_t line)
{
	struct source_line found = {0};

	for (size_t i = 0; text.len && i < s->n_records; i++) {
		const struct source_line *l = &s->records[i].line;
		if (!is_same(trim(l->text), text))
			continue;
		if (line && (l->line != line || !is_same(base_of(l->file), file)))
			continue;
		if (found.file && (found.line != l->line || strcmp(found.file, l->file) != 0))
			return (struct source_line){0};
		found = *l;
	}
	return found;
}

static bool has_word(const char *text, struct span word)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	for (const char *at = text; *at;) {
		size_t len = strspn(at, letters);
		if (len == word.len && memcmp(at, word.at, len) == 0)
			return true;
		at += len ? len : 1;
	}
	return false;
}

struct source_line source_mention(const struct source *s, struct span word)
{
	for (size_t p = 0; word.len && p < s->n_parts; p++) {
		const struct source_part *part = &s->parts[p];
		size_t i = records_to(s, part, part->start);
		for (i -= i > 0; i < s->n_records && is_of(&s->records[i], part->function); i++)
			if (has_word(s->records[i].line.text, word))
				return s->records[i].line;
	}
	return (struct source_line){0};
}

static bool calls(const uint8_t *instruction, uint32_t helper, bool big)
{
	unsigned source = big ? instruction[1] & 0xf : instruction[1] >> 4;

	return instruction[0] == OP_CALL && source == 0 &&
	       bytes_get32(instruction + 4, big) == helper;
}

bool source_call(const struct source *s, uint32_t helper, uint32_t *ret_instruction)
{
	for (size_t p = 0; p < s->n_parts; p++) {
		const struct contents_program *f = s->parts[p].function;
		for (uint32_t i = 0; i < f->n_instructions; i++) {
			const uint8_t *at = f->instructions + (size_t)i * INSTRUCTION;
			if (calls(at, helper, s->contents.elf.big)) {
				*ret_instruction = s->parts[p].start + i;
				return true;
			}
			if (at[0] == OP_LOAD_64)
				i++; /* it is two long */
		}
	}
	return false;
}

/* The stack */

enum {
	CLASS_LDX = 1,
	CLASS_ST = 2,
	CLASS_STX = 3,
	CODE_ADD_NUMBER = 0x07, /* of 64 bits */
	REGISTER_FRAME = 10,
	STACK_MAX = 512,
};

/* How far below its frame's pointer the function reaches, for all that LLVM writes: it reads and
 * writes there, or adds a number to a copy of the pointer. */
static uint32_t stack_of(const struct contents_program *p, bool big)
{
	uint32_t deepest = 0;

	for (uint32_t i = 0; i < p->n_instructions; i++) {
		const uint8_t *at = p->instructions + (size_t)i * INSTRUCTION;
		unsigned low = at[1] & 0xf, high = at[1] >> 4, class = at[0] & 7;
		unsigned target = big ? high : low, source = big ? low : high;
		int64_t depth = 0;
		if ((class == CLASS_LDX && source == REGISTER_FRAME) ||
		    ((class == CLASS_ST || class == CLASS_STX) && target == REGISTER_FRAME))
			depth = -(int64_t)(int16_t)bytes_get16(at + 2, big);
		else if (at[0] == CODE_ADD_NUMBER && i && at[-INSTRUCTION] == 0xbf &&
			 (big ? at[-7] & 0xf : at[-7] >> 4) == REGISTER_FRAME)
			depth = -(int64_t)(int32_t)bytes_get32(at + 4, big);
		if (depth > 0 && depth <= STACK_MAX && (uint32_t)depth > deepest)
			deepest = (uint32_t)depth;
	}
	return deepest;
}

struct depth {
	uint32_t own, total; /* with the deepest that it calls */
	size_t callee;       /* which that is; 0: none, for the program is called by none */
	uint32_t call;       /* the instruction, as the kernel counts */
	uint32_t next;
	bool is_open, is_done;
};

static size_t part_of(const struct source *s, const struct contents_program *function,
		      const size_t *by_program)
{
	return by_program[function - s->contents.programs];
}

/* Depth first; what calls itself, which the kernel refuses, ends there. */
static void measure(const struct source *s, struct depth *depths, const size_t *by_program,
		    size_t *way)
{
	size_t n = 0;

	way[n++] = 0;
	depths[0].is_open = true;
	while (n) {
		size_t at = way[n - 1];
		struct depth *d = &depths[at];
		const struct contents_program *f = s->parts[at].function;
		if (d->next == f->n_instructions) {
			d->is_open = false;
			d->is_done = true;
			d->total += d->own;
			n--;
			continue;
		}
		const struct contents_program *callee =
			code_callee(&s->contents, &s->references, f, d->next);
		size_t to = callee ? part_of(s, callee, by_program) : 0;
		struct depth *below = &depths[to];
		if (to && !below->is_open && !below->is_done) {
			below->is_open = true;
			way[n++] = to;
			continue; /* and comes here again */
		}
		if (to && below->is_done && below->total >= d->total) {
			d->total = below->total;
			d->callee = to;
			d->call = s->parts[at].start + d->next;
		}
		d->next++;
	}
}

bool source_deepest(const struct source *s, bool in_bytes, struct strbuf *to, uint32_t *ret_call)
{
	cleanup_free struct depth *depths = calloc(s->n_parts + 1, sizeof(*depths));
	cleanup_free size_t *way = calloc(s->n_parts + 1, sizeof(*way));
	cleanup_free size_t *by_program = calloc(s->contents.n_programs + 1, sizeof(*by_program));

	if (!depths || !way || !by_program || s->n_parts < 2)
		return false;
	for (size_t i = 0; i < s->n_parts; i++) {
		by_program[s->parts[i].function - s->contents.programs] = i;
		depths[i].own = in_bytes ? stack_of(s->parts[i].function, s->contents.elf.big) : 1;
	}
	measure(s, depths, by_program, way);
	if (!depths[0].callee)
		return false;
	*ret_call = depths[0].call;
	size_t at = 0;
	for (unsigned n = 0; n < 16; n++, at = depths[at].callee) {
		strbuf_printf(to, "%s%s()", n ? ", " : "", s->parts[at].function->name);
		if (in_bytes)
			strbuf_printf(to, " %u", depths[at].own);
		if (!depths[at].callee)
			break;
	}
	return true;
}
