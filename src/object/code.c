/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions are as in RFC 9669; which of them are new with which level of -mcpu, LLVM decides.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "code.h"
#include "contents-parts.h"

enum { INSTRUCTION_SIZE = 8 };

enum { /* classes, the lowest three bits */
       CLASS_LD,
       CLASS_LDX,
       CLASS_ST,
       CLASS_STX,
       CLASS_ALU,
       CLASS_JMP,
       CLASS_JMP32,
       CLASS_ALU64,
};

enum { /* of arithmetic, the highest four bits */
       OP_DIV = 0x30,
       OP_MOD = 0x90,
       OP_MOV = 0xb0,
       OP_END = 0xd0,

       /* of jumps */
       OP_JA = 0x00,
       OP_CALL = 0x80,
       OP_EXIT = 0x90,
       OP_JLT = 0xa0, /* the first of four that came together */
       OP_JSLE = 0xd0,
       OP_JCOND = 0xe0,

       /* of both: it takes a register, not a number */
       OF_REGISTER = 0x08,

       /* of loads and stores: the highest three bits, and two below them */
       MODE_ABS = 0x20,
       MODE_IND = 0x40,
       MODE_MEM = 0x60,
       MODE_MEMSX = 0x80,
       MODE_ATOMIC = 0xc0,
       SIZE_WORD = 0x00,
       SIZE_DOUBLE = 0x18,

       CODE_LOAD_64 = 0x18, /* two instructions wide */
       CODE_JUMP_INDIRECT = 0x0d,

       ATOMIC_ADD = 0x00,
       ATOMIC_OR = 0x40,
       ATOMIC_AND = 0x50,
       ATOMIC_XOR = 0xa0,
       ATOMIC_FETCH = 0x01, /* beside these */
       ATOMIC_EXCHANGE = 0xe1,
       ATOMIC_COMPARE = 0xf1,
       ATOMIC_LOAD_ACQUIRE = 0x100,
       ATOMIC_STORE_RELEASE = 0x110,

       CALL_FUNCTION = 1, /* in the source register of a call */
       CALL_KFUNC = 2,
};

struct instruction {
	uint8_t code, source;
	int16_t offset;
	int32_t number;
};

static void decode(const uint8_t *at, bool big, struct instruction *ret)
{
	*ret = (struct instruction){
		.code = at[0],
		.source = big ? at[1] & 0xf : at[1] >> 4,
		.offset = (int16_t)bytes_get16(at + 2, big),
		.number = (int32_t)bytes_get32(at + 4, big),
	};
}

static unsigned class_of(const struct instruction *i)
{
	return i->code & 7;
}

static unsigned op_of(const struct instruction *i)
{
	return i->code & 0xf0;
}

static unsigned mode_of(const struct instruction *i)
{
	return i->code & 0xe0;
}

static unsigned size_of(const struct instruction *i)
{
	return i->code & 0x18;
}

static bool is_known_atomic(const struct instruction *i)
{
	switch (i->number) {
	case ATOMIC_LOAD_ACQUIRE:
	case ATOMIC_STORE_RELEASE:
		return true;
	case ATOMIC_ADD:
	case ATOMIC_ADD | ATOMIC_FETCH:
	case ATOMIC_OR:
	case ATOMIC_OR | ATOMIC_FETCH:
	case ATOMIC_AND:
	case ATOMIC_AND | ATOMIC_FETCH:
	case ATOMIC_XOR:
	case ATOMIC_XOR | ATOMIC_FETCH:
	case ATOMIC_EXCHANGE:
	case ATOMIC_COMPARE:
		return size_of(i) == SIZE_WORD || size_of(i) == SIZE_DOUBLE;
	default:
		return false;
	}
}

static bool is_known_jump(const struct instruction *i)
{
	bool of_register = i->code & OF_REGISTER, is_32 = class_of(i) == CLASS_JMP32;

	switch (op_of(i)) {
	case OP_JA:
		return !of_register || i->code == CODE_JUMP_INDIRECT;
	case OP_CALL:
	case OP_EXIT:
	case OP_JCOND:
		return !of_register && !is_32;
	default:
		return op_of(i) < OP_JCOND;
	}
}

/* A kernel that has it may well need to be newer than all that are known here. */
static bool is_known(const struct instruction *i)
{
	bool is_double = size_of(i) == SIZE_DOUBLE;
	unsigned mode = mode_of(i);

	switch (class_of(i)) {
	case CLASS_LD:
		return i->code == CODE_LOAD_64 ||
		       ((mode == MODE_ABS || mode == MODE_IND) && !is_double);
	case CLASS_LDX:
		return mode == MODE_MEM || (mode == MODE_MEMSX && !is_double);
	case CLASS_ST:
		return mode == MODE_MEM;
	case CLASS_STX:
		return mode == MODE_MEM || (mode == MODE_ATOMIC && is_known_atomic(i));
	case CLASS_ALU:
	case CLASS_ALU64:
		return op_of(i) <= OP_END;
	default:
		return is_known_jump(i);
	}
}

/* References */

static int compare_references(const void *a, const void *b)
{
	const struct reference *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static bool is_of_code(const struct elf_object *e, const struct elf_section *s)
{
	return s->type == ELF_SHT_REL && s->data && s->info && s->info < e->n_sections &&
	       (e->sections[s->info].flags & ELF_SHF_EXECINSTR);
}

static int add_references(struct references *r, const struct elf_object *e,
			  const struct elf_section *s, const char **why)
{
	for (uint64_t at = 0; at + ELF_REL_SIZE <= s->size; at += ELF_REL_SIZE) {
		uint64_t offset = bytes_get64(s->data + at, e->big);
		uint64_t symbol = bytes_get64(s->data + at + 8, e->big) >> 32;
		if (symbol >= e->n_symbols || offset >= e->sections[s->info].size ||
		    offset > UINT32_MAX)
			return elf_malformed(why, "a relocation of its is malformed");
		r->v[r->n++] = (struct reference){s->info, (uint32_t)offset, (uint32_t)symbol};
	}
	return 0;
}

int references_read(struct references *ret, const struct elf_object *e, const char **why)
{
	cleanup_references struct references references = {0};
	uint64_t n = 0;
	int r = 0;

	for (uint32_t i = 1; i < e->n_sections; i++)
		if (is_of_code(e, &e->sections[i]))
			n += e->sections[i].size / ELF_REL_SIZE;
	references.v = calloc((size_t)n + 1, sizeof(*references.v));
	if (!references.v)
		return -ENOMEM;
	for (uint32_t i = 1; r == 0 && i < e->n_sections; i++)
		if (is_of_code(e, &e->sections[i]))
			r = add_references(&references, e, &e->sections[i], why);
	if (r < 0)
		return r;
	if (references.n)
		qsort(references.v, references.n, sizeof(*references.v), compare_references);
	*ret = references;
	references.v = NULL;
	return 0;
}

void references_free(struct references *r)
{
	free(r->v);
	*r = (struct references){0};
}

/* 0: it refers to none. */
static uint32_t symbol_at(const struct references *r, uint32_t section, uint32_t offset)
{
	struct reference key = {.section = section, .offset = offset};
	const struct reference *found =
		r->n ? bsearch(&key, r->v, r->n, sizeof(*r->v), compare_references) : NULL;

	return found ? found->symbol : 0;
}

/* Loops: a jump to an instruction from which it is reached. */

enum { UNSEEN, ON_PATH, DONE };

/* Where control goes from here: 0 to 2 places. One outside of the function is none, nor is one that
 * only a register has. */
static unsigned successors(const struct contents_program *p, bool big, uint32_t i, uint32_t *ret)
{
	struct instruction insn;
	unsigned n = 0;

	decode(p->instructions + (size_t)i * INSTRUCTION_SIZE, big, &insn);
	bool jumps = class_of(&insn) == CLASS_JMP || class_of(&insn) == CLASS_JMP32;
	unsigned op = op_of(&insn);
	if ((jumps && op == OP_EXIT) || insn.code == CODE_JUMP_INDIRECT)
		return 0;
	uint32_t next = i + (insn.code == CODE_LOAD_64 ? 2 : 1);
	if (!(jumps && op == OP_JA) && next < p->n_instructions)
		ret[n++] = next;
	if (jumps && op != OP_CALL) {
		bool is_long = class_of(&insn) == CLASS_JMP32 && op == OP_JA;
		int64_t to = (int64_t)i + 1 + (is_long ? insn.number : insn.offset);
		if (to >= 0 && to < p->n_instructions)
			ret[n++] = (uint32_t)to;
	}
	return n;
}

/* Depth first, without recursion: path[] is what leads here, at[] which successor is next. */
static int find_loop(const struct contents_program *p, bool big, bool *ret)
{
	uint32_t n = p->n_instructions, depth = 0, to[2];
	cleanup_free uint32_t *path = malloc((size_t)n * sizeof(*path));
	cleanup_free uint8_t *state = calloc(n, 1), *at = calloc(n, 1);

	*ret = false;
	if (!path || !state || !at)
		return -ENOMEM;
	path[depth++] = 0;
	state[0] = ON_PATH;
	while (depth) {
		uint32_t i = path[depth - 1];
		if (at[i] == successors(p, big, i, to)) {
			state[i] = DONE;
			depth--;
			continue;
		}
		uint32_t next = to[at[i]++];
		if (state[next] == ON_PATH) {
			*ret = true;
			return 0;
		}
		if (state[next] == UNSEEN) {
			state[next] = ON_PATH;
			path[depth++] = next;
		}
	}
	return 0;
}

/* Instructions */

struct reader {
	const struct contents *c;
	const struct references *references;
	const struct contents_program *program;
	struct code code;
	bool calls_functions;
};

static void need_cpu(struct code *code, unsigned level)
{
	if (level > code->cpu)
		code->cpu = level;
}

static void need(struct code *code, enum kernel_feature feature, unsigned level)
{
	code->features[feature] = true;
	need_cpu(code, level);
}

/* In the 32-bit class: a conversion of byte order is older than that class. */
static void read_arithmetic(struct code *code, const struct instruction *i)
{
	bool is_64 = class_of(i) == CLASS_ALU64;
	unsigned op = op_of(i);

	if (!is_64 && op != OP_END)
		need_cpu(code, 3);
	if (op == OP_MOV && is_64 && i->offset == 1 && i->number)
		need(code, FEATURE_ADDRESS_SPACE, 1);
	else if ((is_64 && op == OP_END) ||
		 (i->offset && (op == OP_DIV || op == OP_MOD || op == OP_MOV)))
		need(code, FEATURE_CPU4, 4);
}

static void read_jump(struct code *code, const struct instruction *i)
{
	unsigned op = op_of(i);

	if (op == OP_JCOND)
		need(code, FEATURE_MAY_GOTO, 1);
	else if (i->code == CODE_JUMP_INDIRECT)
		need(code, FEATURE_INDIRECT_JUMP, 4);
	else if (class_of(i) == CLASS_JMP32)
		need(code, op == OP_JA ? FEATURE_CPU4 : FEATURE_JUMP32, op == OP_JA ? 4 : 3);
	else if (op >= OP_JLT && op <= OP_JSLE)
		need(code, FEATURE_JUMP_LESS, 2);
}

static void read_store(struct code *code, const struct instruction *i)
{
	if (mode_of(i) != MODE_ATOMIC)
		return;
	if (i->number == ATOMIC_LOAD_ACQUIRE || i->number == ATOMIC_STORE_RELEASE)
		need(code, FEATURE_ACQUIRE, 4);
	else if (i->number != ATOMIC_ADD)
		need(code, FEATURE_ATOMIC, 3);
}

static int add_number(struct code_numbers *numbers, uint32_t number)
{
	if (numbers->n == numbers->room) {
		size_t room = numbers->room ? 2 * numbers->room : 16;
		uint32_t *v = realloc(numbers->v, room * sizeof(*v));
		if (!v)
			return -ENOMEM;
		numbers->v = v;
		numbers->room = room;
	}
	numbers->v[numbers->n++] = number;
	return 0;
}

/* The function with this place in a section: what is in none, a loader refuses. */
static const struct contents_program *find_callee(const struct contents *c, uint32_t section,
						  int64_t offset)
{
	return offset >= 0 && offset <= UINT32_MAX
		       ? contents_program_at(c, section, (uint32_t)offset)
		       : NULL;
}

/* Where a call leads is counted from the symbol, of a function or of its section, or without one
 * from the instruction behind the call. */
static const struct contents_program *called(const struct contents *c,
					     const struct contents_program *program,
					     const struct instruction *i, uint32_t place,
					     const struct elf_symbol *s)
{
	int64_t distance = ((int64_t)i->number + 1) * INSTRUCTION_SIZE;

	if (!s || s->section >= c->elf.n_sections)
		return find_callee(c, program->section_number, (int64_t)place + distance);
	return s->value <= UINT32_MAX ? find_callee(c, s->section, (int64_t)s->value + distance)
				      : NULL;
}

/* Whose address it takes. */
static const struct contents_program *pointed_to(const struct contents *c,
						 const struct instruction *i,
						 const struct elf_symbol *s)
{
	bool is_code = s->section < c->elf.n_sections &&
		       c->elf.sections[s->section].flags & ELF_SHF_EXECINSTR;

	return is_code && s->value <= UINT32_MAX
		       ? find_callee(c, s->section, (int64_t)s->value + i->number)
		       : NULL;
}

static bool is_function_call(const struct instruction *i)
{
	return class_of(i) == CLASS_JMP && op_of(i) == OP_CALL && i->source == CALL_FUNCTION;
}

const struct contents_program *code_callee(const struct contents *c,
					   const struct references *references,
					   const struct contents_program *program, uint32_t number)
{
	uint32_t place = program->offset + number * INSTRUCTION_SIZE;
	struct instruction i;
	struct elf_symbol s;

	decode(program->instructions + (size_t)number * INSTRUCTION_SIZE, c->elf.big, &i);
	if (!is_function_call(&i) && i.code != CODE_LOAD_64)
		return NULL;
	uint32_t symbol = symbol_at(references, program->section_number, place);
	if (symbol)
		elf_object_symbol(&c->elf, symbol, &s);
	if (symbol && s.section == ELF_SHN_UNDEF)
		return NULL;
	if (is_function_call(&i))
		return called(c, program, &i, place, symbol ? &s : NULL);
	return symbol ? pointed_to(c, &i, &s) : NULL;
}

static int add_callee(struct reader *r, const struct contents_program *callee)
{
	return callee ? add_number(&r->code.callees, (uint32_t)(callee - r->c->programs)) : 0;
}

static int read_function_call(struct reader *r, const struct instruction *i, uint32_t place,
			      const struct elf_symbol *s)
{
	r->calls_functions = true;
	need(&r->code, FEATURE_CALL, 1);
	return add_callee(r, called(r->c, r->program, i, place, s));
}

static int read_call(struct reader *r, const struct instruction *i, uint32_t place, uint32_t symbol)
{
	struct elf_symbol s = {.section = ELF_SHN_LORESERVE};

	if (symbol)
		elf_object_symbol(&r->c->elf, symbol, &s);
	if (symbol && s.section == ELF_SHN_UNDEF)
		return add_number(&r->code.externs, symbol);
	if (i->source == CALL_FUNCTION)
		return read_function_call(r, i, place, symbol ? &s : NULL);
	if (i->source == CALL_KFUNC) {
		need(&r->code, FEATURE_KFUNC, 1);
	} else if (i->number > 0 && i->number < CODE_HELPERS_MAX) {
		r->code.helpers[i->number / 8] |= (uint8_t)(1 << i->number % 8);
	} else {
		r->code.calls_unknown = true;
		r->code.unknown_helper = (uint32_t)i->number;
	}
	return 0;
}

/* An address: of a map, a variable, a function of ours or a variable of the kernel's. */
static int read_address(struct reader *r, const struct instruction *i, uint32_t symbol)
{
	const struct elf_object *e = &r->c->elf;
	struct elf_symbol s;

	if (!symbol)
		return 0;
	elf_object_symbol(e, symbol, &s);
	if (s.section == ELF_SHN_UNDEF)
		return add_number(&r->code.externs, symbol);
	if (s.section >= e->n_sections)
		return 0;
	if (e->sections[s.section].flags & ELF_SHF_EXECINSTR) {
		need(&r->code, FEATURE_CALLBACK, 1);
		return add_callee(r, pointed_to(r->c, i, &s));
	}
	if (contents_is_data(&e->sections[s.section]))
		need(&r->code, FEATURE_GLOBAL_DATA, 1);
	return 0;
}

static int read_instruction(struct reader *r, const struct instruction *i, uint32_t place,
			    uint32_t symbol)
{
	if (!is_known(i)) {
		r->code.has_unknown = true;
		return 0;
	}
	switch (class_of(i)) {
	case CLASS_LD:
		return i->code == CODE_LOAD_64 ? read_address(r, i, symbol) : 0;
	case CLASS_LDX:
		if (mode_of(i) == MODE_MEMSX)
			need(&r->code, FEATURE_CPU4, 4);
		return 0;
	case CLASS_STX:
		read_store(&r->code, i);
		return 0;
	case CLASS_ALU:
	case CLASS_ALU64:
		read_arithmetic(&r->code, i);
		return 0;
	case CLASS_JMP:
	case CLASS_JMP32:
		if (op_of(i) == OP_CALL)
			return read_call(r, i, place, symbol);
		if (op_of(i) != OP_EXIT)
			read_jump(&r->code, i);
		return 0;
	default:
		return 0;
	}
}

static int read_all(struct reader *r)
{
	const struct contents_program *p = r->program;
	struct instruction insn;
	int result = 0;

	for (uint32_t i = 0; result == 0 && i < p->n_instructions; i++) {
		uint32_t offset = i * INSTRUCTION_SIZE, place = p->offset + offset;
		decode(p->instructions + offset, r->c->elf.big, &insn);
		uint32_t symbol = symbol_at(r->references, p->section_number, place);
		result = read_instruction(r, &insn, place, symbol);
		i += insn.code == CODE_LOAD_64;
	}
	return result;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void keep_once(struct code_numbers *numbers)
{
	size_t n = 0;

	if (numbers->n)
		qsort(numbers->v, numbers->n, sizeof(*numbers->v), compare_numbers);
	for (size_t i = 0; i < numbers->n; i++)
		if (!n || numbers->v[n - 1] != numbers->v[i])
			numbers->v[n++] = numbers->v[i];
	numbers->n = n;
}

int code_read(struct code *ret, const struct contents *c, const struct references *references,
	      const struct contents_program *program)
{
	struct reader reader = {c, references, program, .code.cpu = 1};
	struct code *code = &reader.code;

	int r = read_all(&reader);
	if (r == 0)
		r = find_loop(program, c->elf.big, &code->features[FEATURE_LOOP]);
	if (r < 0) {
		code_free(code);
		return r;
	}
	keep_once(&code->externs);
	keep_once(&code->callees);
	code->features[FEATURE_LARGE] = program->n_instructions > CODE_INSTRUCTIONS_OLD;
	code->features[FEATURE_TAIL_CALL_MIXED] =
		reader.calls_functions && code_calls(code, CODE_HELPER_TAIL_CALL);
	*ret = *code;
	return 0;
}

void code_free(struct code *code)
{
	free(code->externs.v);
	free(code->callees.v);
	code->externs = code->callees = (struct code_numbers){0};
}
