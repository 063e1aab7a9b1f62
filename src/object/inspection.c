/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "arch.h"
#include "bytes.h"
#include "call-graph.h"
#include "contents-parts.h"
#include "core-relocation.h"
#include "inspection.h"

/* What operations of .struct_ops programs are */

/* Each map and each member is a look. Who writes a program needs few: a hostile object has many
 * relocations, of which each could look at all maps. */
enum { LOOKS_MAX = 1 << 22 };

static const struct contents_map *operations_at(const struct contents *c, const char *section,
						uint64_t offset, uint32_t *left)
{
	bool on_demand = section[0] == '?';

	for (size_t i = 1; i <= c->n_maps && *left; i++) {
		--*left;
		const struct contents_map *m = &c->maps[i];
		if (m->kind == CONTENTS_MAP_STRUCT_OPS && m->is_on_demand == on_demand &&
		    strcmp(m->section, section + on_demand) == 0 && offset >= m->offset &&
		    offset - m->offset < m->value_size)
			return m;
	}
	return NULL;
}

/* The structure's member at that offset, as "tcp_congestion_ops.init"; NULL: there is none. */
static char *name_operation(const struct types *t, const struct contents_map *m, uint64_t offset,
			    uint32_t *left)
{
	struct type type;
	struct type_member member;

	types_get(t, m->value_type, &type);
	if (type.kind != TYPE_STRUCT)
		return NULL;
	for (uint32_t i = 0; i < type.n_members && *left; i++) {
		--*left;
		types_member(t, &type, i, &member);
		if (member.bit_offset == offset * 8 && member.name[0])
			return str_printf("%s.%s", type.name, member.name);
	}
	return NULL;
}

/* The number of a program, or SIZE_MAX. */
static size_t program_of(const struct contents *c, uint32_t symbol)
{
	const struct contents_program *p = NULL;
	struct elf_symbol s;

	elf_object_symbol(&c->elf, symbol, &s);
	if (s.section < c->elf.n_sections && s.value <= UINT32_MAX)
		p = contents_program_at(c, s.section, (uint32_t)s.value);
	return p ? (size_t)(p - c->programs) : SIZE_MAX;
}

static void name_operations(struct inspection *in, const struct elf_section *s, uint32_t *left)
{
	const struct contents *c = &in->contents;
	const char *section = c->elf.sections[s->info].name;

	for (uint64_t at = 0; at + ELF_REL_SIZE <= s->size && *left; at += ELF_REL_SIZE) {
		uint64_t offset = bytes_get64(s->data + at, c->elf.big);
		uint64_t symbol = bytes_get64(s->data + at + 8, c->elf.big) >> 32;
		if (symbol >= c->elf.n_symbols)
			continue;
		size_t i = program_of(c, (uint32_t)symbol);
		const struct contents_map *m =
			i == SIZE_MAX ? NULL : operations_at(c, section, offset, left);
		if (!m)
			continue;
		struct inspection_program *program = &in->programs[i];
		program->is_operation = true;
		program->is_made_use_of = program->is_made_use_of || !m->is_on_demand;
		if (!program->target)
			program->target = name_operation(&c->types, m, offset - m->offset, left);
	}
}

static void find_operations(struct inspection *in)
{
	const struct elf_object *e = &in->contents.elf;
	uint32_t left = LOOKS_MAX;

	for (uint32_t i = 1; i < e->n_sections; i++) {
		const struct elf_section *s = &e->sections[i];
		if (s->type == ELF_SHT_REL && s->data && s->info < e->n_sections && s->info &&
		    contents_is_struct_ops(e->sections[s->info].name))
			name_operations(in, s, &left);
	}
}

/* Programs */

static int read_program(struct inspection *in, const struct references *references, size_t i)
{
	const struct contents_program *p = &in->contents.programs[i];
	struct inspection_program *to = &in->programs[i];

	int r = code_read(&to->code, &in->contents, references, p);
	if (r < 0)
		return r;
	if (to->code.cpu > in->cpu)
		in->cpu = to->code.cpu;
	section_name_read(p->is_subprogram ? "" : p->section, &to->meaning);
	if (to->meaning.target && !to->target)
		to->target = str_printf("%s", to->meaning.target);
	return 0;
}

static int read_programs(struct inspection *in, const char **why)
{
	cleanup_references struct references references = {0};
	size_t n = in->contents.n_programs;

	in->programs = calloc(n + 1, sizeof(*in->programs));
	if (!in->programs)
		return -ENOMEM;
	int r = references_read(&references, &in->contents.elf, why);
	find_operations(in);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = read_program(in, &references, i);
	return r < 0 ? r : call_graph_read(in);
}

/* Externs, of which some are libbpf's own, and say what the kernel has */

enum { HELPER_GET_ATTACH_COOKIE = 174 };

static void guard(struct inspection *in, uint32_t helper)
{
	in->guarded[helper / 8] |= (uint8_t)(1 << helper % 8);
}

static int index_externs(struct inspection *in)
{
	const struct contents *c = &in->contents;

	in->externs = calloc(1, sizeof(*in->externs));
	if (!in->externs || names_init(in->externs, c->n_variables) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_variables; i++)
		if (c->variables[i].linkage == TYPE_LINKAGE_EXTERN)
			names_add(in->externs, c->variables[i].name, (uint32_t)i + 1);
	names_sort(in->externs);
	if (names_find(in->externs, "LINUX_HAS_BPF_COOKIE"))
		guard(in, HELPER_GET_ATTACH_COOKIE);
	in->asks_version = names_find(in->externs, "LINUX_KERNEL_VERSION");
	return 0;
}

const struct contents_variable *inspection_extern(const struct inspection *in, uint32_t symbol)
{
	struct elf_symbol s;

	elf_object_symbol(&in->contents.elf, symbol, &s);
	uint32_t i = names_find(in->externs, elf_object_symbol_name(&in->contents.elf, &s));
	return i ? &in->contents.variables[i - 1] : NULL;
}

/* A program that asks whether there is BPF_FUNC_x, an enumerator of the kernel's, calls bpf_x()
 * only then. What follows three underscores is the program's own. */
static int note_relocation(void *ctx, const struct core_relocation *relocation)
{
	static const char prefix[] = "BPF_FUNC_";
	struct inspection *in = ctx;
	cleanup_strbuf struct strbuf name = {0};

	in->n_relocations++;
	if (relocation->kind != CORE_ENUM_VALUE_EXISTS)
		return 0;
	core_print_path(&in->contents.types, relocation, &name);
	if (name.error)
		return name.error;
	if (!name.data || strncmp(name.data, prefix, strlen(prefix)) != 0)
		return 0;
	const char *helper = name.data + strlen(prefix);
	const char *flavor = strstr(helper, "___");
	size_t len = flavor ? (size_t)(flavor - helper) : strlen(helper);
	const struct kernel_fact *fact;
	for (uint32_t id = 1; (fact = kernel_helper(id)); id++) {
		const char *known = fact->name + strlen("bpf_");
		if (strlen(known) == len && strncmp(known, helper, len) == 0)
			guard(in, id);
	}
	return 0;
}

int inspection_open(struct inspection *ret, const void *data, size_t len, const char **why)
{
	cleanup_inspection struct inspection in = {0};

	int r = contents_open(&in.contents, data, len, why);
	if (r < 0)
		return r;
	if (!in.contents.has_btf)
		return elf_malformed(why, "it has no BTF");
	if ((r = arch_read(&in.contents.elf, &in.contents.types, &in.arch, why)) < 0 ||
	    (r = index_externs(&in)) < 0 || (r = read_programs(&in, why)) < 0 ||
	    (r = core_each(&in.contents, note_relocation, &in, why)) < 0 ||
	    (r = inspection_find_needs(&in)) < 0)
		return r;
	*ret = in;
	in = (struct inspection){0};
	return 0;
}

void inspection_close(struct inspection *in)
{
	for (size_t i = 0; in->programs && i < in->contents.n_programs; i++) {
		free(in->programs[i].target);
		code_free(&in->programs[i].code);
	}
	free(in->programs);
	if (in->externs)
		names_free(in->externs);
	free(in->externs);
	free(in->needs);
	contents_close(&in->contents);
	*in = (struct inspection){0};
}

const char *inspection_arch(const struct inspection *i)
{
	return i->arch.arch ? i->arch.arch : i->arch.registers;
}
