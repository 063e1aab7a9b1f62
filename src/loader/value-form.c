/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "value-form.h"

#include <string.h>

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static bool is_address_name(const char *name)
{
	static const char *const names[] = {"ip",      "ip4",  "ip6",  "ipv4",   "ipv6",
					    "src",     "dst",  "dest", "source", "gateway",
					    "nexthop", "peer", NULL};

	if (!name)
		return false;
	size_t len = strlen(name);
	return strstr(name, "addr") || (len > 3 && strcmp(name + len - 3, "_ip") == 0) ||
	       strncmp(name, "ip_", 3) == 0 || is_one_of(name, names);
}

/* What the kernel alone writes: kernel/bpf/btf.c, btf_get_field_type(). */
static bool is_kernels(const char *name)
{
	static const char *const names[] = {
		"bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer",   "bpf_wq",
		"bpf_list_head", "bpf_list_node",     "bpf_rb_root", "bpf_rb_node",
		"bpf_refcount",  "bpf_task_work",     NULL};

	return is_one_of(name, names);
}

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	const char *name = btf__name_by_offset(btf, t->name_off);

	return name ? name : "";
}

struct value_member value_member(const struct btf *btf, const struct btf_type *t, unsigned i)
{
	if (btf_is_datasec(t)) {
		const struct btf_var_secinfo *info = btf_var_secinfos(t) + i;
		const struct btf_type *var = btf__type_by_id(btf, info->type);
		return (struct value_member){.name = var ? name_of(btf, var) : "",
					     .type = info->type,
					     .bit_offset = UINT64_C(8) * info->offset};
	}
	const struct btf_member *m = btf_members(t) + i;
	const char *name = btf__name_by_offset(btf, m->name_off);
	return (struct value_member){.name = name ? name : "",
				     .type = m->type,
				     .bit_offset = btf_member_bit_offset(t, i),
				     .bits = btf_member_bitfield_size(t, i)};
}

struct resolver {
	const struct btf *btf;
	bool whole;
	bool is_address; /* by a name on the way */
	bool is_be;
	unsigned depth;
};

static void resolve(struct resolver r, __u32 id, struct value_form *ret);

static void form_of(struct resolver r, __u32 id, const char *name, struct value_form *ret)
{
	r.is_be = false;
	r.is_address = is_address_name(name);
	r.depth++;
	resolve(r, id, ret);
}

static void take_int(const struct resolver *r, const struct btf_type *t, struct value_form *ret)
{
	unsigned encoding = btf_int_encoding(t);

	ret->kind = VALUE_INT;
	ret->is_signed = encoding & BTF_INT_SIGNED;
	ret->bits = btf_int_bits(t);
	ret->shift = btf_int_offset(t);
	if (encoding & BTF_INT_BOOL)
		ret->kind = VALUE_BOOL;
	else if (t->size == 1 &&
		 ((encoding & BTF_INT_CHAR) || strcmp(name_of(r->btf, t), "char") == 0))
		ret->kind = VALUE_CHAR;
	else if (r->is_be && t->size == 4)
		ret->kind = VALUE_ADDRESS4;
	else if (r->is_be)
		ret->kind = VALUE_BE;
	if (ret->bits + ret->shift > 8 * ret->size || !ret->bits || ret->size > 16) {
		ret->kind = VALUE_BYTES;
	}
}

static bool is_byte(const struct value_form *f)
{
	return f->kind == VALUE_INT && f->size == 1 && !f->is_signed && f->bits == 8;
}

static void take_array(const struct resolver *r, const struct btf_type *t, struct value_form *ret)
{
	const struct btf_array *array = btf_array(t);
	const struct btf_type *element = btf__type_by_id(r->btf, array->type);
	struct value_form inner;

	ret->kind = VALUE_ARRAY;
	if (r->whole || !array->nelems)
		return;
	form_of(*r, array->type, NULL, &inner);
	if (inner.kind == VALUE_CHAR)
		ret->kind = VALUE_STRING;
	else if (is_byte(&inner))
		ret->kind = array->nelems == 6                     ? VALUE_MAC
			    : r->is_address && array->nelems == 4  ? VALUE_ADDRESS4
			    : r->is_address && array->nelems == 16 ? VALUE_ADDRESS16
								   : VALUE_BYTES;
	else if (inner.kind == VALUE_ADDRESS4 && array->nelems == 4 && element &&
		 btf_is_typedef(element))
		ret->kind = VALUE_ADDRESS16;
}

/* Is the first member's name one for the length of a prefix? */
static bool is_prefix_name(const char *name)
{
	static const char *const names[] = {"len", "plen", "masklen", "mask_len", "bits", NULL};

	return strstr(name, "prefix") || is_one_of(name, names);
}

/* A __u32, and behind it an address and nothing more. */
static bool is_prefix(const struct resolver *r, const struct btf_type *t)
{
	struct value_form length, address;

	if (!btf_is_struct(t) || btf_vlen(t) != 2)
		return false;
	struct value_member first = value_member(r->btf, t, 0), second = value_member(r->btf, t, 1);
	if (first.bits || first.bit_offset || second.bits || second.bit_offset != 32 ||
	    !is_prefix_name(first.name))
		return false;
	bool named = strstr(first.name, "prefix") != NULL;
	form_of(*r, first.type, NULL, &length);
	/* Before the second is looked at: types that hold themselves end here. */
	if (length.kind != VALUE_INT || length.is_signed || length.bits != 32)
		return false;
	form_of(*r, second.type, named ? "addr" : second.name, &address);
	bool is_address = address.kind == VALUE_ADDRESS4 || address.kind == VALUE_ADDRESS16 ||
			  (named && address.kind == VALUE_INT && !address.is_signed &&
			   address.size == 4 && address.bits == 32);
	return is_address && t->size == 4 + address.size;
}

/* Of a structure or union, what it is as; an id: as this member. */
static __u32 take_struct(struct resolver *r, const struct btf_type *t, struct value_form *ret)
{
	const char *name = name_of(r->btf, t);

	ret->kind = is_kernels(name) ? VALUE_OPAQUE : VALUE_STRUCT;
	if (r->whole || ret->kind == VALUE_OPAQUE)
		return 0;
	if (strcmp(name, "in6_addr") == 0 && t->size == 16) {
		ret->kind = VALUE_ADDRESS16;
	} else if (is_prefix(r, t)) {
		ret->kind = VALUE_PREFIX;
	} else if (btf_vlen(t) == 1) {
		struct value_member only = value_member(r->btf, t, 0);
		r->is_address |= is_address_name(name) || is_address_name(only.name);
		r->is_be = false;
		return only.bits || only.bit_offset ? 0 : only.type;
	}
	return 0;
}

static bool is_kernels_pointer(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_type *to = btf__type_by_id(btf, t->type);

	return to && t->type && btf_is_type_tag(to) && strstr(name_of(btf, to), "ptr");
}

static void resolve(struct resolver r, __u32 id, struct value_form *ret)
{
	for (; r.depth < VALUE_DEPTH; r.depth++) {
		const struct btf_type *t = id && r.btf ? btf__type_by_id(r.btf, id) : NULL;
		long long size = t ? btf__resolve_size(r.btf, id) : 0;
		const char *name = t ? name_of(r.btf, t) : "";
		*ret = (struct value_form){.type = t, .size = size > 0 ? (size_t)size : 0};
		if (!t)
			return;
		ret->bits = ret->size <= 16 ? 8 * (unsigned)ret->size : 0;
		switch (btf_kind(t)) {
		case BTF_KIND_TYPEDEF:
			r.is_be |= strcmp(name, "__be16") == 0 || strcmp(name, "__be32") == 0 ||
				   strcmp(name, "__be64") == 0;
			r.is_address |= is_address_name(name);
			/* fall through */
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
		case BTF_KIND_VAR:
			id = t->type;
			continue;
		case BTF_KIND_INT:
			take_int(&r, t, ret);
			return;
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
			ret->is_signed = btf_kflag(t);
			ret->kind = ret->size && ret->size <= 8 ? VALUE_ENUM : VALUE_BYTES;
			return;
		case BTF_KIND_FLOAT:
			ret->kind = ret->size == sizeof(float) || ret->size == sizeof(double)
					    ? VALUE_FLOAT
					    : VALUE_BYTES;
			return;
		case BTF_KIND_PTR:
			ret->kind = is_kernels_pointer(r.btf, t) ? VALUE_OPAQUE
				    : ret->size == 8             ? VALUE_POINTER
								 : VALUE_BYTES;
			return;
		case BTF_KIND_ARRAY:
			take_array(&r, t, ret);
			return;
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			id = take_struct(&r, t, ret);
			if (!id)
				return;
			continue;
		case BTF_KIND_DATASEC:
			ret->size = t->size;
			ret->kind = VALUE_SECTION;
			return;
		default: /* a declaration, a function */
			ret->size = 0;
			return;
		}
	}
	*ret = (struct value_form){0};
}

void value_form(const struct btf *btf, __u32 id, const char *name, bool whole,
		struct value_form *ret)
{
	struct resolver r = {.btf = btf, .whole = whole, .is_address = is_address_name(name)};

	resolve(r, id, ret);
}

bool value_is_padding(const char *name)
{
	name += strspn(name, "_");
	return strncmp(name, "pad", 3) == 0;
}

void value_form_bits(struct value_form *f, unsigned bits)
{
	f->bits = bits;
	f->shift = 0;
	if (f->kind != VALUE_ENUM && f->kind != VALUE_BOOL)
		f->kind = VALUE_INT;
}

bool value_is_simple(const struct value_form *f)
{
	switch (f->kind) {
	case VALUE_INT:
		return f->bits == 8 * f->size && f->size <= 8;
	case VALUE_BE:
	case VALUE_ADDRESS4:
	case VALUE_ADDRESS16:
	case VALUE_MAC:
	case VALUE_PREFIX:
		return true;
	default:
		return false;
	}
}

uint64_t value_get_bits(const unsigned char *data, uint64_t bit, const struct value_form *f)
{
	uint64_t value = 0;

	bit += f->shift;
	if (bit % 8 == 0 && f->bits == 64) {
		memcpy(&value, data + bit / 8, sizeof(value));
		return value;
	}
	for (unsigned i = 0; i < f->bits && i < 64; i++) {
		uint64_t at = bit + i;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		value |= (uint64_t)(data[at / 8] >> at % 8 & 1) << i;
#else
		value = value << 1 | (data[at / 8] >> (7 - at % 8) & 1);
#endif
	}
	if (f->is_signed && f->bits && f->bits < 64 && value >> (f->bits - 1) & 1)
		value |= UINT64_MAX << f->bits;
	return value;
}
