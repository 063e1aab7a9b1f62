/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "inspect-report.h"
#include "object/core-relocation.h"

const char *inspect_need_kind(enum need_kind kind)
{
	static const char *const kinds[] = {
		[NEED_PROGRAM_TYPE] = "program type",
		[NEED_ATTACH_TYPE] = "attach type",
		[NEED_STRUCT_OPS] = "struct_ops",
		[NEED_MAP_TYPE] = "map type",
		[NEED_MAP_FLAG] = "map flag",
		[NEED_HELPER] = "helper",
		[NEED_KFUNC] = "kfunc",
		[NEED_FEATURE] = "feature",
	};

	return kinds[kind];
}

const char *inspect_version(uint16_t version, char *buf)
{
	snprintf(buf, INSPECT_VERSION_MAX, "%d.%d", version >> 8, version & 0xff);
	return buf;
}

/* A line of its own, which no name of the object's can break. */
__attribute__((format(printf, 2, 3))) static void line(struct strbuf *to, const char *format, ...)
{
	cleanup_strbuf struct strbuf one = {0};
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&one, format, args);
	va_end(args);
	for (size_t i = 0; i < one.len; i++)
		if (one.data[i] == '\n' || one.data[i] == '\t')
			one.data[i] = '?';
	if (one.error)
		to->error = one.error;
	if (one.data)
		cli_add_visible(to, one.data);
	strbuf_putc(to, '\n');
}

static void add_heading(const struct inspection *in, const char *path, struct strbuf *to)
{
	const char *arch = inspection_arch(in);
	const char *how = in->arch.arch ? " (stamp)" : arch ? " (registers in BTF)" : "";
	char cpu[24] = "";

	if (in->cpu)
		snprintf(cpu, sizeof(cpu), ", cpu v%u", in->cpu);
	line(to, "%s: %s, arch %s%s%s, license %s", path, in->arch.big ? "bpfeb" : "bpfel",
	     arch ? arch : "unknown", how, cpu,
	     in->contents.license[0] ? in->contents.license : "not said");
}

/* Less the tables of the format's own. */
static void add_sections(const struct inspection *in, struct strbuf *to)
{
	const struct elf_object *e = &in->contents.elf;
	cleanup_strbuf struct strbuf sections = {0};

	for (uint32_t i = 1; i < e->n_sections; i++) {
		const struct elf_section *s = &e->sections[i];
		if (s->type == ELF_SHT_PROGBITS || s->type == ELF_SHT_NOBITS)
			strbuf_printf(&sections, "%s%s (%" PRIu64 ")", sections.len ? ", " : "",
				      s->name, s->size);
	}
	if (sections.error)
		to->error = sections.error;
	if (sections.len)
		line(to, "sections, with their bytes: %s", sections.data);
	line(to, "BTF: %" PRIu32 " types", in->contents.types.n - 1);
}

/* Programs */

static void add_name(struct strbuf *names, const char *name)
{
	strbuf_printf(names, "%s%s", names->len ? ", " : "", name);
}

static void add_calls(const struct inspection *in, const struct code *code, struct strbuf *to)
{
	cleanup_strbuf struct strbuf helpers = {0}, kfuncs = {0};

	for (uint32_t id = 1; id < CODE_HELPERS_MAX; id++) {
		const struct kernel_fact *fact = kernel_helper(id);
		char number[24];

		if (!code_calls(code, id))
			continue;
		snprintf(number, sizeof(number), "number %" PRIu32, id);
		add_name(&helpers, fact ? fact->name : number);
	}
	for (size_t i = 0; i < code->externs.n; i++) {
		const struct contents_variable *v = inspection_extern(in, code->externs.v[i]);
		if (v && v->is_function)
			add_name(&kfuncs, v->name);
	}
	if (helpers.error || kfuncs.error)
		to->error = -1;
	if (helpers.len)
		line(to, "    helpers: %s", helpers.data);
	if (kfuncs.len)
		line(to, "    kfuncs: %s", kfuncs.data);
}

static void add_program(const struct inspection *in, size_t i, struct strbuf *to)
{
	const struct contents_program *p = &in->contents.programs[i];
	const struct inspection_program *more = &in->programs[i];
	const struct section_meaning *m = &more->meaning;
	const struct kernel_fact *attach = m->program_type && m->attach_type >= 0
						   ? kernel_attach_type((uint32_t)m->attach_type)
						   : NULL;
	const char *type = m->program_type ? kernel_program_type(m->program_type)->name : "unknown";

	line(to, "  %s: SEC(\"%s%s\"), type %s%s%s%s%s%s, %" PRIu32 " instructions", p->name,
	     p->autoload ? "" : "?", p->section, type, attach ? ", attach type " : "",
	     attach ? attach->name : "", more->target ? ", attaches to " : "",
	     more->target ? more->target : "", m->is_sleepable ? ", sleepable" : "",
	     p->n_instructions);
	add_calls(in, &more->code, to);
}

static void add_function(const struct inspection *in, size_t i, struct strbuf *to)
{
	const struct contents_program *p = &in->contents.programs[i];

	line(to, "  %s: %s, %" PRIu32 " instructions", p->name, p->is_global ? "global" : "static",
	     p->n_instructions);
	add_calls(in, &in->programs[i].code, to);
}

static void add_programs(const struct inspection *in, bool subprograms, struct strbuf *to)
{
	bool any = false;

	for (size_t i = 0; i < in->contents.n_programs; i++) {
		if (in->contents.programs[i].is_subprogram != subprograms)
			continue;
		if (!any)
			line(to, "%s:", subprograms ? "functions that they call" : "programs");
		any = true;
		if (subprograms)
			add_function(in, i, to);
		else
			add_program(in, i, to);
	}
}

/* Maps */

static void add_side(const struct types *t, const char *side, uint32_t id, uint32_t size,
		     struct strbuf *to)
{
	if (!size)
		return;
	strbuf_printf(to, ", %s ", side);
	if (id)
		types_print(t, id, to);
	strbuf_printf(to, id ? " (%" PRIu32 " byte%s)" : "of %" PRIu32 " byte%s", size,
		      size == 1 ? "" : "s");
}

static void add_flags(uint32_t flags, struct strbuf *to)
{
	for (uint32_t flag = 1; flag; flag <<= 1) {
		const struct kernel_fact *fact = kernel_map_flag(flag);
		if (flags & flag && fact)
			strbuf_printf(to, ", %s", fact->name);
		else if (flags & flag)
			strbuf_printf(to, ", flag 0x%" PRIx32, flag);
	}
}

static void add_map(const struct inspection *in, const struct contents_map *m, const char *name,
		    struct strbuf *to)
{
	const struct kernel_fact *fact = kernel_map_type(m->type);
	cleanup_strbuf struct strbuf more = {0};

	if (!fact)
		strbuf_printf(&more, " %" PRIu32, m->type);
	add_side(&in->contents.types, "key", m->key_type, m->key_size, &more);
	add_side(&in->contents.types, "value", m->value_type, m->value_size, &more);
	if (m->max_entries)
		strbuf_printf(&more, ", %" PRIu32 " entr%s", m->max_entries,
			      m->max_entries == 1 ? "y" : "ies");
	add_flags(m->flags, &more);
	if (m->pinning)
		strbuf_puts(&more, ", pinned by name");
	if (m->is_on_demand)
		strbuf_puts(&more, ", on demand");
	if (more.error)
		to->error = more.error;
	line(to, "  %s: %s%s", name, fact ? fact->name : "type", more.data ? more.data : "");
	if (m->inner)
		add_map(in, &in->contents.maps[m->inner], "  each holds", to);
}

static void add_maps(const struct inspection *in, struct strbuf *to)
{
	if (in->contents.n_maps)
		line(to, "maps:");
	for (size_t i = 1; i <= in->contents.n_maps; i++)
		add_map(in, &in->contents.maps[i], in->contents.maps[i].name, to);
}

static void add_variables(const struct inspection *in, struct strbuf *to)
{
	bool any = false;

	for (size_t i = 0; i < in->contents.n_variables; i++) {
		const struct contents_variable *v = &in->contents.variables[i];
		cleanup_strbuf struct strbuf type = {0};

		if (v->is_function)
			continue;
		types_print(&in->contents.types, v->type, &type);
		if (!any)
			line(to, "variables:");
		any = true;
		line(to, "  %s: %s, %s, %" PRIu32 " byte%s%s%s", v->name,
		     type.data ? type.data : "", v->section, v->size, v->size == 1 ? "" : "s",
		     v->linkage == TYPE_LINKAGE_STATIC ? ", static" : "",
		     v->is_weak ? ", weak" : "");
	}
}

/* CO-RE: what is the same as before it, is told once. */

struct relocations {
	const struct inspection *in;
	struct strbuf *to;
	struct strbuf last;
};

static int add_relocation(void *ctx, const struct core_relocation *relocation)
{
	struct relocations *r = ctx;
	const struct types *t = &r->in->contents.types;
	const char *kind = core_kind_name(relocation->kind);
	cleanup_strbuf struct strbuf text = {0}, path = {0};

	core_print_path(t, relocation, &path);
	strbuf_printf(&text, "  %s: %s ",
		      relocation->program ? relocation->program->name : relocation->section,
		      kind ? kind : "unknown kind");
	types_print(t, relocation->type, &text);
	if (path.len)
		strbuf_printf(&text, ", %s", path.data);
	if (text.error || path.error)
		return r->to->error = -1;
	if (r->last.data && strcmp(text.data, r->last.data) == 0)
		return 0;
	line(r->to, "%s", text.data);
	strbuf_free(&r->last);
	r->last = text;
	text = (struct strbuf){0};
	return 0;
}

static void add_relocations(const struct inspection *in, struct strbuf *to)
{
	struct relocations r = {.in = in, .to = to};
	const char *why;

	if (!in->n_relocations)
		return;
	line(to, "CO-RE relocations: %zu", in->n_relocations);
	if (core_each(&in->contents, add_relocation, &r, &why) < 0)
		to->error = -1;
	strbuf_free(&r.last);
}

/* The kernel */

static void add_need(const struct need *n, struct strbuf *to)
{
	char since[INSPECT_VERSION_MAX] = "?", before[INSPECT_VERSION_MAX], number[16];
	const char *kind = n->kind == NEED_FEATURE ? "" : inspect_need_kind(n->kind);

	snprintf(number, sizeof(number), "%" PRIu32, n->number);
	if (n->since)
		inspect_version(n->since, since);
	line(to, "  %-5s %s%s%s, %s%s%s%s%s", since, kind, kind[0] ? " " : "",
	     n->name ? n->name : number, n->user, n->is_optional ? ", not needed to load" : "",
	     n->replaced_before ? " (libbpf replaces it before " : "",
	     n->replaced_before ? inspect_version(n->replaced_before, before) : "",
	     n->replaced_before ? ")" : "");
}

static void add_kernel(const struct inspection *in, struct strbuf *to)
{
	char oldest[INSPECT_VERSION_MAX];

	if (!in->n_needs)
		return;
	line(to, "kernel: Linux %s or later%s",
	     in->oldest ? inspect_version(in->oldest, oldest) : "(unknown)",
	     in->has_unknown ? ", and one with what this release does not know" : "");
	if (in->asks_version)
		line(to, "  It asks for LINUX_KERNEL_VERSION, and may do without some of these:");
	for (size_t i = 0; i < in->n_needs; i++)
		add_need(&in->needs[i], to);
}

void inspect_text(const struct inspection *in, const char *path, struct strbuf *to)
{
	add_heading(in, path, to);
	add_sections(in, to);
	add_programs(in, false, to);
	add_programs(in, true, to);
	add_maps(in, to);
	add_variables(in, to);
	add_relocations(in, to);
	add_kernel(in, to);
}
