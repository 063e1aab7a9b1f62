/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "value-form.h"

struct adder {
	const struct btf *btf;
	unsigned char *sum;
	const unsigned char *data;
	size_t size;
	size_t budget; /* as in value-print.c */
};

static bool add(struct adder *a, __u32 id, const char *name, uint64_t bit, unsigned depth);

static void add_number(struct adder *a, const struct value_form *f, uint64_t bit)
{
	uint64_t n = value_get_bits(a->sum, bit, f) + value_get_bits(a->data, bit, f);
	unsigned char *to = a->sum + bit / 8;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(to, &n, f->size);
#else
	memcpy(to, (const unsigned char *)&n + sizeof(n) - f->size, f->size);
#endif
}

static bool add_members(struct adder *a, const struct btf_type *t, uint64_t bit, unsigned depth)
{
	if (btf_is_union(t))
		return false;
	for (unsigned i = 0; i < btf_vlen(t); i++) {
		struct value_member m = value_member(a->btf, t, i);
		struct value_form f;
		value_form(a->btf, m.type, m.name, false, &f);
		if (f.kind == VALUE_BYTES && f.size && value_is_padding(m.name))
			continue;
		if (m.bits || !add(a, m.type, m.name, bit + m.bit_offset, depth + 1))
			return false;
	}
	return btf_vlen(t) > 0;
}

static bool add_elements(struct adder *a, const struct btf_array *array, uint64_t bit,
			 unsigned depth)
{
	long long size = btf__resolve_size(a->btf, array->type);

	for (size_t i = 0; size > 0 && i < array->nelems; i++)
		if (!add(a, array->type, NULL, bit + 8 * (uint64_t)size * i, depth + 1))
			return false;
	return size > 0;
}

static bool add(struct adder *a, __u32 id, const char *name, uint64_t bit, unsigned depth)
{
	struct value_form f;

	if (depth >= VALUE_DEPTH || !a->budget)
		return false;
	a->budget--;
	value_form(a->btf, id, name, false, &f);
	if (!f.size || bit % 8 || bit / 8 > a->size || f.size > a->size - bit / 8)
		return false;
	switch (f.kind) {
	case VALUE_INT:
		if (f.is_signed || f.size > 8 || f.bits != 8 * f.size)
			return false;
		add_number(a, &f, bit);
		return true;
	case VALUE_STRUCT:
		return add_members(a, f.type, bit, depth);
	case VALUE_ARRAY:
		return add_elements(a, btf_array(f.type), bit, depth);
	default:
		return false;
	}
}

bool value_add(const struct btf *btf, __u32 type, void *sum, const void *data, size_t size)
{
	struct adder a = {
		.btf = btf, .sum = sum, .data = data, .size = size, .budget = 4096 + 16 * size};

	return type && btf && add(&a, type, NULL, 0, 0);
}
