/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "elf.h"
#include "types.h"

enum {
	DEPTH_MAX = 32,       /* of types within types, as libbpf has it */
	VLEN_FLAG = 1u << 31, /* of `info`: kind_flag */
	POINTER_SIZE = 8,
};

static uint32_t get32(const struct types *t, uint32_t at)
{
	return bytes_get32(t->btf.types + at, t->btf.big);
}

static const char *string_at(const struct types *t, uint32_t at)
{
	return t->btf.strings + get32(t, at);
}

/* Where a member has the number of its type; 0: it has none. */
static uint32_t member_type_at(uint8_t kind)
{
	return kind == TYPE_STRUCT || kind == TYPE_UNION || kind == TYPE_FUNC_PROTO ? 4 : 0;
}

static bool has_type(uint8_t kind)
{
	switch (kind) {
	case TYPE_PTR:
	case TYPE_TYPEDEF:
	case TYPE_VOLATILE:
	case TYPE_CONST:
	case TYPE_RESTRICT:
	case TYPE_FUNC:
	case TYPE_FUNC_PROTO:
	case TYPE_VAR:
	case TYPE_DECL_TAG:
	case TYPE_TYPE_TAG:
		return true;
	default:
		return false;
	}
}

static int check_name(const char *name, const char **why)
{
	if (strnlen(name, TYPES_NAME_MAX + 1) > TYPES_NAME_MAX)
		return elf_malformed(why, "a name of its BTF is too long");
	return 0;
}

static int check_members(const struct types *t, const struct btf_place *p, const char **why)
{
	for (uint32_t i = 0; i < p->n_members; i++) {
		uint32_t at = p->members_at + i * p->member_size;

		if (p->has_names && get32(t, at) >= t->btf.strings_len)
			return elf_malformed(why, "a name of its BTF lies outside of its strings");
		if (p->has_names && check_name(string_at(t, at), why) < 0)
			return -ENOEXEC;
		if ((p->kind == TYPE_DATASEC && get32(t, at) >= t->n) ||
		    (member_type_at(p->kind) && get32(t, at + 4) >= t->n))
			return elf_malformed(why, "its BTF refers to a type that is not there");
	}
	return 0;
}

static int check_type(const struct types *t, const struct btf_place *p, const char **why)
{
	if ((has_type(p->kind) && get32(t, p->at + 8) >= t->n) ||
	    (p->kind == TYPE_ARRAY &&
	     (get32(t, p->own_at) >= t->n || get32(t, p->own_at + 4) >= t->n)))
		return elf_malformed(why, "its BTF refers to a type that is not there");
	int r = check_name(p->name, why);
	return r < 0 ? r : check_members(t, p, why);
}

static int index_types(struct types *t, const char **why)
{
	struct btf_place p;
	uint32_t n = 1;

	/* A type takes twelve bytes or more, so that this is bounded by the input. */
	for (uint32_t at = 0; at < t->btf.types_len; n++) {
		int r = btf_next(&t->btf, &at, &p, why);
		if (r < 0)
			return r;
	}
	t->places = calloc(n, sizeof(*t->places));
	if (!t->places)
		return -ENOMEM;
	t->n = 1;
	for (uint32_t at = 0; t->n < n; t->n++) {
		t->places[t->n] = at;
		btf_next(&t->btf, &at, &p, why);
	}
	return 0;
}

int types_open(struct types *ret, const uint8_t *data, size_t len, bool big, const char **why)
{
	cleanup_types struct types t = {0};
	struct btf_place p;

	int r = btf_open(&t.btf, data, len, big, why);
	if (r == 0)
		r = index_types(&t, why);
	for (uint32_t at = 0; r == 0 && at < t.btf.types_len;) {
		r = btf_next(&t.btf, &at, &p, why);
		if (r == 0)
			r = check_type(&t, &p, why);
	}
	if (r < 0)
		return r;
	*ret = t;
	t.places = NULL;
	return 0;
}

void types_close(struct types *t)
{
	free(t->places);
	*t = (struct types){0};
}

/* What stands behind the type. */
static void get_own(const struct types *t, const struct btf_place *p, struct type *type)
{
	uint32_t own = p->own_at;

	switch (p->kind) {
	case TYPE_INT:
		type->encoding = get32(t, own) >> 24 & 0xf;
		type->bit_offset = get32(t, own) >> 16 & 0xff;
		type->bits = get32(t, own) & 0xff;
		break;
	case TYPE_ARRAY:
		type->size = 0;
		type->type = get32(t, own);
		type->index_type = get32(t, own + 4);
		type->n_elements = get32(t, own + 8);
		break;
	case TYPE_VAR:
		type->linkage = get32(t, own);
		break;
	case TYPE_DECL_TAG:
		type->component = (int32_t)get32(t, own);
		break;
	default:
		break;
	}
}

void types_get(const struct types *t, uint32_t id, struct type *ret)
{
	struct btf_place p;
	const char *why;

	*ret = (struct type){.name = ""};
	if (id == 0 || id >= t->n)
		return;
	uint32_t at = t->places[id];
	uint32_t info = get32(t, at + 4);
	btf_next(&t->btf, &at, &p, &why);
	*ret = (struct type){
		.name = p.name,
		.kind = p.kind,
		.flag = info & VLEN_FLAG,
		.size = has_type(p.kind) ? 0 : get32(t, p.at + 8),
		.type = has_type(p.kind) ? get32(t, p.at + 8) : 0,
		.n_members = p.n_members,
		.linkage = p.kind == TYPE_FUNC ? info & 0xffff : 0,
		.members_at = p.members_at,
	};
	get_own(t, &p, ret);
}

void types_member(const struct types *t, const struct type *type, uint32_t i,
		  struct type_member *ret)
{
	bool is_parameter = type->kind == TYPE_FUNC_PROTO;
	uint32_t at = type->members_at + i * (is_parameter ? 8 : 12);
	uint32_t offset = is_parameter ? 0 : get32(t, at + 8);

	*ret = (struct type_member){
		.name = string_at(t, at),
		.type = get32(t, at + 4),
		.bit_offset = type->flag ? offset & 0xffffff : offset,
		.bits = (uint8_t)(type->flag ? offset >> 24 : 0),
	};
}

void types_value(const struct types *t, const struct type *type, uint32_t i, struct type_value *ret)
{
	bool is_long = type->kind == TYPE_ENUM64;
	uint32_t at = type->members_at + i * (is_long ? 12 : 8);
	uint32_t low = get32(t, at + 4);

	*ret = (struct type_value){.name = string_at(t, at), .value = low};
	if (is_long)
		ret->value |= (uint64_t)get32(t, at + 8) << 32;
	else if (type->flag && low >> 31)
		ret->value |= (uint64_t)UINT32_MAX << 32;
}

void types_place(const struct types *t, const struct type *type, uint32_t i, struct type_place *ret)
{
	uint32_t at = type->members_at + i * 12;

	*ret = (struct type_place){get32(t, at), get32(t, at + 4), get32(t, at + 8)};
}

uint32_t types_find(const struct types *t, enum type_kind kind, const char *name)
{
	struct btf_place p;
	const char *why;

	for (uint32_t id = 1, at = 0; id < t->n; id++) {
		btf_next(&t->btf, &at, &p, &why);
		if (p.kind == kind && strcmp(p.name, name) == 0)
			return id;
	}
	return 0;
}

static bool is_qualifier(enum type_kind kind)
{
	return kind == TYPE_VOLATILE || kind == TYPE_CONST || kind == TYPE_RESTRICT ||
	       kind == TYPE_TYPE_TAG;
}

static uint32_t skip(const struct types *t, uint32_t id, bool typedefs)
{
	struct type type;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		types_get(t, id, &type);
		if (!is_qualifier(type.kind) && !(typedefs && type.kind == TYPE_TYPEDEF))
			return id;
		id = type.type;
	}
	return 0;
}

uint32_t types_skip_qualifiers(const struct types *t, uint32_t id)
{
	return skip(t, id, false);
}

uint32_t types_resolve(const struct types *t, uint32_t id)
{
	return skip(t, id, true);
}

/* The element of an array of arrays, and their number. -EINVAL where that is none or too large. */
static int flatten(const struct types *t, uint32_t id, struct type *ret, uint64_t *ret_n)
{
	*ret_n = 1;
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		types_get(t, types_resolve(t, id), ret);
		if (ret->kind == TYPE_VAR || ret->kind == TYPE_DECL_TAG) {
			id = ret->type;
			continue;
		}
		if (ret->kind != TYPE_ARRAY)
			return 0;
		*ret_n *= ret->n_elements;
		if (*ret_n > UINT32_MAX)
			return -EINVAL;
		id = ret->type;
	}
	return -EINVAL;
}

int types_size(const struct types *t, uint32_t id, uint32_t *ret_size)
{
	struct type type;
	uint64_t n;

	if (flatten(t, id, &type, &n) < 0)
		return -EINVAL;
	switch (type.kind) {
	case TYPE_INT:
	case TYPE_STRUCT:
	case TYPE_UNION:
	case TYPE_ENUM:
	case TYPE_ENUM64:
	case TYPE_FLOAT:
	case TYPE_DATASEC:
		n *= type.size;
		break;
	case TYPE_PTR:
		n *= POINTER_SIZE;
		break;
	default:
		return -EINVAL;
	}
	if (n > UINT32_MAX)
		return -EINVAL;
	*ret_size = (uint32_t)n;
	return 0;
}

/* A hostile structure has many members at each of many levels: so many are looked at. */
enum { ALIGN_MEMBERS_MAX = 1 << 12 };

static uint32_t align_of(const struct types *t, uint32_t id, int depth, uint32_t *left);

/* One whose members lie elsewhere than they would is packed, which C aligns as bytes. */
static uint32_t struct_align(const struct types *t, const struct type *type, int depth,
			     uint32_t *left)
{
	struct type_member m;
	uint32_t most = 1;

	for (uint32_t i = 0; i < type->n_members; i++) {
		if (*left == 0)
			return 1;
		--*left;
		types_member(t, type, i, &m);
		uint32_t align = align_of(t, m.type, depth, left);
		if (!m.bits && m.bit_offset % (align * 8) != 0)
			return 1;
		most = align > most ? align : most;
	}
	return type->size % most == 0 ? most : 1;
}

static uint32_t align_of(const struct types *t, uint32_t id, int depth, uint32_t *left)
{
	struct type type;
	uint64_t n;

	if (depth >= DEPTH_MAX || flatten(t, id, &type, &n) < 0)
		return 1;
	if (type.kind == TYPE_STRUCT || type.kind == TYPE_UNION)
		return struct_align(t, &type, depth + 1, left);
	uint32_t size = type.kind == TYPE_PTR ? POINTER_SIZE : type.size;
	return size && size <= 16 && (size & (size - 1)) == 0 ? size : 1;
}

uint32_t types_align(const struct types *t, uint32_t id)
{
	uint32_t left = ALIGN_MEMBERS_MAX;

	return align_of(t, id, 0, &left);
}
