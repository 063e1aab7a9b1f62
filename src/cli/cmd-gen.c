/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf gen: code that carries an object. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli-project.h"
#include "cli.h"
#include "core/go-module.h"
#include "core/go-siblings.h"
#include "core/remote.h"
#include "core/skeleton.h"
#include "core/variant.h"
#include "gen-job.h"
#include "gen/ident.h"

extern char **environ;

struct options {
	const char *what, *ident, *package, *arch, *outdir, *version, *backend;
	struct strv types, tags;
	const char *const *objects;
	bool no_global_types, verbose, help;
};

/* Options */

enum {
	OPTION_IDENT = 256,
	OPTION_PACKAGE,
	OPTION_ARCH,
	OPTION_TYPE,
	OPTION_TAGS,
	OPTION_NO_GLOBAL_TYPES,
	OPTION_EBPF,
	OPTION_BACKEND
};

static int read_tags(struct options *o, const char *list, struct crossbpf_error *e)
{
	while (list) {
		size_t len = strcspn(list, ",");
		cleanup_free char *tag = strndup(list, len);
		if (!tag)
			return error_no_memory(e);
		if (!go_dialect_is_tag(tag))
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
					 "name tags that must all hold, parted by commas",
					 "'%s' is no build tag of Go", tag);
		strv_add_once(&o->tags, tag);
		list = list[len] ? list + len + 1 : NULL;
	}
	return o->tags.error ? error_no_memory(e) : 0;
}

static int read_option(struct options *o, int letter, struct crossbpf_error *e)
{
	switch (letter) {
	case OPTION_IDENT:
		o->ident = optarg;
		break;
	case OPTION_PACKAGE:
		o->package = optarg;
		break;
	case OPTION_ARCH:
		o->arch = optarg;
		break;
	case 'd':
		o->outdir = optarg;
		break;
	case OPTION_TYPE:
		strv_add_once(&o->types, optarg);
		return o->types.error ? error_no_memory(e) : 0;
	case OPTION_TAGS:
		return read_tags(o, optarg, e);
	case OPTION_NO_GLOBAL_TYPES:
		o->no_global_types = true;
		break;
	case OPTION_EBPF:
		o->version = optarg;
		break;
	case OPTION_BACKEND:
		o->backend = optarg;
		break;
	case 'v':
		o->verbose = true;
		break;
	default:
		o->help = true;
	}
	return 0;
}

/* What belongs to Go alone must not be lost without a word elsewhere. */
static int check_options(const struct options *o, struct crossbpf_error *e)
{
	bool is_go = strcmp(o->what, "go") == 0;
	const char *only = is_go                ? NULL
			   : o->package         ? "--package"
			   : o->types.n         ? "--type"
			   : o->tags.n          ? "--tags"
			   : o->no_global_types ? "--no-global-types"
			   : o->version         ? "--ebpf"
						: NULL;

	if (only)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "leave it out",
				 "%s is of crossbpf gen go", only);
	if (!o->objects[0])
		return error_set(
			e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf build makes objects of sources",
			"crossbpf gen %s takes the objects that it is to be made of", o->what);
	if (o->ident && o->objects[1] && !is_go)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "name one object at a time, or leave --ident out",
				 "--ident is of one object");
	return 0;
}

static int parse_options(int argc, char **argv, struct options *o, struct crossbpf_error *e)
{
	static const struct option longs[] = {
		{"ident", required_argument, NULL, OPTION_IDENT},
		{"package", required_argument, NULL, OPTION_PACKAGE},
		{"arch", required_argument, NULL, OPTION_ARCH},
		{"outdir", required_argument, NULL, 'd'},
		{"type", required_argument, NULL, OPTION_TYPE},
		{"tags", required_argument, NULL, OPTION_TAGS},
		{"no-global-types", no_argument, NULL, OPTION_NO_GLOBAL_TYPES},
		{"ebpf", required_argument, NULL, OPTION_EBPF},
		{"backend", required_argument, NULL, OPTION_BACKEND},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int letter, r = 0;

	o->verbose = strcmp(cli_setting("CROSSBPF_VERBOSE", "0"), "0") != 0;
	optind = 1;
	while (r == 0 && (letter = getopt_long(argc, argv, "d:vh", longs, NULL)) != -1)
		r = letter == '?' ? cli_refuse_option("gen", longs, argv, e)
				  : read_option(o, letter, e);
	if (r < 0 || o->help)
		return r;
	o->what = optind < argc ? argv[optind] : "";
	if (strcmp(o->what, "skeleton") != 0 && strcmp(o->what, "go") != 0 &&
	    strcmp(o->what, "c") != 0)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf gen --help says more",
				 "crossbpf gen takes skeleton, go or c, and objects");
	o->objects = (const char *const *)argv + optind + 1;
	return check_options(o, e);
}

static int print_help(void)
{
	printf("Usage: crossbpf gen skeleton [--ident NAME] [OPTION...] OBJECT...\n"
	       "       crossbpf gen go [--ident NAME] [--package NAME] [OPTION...] OBJECT...\n"
	       "       crossbpf gen c [--ident NAME] [OPTION...] OBJECT...\n"
	       "Code that carries an object.\n\n"
	       "  skeleton  a header for libbpf, by bpftool: NAME.skel.h\n"
	       "  go        what bpf2go makes, for cilium/ebpf: NAME_bpfel.go and such\n"
	       "  c         the bytes, and functions that open and load them: NAME.embed.h\n\n"
	       "      --ident=NAME         what names begin with (default: the object's)\n"
	       "      --arch=LIST          refuse an object that is for others: x86, arm64, ...\n"
	       "  -d, --outdir=DIR         where files go (default: the working directory)\n"
	       "      --package=NAME       the Go package (default: GOPACKAGE, or the "
	       "directory's)\n"
	       "      --type=NAME          declare this type of C too; once for each\n"
	       "      --tags=LIST          build tags that must hold too: linux\n"
	       "      --no-global-types    not those of keys, values and variables\n"
	       "      --ebpf=VERSION       of cilium/ebpf (default: what go.mod requires)\n"
	       "      --backend=NAME[:WHERE]  whose bpftool is taken where this host has none\n"
	       "  -v, --verbose            say what is written\n"
	       "  -h, --help               this help\n\n"
	       "See crossbpf-gen(1).\n");
	return cli_finish_output();
}

/* Archs */

/* Those that were named, by our names: Go's are taken too. */
static int list_archs(const char *list, struct strv *ret_archs, struct crossbpf_error *e)
{
	int r = 0;

	while (list && r == 0) {
		size_t len = strcspn(list, ",");
		cleanup_free char *name = strndup(list, len);
		if (!name)
			return error_no_memory(e);
		const char *of_go = go_dialect_arch(name);
		r = of_go ? 0 : variant_check_arch(name, e);
		strv_add_once(ret_archs, of_go ? of_go : name);
		list = list[len] ? list + len + 1 : NULL;
	}
	return r < 0 ? r : ret_archs->error ? error_no_memory(e) : 0;
}

/* Each object is to be for one of the archs, and each arch to have an object. */
static int check_archs(const struct gen_job *j, const struct strv *archs, struct crossbpf_error *e)
{
	for (size_t i = 0; i < j->n_inputs && archs->n; i++) {
		cleanup_error struct crossbpf_error refused = {0};
		bool fits = false;
		for (size_t a = 0; a < archs->n; a++)
			fits = binding_check(&j->inputs[i].object, archs->v[a], NULL, &refused) ==
				       0 ||
			       fits;
		if (!fits)
			return binding_check(&j->inputs[i].object, archs->v[0], NULL, e);
	}
	for (size_t a = 0; a < archs->n; a++) {
		cleanup_error struct crossbpf_error refused = {0};
		bool fits = false;
		for (size_t i = 0; i < j->n_inputs; i++)
			fits = binding_check(&j->inputs[i].object, archs->v[a], NULL, &refused) ==
				       0 ||
			       fits;
		if (!fits)
			return binding_check(&j->inputs[0].object, archs->v[a], NULL, e);
	}
	return 0;
}

/* Go */

static int add_go(struct gen_job *j, const struct gen_input *in, struct gen_go *gen,
		  struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf text = {0}, object = {0};
	cleanup_free char *stem = ident_lower(gen->ident);
	cleanup_free char *suffix = go_dialect_suffix(gen->dialect, gen->target, gen->arch);
	cleanup_free char *embed = stem && suffix ? str_printf("%s%s.o", stem, suffix) : NULL;
	cleanup_free char *beside = stem ? str_printf("%s/%s", j->outdir, stem) : NULL;
	if (!embed || !beside || go_siblings_find(beside, gen->target, gen->arch, &j->obsolete) < 0)
		return error_no_memory(e);
	gen->embed = embed;
	int r = binding_go(&in->object, gen, &text, e);
	if (r < 0)
		return r;
	strbuf_add(&object, in->object.data, in->object.len);
	/* The object first: what embeds it comes when it is there. */
	r = gen_job_take(j, strdup(embed), &object, in->object.file, e);
	return r < 0 ? r
		     : gen_job_take(j, str_printf("%s%s.go", stem, suffix), &text, in->object.file,
				    e);
}

static int gen_go_of(struct gen_job *j, const struct options *o, const struct gen_input *in,
		     const struct strv *archs, struct gen_go *gen, struct crossbpf_error *e)
{
	cleanup_free char *ident = o->ident ? strdup(o->ident) : ident_of_file(in->object.file);

	if (!ident)
		return error_no_memory(e);
	gen->ident = ident;
	gen->target = binding_target(&in->object);
	gen->arch = binding_arch(&in->object);
	int r = binding_check_go_ident(ident, e);
	if (r == 0 && !archs->n)
		r = binding_check(&in->object, gen->arch, NULL, e);
	if (r == 0 && !archs->n)
		r = add_go(j, in, gen, e);
	for (size_t i = 0; i < archs->n && r == 0; i++) {
		cleanup_error struct crossbpf_error refused = {0};
		gen->arch = archs->v[i];
		if (binding_check(&in->object, gen->arch, NULL, &refused) == 0)
			r = add_go(j, in, gen, e);
	}
	return r;
}

static int gen_all_go(struct gen_job *j, const struct options *o, const struct strv *archs,
		      struct crossbpf_error *e)
{
	struct go_dialect dialect;
	cleanup_free char *package = NULL;
	struct gen_go gen = {
		.dialect = &dialect,
		.tags = (const char *const *)o->tags.v,
		.types = (const char *const *)o->types.v,
		.no_global_types = o->no_global_types,
	};

	int r = go_module_dialect(j->outdir, o->version, &dialect, e);
	if (r == 0)
		r = go_module_package(j->outdir, o->package, &package, e);
	gen.package = package;
	cleanup_free char *why = r == 0 && o->verbose ? go_module_tell(&dialect, o->version) : NULL;
	if (why)
		cli_log(why);
	for (size_t i = 0; i < j->n_inputs && r == 0; i++)
		r = gen_go_of(j, o, &j->inputs[i], archs, &gen, e);
	return r;
}

/* C */

/* Of an object that does not say it, what the user does. */
static const char *arch_of(const struct binding_object *object, const struct strv *archs)
{
	const char *arch = binding_arch(object);

	return !arch && !object->arch.is_stamped && archs->n == 1 ? archs->v[0] : arch;
}

static int gen_all_c(struct gen_job *j, const struct options *o, const struct strv *archs,
		     struct crossbpf_error *e)
{
	int r = 0;

	for (size_t i = 0; i < j->n_inputs && r == 0; i++) {
		const struct binding_object *object = &j->inputs[i].object;
		cleanup_free char *ident =
			o->ident ? strdup(o->ident) : ident_of_file(object->file);
		cleanup_free char *stem = ident_stem(object->file);
		cleanup_strbuf struct strbuf text = {0};
		if (!ident || !stem)
			return error_no_memory(e);
		struct gen_c gen = {ident, binding_target(object), arch_of(object, archs)};
		r = binding_check_c_ident(ident, e);
		if (r == 0)
			r = binding_c(object, &gen, &text, e);
		if (r == 0)
			r = gen_job_take(j, str_printf("%s.embed.h", stem), &text, object->file, e);
	}
	return r;
}

/* Skeletons */

struct builder_job {
	struct cli_project p;
	struct builder builder;
	struct remote remote;
};

static void builder_job_free(struct builder_job *b)
{
	remote_free(&b->remote);
	builder_close(&b->builder);
	cli_project_close(&b->p);
}
#define cleanup_builder_job CLEANUP(builder_job_free)

static int make_there(struct builder_job *b, struct skeleton *all, size_t n,
		      struct crossbpf_error *e)
{
	cleanup_free char *why = NULL;

	int r = builder_open(&b->builder, &b->p.request, &b->p.project, &why, e);
	if (r < 0)
		return r;
	if (b->p.request.log && why)
		cli_log(why);
	if (!remote_is(&b->builder))
		return skeleton_refuse_here(b->builder.name, e);
	b->remote = (struct remote){
		.builder = &b->builder,
		.request = &b->p.request,
		.project = &b->p.project,
		.module_dir = cli_module_dir(),
	};
	r = skeleton_make_there(all, n, false, &b->remote, e);
	if (r == -ESTALE && b->p.request.lazy) { /* the builder is another than it was */
		remote_free(&b->remote);
		builder_close(&b->builder);
		b->p.request.lazy = false;
		return make_there(b, all, n, e);
	}
	return r < 0 ? r : skeleton_take_failure(all, n, e);
}

static int make_skeletons(const struct options *o, struct skeleton *all, size_t n,
			  struct crossbpf_error *e)
{
	cleanup_free char *bpftool = NULL;
	cleanup_builder_job struct builder_job b = {0};
	int control = cli_catch_interrupts(), r = 0;

	if (skeleton_find_bpftool(&bpftool) < 0)
		return error_no_memory(e);
	for (size_t i = 0; bpftool && i < n && r == 0; i++)
		r = skeleton_make_here(&all[i], bpftool, (const char *const *)environ, control, e);
	if (bpftool)
		return r;
	r = cli_project_open(&b.p, o->backend, e);
	b.p.request.control = control;
	b.p.request.lazy = true;
	b.p.request.inform = cli_log;
	if (o->verbose)
		b.p.request.log = cli_log;
	return r < 0 ? r : make_there(&b, all, n, e);
}

static int gen_all_skeletons(struct gen_job *j, const struct options *o, struct crossbpf_error *e)
{
	cleanup_free struct skeleton *all = calloc(j->n_inputs + 1, sizeof(*all));
	cleanup_strv struct strv idents = {0};
	int r = all ? 0 : error_no_memory(e);

	for (size_t i = 0; i < j->n_inputs && r == 0; i++) {
		const char *file = j->inputs[i].object.file;
		strv_take(&idents, o->ident ? strdup(o->ident) : ident_of_file_bpftool(file));
		r = idents.error ? error_no_memory(e) : binding_check_c_ident(idents.v[i], e);
		if (r == 0)
			all[i] = (struct skeleton){.object = j->inputs[i].path,
						   .ident = idents.v[i]};
	}
	if (r == 0)
		r = make_skeletons(o, all, j->n_inputs, e);
	for (size_t i = 0; all && i < j->n_inputs; i++) {
		const char *file = j->inputs[i].object.file;
		cleanup_free char *stem = ident_stem(file);
		if (r == 0)
			r = stem ? gen_job_take(j, str_printf("%s.skel.h", stem), &all[i].text,
						file, e)
				 : error_no_memory(e);
		skeleton_free(&all[i]);
	}
	return r;
}

static int run(const struct options *o, struct crossbpf_error *e)
{
	cleanup_gen_job struct gen_job j = {0};
	cleanup_strv struct strv archs = {0};

	int r = list_archs(o->arch, &archs, e);
	if (r == 0)
		r = gen_job_open(&j, o->outdir, o->objects, e);
	if (r == 0)
		r = check_archs(&j, &archs, e);
	if (r < 0)
		return r;
	if (strcmp(o->what, "go") == 0)
		r = gen_all_go(&j, o, &archs, e);
	else if (strcmp(o->what, "c") == 0)
		r = gen_all_c(&j, o, &archs, e);
	else
		r = gen_all_skeletons(&j, o, e);
	if (cli_is_interrupted())
		return 0;
	return r < 0 ? r : gen_job_write(&j, o->verbose ? cli_log : NULL, e);
}

int cmd_gen(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	struct options options = {0};

	int r = parse_options(argc, argv, &options, &error);
	if (r == 0 && options.help)
		return print_help();
	if (r == 0)
		r = run(&options, &error);
	strv_free(&options.types);
	strv_free(&options.tags);
	cli_die_of_interrupt();
	return r < 0 ? cli_report(&error) : cli_finish_output();
}
