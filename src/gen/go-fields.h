/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of Go's structures, and other lists, in columns as gofmt puts them. */
#ifndef CROSSBPF_GEN_GO_FIELDS_H
#define CROSSBPF_GEN_GO_FIELDS_H

#include <stddef.h>

#include "shared/strbuf.h"

struct go_field {
	char *name;
	char *text; /* all behind the name; may be of several lines */
};

struct go_fields {
	struct go_field *v;
	size_t n, room;
	int error; /* sticky: -ENOMEM */
};

/* Appends one. Both are taken over; NULL counts as out of memory. */
void go_fields_take(struct go_fields *f, char *name, char *text);
/* A name like another's gets a number behind it. */
void go_fields_take_unique(struct go_fields *f, char *name, char *text);
/* Sorts them by name. The first of two that are called the same; NULL where there are none. */
const struct go_field *go_fields_find_twins(struct go_fields *f);
/* Appends them to the text, each a line that so many tabs stand before. */
void go_fields_write(const struct go_fields *f, unsigned tabs, struct strbuf *text);
void go_fields_free(struct go_fields *f);
#define cleanup_go_fields CLEANUP(go_fields_free)

#endif
