/* SPDX-License-Identifier: BSD-2-Clause */
/* What the instructions of an object's functions need of a kernel. */
#ifndef CROSSBPF_CODE_H
#define CROSSBPF_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contents.h"
#include "kernel-facts.h"

enum {
	CODE_HELPERS_MAX = 1024,      /* numbers of helpers are below it, for a long time */
	CODE_INSTRUCTIONS_OLD = 4096, /* a program had no more, before FEATURE_LARGE */
	CODE_HELPER_TAIL_CALL = 12,
};

/* Where instructions refer to symbols. */
struct references {
	struct reference {
		uint32_t section, offset; /* of the instruction */
		uint32_t symbol;
	} * v; /* sorted; owned */
	size_t n;
};

/* 0, -ENOMEM, or -ENOEXEC with *why as in object.h. */
int references_read(struct references *ret, const struct elf_object *e, const char **why);
void references_free(struct references *r);
#define cleanup_references CLEANUP(references_free)

struct code_numbers { /* sorted, each once */
	uint32_t *v;  /* owned */
	size_t n, room;
};

struct code { /* of a function alone: what calls add to a program, call-graph.c finds */
	uint8_t helpers[CODE_HELPERS_MAX / 8]; /* which are called, a bit each */
	bool calls_unknown; /* a helper whose number is none here: the last such one is */
	uint32_t unknown_helper;
	bool has_unknown;            /* instructions that this release does not know */
	bool features[FEATURE_MAX];  /* of enum kernel_feature, less what loading needs */
	unsigned cpu;                /* the level of instructions: 1 to 4 */
	struct code_numbers externs; /* symbols that are not here */
	/* of contents.programs: functions that are called, or given to helpers to call */
	struct code_numbers callees;
};

/* 0 or -ENOMEM. */
int code_read(struct code *ret, const struct contents *c, const struct references *references,
	      const struct contents_program *program);
void code_free(struct code *code);
#define cleanup_code CLEANUP(code_free)

/* The function that this instruction of a program calls, or has a helper call; NULL: it does
 * neither.
 */
const struct contents_program *code_callee(const struct contents *c,
					   const struct references *references,
					   const struct contents_program *program, uint32_t number);

static inline bool code_calls(const struct code *code, uint32_t helper)
{
	return helper < CODE_HELPERS_MAX && code->helpers[helper / 8] & 1 << helper % 8;
}

#endif
