/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "record-type.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "shared/nearest.h"

enum { DEPTH_MAX = 32 };

enum mark {
	MARK_POINTED = 1 << 0,    /* a global variable is a pointer to it */
	MARK_MAP = 1 << 1,        /* it is a map's: its key or its value */
	MARK_CONTEXT = 1 << 2,    /* it is what a program is called with */
	MARK_DEFINITION = 1 << 3, /* it says what a map is, and is no record */
};

static const struct btf_type *strip(const struct btf *btf, __u32 *id)
{
	const struct btf_type *t = btf__type_by_id(btf, *id);

	/* A damaged object's may go round in circles. */
	for (int i = 0; t && (btf_is_mod(t) || btf_is_typedef(t)); i++) {
		if (i == DEPTH_MAX)
			return NULL;
		*id = t->type;
		t = btf__type_by_id(btf, *id);
	}
	return t;
}

/* Marks the structure that is there, or that is pointed to. */
static void mark(struct record_types *t, __u32 id, bool pointer, enum mark what)
{
	const struct btf_type *type = strip(t->btf, &id);

	if (pointer) {
		if (!type || !btf_is_ptr(type))
			return;
		id = type->type;
		type = strip(t->btf, &id);
	}
	if (type && btf_is_composite(type))
		t->marks[id] |= what;
}

static void mark_section(struct record_types *t, const struct btf_type *section)
{
	const struct btf_var_secinfo *infos = btf_var_secinfos(section);
	const char *name = btf__name_by_offset(t->btf, section->name_off);

	for (unsigned i = 0; name && strcmp(name, ".maps") == 0 && i < btf_vlen(section); i++) {
		const struct btf_type *var = btf__type_by_id(t->btf, infos[i].type);
		if (var && btf_is_var(var))
			mark(t, var->type, false, MARK_DEFINITION);
	}
}

static void mark_function(struct record_types *t, const struct opened *o,
			  const struct btf_type *function)
{
	const char *name = btf__name_by_offset(t->btf, function->name_off);
	const struct btf_type *proto = btf__type_by_id(t->btf, function->type);

	if (name && proto && btf_is_func_proto(proto) && btf_vlen(proto) &&
	    bpf_object__find_program_by_name(o->object, name))
		mark(t, btf_params(proto)->type, true, MARK_CONTEXT);
}

static void mark_all(struct record_types *t, const struct opened *o)
{
	struct bpf_map *map;

	for (__u32 id = 1; id < btf__type_cnt(t->btf); id++) {
		const struct btf_type *type = btf__type_by_id(t->btf, id);
		if (btf_is_var(type))
			mark(t, type->type, true, MARK_POINTED);
		else if (btf_is_datasec(type))
			mark_section(t, type);
		else if (btf_is_func(type))
			mark_function(t, o, type);
	}
	bpf_object__for_each_map(map, o->object) {
		mark(t, bpf_map__btf_key_type_id(map), false, MARK_MAP);
		mark(t, bpf_map__btf_value_type_id(map), false, MARK_MAP);
	}
}

int record_types_open(struct record_types *ret, const struct opened *o, struct crossbpf_error *e)
{
	*ret = (struct record_types){.btf = bpf_object__btf(o->object)};
	if (!ret->btf)
		return 0;
	ret->marks = calloc(btf__type_cnt(ret->btf), 1);
	if (!ret->marks)
		return error_no_memory(e);
	mark_all(ret, o);
	return 0;
}

void record_types_close(struct record_types *t)
{
	free(t->marks);
}

static void add_names(const struct record_types *t, struct strv *names)
{
	for (__u32 id = 1; t->btf && id < btf__type_cnt(t->btf); id++) {
		const struct btf_type *type = btf__type_by_id(t->btf, id);
		const char *name = btf__name_by_offset(t->btf, type->name_off);
		if (name && *name && (btf_is_composite(type) || btf_is_typedef(type)))
			strv_add_once(names, name);
	}
}

static __u32 find_named(const struct btf *btf, const char *name)
{
	static const struct {
		const char *word;
		__u32 kind;
	} kinds[] = {{"struct ", BTF_KIND_STRUCT},
		     {"union ", BTF_KIND_UNION},
		     {"", BTF_KIND_TYPEDEF},
		     {"", BTF_KIND_INT},
		     {"enum ", BTF_KIND_ENUM}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = str_begins(name, kinds[i].word) ? strlen(kinds[i].word) : 0;
		if (!len && strchr(name, ' ') && kinds[i].kind != BTF_KIND_INT)
			continue; /* another word stands before it */
		__s32 id = btf__find_by_name_kind(btf, name + len, kinds[i].kind);
		if (id > 0)
			return (__u32)id;
	}
	return 0;
}

__u32 record_types_named(const struct record_types *t, const char *name, struct crossbpf_error *e)
{
	__u32 id = t->btf ? find_named(t->btf, name) : 0;
	cleanup_strv struct strv names = {0};
	cleanup_free char *hint = NULL;

	if (id)
		return id;
	add_names(t, &names);
	const char *space = strrchr(name, ' ');
	const char *near = names.n && !names.error
				   ? nearest(space ? space + 1 : name, (const char *const *)names.v)
				   : NULL;
	hint = near ? str_printf("did you mean '%s'?", near)
		    : strdup("clang tells of types that are reachable from a variable: add "
			     "'const struct x *unused __attribute__((unused));'");
	error_set(e, -ENOENT, EXIT_STATUS_USAGE, hint, "the object's BTF has no type '%s'", name);
	return 0;
}

/* linux/perf_event.h: a record is led by a number of 4 bytes, and ends at 8. */
static size_t pad(size_t size)
{
	return (size + 4 + 7) / 8 * 8 - 4;
}

/* The only structure of that size that has one of these marks, or, of those with a name, none. */
static __u32 only_one(const struct record_types *t, size_t size, bool padded, unsigned with,
		      unsigned without)
{
	__u32 found = 0;

	for (__u32 id = 1; id < btf__type_cnt(t->btf); id++) {
		const struct btf_type *type = btf__type_by_id(t->btf, id);
		if (!btf_is_composite(type) || !type->size || t->marks[id] & without ||
		    t->marks[id] & MARK_DEFINITION || (t->marks[id] & with) != with ||
		    (!with && !type->name_off))
			continue;
		if (type->size != size && !(padded && pad(type->size) == size))
			continue;
		if (found)
			return 0;
		found = id;
	}
	return found;
}

__u32 record_types_guess(const struct record_types *t, size_t size, bool padded)
{
	if (!t->btf)
		return 0;
	__u32 id = only_one(t, size, padded, MARK_POINTED, 0);
	id = id ? id : only_one(t, size, padded, 0, MARK_MAP | MARK_CONTEXT);
	/* Programs whose stack has no room for a record make it in a map. */
	return id ? id : only_one(t, size, padded, MARK_MAP, MARK_CONTEXT);
}
