/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables are in BTF's DATASECs, by section. Where one lies stands there for a static variable
 * alone; for others their symbol has it. An extern of .kconfig lies where libbpf puts it: by
 * alignment, the largest first, then size, then name.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "contents-parts.h"

static bool is_or_below(const char *name, const char *section)
{
	size_t len = strlen(section);

	return strncmp(name, section, len) == 0 && (name[len] == '\0' || name[len] == '.');
}

bool contents_is_rodata(const char *section)
{
	return is_or_below(section, ".rodata");
}

bool contents_is_data(const struct elf_section *s)
{
	if (!s->size)
		return false;
	if (s->type == ELF_SHT_NOBITS)
		return is_or_below(s->name, ".bss");
	return s->type == ELF_SHT_PROGBITS && !(s->flags & ELF_SHF_EXECINSTR) &&
	       (is_or_below(s->name, ".data") || contents_is_rodata(s->name));
}

/* What names can be looked for: there may be many of each. */
struct finder {
	struct names symbols; /* that are not local */
	struct names sections;
};

static void finder_free(struct finder *f)
{
	names_free(&f->symbols);
	names_free(&f->sections);
}
#define cleanup_finder CLEANUP(finder_free)

static int finder_init(struct finder *f, const struct elf_object *e)
{
	if (contents_global_symbols(e, &f->symbols) < 0 ||
	    names_init(&f->sections, e->n_sections) < 0)
		return -ENOMEM;
	for (uint32_t i = 1; i < e->n_sections; i++)
		names_add(&f->sections, e->sections[i].name, i);
	names_sort(&f->sections);
	return 0;
}

/* The section of a DATASEC: a data section, .kconfig, .ksyms; NULL: neither. */
static const char *section_of(const struct contents *c, const struct finder *finder,
			      const char *name, const struct elf_section **ret_data)
{
	*ret_data = NULL;
	if (strcmp(name, ".kconfig") == 0 || strcmp(name, ".ksyms") == 0)
		return name;
	uint32_t i = names_find(&finder->sections, name);
	const struct elf_section *s = &c->elf.sections[i];
	if (!i || !contents_is_data(s))
		return NULL;
	*ret_data = s;
	return s->name;
}

/* Where a global one lies, and whether it is weak. */
static int ask_symbol(const struct contents *c, const struct finder *finder,
		      struct contents_variable *v, const char **why)
{
	struct elf_symbol s;
	uint32_t i = names_find(&finder->symbols, v->name);

	if (!i) {
		v->size = 0;
		return v->linkage == TYPE_LINKAGE_EXTERN
			       ? 0
			       : elf_malformed(why, "a variable of its BTF has no symbol");
	}
	elf_object_symbol(&c->elf, i, &s);
	v->is_weak = elf_symbol_binding(&s) == ELF_STB_WEAK;
	if (s.value > UINT32_MAX)
		return elf_malformed(why, "a variable lies outside of its section");
	v->offset = (uint32_t)s.value;
	return 0;
}

static int add_variable(struct contents *c, const struct finder *finder, const char *section,
			const struct elf_section *data, const struct type_place *place,
			const char **why)
{
	struct contents_variable v = {.section = section, .offset = place->offset};
	struct type type;
	int r = 0;

	types_get(&c->types, place->type, &type);
	if (type.kind != TYPE_VAR && type.kind != TYPE_FUNC)
		return elf_malformed(why, "a section of its BTF holds what is no variable");
	v.name = type.name;
	v.is_function = type.kind == TYPE_FUNC;
	v.type = v.is_function ? place->type : type.type;
	v.linkage = type.linkage;
	v.size = place->size;
	if (!v.is_function && !v.size && types_size(&c->types, v.type, &v.size) < 0)
		v.size = 0;
	if (v.linkage != TYPE_LINKAGE_STATIC)
		r = ask_symbol(c, finder, &v, why);
	if (r == 0 && data && (v.offset > data->size || v.size > data->size - v.offset))
		return elf_malformed(why, "a variable lies outside of its section");
	c->variables[c->n_variables++] = v;
	return r;
}

/* .kconfig */

struct kconfig_place {
	uint32_t align, size;
	const char *name;
	struct contents_variable *variable;
};

static int compare_places(const void *a, const void *b)
{
	const struct kconfig_place *x = a, *y = b;

	if (x->align != y->align)
		return x->align > y->align ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return names_compare(x->name, y->name);
}

/* A number or a truth value of one byte. */
static bool is_char(const struct types *t, uint32_t id)
{
	struct type type;

	types_get(t, types_resolve(t, id), &type);
	return type.kind == TYPE_INT && type.size == 1 && !(type.encoding & TYPE_INT_BOOL);
}

/* What libbpf has a value for: bool, a number, enum libbpf_tristate, a string. */
static bool is_config_type(const struct types *t, uint32_t id)
{
	struct type type;

	types_get(t, types_resolve(t, id), &type);
	switch (type.kind) {
	case TYPE_INT:
		return type.encoding & TYPE_INT_BOOL
			       ? type.size == 1
			       : type.size && type.size <= 8 && (type.size & (type.size - 1)) == 0;
	case TYPE_ENUM:
	case TYPE_ENUM64:
		return strcmp(type.name, "libbpf_tristate") == 0;
	case TYPE_ARRAY:
		return type.n_elements && is_char(t, type.type);
	default:
		return false;
	}
}

static int lay_out_kconfig(struct contents *c, uint32_t *ret_size, const char **why)
{
	cleanup_free struct kconfig_place *places = calloc(c->n_variables + 1, sizeof(*places));
	size_t n = 0;
	uint64_t end = 0;

	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_variables; i++) {
		struct contents_variable *v = &c->variables[i];
		if (strcmp(v->section, ".kconfig") != 0)
			continue;
		if (!is_config_type(&c->types, v->type))
			return elf_malformed(why, "a variable of its .kconfig is no number, bool, "
						  "tristate or string");
		places[n++] = (struct kconfig_place){types_align(&c->types, v->type), v->size,
						     v->name, v};
	}
	if (n)
		qsort(places, n, sizeof(*places), compare_places);
	for (size_t i = 0; i < n; i++) {
		end = (end + places[i].align - 1) / places[i].align * places[i].align;
		places[i].variable->offset = (uint32_t)end;
		end += places[i].size;
		if (end > UINT32_MAX)
			return elf_malformed(why, "its .kconfig is too large");
	}
	*ret_size = (uint32_t)end;
	return 0;
}

static int compare_variables(const void *a, const void *b)
{
	const struct contents_variable *x = a, *y = b;
	int order = names_compare(x->section, y->section);

	if (order)
		return order;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return names_compare(x->name, y->name);
}

static size_t count_variables(const struct types *t)
{
	struct type type;
	size_t n = 0;

	for (uint32_t id = 1; id < t->n; id++) {
		types_get(t, id, &type);
		n += type.kind == TYPE_DATASEC ? type.n_members : 0;
	}
	return n;
}

static int add_section(struct contents *c, const struct finder *finder, const struct type *type,
		       const char **why)
{
	const struct elf_section *data;
	const char *section = section_of(c, finder, type->name, &data);
	struct type_place place;
	int r = 0;

	for (uint32_t i = 0; section && r == 0 && i < type->n_members; i++) {
		types_place(&c->types, type, i, &place);
		r = add_variable(c, finder, section, data, &place, why);
	}
	return r;
}

int contents_variables(struct contents *c, uint32_t *ret_kconfig_size, const char **why)
{
	cleanup_finder struct finder finder = {0};
	struct type type;

	*ret_kconfig_size = 0;
	c->variables = calloc(count_variables(&c->types) + 1, sizeof(*c->variables));
	if (!c->variables)
		return -ENOMEM;
	int r = finder_init(&finder, &c->elf);
	for (uint32_t id = 1; r == 0 && id < c->types.n; id++) {
		types_get(&c->types, id, &type);
		if (type.kind == TYPE_DATASEC)
			r = add_section(c, &finder, &type, why);
	}
	if (r == 0)
		r = lay_out_kconfig(c, ret_kconfig_size, why);
	if (r == 0 && c->n_variables)
		qsort(c->variables, c->n_variables, sizeof(*c->variables), compare_variables);
	return r;
}
