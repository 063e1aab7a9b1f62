/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which source line an instruction of a loaded program is of. The kernel is given the program's own
 * instructions, and behind them each function that it calls; it counts over all of them.
 */
#ifndef CROSSBPF_VERIFIER_SOURCE_H
#define CROSSBPF_VERIFIER_SOURCE_H

#include "code.h"
#include "source-side.h"
#include "verifier-log.h"

struct source_line {
	const char *file, *text; /* NULL: there is none */
	uint32_t line;
};

struct source {
	struct contents contents;
	struct references references;
	struct side side;
	/* Functions in the kernel's order, the program first; owned. */
	struct source_part {
		const struct contents_program *function;
		uint32_t start; /* its first instruction, as the kernel counts */
	} * parts;
	size_t n_parts;
	uint32_t n_instructions; /* of all of them */
	/* By their places; owned. */
	struct source_record {
		uint32_t section, offset; /* of the instruction, in bytes */
		struct source_line line;
	} * records;
	size_t n_records, room;
};

/* An object that cannot be read has no lines. How many instructions the kernel was given tells
 * whether functions are where they are expected; 0: not known. 0 or -ENOMEM. */
int source_open(struct source *ret, const void *object, size_t len, const char *program,
		uint32_t n_instructions);
void source_close(struct source *s);
#define cleanup_source CLEANUP(source_close)

/* Of the instruction; file is NULL: unknown. */
struct source_line source_line(const struct source *s, uint32_t instruction);

/* Is its line its own, not that of an instruction before it? */
bool source_begins_line(const struct source *s, uint32_t instruction);

/* The function that it is of; NULL: unknown. *ret_range, if not NULL: its instructions. */
const struct contents_program *source_function(const struct source *s, uint32_t instruction,
					       struct log_range *ret_range);

/* The line that says "for", "while" or "do" among these instructions, which are of one function. */
struct source_line source_loop(const struct source *s, struct log_range range);

/* The only line with this text, or, where `line` is not 0, of that file's; else none. */
struct source_line source_find(const struct source *s, struct span text, struct span file,
			       uint32_t line);

/* The first line of the program and what it calls that has this word. */
struct source_line source_mention(const struct source *s, struct span word);

/* The first instruction of the program and what it calls that calls this helper; false: none
 * does. */
bool source_call(const struct source *s, uint32_t helper, uint32_t *ret_instruction);

/* The calls that take most of the stack, or are most: appends "outer() 304, inner() 300", or
 * without the bytes, and gives the instruction of the first call; false: nothing is called. */
bool source_deepest(const struct source *s, bool in_bytes, struct strbuf *to, uint32_t *ret_call);

#endif
