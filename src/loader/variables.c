/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "variables.h"

#include <errno.h>
#include <string.h>

#include "value.h"

struct variable {
	const char *section;
	const struct btf_var_secinfo *info;
	bool is_global;
	size_t n; /* how many there are of the name, and of that linkage */
};

/* Is it one of .rodata, .data and .bss, or .NAME of these? */
static bool is_settable(const char *section)
{
	static const char *const sections[] = {".rodata", ".data", ".bss"};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		size_t len = strlen(sections[i]);
		if (strncmp(section, sections[i], len) == 0 &&
		    (!section[len] || section[len] == '.'))
			return true;
	}
	return false;
}

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : NULL;

	return name ? name : "";
}

/* A global one hides static ones of its name, as it does for a linker. */
static void consider(struct variable *v, const char *section, const struct btf_var_secinfo *info,
		     bool is_global)
{
	if (v->n && v->is_global && !is_global)
		return;
	if (v->is_global != is_global)
		v->n = 0;
	*v = (struct variable){section, info, is_global, v->n + 1};
}

static void find_in(const struct btf *btf, const struct btf_type *section, const char *name,
		    struct variable *ret, struct strv *names)
{
	const struct btf_var_secinfo *info = btf_var_secinfos(section);
	const char *of = name_of(btf, section);

	for (unsigned i = 0; i < btf_vlen(section); i++, info++) {
		const struct btf_type *var = btf__type_by_id(btf, info->type);
		const char *has = name_of(btf, var);
		if (is_settable(of))
			strv_add(names, has);
		if (var && strcmp(has, name) == 0)
			consider(ret, of, info,
				 btf_is_var(var) && btf_var(var)->linkage != BTF_VAR_STATIC);
	}
}

static int refuse(const struct opened *o, const char *name, const char *section,
		  struct crossbpf_error *e)
{
	static const struct {
		const char *section, *reason, *hint;
	} reasons[] = {
		{".kconfig", "is said by the kernel's configuration", NULL},
		{".ksyms", "is the kernel's own", NULL},
		{".maps", "is a map", "crossbpf map set changes what is in it"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(section, reasons[i].section) == 0)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, reasons[i].hint,
					 "%s: '%s' %s, and cannot be set", o->path, name,
					 reasons[i].reason);
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL,
			 "%s: '%s' lies in the section '%s', and cannot be set", o->path, name,
			 section);
}

static int find(const struct opened *o, const struct btf *btf, const char *name,
		struct variable *ret, struct crossbpf_error *e)
{
	cleanup_strv struct strv names = {0};

	for (unsigned id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		if (t && btf_is_datasec(t))
			find_in(btf, t, name, ret, &names);
	}
	if (!ret->n)
		return opened_lacks(o->path, "variable", name, &names, e);
	if (!is_settable(ret->section))
		return refuse(o, name, ret->section, e);
	if (ret->n > 1)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "give them names of their own, or have them be one",
				 "%s: there are %zu static variables '%s'", o->path, ret->n, name);
	return 0;
}

/* The map that libbpf makes of a section: "OBJECT.rodata", or ".rodata.NAME". */
static struct bpf_map *map_of(const struct opened *o, const char *section)
{
	struct bpf_map *map;
	size_t len = strlen(section);

	bpf_object__for_each_map(map, o->object) {
		const char *name = bpf_map__name(map);
		size_t end = strlen(name);
		if (bpf_map__is_internal(map) && end >= len &&
		    strcmp(name + end - len, section) == 0)
			return map;
	}
	return NULL;
}

static int write_to(const struct opened *o, const struct btf *btf, const struct variable *v,
		    const char *name, const char *text, struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error wrong = {0};
	cleanup_free unsigned char *copy = NULL;
	struct bpf_map *map = map_of(o, v->section);
	size_t size = 0;
	const void *data = map ? bpf_map__initial_value(map, &size) : NULL;

	if (!data || v->info->offset > size || v->info->size > size - v->info->offset)
		return error_set(e, -EINVAL, EXIT_STATUS_FAILED, NULL,
				 "%s: '%s' does not lie within its section '%s'", o->path, name,
				 v->section);
	copy = malloc(size);
	if (!copy)
		return error_no_memory(e);
	memcpy(copy, data, size);
	int r = value_parse_over(btf, v->info->type, text, copy + v->info->offset, v->info->size,
				 &wrong);
	if (r < 0)
		return error_set(e, r, wrong.status, wrong.hint, "--set %s=%s: %s", name, text,
				 wrong.message ? wrong.message : "out of memory");
	r = bpf_map__set_initial_value(map, copy, size);
	return r == 0 ? 0
		      : error_set(e, r, EXIT_STATUS_FAILED, NULL, "--set %s=%s: %s", name, text,
				  strerror(-r));
}

int variables_set(struct opened *o, const char *word, struct crossbpf_error *e)
{
	cleanup_free char *name = NULL;
	const char *text = opened_split(word, "--set", &name, e);
	const struct btf *btf = bpf_object__btf(o->object);
	struct variable v = {0};

	if (!text)
		return -EINVAL;
	if (!btf)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "compile it with -g",
				 "%s has no BTF, which says where its variables are", o->path);
	int r = find(o, btf, name, &v, e);
	return r < 0 ? r : write_to(o, btf, &v, name, text, e);
}
