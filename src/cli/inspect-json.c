/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli-json.h"
#include "inspect-report.h"
#include "object/core-relocation.h"

static json_t *text(const char *s)
{
	return s ? cli_json_text(s, strlen(s)) : json_null();
}

static json_t *type_name(const struct types *t, uint32_t id)
{
	cleanup_strbuf struct strbuf name = {0};

	if (!id)
		return json_null();
	types_print(t, id, &name);
	return name.error ? NULL : cli_json_text(name.data ? name.data : "", name.len);
}

/* NULL stays NULL, and what was appended NULL to becomes it: memory ran out. */
static json_t *append(json_t *array, json_t *value)
{
	if (!array || json_array_append_new(array, value) < 0) {
		if (!array)
			json_decref(value);
		json_decref(array);
		return NULL;
	}
	return array;
}

static json_t *helper_name(uint32_t id)
{
	const struct kernel_fact *fact = kernel_helper(id);
	char number[16];

	snprintf(number, sizeof(number), "%u", id);
	return text(fact ? fact->name : number);
}

static json_t *helpers(const struct code *code)
{
	json_t *array = json_array();

	for (uint32_t id = 1; id < CODE_HELPERS_MAX; id++)
		if (code_calls(code, id))
			array = append(array, helper_name(id));
	return array;
}

static json_t *kfuncs(const struct inspection *in, const struct code *code)
{
	json_t *array = json_array();

	for (size_t i = 0; i < code->externs.n; i++) {
		const struct contents_variable *v = inspection_extern(in, code->externs.v[i]);
		if (v && v->is_function)
			array = append(array, text(v->name));
	}
	return array;
}

static json_t *cpu_level(unsigned cpu)
{
	char level[16];

	snprintf(level, sizeof(level), "v%u", cpu);
	return cpu ? json_string(level) : json_null();
}

static json_t *program(const struct inspection *in, size_t i)
{
	const struct contents_program *p = &in->contents.programs[i];
	const struct inspection_program *more = &in->programs[i];
	const struct section_meaning *m = &more->meaning;
	const struct kernel_fact *type =
		m->program_type ? kernel_program_type(m->program_type) : NULL;
	const struct kernel_fact *attach = m->program_type && m->attach_type >= 0
						   ? kernel_attach_type((uint32_t)m->attach_type)
						   : NULL;

	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:I, s:o, s:o, s:o}", "name", text(p->name),
		"section", text(p->section), "type", text(type ? type->name : NULL), "attach_type",
		text(attach ? attach->name : NULL), "attach_target", text(more->target),
		"sleepable", (int)m->is_sleepable, "autoload", (int)p->autoload, "instructions",
		(json_int_t)p->n_instructions, "cpu", cpu_level(more->code.cpu), "helpers",
		helpers(&more->code), "kfuncs", kfuncs(in, &more->code));
}

static json_t *function(const struct inspection *in, size_t i)
{
	const struct contents_program *p = &in->contents.programs[i];
	const struct code *code = &in->programs[i].code;

	return json_pack("{s:o, s:o, s:b, s:I, s:o, s:o, s:o}", "name", text(p->name), "section",
			 text(p->section), "global", (int)p->is_global, "instructions",
			 (json_int_t)p->n_instructions, "cpu", cpu_level(code->cpu), "helpers",
			 helpers(code), "kfuncs", kfuncs(in, code));
}

static json_t *programs(const struct inspection *in, bool subprograms)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < in->contents.n_programs; i++)
		if (in->contents.programs[i].is_subprogram == subprograms)
			array = append(array, subprograms ? function(in, i) : program(in, i));
	return array;
}

/* JSON here has no number that is larger; such a one is text. */
static json_t *large_number(uint64_t number)
{
	char digits[24];

	if (number <= INT64_MAX)
		return json_integer((json_int_t)number);
	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	return json_string(digits);
}

static json_t *map(const struct inspection *in, size_t i)
{
	static const char *const kinds[] = {
		[CONTENTS_MAP_DEFINED] = "map",
		[CONTENTS_MAP_LEGACY] = "legacy",
		[CONTENTS_MAP_DATA] = "data",
		[CONTENTS_MAP_KCONFIG] = "kconfig",
		[CONTENTS_MAP_STRUCT_OPS] = "struct_ops",
	};
	const struct contents_map *m = &in->contents.maps[i];
	const struct kernel_fact *type = kernel_map_type(m->type);
	const struct types *t = &in->contents.types;

	return json_pack(
		"{s:o, s:o, s:s, s:b, s:o, s:I, s:I, s:o, s:I, s:o, s:I, s:I, s:I, s:o, s:s, "
		"s:o}",
		"name", text(m->name), "section", text(m->section), "kind", kinds[m->kind],
		"autocreate", (int)!m->is_on_demand, "type", text(type ? type->name : NULL),
		"type_number", (json_int_t)m->type, "key_size", (json_int_t)m->key_size, "key",
		type_name(t, m->key_type), "value_size", (json_int_t)m->value_size, "value",
		type_name(t, m->value_type), "max_entries", (json_int_t)m->max_entries, "flags",
		(json_int_t)m->flags, "numa_node", (json_int_t)m->numa_node, "extra",
		large_number(m->extra), "pinning",
		m->pinning == CONTENTS_PIN_BY_NAME ? "by_name" : "none", "inner",
		m->inner ? map(in, m->inner) : json_null());
}

static json_t *maps(const struct inspection *in)
{
	json_t *array = json_array();

	for (size_t i = 1; array && i <= in->contents.n_maps; i++)
		array = append(array, map(in, i));
	return array;
}

static json_t *variable(const struct inspection *in, const struct contents_variable *v)
{
	const char *linkage = v->linkage == TYPE_LINKAGE_STATIC   ? "static"
			      : v->linkage == TYPE_LINKAGE_EXTERN ? "extern"
								  : "global";

	return json_pack("{s:o, s:o, s:o, s:I, s:I, s:s, s:b}", "name", text(v->name), "section",
			 text(v->section), "type", type_name(&in->contents.types, v->type),
			 "offset", (json_int_t)v->offset, "size", (json_int_t)v->size, "linkage",
			 linkage, "weak", (int)v->is_weak);
}

static json_t *variables(const struct inspection *in)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < in->contents.n_variables; i++)
		if (!in->contents.variables[i].is_function)
			array = append(array, variable(in, &in->contents.variables[i]));
	return array;
}

struct relocations {
	const struct inspection *in;
	json_t *array;
};

static int add_relocation(void *ctx, const struct core_relocation *relocation)
{
	struct relocations *r = ctx;
	const struct types *t = &r->in->contents.types;
	const struct contents_program *p = relocation->program;
	cleanup_strbuf struct strbuf path = {0};

	core_print_path(t, relocation, &path);
	json_t *object = json_pack(
		"{s:o, s:o, s:I, s:o, s:o, s:o, s:o}", "function", text(p ? p->name : NULL),
		"section", text(relocation->section), "instruction",
		(json_int_t)relocation->offset / 8, "kind", text(core_kind_name(relocation->kind)),
		"type", type_name(t, relocation->type), "path", text(path.data ? path.data : ""),
		"access", text(relocation->access));
	r->array = append(r->array, object);
	return r->array ? 0 : -1;
}

/* inspection_open() has read them already. */
static json_t *relocations(const struct inspection *in)
{
	struct relocations r = {in, json_array()};
	const char *why;

	if (core_each(&in->contents, add_relocation, &r, &why) == 0)
		return r.array;
	json_decref(r.array);
	return NULL;
}

/* Of all functions, in the order of their numbers and names. */
static json_t *all_helpers(const struct inspection *in)
{
	struct code all = {0};

	for (size_t i = 0; i < in->contents.n_programs; i++)
		for (size_t k = 0; k < sizeof(all.helpers); k++)
			all.helpers[k] |= in->programs[i].code.helpers[k];
	return helpers(&all);
}

static json_t *all_kfuncs(const struct inspection *in)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < in->contents.n_variables; i++)
		if (in->contents.variables[i].is_function)
			array = append(array, text(in->contents.variables[i].name));
	return array;
}

static json_t *version(uint16_t number)
{
	char buf[INSPECT_VERSION_MAX];

	return number ? json_string(inspect_version(number, buf)) : json_null();
}

static json_t *need(const struct need *n)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", n->number);
	return json_pack("{s:s, s:o, s:o, s:o, s:b, s:o}", "kind", inspect_need_kind(n->kind),
			 "name", text(n->name ? n->name : number), "since", version(n->since),
			 "user", text(n->user), "optional", (int)n->is_optional, "replaced_before",
			 version(n->replaced_before));
}

static json_t *kernel(const struct inspection *in)
{
	json_t *needs = json_array();

	for (size_t i = 0; needs && i < in->n_needs; i++)
		needs = append(needs, need(&in->needs[i]));
	return json_pack("{s:o, s:b, s:b, s:o}", "oldest", version(in->oldest), "complete",
			 (int)!in->has_unknown, "asks_version", (int)in->asks_version, "needs",
			 needs);
}

static json_t *stamp(const struct inspection *in)
{
	return in->arch.is_stamped
		       ? json_pack("{s:s, s:s}", "target", in->arch.target, "arch", in->arch.arch)
		       : json_null();
}

static json_t *sections(const struct inspection *in)
{
	const struct elf_object *e = &in->contents.elf;
	json_t *array = json_array();

	for (uint32_t i = 1; array && i < e->n_sections; i++) {
		const struct elf_section *s = &e->sections[i];
		array = append(array, json_pack("{s:o, s:I, s:I}", "name", text(s->name), "type",
						(json_int_t)s->type, "size", (json_int_t)s->size));
	}
	return array;
}

static json_t *btf(const struct inspection *in)
{
	return json_pack("{s:I}", "types", (json_int_t)in->contents.types.n - 1);
}

json_t *inspect_json(const struct inspection *in, const char *path)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:o}",
			 "file", text(path), "target", in->arch.big ? "bpfeb" : "bpfel", "arch",
			 text(inspection_arch(in)), "stamp", stamp(in), "cpu", cpu_level(in->cpu),
			 "license", text(in->contents.license), "sections", sections(in), "btf",
			 btf(in), "programs", programs(in, false), "functions", programs(in, true),
			 "maps", maps(in), "variables", variables(in), "relocations",
			 relocations(in), "helpers", all_helpers(in), "kfuncs", all_kfuncs(in),
			 "kernel", kernel(in));
}
