/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF made by hand, in either byte order: types one after the other, from number 1 on. */
#ifndef CROSSBPF_TESTS_MAKE_BTF_H
#define CROSSBPF_TESTS_MAKE_BTF_H

#include <stdint.h>

#include "make-object.h"

struct btf_maker {
	struct made order; /* for its byte order alone */
	uint8_t types[4096], bytes[9000];
	char strings[4096];
	uint32_t types_len, strings_len, n;
	size_t len; /* of bytes, once it is finished */
};

static inline void btf_begin(struct btf_maker *b, bool big)
{
	*b = (struct btf_maker){.order.big = big, .strings_len = 1};
}

static inline void btf_number(struct btf_maker *b, uint32_t value)
{
	ck_assert_uint_le(b->types_len + 4, sizeof(b->types));
	made_put(&b->order, b->types + b->types_len, 4, value);
	b->types_len += 4;
}

static inline uint32_t btf_string(struct btf_maker *b, const char *s)
{
	uint32_t at = b->strings_len;

	if (!s[0])
		return 0;
	ck_assert_uint_le(at + strlen(s) + 1, sizeof(b->strings));
	memcpy(b->strings + at, s, strlen(s) + 1);
	b->strings_len += (uint32_t)strlen(s) + 1;
	return at;
}

/* A type without what follows it. Returns its number. */
static inline uint32_t btf_type(struct btf_maker *b, const char *name, uint32_t kind, uint32_t n,
				uint32_t size_or_type)
{
	btf_number(b, btf_string(b, name));
	btf_number(b, kind << 24 | n); /* kind_flag is bit 7 of `kind` */
	btf_number(b, size_or_type);
	return ++b->n;
}

enum { BTF_KIND_FLAG = 0x80 };

static inline uint32_t btf_int(struct btf_maker *b, const char *name, uint32_t size)
{
	uint32_t id = btf_type(b, name, 1, 0, size);

	btf_number(b, size * 8);
	return id;
}

static inline uint32_t btf_array(struct btf_maker *b, uint32_t element, uint32_t n)
{
	uint32_t id = btf_type(b, "", 3, 0, 0);

	btf_number(b, element);
	btf_number(b, 1);
	btf_number(b, n);
	return id;
}

/* One more number for a parameter, two for a member: its type, its offset in bits. */
static inline void btf_member(struct btf_maker *b, const char *name, uint32_t type)
{
	btf_number(b, btf_string(b, name));
	btf_number(b, type);
}

static inline void btf_finish(struct btf_maker *b)
{
	made_put(&b->order, b->bytes, 2, 0xeb9f);
	b->bytes[2] = 1;
	b->bytes[3] = 0;
	made_put(&b->order, b->bytes + 4, 4, 24);
	made_put(&b->order, b->bytes + 8, 4, 0);
	made_put(&b->order, b->bytes + 12, 4, b->types_len);
	made_put(&b->order, b->bytes + 16, 4, b->types_len);
	made_put(&b->order, b->bytes + 20, 4, b->strings_len);
	memcpy(b->bytes + 24, b->types, b->types_len);
	memcpy(b->bytes + 24 + b->types_len, b->strings, b->strings_len);
	b->len = 24 + b->types_len + b->strings_len;
}

#endif
