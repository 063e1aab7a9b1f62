/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "contents-parts.h"

enum {
	INSTRUCTION_SIZE = 8,
	/* Functions may share instructions, by aliases; a hostile object's would share all. */
	SHARED_MAX = 4,
};

/* Names */

bool contents_is_too_long(const char *name)
{
	return strnlen(name, TYPES_NAME_MAX + 1) > TYPES_NAME_MAX;
}

int names_compare(const char *a, const char *b)
{
	return a == b ? 0 : strncmp(a, b, TYPES_NAME_MAX + 1);
}

static int compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = names_compare(x->name, y->name);

	return order ? order : (x->id > y->id) - (x->id < y->id);
}

int names_init(struct names *ret, size_t n)
{
	ret->n = 0;
	ret->v = calloc(n + 1, sizeof(*ret->v));
	return ret->v ? 0 : -ENOMEM;
}

void names_free(struct names *n)
{
	free(n->v);
	*n = (struct names){0};
}

void names_add(struct names *n, const char *name, uint32_t id)
{
	n->v[n->n++] = (struct name){name, id};
}

void names_sort(struct names *n)
{
	if (n->n)
		qsort(n->v, n->n, sizeof(*n->v), compare_names);
}

uint32_t names_find(const struct names *n, const char *name)
{
	size_t low = 0, high = n->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (names_compare(n->v[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < n->n && names_compare(n->v[low].name, name) == 0;
	return found ? n->v[low].id : 0;
}

int contents_types_of(const struct types *t, enum type_kind kind, struct names *ret)
{
	struct type type;

	if (names_init(ret, t->n) < 0)
		return -ENOMEM;
	for (uint32_t id = 1; id < t->n; id++) {
		types_get(t, id, &type);
		if (type.kind == kind &&
		    !(kind == TYPE_FUNC && type.linkage == TYPE_LINKAGE_EXTERN))
			names_add(ret, type.name, id);
	}
	names_sort(ret);
	return 0;
}

int contents_global_symbols(const struct elf_object *e, struct names *ret)
{
	struct elf_symbol s;

	if (names_init(ret, e->n_symbols) < 0)
		return -ENOMEM;
	for (uint32_t i = 1; i < e->n_symbols; i++) {
		elf_object_symbol(e, i, &s);
		if (elf_symbol_binding(&s) != ELF_STB_LOCAL)
			names_add(ret, elf_object_symbol_name(e, &s), i);
	}
	names_sort(ret);
	return 0;
}

/* Programs */

static bool has_programs(const struct elf_section *s)
{
	return s->type == ELF_SHT_PROGBITS && (s->flags & ELF_SHF_EXECINSTR) && s->size;
}

static const struct elf_section *program_section(const struct elf_object *e,
						 const struct elf_symbol *s)
{
	if (elf_symbol_type(s) != ELF_STT_FUNC || s->section >= e->n_sections ||
	    !has_programs(&e->sections[s->section]))
		return NULL;
	return &e->sections[s->section];
}

static int add_program(struct contents *c, const struct elf_symbol *s,
		       const struct elf_section *section, const char **why)
{
	if (s->value > section->size || s->size > section->size - s->value ||
	    section->size > UINT32_MAX)
		return elf_malformed(why, "a function lies outside of its section");
	if (s->value % INSTRUCTION_SIZE || s->size % INSTRUCTION_SIZE || s->size == 0)
		return elf_malformed(why, "a function holds no whole instructions");

	const char *name = elf_object_symbol_name(&c->elf, s);
	if (contents_is_too_long(name))
		return elf_malformed(why, "a function's name is too long");

	bool on_demand = section->name[0] == '?';
	c->programs[c->n_programs++] = (struct contents_program){
		.name = name,
		.section = section->name + on_demand,
		.section_number = s->section,
		.offset = (uint32_t)s->value,
		.instructions = section->data + s->value,
		.n_instructions = (uint32_t)(s->size / INSTRUCTION_SIZE),
		.autoload = !on_demand,
		.is_global = elf_symbol_binding(s) != ELF_STB_LOCAL,
		.is_weak = elf_symbol_binding(s) == ELF_STB_WEAK,
	};
	return 0;
}

static int compare_programs(const void *a, const void *b)
{
	const struct contents_program *x = a, *y = b;

	if (x->section_number != y->section_number)
		return x->section_number < y->section_number ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return names_compare(x->name, y->name);
}

/* What is in .text is called by others; where there are none, it is a program after all. */
static void tell_subprograms(struct contents *c)
{
	size_t n_text = 0;

	for (size_t i = 0; i < c->n_programs; i++)
		n_text += strcmp(c->programs[i].section, ".text") == 0;
	for (size_t i = 0; i < c->n_programs; i++)
		c->programs[i].is_subprogram = !(c->n_programs == 1 && n_text == 1) &&
					       strcmp(c->programs[i].section, ".text") == 0;
}

static int find_functions(struct contents *c)
{
	cleanup_names struct names functions = {0};
	int r = contents_types_of(&c->types, TYPE_FUNC, &functions);

	for (size_t i = 0; r == 0 && i < c->n_programs; i++)
		c->programs[i].func = names_find(&functions, c->programs[i].name);
	return r;
}

static int find_programs(struct contents *c, const char **why)
{
	const struct elf_object *e = &c->elf;
	struct elf_symbol s;
	uint64_t total = 0;

	c->programs = calloc((size_t)e->n_symbols + 1, sizeof(*c->programs));
	if (!c->programs)
		return -ENOMEM;
	for (uint32_t i = 1; i < e->n_symbols; i++) {
		elf_object_symbol(e, i, &s);
		const struct elf_section *section = program_section(e, &s);
		int r = section ? add_program(c, &s, section, why) : 0;
		if (r < 0)
			return r;
		total += section ? s.size : 0;
	}
	if (total > e->len * SHARED_MAX)
		return elf_malformed(why, "its functions overlap");
	if (c->n_programs)
		qsort(c->programs, c->n_programs, sizeof(*c->programs), compare_programs);
	tell_subprograms(c);
	return find_functions(c);
}

const struct contents_program *contents_program_at(const struct contents *c, uint32_t section,
						   uint32_t offset)
{
	size_t low = 0, high = c->n_programs;

	while (low < high) { /* the first that is behind it */
		size_t middle = low + (high - low) / 2;
		const struct contents_program *p = &c->programs[middle];
		if (p->section_number < section ||
		    (p->section_number == section && p->offset <= offset))
			low = middle + 1;
		else
			high = middle;
	}
	const struct contents_program *p = low ? &c->programs[low - 1] : NULL;
	bool inside = p && p->section_number == section &&
		      (offset - p->offset) / INSTRUCTION_SIZE < p->n_instructions;
	return inside ? p : NULL;
}

/* What else it says */

static const char *string_of(const struct elf_section *s)
{
	return s && s->data && s->size && memchr(s->data, '\0', s->size) ? (const char *)s->data
									 : "";
}

/* All sections may have the same name, and what is in them is told of by it. */
static int check_sections(const struct elf_object *e, const char **why)
{
	for (uint32_t i = 1; i < e->n_sections; i++)
		if (contents_is_too_long(e->sections[i].name))
			return elf_malformed(why, "a section's name is too long");
	return 0;
}

static int read_types(struct contents *c, const char **why)
{
	const struct elf_section *s = elf_object_find(&c->elf, ".BTF");

	c->types.n = 1;
	if (!s)
		return 0;
	if (!s->data || s->type != ELF_SHT_PROGBITS)
		return elf_malformed(why, "its BTF has no content");
	int r = types_open(&c->types, s->data, s->size, c->elf.big, why);
	c->has_btf = r == 0;
	return r;
}

int contents_open(struct contents *ret, const void *data, size_t len, const char **why)
{
	cleanup_contents struct contents c = {0};
	uint32_t kconfig_size = 0;

	int r = elf_object_open(&c.elf, data, len, why);
	if (r < 0)
		return r;
	if (!c.elf.symtab)
		return elf_malformed(why, "it has no symbol table");
	c.license = string_of(elf_object_find(&c.elf, "license"));
	if ((r = check_sections(&c.elf, why)) < 0 || (r = read_types(&c, why)) < 0 ||
	    (r = find_programs(&c, why)) < 0 ||
	    (r = contents_variables(&c, &kconfig_size, why)) < 0 ||
	    (r = contents_maps(&c, kconfig_size, why)) < 0)
		return r;
	*ret = c;
	c = (struct contents){0};
	return 0;
}

void contents_close(struct contents *c)
{
	elf_object_close(&c->elf);
	types_close(&c->types);
	free(c->programs);
	free(c->maps);
	free(c->variables);
	*c = (struct contents){0};
}
