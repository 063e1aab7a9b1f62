/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "binding.h"
#include "derived.h"
#include "gen/ident.h"
#include "shared/io.h"

enum { MAX_KINDS = 3 };

void derived_free(struct derived *derived, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(derived[i].path);
		free(derived[i].ident);
		free(derived[i].embed);
	}
	free(derived);
}

/* "DIR/" of a path, "" where it has none. */
static char *directory_of(const char *path)
{
	return strndup(path, (size_t)(io_basename(path) - path));
}

static int place_beside(struct derived *d, const struct build_action *a, const char *end,
			bool as_bpftool)
{
	cleanup_free char *dir = directory_of(a->object), *stem = ident_stem(a->object);

	if (!dir || !stem)
		return -ENOMEM;
	d->path = str_printf("%s%s%s", dir, stem, end);
	d->ident = as_bpftool ? ident_of_file_bpftool(a->object) : ident_of_file(a->object);
	return d->path && d->ident ? 0 : -ENOMEM;
}

/* The Go files of all variants are one package: they lie in the output directory itself. Their
 * names say for which arch they are where somebody asked for one. */
static int place_go(struct derived *d, const struct build_action *a,
		    const struct settings *settings)
{
	bool beside = settings->output;
	const char *dir = strcmp(settings->outdir, ".") == 0 ? "" : settings->outdir;
	size_t len = strlen(dir);
	cleanup_free char *own = beside ? directory_of(a->object)
				 : *dir ? str_printf("%s/", dir)
					: strdup("");

	d->ident = ident_of_file(a->object);
	d->embed = strdup(beside ? io_basename(a->object) : len ? a->object + len + 1 : a->object);
	cleanup_free char *suffix =
		go_dialect_suffix(&settings->dialect, a->variant->target,
				  settings->arch_is_default ? NULL : a->variant->arch);
	if (!own || !d->ident || !d->embed || !suffix)
		return -ENOMEM;
	cleanup_free char *lower = ident_lower(d->ident);
	d->path = lower ? str_printf("%s%s%s.go", own, lower, suffix) : NULL;
	return d->path ? 0 : -ENOMEM;
}

int derived_place(struct build_action *a, const struct settings *settings)
{
	int r = 0;

	if (!settings->emit_skeleton && !settings->emit_go && !settings->emit_c)
		return 0;
	a->derived = calloc(MAX_KINDS, sizeof(*a->derived));
	if (!a->derived)
		return -ENOMEM;
	if (settings->emit_skeleton) {
		a->derived[a->n_derived].kind = DERIVED_SKELETON;
		r = place_beside(&a->derived[a->n_derived++], a, ".skel.h", true);
	}
	if (r == 0 && settings->emit_go) {
		a->derived[a->n_derived].kind = DERIVED_GO;
		r = place_go(&a->derived[a->n_derived++], a, settings);
	}
	if (r == 0 && settings->emit_c) {
		a->derived[a->n_derived].kind = DERIVED_C;
		r = place_beside(&a->derived[a->n_derived++], a, ".embed.h", false);
	}
	return r;
}

/* Is there a machine of Go's that the file would be for? */
static int check_machine(const struct build_action *a, const struct settings *settings,
			 struct crossbpf_error *e)
{
	const struct build_variant *v = a->variant;
	bool big = strcmp(v->target, "bpfeb") == 0;
	const char *arch = settings->arch_is_default ? NULL : v->arch;

	if (go_dialect_has(&settings->dialect, v->target, arch))
		return 0;
	bool has_other = go_dialect_has(&settings->dialect, big ? "bpfel" : "bpfeb", arch);
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
			 !has_other ? "go.mod may require a version of cilium/ebpf that has"
			 : big      ? "build it with --target bpfel"
				    : "build it with --target bpfeb",
			 "%s: Go has no %s-endian machine of arch %s", a->source,
			 big ? "big" : "little", arch ? arch : "any");
}

static int check_names(const struct build_action *a, const struct derived *d,
		       struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error refused = {0};
	bool is_go = d->kind == DERIVED_GO;

	if ((is_go ? binding_check_go_ident(d->ident, &refused)
		   : binding_check_c_ident(d->ident, &refused)) < 0)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "rename the source, or have crossbpf gen make it with --ident",
				 "%s: %s", a->source,
				 refused.message ? refused.message : "out of memory");
	if (is_go && !gen_go_embeds(d->embed))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "rename the source, or have crossbpf gen make it",
				 "Go cannot embed a file with the name of %s", a->object);
	return 0;
}

struct named {
	const char *path, *source;
};

static int compare_named(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->path, ((const struct named *)b)->path);
}

int derived_check(const struct build_plan *p, const struct settings *settings,
		  struct crossbpf_error *e)
{
	if (!settings->emit_skeleton && !settings->emit_go && !settings->emit_c)
		return 0;
	cleanup_free struct named *all =
		calloc(p->n * (MAX_KINDS + 2) + settings->sources.n + 1, sizeof(*all));
	size_t n = 0;
	int r = all ? 0 : error_no_memory(e);

	for (size_t i = 0; i < p->n && r == 0; i++) {
		const struct build_action *a = &p->actions[i];
		all[n++] = (struct named){a->object, a->source};
		if (a->dep)
			all[n++] = (struct named){a->dep, a->source};
		for (size_t j = 0; j < a->n_derived && r == 0; j++) {
			all[n++] = (struct named){a->derived[j].path, a->source};
			r = check_names(a, &a->derived[j], e);
			if (r == 0 && a->derived[j].kind == DERIVED_GO)
				r = check_machine(a, settings, e);
		}
	}
	for (size_t i = 0; i < settings->sources.n && r == 0; i++)
		all[n++] = (struct named){settings->sources.v[i], settings->sources.v[i]};
	if (r == 0)
		qsort(all, n, sizeof(*all), compare_named);
	for (size_t i = 1; i < n && r == 0; i++)
		if (strcmp(all[i - 1].path, all[i].path) == 0)
			r = error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				      "build them into directories of their own with -d",
				      "%s and %s would both become %s", all[i - 1].source,
				      all[i].source, all[i].path);
	return r;
}
