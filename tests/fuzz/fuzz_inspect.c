/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anything as an object to inspect. Beside what sanitizers see: it is refused with a reason, or
 * told of in text that no terminal obeys and in JSON, with nothing in either that is not in the
 * object.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cli/inspect-report.h"
#include "object/inspection.h"
#include "target.h"

/* The functions that gen and others call. */
static void walk_type(const struct types *t, uint32_t id)
{
	cleanup_strbuf struct strbuf text = {0};
	struct type type;
	struct type_member member;
	struct type_value value;
	struct type_place place;
	uint32_t size, align = types_align(t, id);

	types_get(t, id, &type);
	CHECK(strlen(type.name) <= TYPES_NAME_MAX);
	CHECK(align && (align & (align - 1)) == 0);
	CHECK(types_resolve(t, id) < t->n && types_skip_qualifiers(t, id) < t->n);
	if (types_size(t, id, &size) == 0 && type.kind == TYPE_STRUCT)
		CHECK(size == type.size);
	types_print(t, id, &text);
	for (uint32_t i = 0; i < type.n_members; i++) {
		if (type.kind == TYPE_ENUM || type.kind == TYPE_ENUM64) {
			types_value(t, &type, i, &value);
			CHECK(strlen(value.name) <= TYPES_NAME_MAX);
		} else if (type.kind == TYPE_DATASEC) {
			types_place(t, &type, i, &place);
			CHECK(place.type < t->n);
		} else {
			types_member(t, &type, i, &member);
			CHECK(member.type < t->n && strlen(member.name) <= TYPES_NAME_MAX);
		}
	}
}

/* Types that all refer to long names would take long: the first show what there is to see. */
static void walk_types(const struct types *t)
{
	enum { SEEN_MAX = 2000 };

	for (uint32_t id = 0; id < t->n && id < SEEN_MAX; id++)
		walk_type(t, id);
}

static void check_contents(const struct contents *c, size_t len)
{
	for (size_t i = 0; i < c->n_programs; i++) {
		const struct contents_program *p = &c->programs[i];
		const struct elf_section *s = &c->elf.sections[p->section_number];
		CHECK(p->n_instructions && p->instructions >= s->data &&
		      p->instructions + (size_t)p->n_instructions * 8 <= s->data + s->size);
		CHECK(p->func < c->types.n);
	}
	for (size_t i = 1; i <= c->n_maps + c->n_inner; i++) {
		const struct contents_map *m = &c->maps[i];
		CHECK(m->name && m->section && m->key_type < c->types.n &&
		      m->value_type < c->types.n);
		CHECK(!m->inner || (i <= c->n_maps && m->inner > c->n_maps &&
				    m->inner <= c->n_maps + c->n_inner));
	}
	for (size_t i = 0; i < c->n_variables; i++)
		CHECK(c->variables[i].name && c->variables[i].section);
	CHECK(c->n_programs < len && c->n_maps < len && c->n_variables < len);
}

static void check_fit(const struct object_arch *arch)
{
	static const char *const names[] = {"x86",   "arm64",   "arm",       "s390",
					    "riscv", "powerpc", "loongarch", "mips"};
	const char *where = NULL, *found = NULL;

	CHECK(object_fits(arch, NULL, NULL, &where, &found));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK(object_fits(arch, names[i], NULL, &where, &found) || (where && found));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_inspection struct inspection in = {0};
	cleanup_strbuf struct strbuf text = {0};
	const char *why = NULL;

	int r = inspection_open(&in, data, len, &why);
	CHECK(r == 0 || (r == -ENOEXEC && why));
	if (r < 0)
		return 0;
	check_contents(&in.contents, len);
	check_fit(&in.arch);
	walk_types(&in.contents.types);
	inspect_text(&in, "object", &text);
	CHECK(text.len && !text.error && text.data[text.len - 1] == '\n');
	for (size_t i = 0; i < text.len; i++)
		CHECK((unsigned char)text.data[i] >= ' ' || text.data[i] == '\n');
	json_t *json = inspect_json(&in, "object");
	CHECK(json && json_array_size(json_object_get(json, "maps")) == in.contents.n_maps);
	json_decref(json);
	return 0;
}
