/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "mirror.h"
#include "path-map.h"
#include "plan.h"
#include "variant.h"

/* A response file may hold more than a command line can (Linux: 128 KiB an argument and 2 MiB in
 * all; macOS: 1 MiB). A longer one is left to clang, as it was given. */
enum {
	MAX_EXPANDED = 512 << 10,
	MAX_ARGUMENT = 128 << 10,
};

static void action_free(struct action *a)
{
	strv_free(&a->argv);
	for (size_t i = 0; i < a->n_outputs; i++)
		free(a->outputs[i].path);
	free(a->deps_target);
	strv_free(&a->without_debug);
	*a = (struct action){0};
}

void plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		action_free(&p->actions[i]);
	free(p->actions);
	*p = (struct plan){0};
}

/* Clang's missing headers, last of all. */
static int add_header_dirs(struct action *a, const struct project *project,
			   const struct toolchain *toolchain, const char *header_dir)
{
	const char *define = project->clang.arch; /* NAME or NAME=VALUE */
	cleanup_free char *arch = define ? strndup(define, strcspn(define, "=")) : NULL;

	if (define && !arch)
		return -ENOMEM;
	if (project->clang.no_system)
		return 0;
	toolchain_header_options(toolchain, arch ? arch : variant_host_arch(), header_dir,
				 &a->argv);
	if (toolchain->mirror) {
		mirror_add_maps(toolchain, &a->argv);
		if (!project->clang.emit_llvm) /* IR another clang may read */
			path_map_embed_sources(&a->argv);
	}
	return a->argv.error;
}

static void add_output(struct action *a, const char *option, char *path)
{
	if (path)
		a->outputs[a->n_outputs++] = (struct output){option, path};
}

/* What clang would make of the output's name, of which it knows only a temporary one. */
static int find_target(struct action *a, const struct clang_argv *c)
{
	if (!c->deps || c->deps_target || c->inputs[0].kind != INPUT_SOURCE)
		return 0;
	return clang_argv_deps_target(c, &a->deps_target);
}

static int find_outputs(struct action *a, const struct clang_argv *c)
{
	char *path;

	int r = clang_argv_output(c, &path);
	if (r < 0)
		return r;
	add_output(a, "-o", path);
	r = clang_argv_deps_output(c, &path);
	if (r < 0)
		return r;
	add_output(a, "-MF", path);
	return find_target(a, c);
}

/* -M: one file of rules, or standard output. */
static int find_rules(struct action *a, const struct clang_argv *c)
{
	const char *file = c->deps_output ? c->deps_output : c->output;

	if (!file || strcmp(file, "-") == 0)
		return 0;
	char *path = strdup(file);
	add_output(a, c->deps_output ? "-MF" : "-o", path);
	return path ? 0 : -ENOMEM;
}

/* What clang writes where it is asked for something else than to compile BPF. It is told so again
 * where the outputs are brought here from elsewhere. */
static int find_other_outputs(struct action *a, const struct clang_argv *c)
{
	bool one = c->n_inputs == 1,
	     makes_one = c->phase == PHASE_OBJECT || c->phase == PHASE_ASSEMBLY;
	char *path = NULL;
	int r = 0;

	if (c->incomplete) /* what is added would be taken for the value */
		return 0;
	if (c->phase == PHASE_DEPENDENCIES)
		return find_rules(a, c);
	if (c->output ? strcmp(c->output, "-") != 0 : one && makes_one)
		r = clang_argv_output(c, &path);
	add_output(a, "-o", path);
	path = NULL;
	if (r == 0 && one)
		r = clang_argv_deps_output(c, &path);
	add_output(a, "-MF", path);
	return r == 0 && one ? find_target(a, c) : r;
}

static bool has_source(const struct clang_argv *c)
{
	for (size_t i = 0; i < c->n_inputs; i++)
		if (c->inputs[i].kind == INPUT_SOURCE)
			return true;
	return false;
}

static int fill_compile(struct action *a, const struct project *project,
			const struct toolchain *toolchain, const char *header_dir, bool elsewhere)
{
	const struct clang_argv *c = &project->clang;
	cleanup_strv struct strv mapped = {0};
	const struct strv *args = &c->args;
	int r = 0;

	if (toolchain->mirror && args->n) {
		path_map_mirror(toolchain, (const char *const *)args->v, &mapped);
		args = &mapped;
		if (mapped.error)
			return mapped.error;
	}
	strv_add(&a->argv, toolchain->clang);
	for (size_t i = 0; i <= args->n && r == 0; i++) {
		if (i == c->end) {
			/* Without a source they would be "unused", and warned about. */
			if (has_source(c))
				r = add_header_dirs(a, project, toolchain, header_dir);
			a->insert = a->argv.n;
		}
		if (i < args->n)
			strv_add(&a->argv, args->v[i]);
	}
	for (size_t i = 0; i < c->n_inputs; i++)
		if (!c->debug && c->phase <= PHASE_ASSEMBLY && c->inputs[i].kind == INPUT_SOURCE)
			strv_add(&a->without_debug, c->args.v[c->inputs[i].arg]);
	if (r == 0)
		r = a->argv.error ? a->argv.error : a->without_debug.error;
	if (r == 0 && c->phase == PHASE_DEPENDENCIES) /* clang writes it in place */
		r = elsewhere ? find_rules(a, c) : 0;
	else if (r == 0 && c->n_inputs == 1 && !c->more_outputs)
		r = find_outputs(a, c);
	return r;
}

/* How the command stands to files that it does not see. */
static void note_needs(struct action *a, const struct clang_argv *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_inputs; i++) {
		const char *input = c->args.v[c->inputs[i].arg];
		if (strcmp(input, "-") == 0)
			a->reads_input = true;
		n += input[0] != '@'; /* which clang cannot read either */
	}
	a->makes_rules = c->phase == PHASE_DEPENDENCIES;
	a->more_outputs = c->more_outputs;
	a->many_outputs = n > 1 && c->phase != PHASE_LINK && !c->output && c->phase < PHASE_SYNTAX;
}

/* The command line as it is. */
static int fill_verbatim(struct action *a, const struct project *project,
			 const struct toolchain *toolchain, bool elsewhere)
{
	strv_add(&a->argv, toolchain->clang);
	strv_add_all(&a->argv, project->args);
	a->insert = a->argv.n;
	if (a->argv.error)
		return a->argv.error;
	return elsewhere ? find_other_outputs(a, &project->clang) : 0;
}

static bool is_too_long(const struct clang_argv *c)
{
	size_t sum = 0, longest = 0;

	for (size_t i = 0; i < c->args.n; i++) {
		size_t len = strlen(c->args.v[i]) + 1;
		sum += len;
		if (len > longest)
			longest = len;
	}
	return c->expanded && (sum > MAX_EXPANDED || longest > MAX_ARGUMENT);
}

int plan_make(const struct project *project, const struct toolchain *toolchain,
	      const char *header_dir, bool elsewhere, struct plan *ret_plan,
	      struct crossbpf_error *e)
{
	cleanup_plan struct plan p = {.actions = calloc(1, sizeof(*p.actions)), .n = 1};
	if (!p.actions) {
		p.n = 0;
		return error_no_memory(e);
	}

	struct action *a = p.actions;
	a->compiles = clang_argv_compiles_bpf(&project->clang) && !is_too_long(&project->clang);
	int r = a->compiles ? fill_compile(a, project, toolchain, header_dir, elsewhere)
			    : fill_verbatim(a, project, toolchain, elsewhere);
	if (r < 0)
		return error_no_memory(e);
	note_needs(a, &project->clang);
	*ret_plan = p;
	p = (struct plan){0};
	return 0;
}
