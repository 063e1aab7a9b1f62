/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of files in a C source: in #include and its kin, in __has_include, in .incbin.
 *
 * No preprocessor: whatever looks like a directive counts, in any branch of a conditional and also
 * within a comment. So nothing that precedes a directive can hide it, and what a compiler would
 * read is always among the names.
 */
#ifndef CROSSBPF_INCLUDE_NAMES_H
#define CROSSBPF_INCLUDE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/strv.h"

enum include_use {
	USE_INCLUDE,  /* #include, #import */
	USE_NEXT,     /* #include_next */
	USE_EMBED,    /* #embed */
	USE_ASSEMBLE, /* .incbin and .include in an asm statement */
	/* Only whether it is there: __has_include, __has_embed, #pragma GCC dependency */
	USE_ASK,
	USE_ASK_NEXT /* __has_include_next */
};

struct include_name {
	enum include_use use;
	bool quote;    /* "text", else <text> */
	bool computed; /* `text` is what macros make a name of; "": any macro */
	char *text;
};

struct include_names {
	struct include_name *v;
	size_t n;
	size_t room;
};

void include_names_free(struct include_names *names);
#define cleanup_include_names CLEANUP(include_names_free)

/* Appends the names in a source. 0 or -ENOMEM. */
int include_names_find(const char *text, size_t len, struct include_names *names);

struct include_macro {
	char *name;
	char *body;    /* without comments; of a function-like macro with its parameters */
	bool function; /* takes parameters */
};

struct include_macros {
	struct include_macro *v;
	size_t n;
	size_t room;
};

void include_macros_free(struct include_macros *macros);
#define cleanup_include_macros CLEANUP(include_macros_free)

/* Appends what a source #defines. 0 or -ENOMEM. */
int include_macros_find(const char *text, size_t len, struct include_macros *macros);
/* The same of the value of a -D, "NAME=BODY". */
int include_macros_add(const char *define, struct include_macros *macros);

/* Appends the names that are spelled "so" or <so> in a line of a source. 0 or -ENOMEM. */
int include_names_spelled(const char *line, enum include_use use, struct include_names *names);

/* Appends all that stands between two quotes on one line of a source: what a .incbin may be made
 * of. Errors are sticky. */
void include_strings_find(const char *text, size_t len, struct strv *strings);

#endif
