/* SPDX-License-Identifier: BSD-2-Clause */
/* A vector of strings, always NULL-terminated once filled: an argv. Errors are sticky as in
 * strbuf.h: check `error` once, before use. */
#ifndef CROSSBPF_STRV_H
#define CROSSBPF_STRV_H

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"

struct strv {
	char **v; /* n owned strings and a NULL; NULL while empty */
	size_t n;
	size_t room;
	int error; /* 0 or -ENOMEM */
	/* For strv_add_once() of many: a hash table of the first n_found, by their places plus one.
	 */
	size_t *places;
	size_t n_places, n_found;
};

void strv_free(struct strv *s);
#define cleanup_strv CLEANUP(strv_free)

/* Appends a copy. */
void strv_add(struct strv *s, const char *string);
/* Appends copies of all up to a NULL. */
void strv_add_all(struct strv *s, const char *const *strings);
/* Appends a copy of what is not in it yet: true. */
bool strv_add_once(struct strv *s, const char *string);
bool strv_contains(const struct strv *s, const char *string);
void strv_sort(struct strv *s);
/* Appends an owned string; NULL counts as out of memory. */
void strv_take(struct strv *s, char *string);

#endif
