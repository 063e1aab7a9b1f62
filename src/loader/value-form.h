/* SPDX-License-Identifier: BSD-2-Clause */
/* What a type of BTF is for value.h, and text of one value by it. */
#ifndef CROSSBPF_VALUE_FORM_H
#define CROSSBPF_VALUE_FORM_H

#include <stdint.h>

#include "value.h"

enum value_kind {
	VALUE_BYTES, /* __u8[N], and what there is no type of */
	VALUE_INT,
	VALUE_BE, /* in network byte order */
	VALUE_BOOL,
	VALUE_CHAR,
	VALUE_ENUM,
	VALUE_FLOAT,
	VALUE_POINTER,
	VALUE_ADDRESS4,
	VALUE_ADDRESS16,
	VALUE_MAC,
	VALUE_PREFIX, /* a __u32, the length, and an address */
	VALUE_STRING, /* char[N] */
	VALUE_ARRAY,
	VALUE_STRUCT, /* a union, too */
	VALUE_SECTION,
	VALUE_OPAQUE, /* the kernel's own: locks, timers, pointers to its objects */
};

struct value_form {
	enum value_kind kind;
	const struct btf_type *type; /* of the last two steps below; NULL: none */
	size_t size;                 /* 0: unknown, or none */
	bool is_signed;
	unsigned bits; /* of numbers: those that count, behind `shift` others */
	unsigned shift;
};

enum { VALUE_DEPTH = 32 }; /* of types in types: no program's are as deep */

/* `name` is that of the member or variable, or NULL. `whole`: structures and arrays are not what
 * they mean but what they are. */
void value_form(const struct btf *btf, __u32 id, const char *name, bool whole,
		struct value_form *ret);

struct value_member {
	const char *name;    /* "": none */
	__u32 type;          /* of a section's variable: the type of BTF_KIND_VAR */
	uint64_t bit_offset; /* in the structure */
	unsigned bits;       /* 0: no bit-field */
};

/* Of a structure, union or section. */
struct value_member value_member(const struct btf *btf, const struct btf_type *t, unsigned i);

/* Is a member called pad, __pad or so? */
bool value_is_padding(const char *name);

/* Makes a form that of a bit-field. */
void value_form_bits(struct value_form *f, unsigned bits);

/* A number of 64 bits at most, from bit `bit` of `data` on, with its sign. The caller looks after
 * bounds. */
uint64_t value_get_bits(const unsigned char *data, uint64_t bit, const struct value_form *f);

/* Where a value stands, for errors. */
struct value_place {
	const struct value_place *up;
	const char *name; /* NULL: an element of an array */
	size_t index;
};

/*
 * Reads what is no structure, array or bit-field from text to f->size bytes. -EINVAL or -ERANGE
 * with an error.
 */
int value_scalar(const struct btf *btf, const struct value_form *f, const char *text,
		 unsigned char *ret, const struct value_place *at, struct crossbpf_error *e);
/* The same of a number, a bit-field's too. */
int value_number(const struct btf *btf, const struct value_form *f, const char *text, uint64_t *ret,
		 const struct value_place *at, struct crossbpf_error *e);
/* Does value_scalar() need neither BTF nor memory for it? */
bool value_is_simple(const struct value_form *f);

/* "hex 01 02", or "hex:0102", up to `room` bytes: how many they are, or -EINVAL: it is something
 * else. */
int value_hex(const char *text, unsigned char *ret, size_t room);

__attribute__((format(printf, 5, 6))) int value_error(const struct value_place *at, int code,
						      const char *hint, struct crossbpf_error *e,
						      const char *format, ...);

#endif
