/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A map of .maps is a variable whose type says what it is (kernel: tools/lib/bpf/bpf_helpers.h):
 * a number is the length of an array that a member points to, or the value of an enumerator; a
 * type is what a member points to; and `values` of a map of maps points to the inner map's type.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "contents-parts.h"

enum { /* of linux/bpf.h */
       MAP_TYPE_ARRAY = 2,
       MAP_TYPE_PROG_ARRAY = 3,
       MAP_TYPE_ARRAY_OF_MAPS = 12,
       MAP_TYPE_HASH_OF_MAPS = 13,
       MAP_TYPE_STRUCT_OPS = 26,
       MAP_FLAG_RDONLY_PROG = 1 << 7,
       MAP_FLAG_MMAPABLE = 1 << 10,
       MAP_FLAG_LINK = 1 << 13,

       LEGACY_SIZE = 20,  /* five numbers */
       MEMBERS_MAX = 100, /* of a definition: all maps may have the same */
};

static int malformed_map(const char **why)
{
	return elf_malformed(why, "the definition of a map in its BTF is malformed");
}

static const char *const struct_ops[] = {".struct_ops", "?.struct_ops", ".struct_ops.link",
					 "?.struct_ops.link"};

bool contents_is_struct_ops(const char *section)
{
	for (size_t i = 0; i < sizeof(struct_ops) / sizeof(struct_ops[0]); i++)
		if (strcmp(section, struct_ops[i]) == 0)
			return true;
	return false;
}

/* Appends; NULL where memory ran out. The room doubles. */
static struct contents_map *add_map(struct contents *c)
{
	size_t n = 1 + c->n_maps + c->n_inner;

	if ((n & (n - 1)) == 0) {
		struct contents_map *maps = realloc(c->maps, 2 * n * sizeof(*maps));
		if (!maps)
			return NULL;
		c->maps = maps;
	}
	c->maps[n] = (struct contents_map){.name = ""};
	return &c->maps[n];
}

/* What a member points to; 0: it is no pointer. */
static uint32_t pointed_to(const struct types *t, uint32_t id)
{
	struct type type;

	types_get(t, types_resolve(t, id), &type);
	return type.kind == TYPE_PTR ? type.type : 0;
}

static int get_number(const struct types *t, const struct type_member *m, uint64_t *ret)
{
	struct type type, array;
	struct type_value value;

	types_get(t, types_resolve(t, m->type), &type);
	if ((type.kind == TYPE_ENUM || type.kind == TYPE_ENUM64) && type.n_members) {
		types_value(t, &type, 0, &value);
		*ret = value.value;
		return 0;
	}
	types_get(t, type.kind == TYPE_PTR ? type.type : 0, &array);
	if (array.kind != TYPE_ARRAY)
		return -EINVAL;
	*ret = array.n_elements;
	return 0;
}

/* A type with a size, which may have been given as well. */
static int get_sized(const struct types *t, const struct type_member *m, uint32_t *type,
		     uint32_t *size)
{
	uint32_t id = pointed_to(t, m->type), found;

	if (!id || types_size(t, id, &found) < 0 || (*size && *size != found))
		return -EINVAL;
	*type = id;
	*size = found;
	return 0;
}

static bool holds_maps(const struct contents_map *m)
{
	return m->type == MAP_TYPE_ARRAY_OF_MAPS || m->type == MAP_TYPE_HASH_OF_MAPS;
}

/* The type of inner maps, or 0: of a program array it points to functions. */
static uint32_t inner_type(const struct types *t, const struct type_member *m)
{
	struct type type;

	types_get(t, types_resolve(t, m->type), &type);
	if (type.kind != TYPE_ARRAY || type.n_elements)
		return 0;
	uint32_t id = types_resolve(t, pointed_to(t, type.type));
	types_get(t, id, &type);
	return type.kind == TYPE_STRUCT ? id : 0;
}

/* The members that are numbers. -ENOENT: it is none of them. */
static int set_number(const struct types *t, const struct type_member *m, struct contents_map *map)
{
	const struct {
		const char *name;
		uint32_t *number;
	} numbers[] = {
		{"type", &map->type},
		{"key_size", &map->key_size},
		{"value_size", &map->value_size},
		{"max_entries", &map->max_entries},
		{"map_flags", &map->flags},
		{"numa_node", &map->numa_node},
		{"pinning", &map->pinning},
	};
	uint64_t number;

	if (strcmp(m->name, "map_extra") == 0)
		return get_number(t, m, &map->extra);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(m->name, numbers[i].name) != 0)
			continue;
		if (get_number(t, m, &number) < 0 || (uint32_t)number != number)
			return -EINVAL;
		*numbers[i].number = (uint32_t)number;
		return 0;
	}
	return -ENOENT;
}

static int set_values(const struct types *t, const struct type_member *m, struct contents_map *map,
		      uint32_t *ret_inner)
{
	if ((!holds_maps(map) && map->type != MAP_TYPE_PROG_ARRAY) ||
	    (map->value_size && map->value_size != 4))
		return -EINVAL;
	map->value_size = 4;
	*ret_inner = holds_maps(map) ? inner_type(t, m) : 0;
	return holds_maps(map) && !*ret_inner ? -EINVAL : 0;
}

/* What it does not know it passes over, as libbpf does where it is not asked to be strict. */
static int set_member(const struct types *t, const struct type_member *m, struct contents_map *map,
		      uint32_t *ret_inner)
{
	if (strcmp(m->name, "key") == 0)
		return get_sized(t, m, &map->key_type, &map->key_size);
	if (strcmp(m->name, "value") == 0)
		return get_sized(t, m, &map->value_type, &map->value_size);
	if (strcmp(m->name, "values") == 0)
		return set_values(t, m, map, ret_inner);
	int r = set_number(t, m, map);
	return r == -ENOENT ? 0 : r;
}

static int define(const struct types *t, uint32_t id, struct contents_map *map, uint32_t *ret_inner,
		  const char **why)
{
	struct type type;
	struct type_member m;

	*ret_inner = 0;
	types_get(t, id, &type);
	if (type.kind != TYPE_STRUCT || type.n_members > MEMBERS_MAX)
		return malformed_map(why);
	for (uint32_t i = 0; i < type.n_members; i++) {
		types_member(t, &type, i, &m);
		/* What `values` are, those before it say; libbpf wants it last. */
		bool is_early = strcmp(m.name, "values") == 0 && i + 1 < type.n_members;
		if (is_early || set_member(t, &m, map, ret_inner) < 0)
			return malformed_map(why);
	}
	return map->type ? 0 : malformed_map(why);
}

/* The variables of a section, one after the other: 1, or 0 behind the last. */
static int each_variable(const struct contents *c, uint32_t datasec, uint32_t i,
			 const char **ret_name, uint32_t *ret_type, uint32_t *ret_offset,
			 const char **why)
{
	struct type section, variable;
	struct type_place place;

	types_get(&c->types, datasec, &section);
	if (i >= section.n_members)
		return 0;
	types_place(&c->types, &section, i, &place);
	types_get(&c->types, place.type, &variable);
	if (variable.kind != TYPE_VAR || !variable.name[0])
		return malformed_map(why);
	*ret_name = variable.name;
	*ret_type = types_resolve(&c->types, variable.type);
	*ret_offset = place.offset;
	return 1;
}

/* The types of inner maps wait, by map, until all maps are there. */
static int add_inner(struct contents *c, const uint32_t *inner, size_t n_defined, const char **why)
{
	uint32_t of_inner;

	for (size_t i = 1; i <= n_defined; i++) {
		if (!inner[i])
			continue;
		struct contents_map *map = add_map(c);
		if (!map)
			return -ENOMEM;
		map->section = ".maps";
		int r = define(&c->types, inner[i], map, &of_inner, why);
		if (r < 0)
			return r;
		if (of_inner)
			return elf_malformed(why, "a map of maps holds maps of maps");
		c->n_inner++;
		c->maps[i].inner = (uint32_t)(c->n_maps + c->n_inner);
	}
	return 0;
}

static int add_defined(struct contents *c, uint32_t datasec, uint32_t *inner, const char **why)
{
	uint32_t type, offset;
	const char *name;
	int r = 0;

	for (uint32_t i = 0; datasec; i++) {
		r = each_variable(c, datasec, i, &name, &type, &offset, why);
		if (r <= 0)
			return r;
		struct contents_map *map = add_map(c);
		if (!map)
			return -ENOMEM;
		map->name = name;
		map->section = ".maps";
		r = define(&c->types, type, map, &inner[c->n_maps + 1], why);
		if (r < 0)
			return r;
		c->n_maps++;
	}
	return r;
}

/* Symbols of section "maps": type, sizes, entries, flags; more may follow that libbpf 0 checked. */
static int add_legacy(struct contents *c, const char **why)
{
	const struct elf_section *section = elf_object_find(&c->elf, "maps");
	struct elf_symbol s;

	for (uint32_t i = 1; section && section->data && i < c->elf.n_symbols; i++) {
		elf_object_symbol(&c->elf, i, &s);
		if (s.section >= c->elf.n_sections || &c->elf.sections[s.section] != section ||
		    elf_symbol_type(&s) == ELF_STT_SECTION)
			continue;
		if (section->size < LEGACY_SIZE || s.value > section->size - LEGACY_SIZE)
			return elf_malformed(why, "a map lies outside of its section");
		struct contents_map *map = add_map(c);
		if (!map)
			return -ENOMEM;
		const uint8_t *at = section->data + s.value;
		const char *name = elf_object_symbol_name(&c->elf, &s);
		if (contents_is_too_long(name))
			return elf_malformed(why, "a map's name is too long");
		*map = (struct contents_map){
			.name = name,
			.section = section->name,
			.kind = CONTENTS_MAP_LEGACY,
			.type = bytes_get32(at, c->elf.big),
			.key_size = bytes_get32(at + 4, c->elf.big),
			.value_size = bytes_get32(at + 8, c->elf.big),
			.max_entries = bytes_get32(at + 12, c->elf.big),
			.flags = bytes_get32(at + 16, c->elf.big),
		};
		c->n_maps++;
	}
	return 0;
}

/* What sections of variables become maps by: many sections may share one DATASEC. */
struct sections {
	const struct names *datasecs;
	uint8_t *visible; /* by type: UNSEEN, or what is_visible() said; owned */
};

enum { UNSEEN, HIDDEN, VISIBLE };

static void sections_free(struct sections *s)
{
	free(s->visible);
}
#define cleanup_sections CLEANUP(sections_free)

/* A variable that others may see makes a section one that user space maps into its memory. */
static uint8_t look_for_visible(const struct types *t, uint32_t datasec)
{
	struct type section, variable;
	struct type_place place;

	types_get(t, datasec, &section);
	for (uint32_t i = 0; i < section.n_members; i++) {
		types_place(t, &section, i, &place);
		types_get(t, place.type, &variable);
		if (variable.kind == TYPE_VAR && variable.linkage != TYPE_LINKAGE_STATIC)
			return VISIBLE;
	}
	return HIDDEN;
}

static bool is_visible(const struct types *t, struct sections *s, uint32_t datasec)
{
	if (s->visible[datasec] == UNSEEN)
		s->visible[datasec] = look_for_visible(t, datasec);
	return s->visible[datasec] == VISIBLE;
}

static int add_section(struct contents *c, struct sections *sections, const char *name,
		       enum contents_map_kind kind, uint64_t size, bool read_only, const char **why)
{
	uint32_t datasec = names_find(sections->datasecs, name);
	struct contents_map *map = add_map(c);

	if (!map)
		return -ENOMEM;
	if (size > UINT32_MAX)
		return elf_malformed(why, "a section of variables is too large for a map");
	*map = (struct contents_map){
		.name = name,
		.section = name,
		.kind = kind,
		.type = MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = (uint32_t)size,
		.max_entries = 1,
		.flags = (read_only ? MAP_FLAG_RDONLY_PROG : 0) |
			 (is_visible(&c->types, sections, datasec) ? MAP_FLAG_MMAPABLE : 0),
		.value_type = datasec,
	};
	c->n_maps++;
	return 0;
}

static int add_sections(struct contents *c, const struct names *datasecs, uint32_t kconfig_size,
			const char **why)
{
	cleanup_sections struct sections sections = {datasecs, calloc(c->types.n, 1)};
	int r = sections.visible ? 0 : -ENOMEM;

	for (uint32_t i = 1; r == 0 && i < c->elf.n_sections; i++) {
		const struct elf_section *s = &c->elf.sections[i];
		if (contents_is_data(s))
			r = add_section(c, &sections, s->name, CONTENTS_MAP_DATA, s->size,
					contents_is_rodata(s->name), why);
	}
	if (r == 0 && kconfig_size)
		r = add_section(c, &sections, ".kconfig", CONTENTS_MAP_KCONFIG, kconfig_size, true,
				why);
	return r;
}

/* Where a variable lies that is not static: 0 where no symbol says so. */
static uint32_t symbol_offset(const struct contents *c, const struct names *symbols,
			      const char *name, uint32_t datasec_offset)
{
	uint32_t i = names_find(symbols, name);
	struct elf_symbol s = {0};

	if (i)
		elf_object_symbol(&c->elf, i, &s);
	return i && s.value <= UINT32_MAX ? (uint32_t)s.value : datasec_offset;
}

static int add_operations(struct contents *c, uint32_t datasec, const char *section,
			  const struct names *symbols, const char **why)
{
	bool on_demand = section[0] == '?';
	const char *name;
	uint32_t type, size, offset;

	section += on_demand;

	for (uint32_t i = 0;; i++) {
		int r = each_variable(c, datasec, i, &name, &type, &offset, why);
		if (r <= 0)
			return r;
		if (types_size(&c->types, type, &size) < 0)
			return malformed_map(why);
		struct contents_map *map = add_map(c);
		if (!map)
			return -ENOMEM;
		*map = (struct contents_map){
			.name = name,
			.section = section,
			.kind = CONTENTS_MAP_STRUCT_OPS,
			.is_on_demand = on_demand,
			.type = MAP_TYPE_STRUCT_OPS,
			.key_size = 4,
			.value_size = size,
			.max_entries = 1,
			.offset = symbol_offset(c, symbols, name, offset),
			.flags = strcmp(section, ".struct_ops.link") == 0 ? MAP_FLAG_LINK : 0,
			.value_type = type,
		};
		c->n_maps++;
	}
}

/* By name, not by section: many of these may share a name, and would share its DATASEC. */
static int add_struct_ops(struct contents *c, const struct names *datasecs, const char **why)
{
	cleanup_names struct names symbols = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(struct_ops) / sizeof(struct_ops[0]); i++) {
		const char *name = struct_ops[i];
		uint32_t datasec = names_find(datasecs, name);
		if (!datasec || !elf_object_find(&c->elf, name))
			continue;
		if (!symbols.v)
			r = contents_global_symbols(&c->elf, &symbols);
		if (r == 0)
			r = add_operations(c, datasec, name, &symbols, why);
	}
	return r;
}

int contents_maps(struct contents *c, uint32_t kconfig_size, const char **why)
{
	cleanup_names struct names datasecs = {0};
	struct type section;

	c->maps = calloc(2, sizeof(*c->maps));
	if (!c->maps || contents_types_of(&c->types, TYPE_DATASEC, &datasecs) < 0)
		return -ENOMEM;
	c->maps[0].name = c->maps[0].section = "";

	uint32_t maps = names_find(&datasecs, ".maps");
	types_get(&c->types, maps, &section);
	cleanup_free uint32_t *inner = calloc((size_t)section.n_members + 2, sizeof(*inner));
	int r = inner ? add_defined(c, maps, inner, why) : -ENOMEM;
	size_t n_defined = c->n_maps;
	if (r == 0)
		r = add_legacy(c, why);
	if (r == 0)
		r = add_sections(c, &datasecs, kconfig_size, why);
	if (r == 0)
		r = add_struct_ops(c, &datasecs, why);
	return r < 0 ? r : add_inner(c, inner, n_defined, why);
}
