/* SPDX-License-Identifier: BSD-2-Clause */
/* What contents_open() is made of. */
#ifndef CROSSBPF_CONTENTS_PARTS_H
#define CROSSBPF_CONTENTS_PARTS_H

#include "contents.h"

/* Names and what bears them, sorted: a hostile object has many. */
struct names {
	struct name {
		const char *name;
		uint32_t id;
	} * v; /* owned */
	size_t n;
};

/* Is it longer than names may be? */
bool contents_is_too_long(const char *name);

/* As strcmp(), of as much of them as can matter. */
int names_compare(const char *a, const char *b);
void names_free(struct names *n);
#define cleanup_names CLEANUP(names_free)
/* Makes room for n of them. 0 or -ENOMEM. */
int names_init(struct names *ret, size_t n);
/* Appends to a list that has room; it is to be sorted after the last. */
void names_add(struct names *n, const char *name, uint32_t id);
void names_sort(struct names *n);
/* What has that name; 0: nothing. */
uint32_t names_find(const struct names *n, const char *name);

/* The types of a kind, less functions that are extern. 0 or -ENOMEM. */
int contents_types_of(const struct types *t, enum type_kind kind, struct names *ret);

/* The symbols that are not local. 0 or -ENOMEM. */
int contents_global_symbols(const struct elf_object *e, struct names *ret);

/* Is it a section that becomes a map of its variables: ".data", ".bss.NAME"? An empty one is not.
 */
bool contents_is_data(const struct elf_section *s);
bool contents_is_rodata(const char *section);
bool contents_is_struct_ops(const char *section);

/* The program with the instruction at that offset within a section; NULL: it is in none. */
const struct contents_program *contents_program_at(const struct contents *c, uint32_t section,
						   uint32_t offset);

/* How large .kconfig is, contents_variables() finds out. 0 or a negative errno, both. */
int contents_variables(struct contents *c, uint32_t *ret_kconfig_size, const char **why);
int contents_maps(struct contents *c, uint32_t kconfig_size, const char **why);

#endif
