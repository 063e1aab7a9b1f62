/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of the kernel's verifier: the instructions in the order in which it went through them,
 * each with the registers that it changed; what it has against the program at the end. Linux up to
 * 5.15 tells registers on lines of their own, and not always.
 *
 * The log may have 16 MiB, and texts of the object's: whoever looks for something goes over it
 * once.
 */
#ifndef CROSSBPF_VERIFIER_LOG_H
#define CROSSBPF_VERIFIER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span { /* of the log */
	const char *at;
	size_t len;
};

enum { LOG_MESSAGES = 4 };

struct log_instruction {
	const char *at; /* of its line; NULL: there is none */
	uint32_t number;
	struct span text; /* "r1 = *(u64 *)(r0 +0)" */
};

struct log {
	const char *text;                   /* borrowed */
	struct span messages[LOG_MESSAGES]; /* the last, in their order */
	size_t n_messages;
	struct log_instruction last; /* before them */
};

void log_open(struct log *ret, const char *text);

/* The last time that it came to this instruction. */
struct log_instruction log_find(const struct log *log, uint32_t number);

/* Which instructions of the function it went through since it came to this one before, now that it
 * is there again; false: it was not there before. */
struct log_range {
	uint32_t first, last;
};
bool log_loop(const struct log *log, uint32_t number, struct log_range function,
	      struct log_range *ret);

/* What is in a register before the instruction at `at`; no length: the log does not tell. */
struct span log_register(const struct log *log, const char *at, unsigned number);

/* The instruction of the function that gave the register what it has before the one at `at`, which
 * is of that function; at is NULL: the log does not tell. Copies from register to register do not
 * count. Lost: a call left nothing in it. */
struct log_instruction log_origin(const struct log *log, const char *at, unsigned number,
				  struct log_range function, bool *ret_lost);

/* The comment before the instruction's line, or before the one that was last told before it: the
 * text of a source line, with the file's name and the line's number where the kernel tells them. */
struct log_comment {
	struct span text, file; /* no length: unknown */
	uint32_t line;
};
bool log_comment(const struct log *log, const char *at, struct log_comment *ret);

/* The number behind `words` in a message; false: there is none. */
bool log_number(const struct log *log, const char *words, uint32_t *ret);

/* Is this in a message? */
bool log_says(const struct log *log, const char *words);

/* The first register that a message names; false: none does. */
bool log_names_register(const struct log *log, unsigned *ret);

#endif
