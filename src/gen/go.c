/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What bpf2go declares, by the same names, so that a program that used its files uses these. The
 * text is as gofmt would put it.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "gen.h"
#include "go-fields.h"
#include "go-names.h"
#include "go-types.h"
#include "ident.h"
#include "object/contents-parts.h"

struct go_file {
	const struct gen_go *gen;
	struct contents contents;
	struct go_names maps, programs, variables;
	struct go_types types;
	char *upper;      /* the ident with an upper-case letter */
	const char *load; /* "load", or "Load" of an ident that is exported */
	struct strbuf *text;
};

static void go_file_free(struct go_file *f)
{
	go_names_free(&f->maps);
	go_names_free(&f->programs);
	go_names_free(&f->variables);
	go_types_free(&f->types);
	contents_close(&f->contents);
	free(f->upper);
}
#define cleanup_go_file CLEANUP(go_file_free)

static int refuse(char *why, int r, char **ret_why)
{
	*ret_why = why;
	return why ? r : -ENOMEM;
}

/* What it declares */

/* Those that a loader makes are not for programs to name. */
static bool is_named_map(const struct go_file *f, const struct contents_map *m)
{
	bool linked =
		m->kind == CONTENTS_MAP_STRUCT_OPS && strcmp(m->section, ".struct_ops.link") == 0;

	return m->name[0] && m->name[0] != '.' &&
	       (m->kind == CONTENTS_MAP_DEFINED || m->kind == CONTENTS_MAP_LEGACY ||
		(linked && f->gen->dialect->struct_ops));
}

static bool is_in_data(const struct contents_variable *v)
{
	static const char *const sections[] = {".bss", ".data", ".rodata"};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		size_t len = strlen(sections[i]);
		if (strncmp(v->section, sections[i], len) == 0 &&
		    (!v->section[len] || v->section[len] == '.'))
			return !v->is_function && v->linkage == TYPE_LINKAGE_GLOBAL && v->name[0];
	}
	return false;
}

/* By __hidden, of another file of a linked object. */
static int find_hidden(const struct elf_object *e, struct names *ret)
{
	enum { VISIBILITY = 3, INTERNAL = 1, HIDDEN = 2 };
	struct elf_symbol s;

	if (names_init(ret, e->n_symbols) < 0)
		return -ENOMEM;
	for (uint32_t i = 1; i < e->n_symbols; i++) {
		elf_object_symbol(e, i, &s);
		unsigned visibility = s.other & VISIBILITY;
		if (visibility == HIDDEN || visibility == INTERNAL)
			names_add(ret, elf_object_symbol_name(e, &s), i);
	}
	names_sort(ret);
	return 0;
}

static int add_variables(struct go_file *f, char **ret_why)
{
	cleanup_names struct names hidden = {0};
	int r = find_hidden(&f->contents.elf, &hidden);

	for (size_t i = 0; i < f->contents.n_variables && r == 0; i++) {
		const struct contents_variable *v = &f->contents.variables[i];
		if (!is_in_data(v) || names_find(&hidden, v->name))
			continue;
		r = go_names_add(&f->variables, v->name, ret_why);
		if (r == 0 && !f->gen->no_global_types)
			r = go_types_add(&f->types, v->type, ret_why);
	}
	return r;
}

static int add_maps(struct go_file *f, char **ret_why)
{
	int r = 0;

	for (size_t i = 1; i <= f->contents.n_maps && r == 0; i++) {
		const struct contents_map *m = &f->contents.maps[i];
		if (!is_named_map(f, m))
			continue;
		r = go_names_add(&f->maps, m->name, ret_why);
		if (r == 0 && !f->gen->no_global_types)
			r = go_types_add(&f->types, m->key_type, ret_why);
		if (r == 0 && !f->gen->no_global_types)
			r = go_types_add(&f->types, m->value_type, ret_why);
	}
	return r;
}

static int add_programs(struct go_file *f, char **ret_why)
{
	int r = 0;

	for (size_t i = 0; i < f->contents.n_programs && r == 0; i++)
		if (!f->contents.programs[i].is_subprogram)
			r = go_names_add(&f->programs, f->contents.programs[i].name, ret_why);
	return r;
}

static int collect(struct go_file *f, char **ret_why)
{
	const char *const *ask = f->gen->types;

	f->types = (struct go_types){
		.types = &f->contents.types, .dialect = f->gen->dialect, .ident = f->gen->ident};
	int r = add_maps(f, ret_why);
	if (r == 0)
		r = add_programs(f, ret_why);
	if (r == 0 && f->gen->dialect->variables)
		r = add_variables(f, ret_why);
	for (; r == 0 && ask && *ask; ask++)
		r = go_types_ask(&f->types, *ask, ret_why);
	if (r == 0)
		r = go_names_end(&f->maps, ret_why);
	if (r == 0)
		r = go_names_end(&f->programs, ret_why);
	return r < 0 ? r : go_names_end(&f->variables, ret_why);
}

/* How it is written */

/* The text with '@' as the ident, '^' as the same with an upper-case letter, and '~' as what its
 * functions begin with. */
static void write_text(const struct go_file *f, const char *text)
{
	for (; *text; text++)
		if (*text == '@')
			strbuf_puts(f->text, f->gen->ident);
		else if (*text == '^')
			strbuf_puts(f->text, f->upper);
		else if (*text == '~')
			strbuf_puts(f->text, f->load);
		else
			strbuf_putc(f->text, *text);
}

/* type IDENT`end` struct, with a field of a type of ebpf's for each of them. */
static void write_structure(const struct go_file *f, const char *comment, const char *end,
			    const struct go_names *names, const char *type)
{
	cleanup_go_fields struct go_fields fields = {0};

	write_text(f, "\n");
	write_text(f, comment);
	strbuf_printf(f->text, "type %s%s struct {\n", f->gen->ident, end);
	for (size_t i = 0; i < names->n; i++)
		go_fields_take(&fields, strdup(names->v[i].go),
			       str_printf("*ebpf.%s `ebpf:\"%s\"`", type, names->v[i].name));
	go_fields_write(&fields, 1, f->text);
	strbuf_puts(f->text, "}\n");
}

static void write_close(const struct go_file *f, const char *letter, const char *end,
			const struct go_names *names)
{
	strbuf_printf(f->text, "\nfunc (%s *%s%s) Close() error {\n\treturn _%sClose(", letter,
		      f->gen->ident, end, f->upper);
	for (size_t i = 0; i < names->n; i++)
		strbuf_printf(f->text, "%s\t\t%s.%s,\n", i ? "" : "\n", letter, names->v[i].go);
	strbuf_printf(f->text, "%s)\n}\n", names->n ? "\t" : "");
}

/* The constants with the names of what is in the object: as they are written, or what they are. */
static void list_constants(const struct go_file *f, bool written, struct go_fields *fields)
{
	static const char *const infixes[] = {"Map", "Prog", "Var"};
	const struct go_names *const all[] = {&f->maps, &f->programs, &f->variables};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (size_t j = 0; j < all[i]->n; j++) {
			const struct go_name *name = &all[i]->v[j];
			go_fields_take(fields,
				       str_printf("%s%s%s", f->gen->ident, infixes[i], name->go),
				       written ? str_printf("= \"%s\"", name->name)
					       : str_printf("the name of its %s %s", all[i]->what,
							    name->name));
		}
}

static void write_constants(const struct go_file *f)
{
	cleanup_go_fields struct go_fields fields = {0};

	list_constants(f, true, &fields);
	if (fields.n) {
		strbuf_puts(f->text, "\n// The names of what is in the object.\nconst (\n");
		go_fields_write(&fields, 1, f->text);
		strbuf_puts(f->text, ")\n");
	}
	if (fields.error)
		f->text->error = fields.error;
}

static void list_declared(struct go_file *f)
{
	static const char *const structs[] = {"Specs",         "ProgramSpecs", "MapSpecs",
					      "Objects",       "Maps",         "Programs",
					      "VariableSpecs", "Variables"};
	static const char what[] = "what every such file declares";
	struct go_fields *declared = &f->types.declared;
	size_t n = sizeof(structs) / sizeof(structs[0]) - (f->gen->dialect->variables ? 0 : 2);

	for (size_t i = 0; i < n; i++)
		go_fields_take(declared, str_printf("%s%s", f->gen->ident, structs[i]),
			       strdup(what));
	go_fields_take(declared, str_printf("%s%s", f->load, f->upper), strdup(what));
	go_fields_take(declared, str_printf("%s%sObjects", f->load, f->upper), strdup(what));
	if (f->gen->dialect->constants)
		list_constants(f, false, declared);
}

/* In Go each of them may stand there once. */
static int check_declared(struct go_file *f, char **ret_why)
{
	list_declared(f);
	if (f->types.declared.error)
		return f->types.declared.error;
	const struct go_field *twins = go_fields_find_twins(&f->types.declared);
	return twins ? refuse(str_printf("%s and %s would both be called %s in Go; rename one, or "
					 "choose another ident",
					 twins[0].text, twins[1].text, twins->name),
			      -EINVAL, ret_why)
		     : 0;
}

static int write_head(const struct go_file *f, bool has_structs, char **ret_why)
{
	const struct gen_go *g = f->gen;

	strbuf_puts(f->text, "// Code generated by crossbpf gen go; DO NOT EDIT.\n\n");
	if (!go_dialect_constraint(g->dialect, g->target, g->arch, g->tags, f->text))
		return refuse(str_printf("Go has no %s-endian machine of arch %s",
					 strcmp(g->target, "bpfeb") == 0 ? "big" : "little",
					 g->arch ? g->arch : "any"),
			      -EINVAL, ret_why);
	strbuf_printf(f->text,
		      "\npackage %s\n\nimport (\n\t\"bytes\"\n\t_ \"embed\"\n\t\"fmt\"\n\t\"io\"\n"
		      "%s\n\t\"github.com/cilium/ebpf\"\n)\n",
		      g->package, has_structs ? "\t\"structs\"\n" : "");
	return f->text->error;
}

static void write_functions(const struct go_file *f)
{
	write_text(f,
		   "\n// ~^ reads the object that is in this program.\n"
		   "func ~^() (*ebpf.CollectionSpec, error) {\n"
		   "\tspec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(_^Bytes))\n"
		   "\tif err != nil {\n"
		   "\t\treturn nil, fmt.Errorf(\"can't load @: %w\", err)\n"
		   "\t}\n\n"
		   "\treturn spec, nil\n"
		   "}\n\n"
		   "// ~^Objects loads it into the kernel, and assigns what is in it to obj: a "
		   "pointer\n"
		   "// to @Objects, @Programs or @Maps, or to a structure with fields like theirs. "
		   "See\n"
		   "// ebpf.CollectionSpec.LoadAndAssign.\n");
	strbuf_printf(f->text, "func %s%sObjects(obj %s, opts *ebpf.CollectionOptions) error {\n",
		      f->load, f->upper, f->gen->dialect->constants ? "any" : "interface{}");
	write_text(f, "\tspec, err := ~^()\n"
		      "\tif err != nil {\n"
		      "\t\treturn err\n"
		      "\t}\n\n"
		      "\treturn spec.LoadAndAssign(obj, opts)\n"
		      "}\n");
}

static void write_specs(const struct go_file *f)
{
	write_text(f, "\n// @Specs has what is in the object before it is loaded, for\n"
		      "// ebpf.CollectionSpec.Assign.\n"
		      "type @Specs struct {\n"
		      "\t@ProgramSpecs\n"
		      "\t@MapSpecs\n");
	write_text(f, f->gen->dialect->variables ? "\t@VariableSpecs\n}\n" : "}\n");
	write_structure(f, "// @ProgramSpecs has its programs.\n", "ProgramSpecs", &f->programs,
			"ProgramSpec");
	write_structure(f, "// @MapSpecs has its maps.\n", "MapSpecs", &f->maps, "MapSpec");
	if (f->gen->dialect->variables)
		write_structure(f, "// @VariableSpecs has its variables.\n", "VariableSpecs",
				&f->variables, "VariableSpec");
}

static void write_objects(const struct go_file *f)
{
	write_text(f, "\n// @Objects has what was loaded, for ~^Objects.\n"
		      "type @Objects struct {\n"
		      "\t@Programs\n"
		      "\t@Maps\n");
	write_text(f, f->gen->dialect->variables ? "\t@Variables\n}\n" : "}\n");
	write_text(f, "\nfunc (o *@Objects) Close() error {\n"
		      "\treturn _^Close(\n"
		      "\t\t&o.@Programs,\n"
		      "\t\t&o.@Maps,\n"
		      "\t)\n"
		      "}\n");
	write_structure(f, "// @Maps has the maps that were loaded.\n", "Maps", &f->maps, "Map");
	write_close(f, "m", "Maps", &f->maps);
	if (f->gen->dialect->variables)
		write_structure(f, "// @Variables has the variables of what was loaded.\n",
				"Variables", &f->variables, "Variable");
	write_structure(f, "// @Programs has the programs that were loaded.\n", "Programs",
			&f->programs, "Program");
	write_close(f, "p", "Programs", &f->programs);
	write_text(f, "\nfunc _^Close(closers ...io.Closer) error {\n"
		      "\tfor _, closer := range closers {\n"
		      "\t\tif err := closer.Close(); err != nil {\n"
		      "\t\t\treturn err\n"
		      "\t\t}\n"
		      "\t}\n"
		      "\treturn nil\n"
		      "}\n");
}

static int write_file(struct go_file *f, char **ret_why)
{
	cleanup_strbuf struct strbuf types = {0};

	int r = go_types_write(&f->types, &types, ret_why);
	if (r == 0)
		r = check_declared(f, ret_why);
	if (r == 0)
		r = write_head(f, f->types.has_structs, ret_why);
	if (r < 0)
		return r;
	if (types.len)
		strbuf_add(f->text, types.data, types.len);
	if (f->gen->dialect->constants)
		write_constants(f);
	write_functions(f);
	write_specs(f);
	write_objects(f);
	write_text(f, "\n// For the functions above.\n//\n//go:embed ");
	strbuf_puts(f->text, f->gen->embed);
	write_text(f, "\nvar _^Bytes []byte\n");
	return f->text->error;
}

bool gen_go_embeds(const char *path)
{
	/* A pattern, in which others mean something, or which may not have them. */
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+,=@./";

	return *path && !path[strspn(path, letters)] && path[0] != '/' && !strstr(path, "..");
}

int gen_go(const struct gen_go *g, const void *data, size_t len, struct strbuf *text,
	   char **ret_why)
{
	cleanup_go_file struct go_file f = {
		.gen = g,
		.maps = {.what = "map", .closes = true},
		.programs = {.what = "program", .closes = true},
		.variables.what = "variable",
		.load = g->ident[0] >= 'A' && g->ident[0] <= 'Z' ? "Load" : "load",
		.text = text,
	};
	const char *why = NULL;

	int r = contents_open(&f.contents, data, len, &why);
	if (r == -ENOEXEC)
		return refuse(strdup(why), r, ret_why);
	if (r < 0)
		return r;
	if (!f.contents.has_btf)
		return refuse(strdup("it has no BTF; compile it with -g"), -ENODATA, ret_why);
	f.upper = ident_upper_first(g->ident);
	if (!f.upper)
		return -ENOMEM;
	r = collect(&f, ret_why);
	return r < 0 ? r : write_file(&f, ret_why);
}
