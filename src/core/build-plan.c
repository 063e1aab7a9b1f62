/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects are relocatable: clang runs in the root with relative paths, and the root is taken off
 * absolute ones, so that neither DWARF, BTF nor __FILE__ holds where the project lies.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-options.h"
#include "build-plan.h"
#include "path-map.h"
#include "clang-argv.h"
#include "clang-options.h"
#include "derived.h"
#include "include-options.h"
#include "kernel-headers.h"
#include "shared/io.h"
#include "variant.h"

/* To be raised where the same command makes other bytes than before, by what we do to them. */
static const char recipe[] = "crossbpf build 5";

static void action_free(struct build_action *a)
{
	free(a->source);
	free(a->object);
	free(a->dep);
	derived_free(a->derived, a->n_derived);
}

void build_plan_free(struct build_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		action_free(&p->actions[i]);
	free(p->actions);
	for (size_t i = 0; i < p->n_variants; i++) {
		strv_free(&p->variants[i].argv);
		strv_free(&p->variants[i].run);
		free(p->variants[i].asks);
	}
	free(p->variants);
	strv_free(&p->search);
	strv_free(&p->system);
	strv_free(&p->kernel);
	strv_free(&p->files);
	strv_free(&p->beside);
	strv_free(&p->moved);
	strv_free(&p->called);
	free(p->dir);
	*p = (struct build_plan){0};
}

/* What bears both byte orders is little-endian in all that Linux runs on but s390. */
static const char *target_of_arch(const char *arch)
{
	return strcmp(arch, "s390") == 0 ? "bpfeb" : "bpfel";
}

/* The directory of a path, "." where it names none. */
static char *dir_name(const char *path)
{
	const char *name = io_basename(path);

	return name == path ? strdup(".") : strndup(path, (size_t)(name - path));
}

/* A name that clang would take for an option, or for a file of options, is given another one. */
static char *as_argument(const char *path)
{
	return path[0] == '-' || path[0] == '@' ? str_printf("./%s", path) : strdup(path);
}

int build_plan_include_dirs(const struct settings *settings, const char *arch,
			    struct strv *ret_dirs)
{
	for (size_t i = 0; i < settings->include.n; i++)
		strv_take(ret_dirs, variant_expand(settings->include.v[i], arch));
	if (settings->vmlinux) {
		cleanup_free char *header = variant_expand(settings->vmlinux, arch);
		strv_take(ret_dirs, header ? dir_name(header) : NULL);
	}
	return ret_dirs->error;
}

static int add_includes(const struct settings *settings, const char *arch, struct strv *argv)
{
	cleanup_strv struct strv dirs = {0};

	if (build_plan_include_dirs(settings, arch, &dirs) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < dirs.n; i++) {
		strv_add(argv, "-I");
		strv_take(argv, as_argument(dirs.v[i]));
	}
	return argv->error;
}

/* The directory in which most builders have their headers, and what objects call the others. */
static const char usual_dir[] = "/usr/include";

static void add_moved(const char *dir, const char *called, struct build_plan *p)
{
	if (strcmp(dir, called) == 0 || strv_contains(&p->moved, dir))
		return;
	strv_add(&p->moved, dir);
	strv_add(&p->called, called);
}

/* What objects call a directory of the builder's. Clang 14 applies the shorter of two maps, and
 * parts each at the first =. */
static const char *called(const char *dir, const char *root)
{
	if (dir[0] == '/' && dir[strlen(dir) - 1] != '/' && strcmp(dir, usual_dir) != 0 &&
	    !toolchain_is_below(dir, usual_dir) && !toolchain_is_below(usual_dir, dir) &&
	    !strchr(dir, '=') && strcmp(root, dir) != 0 && !toolchain_is_below(root, dir))
		return usual_dir;
	return dir;
}

/* Of a mirror all directories have names of their own: the outermost ones, as of two maps that fit
 * the shorter one wins. */
static void add_mirrored(struct build_plan *p, const char *root, const struct toolchain *toolchain)
{
	cleanup_strv struct strv dirs = {0};

	toolchain_builder_dirs(toolchain, &dirs);
	if (dirs.error)
		p->moved.error = dirs.error;
	for (size_t i = 0; i < dirs.n; i++) {
		const char *there = toolchain_name_there(toolchain, dirs.v[i]);
		bool is_inner = there == dirs.v[i];
		for (size_t j = 0; j < dirs.n; j++)
			is_inner = is_inner || toolchain_is_below(dirs.v[i], dirs.v[j]);
		bool may_move =
			strv_contains(&toolchain->filled, dirs.v[i]) ||
			(toolchain->libbpf_dir && strcmp(toolchain->libbpf_dir, dirs.v[i]) == 0);
		if (!is_inner)
			add_moved(dirs.v[i],
				  may_move && !p->keep_debug ? called(there, root) : there, p);
	}
}

/*
 * Two builders with the same headers in other places make the same objects; BTF holds where those
 * are that have code. The headers of another arch stay what they are called: they lie where that
 * builder's system has them. DWARF is for debuggers, which are to find them.
 */
static int find_moved(struct build_plan *p, const char *root, const struct settings *settings,
		      const struct toolchain *toolchain)
{
	const char *clangs = toolchain_clang_dir(toolchain);

	if (settings->no_system)
		return 0;
	if (toolchain->mirror) {
		add_mirrored(p, root, toolchain);
		if (clangs && toolchain->mirror_clang_dir && !strchr(clangs, '='))
			add_moved(clangs, toolchain->mirror_clang_dir, p);
	}
	for (size_t i = 0; i < toolchain->filled.n && !toolchain->mirror && !p->keep_debug; i++)
		if (!clangs || strcmp(toolchain->filled.v[i], clangs) != 0)
			add_moved(toolchain->filled.v[i], called(toolchain->filled.v[i], root), p);
	if (toolchain->libbpf_dir && !toolchain->mirror && !p->keep_debug)
		add_moved(toolchain->libbpf_dir, called(toolchain->libbpf_dir, root), p);
	return p->moved.error ? p->moved.error : p->called.error;
}

char *build_plan_name(const struct build_plan *p, const char *root, const char *path)
{
	if (p->maps_root && toolchain_is_below(path, root))
		return strdup(path + strlen(root) + 1);
	for (size_t i = 0; i < p->moved.n; i++)
		if (toolchain_is_below(path, p->moved.v[i]))
			return str_printf("%s%s", p->called.v[i], path + strlen(p->moved.v[i]));
	return strdup(path);
}

char *build_plan_moved(const struct build_plan *p, size_t i, const char *name)
{
	const char *called = p->called.v[i];

	return toolchain_is_below(name, called)
		       ? str_printf("%s%s", p->moved.v[i], name + strlen(called))
		       : NULL;
}

static void add_maps(const struct build_plan *p, const char *root, struct strv *argv)
{
	for (size_t i = 0; i < p->moved.n; i++)
		strv_take(argv,
			  str_printf("-ffile-prefix-map=%s/=%s/", p->moved.v[i], p->called.v[i]));
	if (p->moved.n)
		path_map_embed_sources(argv);
	strv_add(argv, "-fdebug-compilation-dir=.");
	/* What is in the root and named from / on: the slash keeps clang, which compares text, from
	 * taking ROOT-2 for ROOT. */
	if (p->maps_root)
		strv_take(argv, str_printf("-ffile-prefix-map=%s/=%s", root,
					   p->tells_relative ? "./" : ""));
}

/* Before the project's own flags, which may take back some of it. */
static int add_kernel_headers(struct build_plan *p, struct build_variant *v, const char *root,
			      const struct settings *settings, struct crossbpf_error *e)
{
	cleanup_free char *dir = NULL;

	if (!settings->kernel_headers)
		return 0;
	dir = variant_expand(settings->kernel_headers, v->arch);
	return dir ? kernel_headers_options(root, dir, v->arch, &v->argv, &p->kernel, e)
		   : error_no_memory(e);
}

static int make_variant_argv(struct build_plan *p, struct build_variant *v, const char *root,
			     const struct settings *settings, const struct toolchain *toolchain,
			     const char *header_dir, struct crossbpf_error *e)
{
	struct strv *argv = &v->argv;

	v->has_asm = toolchain_has_asm(toolchain, v->arch);
	strv_add(argv, toolchain->clang);
	strv_add(argv, "-target");
	strv_add(argv, v->target);
	strv_take(argv, str_printf("-mcpu=%s", settings->cpu));
	strv_add(argv, "-O2");
	strv_add(argv, "-g");
	strv_take(argv, str_printf("-D__TARGET_ARCH_%s", v->arch));
	int r = add_kernel_headers(p, v, root, settings, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < settings->define.n; i++)
		strv_take(argv, str_printf("-D%s", settings->define.v[i]));
	if (settings->cflags.n)
		strv_add_all(argv, (const char *const *)settings->cflags.v);
	if (add_includes(settings, v->arch, argv) < 0)
		return error_no_memory(e);
	v->n_own = argv->n;
	if (!settings->no_system)
		toolchain_header_options(toolchain, v->arch, header_dir, argv);
	add_maps(p, root, argv);
	strv_add(argv, "-c");
	if (toolchain->mirror && !argv->error)
		path_map_mirror(toolchain, (const char *const *)argv->v, &v->run);
	return argv->error || v->run.error ? error_no_memory(e) : 0;
}

void build_plan_args(const struct build_action *action, struct strv *ret_args)
{
	const struct build_variant *v = action->variant;
	const struct strv *argv = v->run.n ? &v->run : &v->argv;

	strv_add_all(ret_args, (const char *const *)argv->v + 1);
	strv_take(ret_args, as_argument(action->source));
}

void build_plan_argv(const struct build_action *action, struct strv *ret_argv)
{
	strv_add(ret_argv, action->variant->argv.v[0]);
	build_plan_args(action, ret_argv);
}

/* What would change the object, and not what names the place where it is made. */
static struct digest digest_variant(const struct build_variant *v,
				    const struct toolchain *toolchain, bool keep_debug)
{
	static const char map[] = "-ffile-prefix-map=";
	struct digest d;

	digest_init(&d);
	digest_string(&d, recipe);
	digest_string(&d, toolchain->identity);
	digest_string(&d, toolchain->content);
	digest_string(&d, toolchain->headers);
	digest_string(&d, keep_debug ? "debug" : "");
	/* Our own map of the root stands before the -c at the end; others are the user's. */
	for (size_t i = 1; i < v->argv.n; i++)
		if (i + 2 != v->argv.n || strncmp(v->argv.v[i], map, strlen(map)) != 0)
			digest_string(&d, v->argv.v[i]);
	return d;
}

/* NAME.bpf.o of NAME.bpf.c */
static void add_object_name(struct strbuf *b, const char *source)
{
	const char *name = io_basename(source), *dot = strrchr(name, '.');

	strbuf_add(b, name, (size_t)(dot - name));
	strbuf_puts(b, ".o");
}

static void add_dir(struct strbuf *b, const char *dir)
{
	strbuf_puts(b, dir);
	if (*dir)
		strbuf_putc(b, '/');
}

static int place(struct build_action *a, const struct settings *settings, bool archs_differ,
		 bool targets_differ)
{
	cleanup_strbuf struct strbuf object = {0};
	const char *dir = strcmp(settings->outdir, ".") == 0 ? "" : settings->outdir;

	if (settings->output) {
		strbuf_puts(&object, settings->output);
	} else {
		add_dir(&object, dir);
		add_dir(&object, archs_differ ? a->variant->arch : "");
		add_dir(&object, targets_differ ? a->variant->target : "");
		add_object_name(&object, a->source);
	}
	if (strbuf_finish(&object, &a->object) < 0)
		return -ENOMEM;
	if (settings->emit_dep) {
		const char *dot = strrchr(io_basename(a->object), '.');
		size_t stem = dot ? (size_t)(dot - a->object) : strlen(a->object);
		a->dep = str_printf("%.*s.d", (int)stem, a->object);
		if (!a->dep)
			return -ENOMEM;
	}
	return 0;
}

/* Each pair of a target and an arch; without a target each arch has its own. */
static size_t list_variants(const struct settings *s, struct build_variant *ret_variants)
{
	size_t n = 0;

	for (size_t i = 0; i < s->arch.n; i++) {
		if (!s->target.n)
			ret_variants[n++] = (struct build_variant){
				.target = target_of_arch(s->arch.v[i]), .arch = s->arch.v[i]};
		for (size_t j = 0; j < s->target.n; j++)
			ret_variants[n++] = (struct build_variant){.target = s->target.v[j],
								   .arch = s->arch.v[i]};
	}
	return n;
}

static int check_sources(const struct settings *s, struct crossbpf_error *e)
{
	for (size_t i = 0; i < s->sources.n; i++)
		if (strcmp(s->sources.v[i], "-") == 0 ||
		    clang_input_kind(s->sources.v[i]) != INPUT_SOURCE)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
					 "a source's name ends in .c or .S; for all else there is "
					 "crossbpf-clang",
					 "%s is no source", s->sources.v[i]);
	return 0;
}

static int compare_objects(const void *a, const void *b)
{
	return strcmp((*(struct build_action *const *)a)->object,
		      (*(struct build_action *const *)b)->object);
}

static int check_outputs(const struct build_plan *p, const struct settings *s,
			 struct crossbpf_error *e)
{
	cleanup_free struct build_action **sorted = calloc(p->n, sizeof(struct build_action *));
	int r = 0;

	if (!sorted)
		return error_no_memory(e);
	for (size_t i = 0; i < p->n; i++)
		sorted[i] = &p->actions[i];
	qsort(sorted, p->n, sizeof(struct build_action *), compare_objects);
	for (size_t i = 1; i < p->n && r == 0; i++)
		if (strcmp(sorted[i - 1]->object, sorted[i]->object) == 0)
			r = error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				      "build them into directories of their own with -d",
				      "%s and %s would both become %s", sorted[i - 1]->source,
				      sorted[i]->source, sorted[i]->object);
	for (size_t i = 0; i < p->n && r == 0; i++)
		if (p->actions[i].dep && strcmp(p->actions[i].dep, p->actions[i].object) == 0)
			r = error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				      "give -o a name that does not end in .d",
				      "%s would be both the object and its dependency file",
				      p->actions[i].object);
	for (size_t i = 0; s->output && i < s->sources.n && r == 0; i++)
		if (strcmp(s->sources.v[i], s->output) == 0)
			r = error_set(e, -EINVAL, EXIT_STATUS_USAGE, "give -o another name",
				      "the output %s is a source", s->output);
	return r;
}

/* The directories that the flags name, each as clang would put it together. */
static int add_named(const struct build_variant *v, struct strv *dirs)
{
	cleanup_include_options struct include_options options = {0};
	cleanup_strv struct strv args = {0};

	strv_add_all(&args, (const char *const *)v->argv.v + 1);
	int r = args.error
			? args.error
			: include_options_read(&args, &(struct include_environment){0}, &options);
	if (r < 0)
		return r;
	const struct strv *const lists[] = {&options.quote, &options.angle, &options.system,
					    &options.after, &options.embed};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t j = 0; j < lists[i]->n; j++)
			strv_add_once(dirs, lists[i]->v[j]);
	return dirs->error;
}

/* Adds what an argument names, if that is there: a file, or where headers may be in it (-F,
 * -resource-dir). */
static void add_if_there(struct build_plan *p, const char *root, const char *name)
{
	cleanup_free char *path = io_absolute(root, name);
	struct stat st;

	if (!path || stat(path, &st) < 0)
		return;
	if (S_ISREG(st.st_mode))
		strv_add_once(&p->files, name);
	if (!S_ISDIR(st.st_mode))
		return;
	cleanup_free char *include = str_printf("%s/include", name);
	p->dirs_found = true;
	strv_add_once(&p->search, name);
	if (include)
		strv_add_once(&p->search, include);
}

/* All that the flags say is taken for a name: what more clang reads is then watched, and what is
 * none is not there. */
static void find_files(struct build_plan *p, const struct build_variant *v, const char *root)
{
	for (size_t i = 1; i < v->n_own; i++) {
		const char *arg = v->argv.v[i], *equals = strchr(arg, '=');
		struct clang_option option = clang_option_find(arg);
		const char *value = arg[0] != '-'  ? arg
				    : option.value ? option.value
				    : equals       ? equals + 1
						   : "";
		if (option.id == OPT_DEFINE || option.id == OPT_INCLUDE_DIR) {
			i += option.more;
			continue;
		}
		if (value[0])
			add_if_there(p, root, value);
		const char *header = option.value ? option.value : v->argv.v[i + 1];
		if ((strcmp(option.name, "-include") == 0 ||
		     strcmp(option.name, "-imacros") == 0) &&
		    header) {
			strv_take(&p->beside, str_printf("%s.pch", header));
			strv_take(&p->beside, str_printf("%s.gch", header));
		}
	}
}

void build_plan_search(const struct build_variant *v, const struct toolchain *toolchain,
		       struct strv *dirs)
{
	if (add_named(v, dirs) < 0)
		dirs->error = -ENOMEM;
	if (toolchain->search.n)
		strv_add_all(dirs, (const char *const *)toolchain->search.v);
}

/* Where headers are looked for: what the flags name, and where clang looks by itself. */
static int find_search(struct build_plan *p, const char *root, const struct toolchain *toolchain,
		       const char *header_dir)
{
	for (size_t i = 0; i < p->n_variants; i++) {
		if (add_named(&p->variants[i], &p->search) < 0)
			return -ENOMEM;
		find_files(p, &p->variants[i], root);
		struct build_variant *v = &p->variants[i];
		if (cache_options_asks((const char *const *)v->argv.v + 1, v->n_own - 1, &v->asks) <
		    0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < p->n_variants; i++)
		toolchain_header_dirs(toolchain, p->variants[i].arch, &p->system);
	if (header_dir)
		strv_add(&p->system, header_dir);
	if (toolchain->search.n) {
		strv_add_all(&p->search, (const char *const *)toolchain->search.v);
		strv_add_all(&p->system, (const char *const *)toolchain->search.v);
	}
	return p->search.error   ? p->search.error
	       : p->system.error ? p->system.error
	       : p->files.error  ? p->files.error
				 : p->beside.error;
}

static int make_action(struct build_plan *p, const struct settings *settings, const char *source,
		       const struct build_variant *v, const struct digest *digest)
{
	struct build_action *a = &p->actions[p->n++];
	struct digest d = *digest;

	a->variant = v;
	a->source = strdup(source);
	if (!a->source || place(a, settings, settings->arch.n > 1, settings->target.n > 1) < 0)
		return -ENOMEM;
	if (derived_place(a, settings) < 0)
		return -ENOMEM;
	digest_string(&d, a->source);
	digest_string(&d, a->dep);
	/* The dependency file names them. */
	for (size_t i = 0; a->dep && i < a->n_derived; i++)
		digest_string(&d, a->derived[i].path);
	/* As they are seen from there. */
	if (a->dep && p->dir)
		digest_string(&d, p->dir);
	digest_finish_bytes(&d, a->command);
	return 0;
}

/* Each source for each variant. */
static int make_actions(struct build_plan *p, const struct settings *settings,
			const struct toolchain *toolchain)
{
	cleanup_free struct digest *digests = calloc(p->n_variants, sizeof(*digests));

	p->actions = calloc(settings->sources.n * p->n_variants + 1, sizeof(*p->actions));
	if (!digests || !p->actions)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_variants; i++)
		digests[i] = digest_variant(&p->variants[i], toolchain, settings->debug);
	for (size_t i = 0; i < settings->sources.n; i++)
		for (size_t j = 0; j < p->n_variants; j++)
			if (make_action(p, settings, settings->sources.v[i], &p->variants[j],
					&digests[j]) < 0)
				return -ENOMEM;
	return 0;
}

char *build_plan_seen(const struct build_plan *p, const char *root, const char *path)
{
	size_t len = p->dir ? strlen(p->dir) : 0;

	if (!p->dir || path[0] == '/')
		return strdup(path);
	/* Else by its whole name: a .. is not the way back where a directory is a link. */
	return strncmp(path, p->dir, len) == 0 && path[len] == '/' ? strdup(path + len + 1)
								   : io_absolute(root, path);
}

int build_plan_make(const char *root, const struct settings *settings,
		    const struct toolchain *toolchain, const char *header_dir,
		    struct build_plan *ret_plan, struct crossbpf_error *e)
{
	cleanup_build_plan struct build_plan p = {.keep_debug = settings->debug,
						  .arch_is_default = settings->arch_is_default,
						  .maps_root = !strchr(root, '=') &&
							       strcmp(root, "/") != 0};
	size_t targets = settings->target.n ? settings->target.n : 1;

	p.tells_relative = toolchain->number && strtoul(toolchain->number, NULL, 10) >= 15;
	p.variants = calloc(settings->arch.n * targets, sizeof(*p.variants));
	bool is_below = settings->dir && strcmp(settings->dir, ".") != 0;
	p.dir = is_below ? strdup(settings->dir) : NULL;
	if (!p.variants || (is_below && !p.dir))
		return error_no_memory(e);
	p.n_variants = list_variants(settings, p.variants);
	if (settings->output && settings->sources.n * p.n_variants > 1)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "use -d for a directory",
				 "-o names one output, and this build has %zu",
				 settings->sources.n * p.n_variants);
	int r = check_sources(settings, e);
	if (r < 0)
		return r;
	if (find_moved(&p, root, settings, toolchain) < 0)
		return error_no_memory(e);
	for (size_t i = 0; i < p.n_variants && r == 0; i++)
		r = make_variant_argv(&p, &p.variants[i], root, settings, toolchain, header_dir, e);
	if (r < 0)
		return r;
	if (make_actions(&p, settings, toolchain) < 0)
		return error_no_memory(e);
	r = check_outputs(&p, settings, e);
	if (r == 0)
		r = derived_check(&p, settings, e);
	if (r < 0)
		return r;
	if (find_search(&p, root, toolchain, header_dir) < 0)
		return error_no_memory(e);
	*ret_plan = p;
	p = (struct build_plan){0};
	return 0;
}
