/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "plan.h"
#include "variant.h"

/* A response file may hold more than a command line can (Linux: 128 KiB an argument and 2 MiB in
 * all; macOS: 1 MiB). A longer one is left to clang, as it was given. */
enum { MAX_EXPANDED = 512 << 10 };

static void action_free(struct action *a)
{
	strv_free(&a->argv);
	for (size_t i = 0; i < a->n_outputs; i++)
		free(a->outputs[i].path);
	free(a->deps_target);
	free(a->without_debug);
	*a = (struct action){0};
}

void plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		action_free(&p->actions[i]);
	free(p->actions);
	*p = (struct plan){0};
}

static bool is_other_input(const struct clang_argv *c, size_t arg, size_t wanted)
{
	for (size_t i = 0; i < c->n_inputs; i++)
		if (c->inputs[i].arg == arg)
			return i != wanted;
	return false;
}

/* Clang's missing headers, last of all: what clang finds by itself it still finds there. */
static int add_header_dirs(struct action *a, const struct project *project,
			   const struct toolchain *toolchain, const char *header_dir)
{
	const char *arch = project->clang.arch ? project->clang.arch : variant_host_arch();
	cleanup_strv struct strv dirs = {0};

	if (project->clang.no_system)
		return 0;
	toolchain_header_dirs(toolchain, arch, &dirs);
	if (header_dir)
		strv_add(&dirs, header_dir);
	for (size_t i = 0; i < dirs.n; i++) {
		strv_add(&a->argv, "-idirafter");
		strv_add(&a->argv, dirs.v[i]);
	}
	return dirs.error ? dirs.error : a->argv.error;
}

static int add_output(struct action *a, const char *option, char *path)
{
	if (path)
		a->outputs[a->n_outputs++] = (struct output){option, path};
	return 0;
}

static int find_outputs(struct action *a, const struct clang_argv *c, size_t input)
{
	char *path;

	int r = clang_argv_output(c, input, &path);
	if (r == 0)
		r = add_output(a, "-o", path);
	if (r == 0)
		r = clang_argv_deps_output(c, input, &path);
	if (r == 0)
		r = add_output(a, "-MF", path);
	if (r == 0 && c->deps && !c->deps_target)
		r = clang_argv_deps_target(c, input, &a->deps_target);
	return r;
}

/* Compiles input `input` alone, or all of them where that is n_inputs. */
static int fill_compile(struct action *a, const struct project *project,
			const struct toolchain *toolchain, const char *header_dir, size_t input)
{
	const struct clang_argv *c = &project->clang;
	bool alone = input < c->n_inputs;
	const struct clang_input *first = &c->inputs[alone ? input : 0];
	int r = 0;

	strv_add(&a->argv, toolchain->clang);
	for (size_t i = 0; i <= c->args.n; i++) {
		if (i == c->end) {
			if (first->kind == INPUT_SOURCE)
				r = add_header_dirs(a, project, toolchain, header_dir);
			a->insert = a->argv.n;
		}
		if (i < c->args.n && !(alone && is_other_input(c, i, input)))
			strv_add(&a->argv, c->args.v[i]);
	}
	if (r == 0)
		r = a->argv.error;
	if (r == 0 && alone)
		r = find_outputs(a, c, input);
	if (r == 0 && !c->debug && c->phase <= PHASE_ASSEMBLY && first->kind == INPUT_SOURCE) {
		a->without_debug = strdup(c->args.v[first->arg]);
		r = a->without_debug ? 0 : -ENOMEM;
	}
	return r;
}

/* The command line as it is. */
static int fill_verbatim(struct action *a, const struct project *project,
			 const struct toolchain *toolchain)
{
	strv_add(&a->argv, toolchain->clang);
	for (const char *const *arg = project->args; *arg; arg++)
		strv_add(&a->argv, *arg);
	a->insert = a->argv.n;
	return a->argv.error;
}

static bool is_too_long(const struct clang_argv *c)
{
	size_t len = 0;

	for (size_t i = 0; i < c->args.n; i++)
		len += strlen(c->args.v[i]) + 1;
	return c->expanded && len > MAX_EXPANDED;
}

int plan_make(const struct project *project, const struct toolchain *toolchain,
	      const char *header_dir, struct plan *ret_plan, struct crossbpf_error *e)
{
	const struct clang_argv *c = &project->clang;
	bool compiles = clang_argv_compiles_bpf(c) && !is_too_long(c);
	bool by_input = compiles && !c->more_outputs && (c->n_inputs == 1 || !c->output);
	size_t n = by_input ? c->n_inputs : 1;

	cleanup_plan struct plan p = {.actions = calloc(n, sizeof(*p.actions)), .n = n};
	if (!p.actions) {
		p.n = 0;
		return error_no_memory(e);
	}
	for (size_t i = 0; i < n; i++) {
		int r = compiles ? fill_compile(&p.actions[i], project, toolchain, header_dir,
						by_input ? i : c->n_inputs)
				 : fill_verbatim(&p.actions[i], project, toolchain);
		if (r < 0)
			return error_no_memory(e);
	}
	*ret_plan = p;
	p = (struct plan){0};
	return 0;
}
