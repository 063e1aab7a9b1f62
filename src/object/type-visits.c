/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "bytes.h"
#include "type-visits.h"

enum {
	KIND_PTR = 2,
	KIND_ARRAY = 3,
	KIND_STRUCT = 4,
	KIND_UNION = 5,
	KIND_FWD = 7,
	KIND_TYPEDEF = 8,
	KIND_VOLATILE = 9,
	KIND_CONST = 10,
	KIND_RESTRICT = 11,
	KIND_FUNC = 12,
	KIND_FUNC_PROTO = 13,
	KIND_DATASEC = 15,
	KIND_DECL_TAG = 17,
	KIND_TYPE_TAG = 18,

	LINKAGE_EXTERN = 2,
	TYPE_SIZE = 12,
	MEMBER_SIZE = 12,
	PARAMETER_SIZE = 8,
	MAX_DEPTH = 500,
};

/* Of a structure's members pointers are not followed into other structures. */
struct path {
	bool member, pointer;
};

static bool visit(struct type_visits *v, uint32_t type, struct path path);

static uint32_t word(const struct type_visits *v, uint32_t type, uint32_t at)
{
	return bytes_get32(v->btf->types + v->places[type] + at, v->btf->big);
}

static unsigned kind_of(const struct type_visits *v, uint32_t type)
{
	return type && type <= v->n ? word(v, type, 4) >> 24 & 0x1f : 0;
}

static uint32_t count_of(const struct type_visits *v, uint32_t type)
{
	return word(v, type, 4) & 0xffff;
}

/* What a type has in the place of a size. */
static uint32_t base_of(const struct type_visits *v, uint32_t type)
{
	return word(v, type, 8);
}

static bool is_derived(unsigned kind)
{
	return kind == KIND_PTR || (kind >= KIND_TYPEDEF && kind <= KIND_RESTRICT);
}

struct listing {
	struct type_visits *visits;
	size_t room;
};

static int list_type(void *ctx, uint32_t type, uint32_t at)
{
	struct listing *l = ctx;
	struct type_visits *v = l->visits;

	if (type == v->n)
		return 0; /* a member */
	if (type >= l->room) {
		size_t room = 2 * l->room + 256;
		uint32_t *places = realloc(v->places, room * sizeof(*places));
		if (!places)
			return -ENOMEM;
		v->places = places;
		l->room = room;
	}
	v->places[type] = at;
	v->n = type;
	if (kind_of(v, type) == KIND_DATASEC)
		v->sections = type;
	return 0;
}

int type_visits_init(struct type_visits *ret, const struct btf *b, const char **why)
{
	struct listing listing = {ret, 0};

	*ret = (struct type_visits){.btf = b, .made = 1};
	return btf_each_name(b, list_type, &listing, why);
}

void type_visits_free(struct type_visits *v)
{
	free(v->places);
}

/* What was said of a type, or of a part of it, follows it. */
static void pass_tags(struct type_visits *v)
{
	while (kind_of(v, v->made) == KIND_DECL_TAG)
		v->made++;
}

static bool make(struct type_visits *v, uint32_t type)
{
	if (type != v->made)
		return false;
	v->made++;
	return true;
}

/* Is it a structure that is only looked at where somebody else asks for it? Those that nobody asked
 * for are declared in the end. */
static bool is_put_off(const struct type_visits *v, uint32_t type)
{
	unsigned kind = kind_of(v, type);

	if (kind == KIND_FWD)
		return type != v->made || type > v->sections;
	return (kind == KIND_STRUCT || kind == KIND_UNION) && word(v, type, 0) != 0;
}

static bool visit_derived(struct type_visits *v, uint32_t type, struct path path)
{
	uint32_t base = base_of(v, type);

	if (!make(v, type))
		return false;
	if (path.member && !path.pointer)
		path.pointer = kind_of(v, type) == KIND_PTR;
	return (path.member && path.pointer && is_put_off(v, base)) || visit(v, base, path);
}

/* The elements first, then each dimension; of the first array of all, the type of an index. */
static bool visit_array(struct type_visits *v, uint32_t type, bool inner)
{
	static const struct path none = {0};
	uint32_t element = word(v, type, TYPE_SIZE), index = word(v, type, TYPE_SIZE + 4);
	bool nested = kind_of(v, element) == KIND_ARRAY && element >= v->made;

	if (v->depth > MAX_DEPTH)
		return false;
	v->depth++;
	bool known = nested ? visit_array(v, element, true) : visit(v, element, none);
	v->depth--;
	if (!known || !make(v, type))
		return false;
	if (!inner && index == v->made)
		v->made++;
	return true;
}

static bool visit_members(struct type_visits *v, uint32_t type)
{
	static const struct path member = {.member = true};

	pass_tags(v);
	for (uint32_t i = 0; i < count_of(v, type); i++) {
		pass_tags(v);
		if (!visit(v, word(v, type, TYPE_SIZE + i * MEMBER_SIZE + 4), member))
			return false;
	}
	return true;
}

static bool visit_prototype(struct type_visits *v, uint32_t type)
{
	static const struct path none = {0};

	if (!visit(v, base_of(v, type), none))
		return false;
	for (uint32_t i = 0; i < count_of(v, type); i++)
		if (!visit(v, word(v, type, TYPE_SIZE + i * PARAMETER_SIZE + 4), none))
			return false;
	return true;
}

static bool visit_new(struct type_visits *v, uint32_t type, struct path path)
{
	unsigned kind = kind_of(v, type);

	if (is_derived(kind))
		return visit_derived(v, type, path);
	if (kind == KIND_ARRAY)
		return visit_array(v, type, false);
	if (kind == KIND_TYPE_TAG || !make(v, type))
		return false;
	if (kind == KIND_STRUCT || kind == KIND_UNION)
		return visit_members(v, type);
	return kind != KIND_FUNC_PROTO || visit_prototype(v, type);
}

/* What is only another name for a type, or a qualified one, is followed to what was put off; a
 * pointer is not (to LLVM 15). */
static bool visit_again(struct type_visits *v, uint32_t type, struct path path)
{
	unsigned kind = kind_of(v, type);

	return kind < KIND_TYPEDEF || kind > KIND_RESTRICT || visit(v, base_of(v, type), path);
}

static bool visit(struct type_visits *v, uint32_t type, struct path path)
{
	bool known = true;

	if (type == 0)
		return true;
	if (type > v->n || v->depth > MAX_DEPTH)
		return false;
	v->depth++;
	if (type >= v->made)
		known = visit_new(v, type, path);
	else if (!path.member || !path.pointer)
		known = visit_again(v, type, path);
	v->depth--;
	return known;
}

void type_visits_function(struct type_visits *v, uint32_t type)
{
	if (type >= v->made && type <= v->n)
		v->made = type + 1;
	pass_tags(v);
}

/* Is the function next that is called, and not one that begins? */
static bool is_call_next(struct type_visits *v)
{
	if (v->call < v->made)
		v->call = v->made;
	while (v->call <= v->n && kind_of(v, v->call) != KIND_FUNC)
		v->call++;
	return v->call <= v->n && count_of(v, v->call) == LINKAGE_EXTERN;
}

bool type_visits_root(struct type_visits *v, uint32_t type)
{
	uint32_t made = v->made;

	/* Of a call it is not seen whether it comes before. */
	return visit(v, type, (struct path){0}) && (v->made != made || !is_call_next(v));
}
