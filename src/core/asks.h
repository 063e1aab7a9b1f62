/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a source asks for that the list of what a compile read does not tell: whether a file is
 * there, the time, a file that clang reads and does not list.
 *
 * One text says it of one file, in lines:
 *
 *	NAME	it asks by __has_include and its kin whether there is a header NAME
 *	(none)	it asks for what no name tells: the same inputs may make other outputs
 *	^A?	it asks for a header whose name macros make, or that has a backslash in its name
 *	^Aa	it has an asm() of which not all is seen
 *	^A#	it has a macro that may paste words together to any of those that ask
 *	^A:BITS	it has words that are parts of one of these
 *
 * Where in doubt it asks. Words count wherever the preprocessor would see them, also in branches
 *that it leaves out.
 */
#ifndef CROSSBPF_ASKS_H
#define CROSSBPF_ASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *ret_asks is NULL where it asks for nothing. 0 or -ENOMEM; the caller frees. */
int asks_find(const char *text, size_t len, char **ret_asks);

/* Does it ask for what no name tells? May be NULL. */
bool asks_are_open(const char *asks);
/* Does it ask for a header by a name that is not known? Whether that is there cannot be watched. */
bool asks_are_computed(const char *asks);

/* Does it ask for headers, by whatever names? May be NULL. */
bool asks_are_for_headers(const char *asks);

/* Calls `each` with every NAME, until it returns an error, which is returned. */
int asks_each_name(const char *asks, int (*each)(void *ctx, const char *name, size_t len),
		   void *ctx);

/* Which parts of words that ask are there, as words of their own. */
struct asks_parts {
	uint8_t bits[128];
};

/* What all files of a compile ask for together. */
struct asks_sum {
	bool open, asm_open, pastes;
	struct asks_parts parts;
};

/* Is there an asm() that may name a file, or is not seen whole, in what the preprocessor made of a
 * compile's files? */
bool asks_asm_is_open(const char *preprocessed, size_t len);

/* Adds what a file asks for; NULL: nothing. */
void asks_sum_add(struct asks_sum *s, const char *asks, bool is_builders);
/* The same of a file that asks for nothing by words that are pasted, but has macros by which
 * another may. */
void asks_sum_add_known(struct asks_sum *s, const char *asks);
/* May the same inputs make other outputs? */
bool asks_sum_is_open(const struct asks_sum *s);
/* May they, where asks_asm_is_open() has said that there is no such asm()? */
bool asks_sum_is_open_but_for_asm(const struct asks_sum *s);
/* May they ask for headers by names that are not seen, as __has_include is pasted together? */
bool asks_sum_hides_names(const struct asks_sum *s);

#endif
