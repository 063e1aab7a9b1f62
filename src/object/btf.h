/* SPDX-License-Identifier: BSD-2-Clause */
/* A bounded reader of BTF, the types of a BPF object. */
#ifndef CROSSBPF_BTF_H
#define CROSSBPF_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf {
	const uint8_t *types;
	uint32_t types_len;
	const char *strings; /* ends in a NUL */
	uint32_t strings_len;
	bool big;
};

/* Borrows `data`. 0, or -ENOEXEC with *why as in object.h. */
int btf_open(struct btf *ret, const uint8_t *data, size_t len, bool big, const char **why);

/* A type, by its place and that of what follows it: numbers of its own, then its members. */
struct btf_place {
	const char *name;
	uint32_t at, own_at, members_at, n_members;
	uint8_t kind;
	uint8_t member_size;
	bool has_names; /* each member begins with a name */
};

/* The type at *at, which moves behind it. 0, or -ENOEXEC with *why as in object.h. */
int btf_next(const struct btf *b, uint32_t *at, struct btf_place *ret, const char **why);

/* Calls visit() with the place within b->types of each name's offset, of types and of their
 * members, and the type's number; stops where that is not 0. 0, what visit() gave, or -ENOEXEC with
 * *why as in object.h. */
int btf_each_name(const struct btf *b, int (*visit)(void *ctx, uint32_t type, uint32_t at),
		  void *ctx, const char **why);

/* Does it have a type, of whatever kind, with such a name? 1, 0, or -ENOEXEC with *why as in
 * object.h where BTF is malformed up to the type found. */
int btf_has_type(const uint8_t *data, size_t len, bool big, bool (*is)(const char *name),
		 const char **why);

#endif
