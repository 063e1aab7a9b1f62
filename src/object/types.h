/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The types of a BPF object by their numbers (kernel: Documentation/bpf/btf.rst). What types_open()
 * accepts can be read without further checks: names, members and numbers of types are sound. Types
 * may still go in circles, and sizes may be any: each function here ends whatever they are.
 */
#ifndef CROSSBPF_TYPES_H
#define CROSSBPF_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "btf.h"
#include "shared/strbuf.h"

enum type_kind {
	TYPE_VOID,
	TYPE_INT,
	TYPE_PTR,
	TYPE_ARRAY,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_ENUM,
	TYPE_FWD,
	TYPE_TYPEDEF,
	TYPE_VOLATILE,
	TYPE_CONST,
	TYPE_RESTRICT,
	TYPE_FUNC,
	TYPE_FUNC_PROTO,
	TYPE_VAR,
	TYPE_DATASEC,
	TYPE_FLOAT,
	TYPE_DECL_TAG,
	TYPE_TYPE_TAG,
	TYPE_ENUM64,
};

enum { /* of an INT */
       TYPE_INT_SIGNED = 1,
       TYPE_INT_CHAR = 2,
       TYPE_INT_BOOL = 4,
};

enum { /* of a VAR or a FUNC */
       TYPE_LINKAGE_STATIC = 0,
       TYPE_LINKAGE_GLOBAL = 1,
       TYPE_LINKAGE_EXTERN = 2,
};

struct type {
	const char *name; /* "": it has none */
	enum type_kind kind;
	/* of STRUCT and UNION: it has bit fields; of FWD: it is a union; of ENUM, ENUM64: its
	 * values are signed */
	bool flag;
	uint32_t size; /* of INT, STRUCT, UNION, ENUM, ENUM64, FLOAT, in bytes; of DATASEC 0 in most
			*/
	/* what PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, VAR, DECL_TAG and TYPE_TAG are of, ARRAY
	 * has elements of, FUNC_PROTO returns; of FUNC its FUNC_PROTO. 0: void */
	uint32_t type;
	uint32_t n_members;                 /* members, values, parameters, variables */
	uint32_t n_elements, index_type;    /* of ARRAY */
	uint8_t encoding, bits, bit_offset; /* of INT */
	uint32_t linkage;                   /* of VAR, FUNC */
	int32_t component; /* of DECL_TAG: which member or parameter; -1: all of it */
	uint32_t members_at;
};

struct type_member { /* of STRUCT, UNION; of FUNC_PROTO without offset and bits */
	const char *name;
	uint32_t type; /* of the last parameter 0: there may be more, … */
	uint32_t bit_offset;
	uint8_t bits; /* 0: it is no bit field */
};

struct type_value { /* of ENUM, ENUM64 */
	const char *name;
	uint64_t value; /* sign-extended */
};

struct type_place { /* of DATASEC: a VAR, or a FUNC that is extern */
	uint32_t type;
	uint32_t offset; /* 0 in an object for what is global: its symbol has it */
	uint32_t size;
};

struct types {
	struct btf btf;
	uint32_t *places; /* by a type's number; [0] is not used; owned */
	uint32_t n;       /* numbers are below it; 1: there are no types */
};

/* No name is longer: a hostile object would have one long one, many times. */
enum { TYPES_NAME_MAX = 1024 };

/* Borrows `data`, .BTF's content. 0, -ENOMEM, or -ENOEXEC with *why as in object.h. */
int types_open(struct types *ret, const uint8_t *data, size_t len, bool big, const char **why);
void types_close(struct types *t);
#define cleanup_types CLEANUP(types_close)

/* The type with a number; void where there is no such number. */
void types_get(const struct types *t, uint32_t id, struct type *ret);

/* i < type->n_members. */
void types_member(const struct types *t, const struct type *type, uint32_t i,
		  struct type_member *ret);
void types_value(const struct types *t, const struct type *type, uint32_t i,
		 struct type_value *ret);
void types_place(const struct types *t, const struct type *type, uint32_t i,
		 struct type_place *ret);

/* The first type of that kind and name; 0: there is none. */
uint32_t types_find(const struct types *t, enum type_kind kind, const char *name);

/* Past const, volatile, restrict and type tags; and past typedefs too. Void where that has no end.
 */
uint32_t types_skip_qualifiers(const struct types *t, uint32_t id);
uint32_t types_resolve(const struct types *t, uint32_t id);

/* Its size in bytes. 0, or -EINVAL for what has none, such as void or a function. */
int types_size(const struct types *t, uint32_t id, uint32_t *ret_size);
/* What its address is a multiple of: 1 where that is not known. */
uint32_t types_align(const struct types *t, uint32_t id);

/* As C would name it: "struct flow *", "const __u8[16]", "struct {...}". */
void types_print(const struct types *t, uint32_t id, struct strbuf *text);

#endif
