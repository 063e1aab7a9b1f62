/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "build-job.h"
#include "cli-builder.h"
#include "cli.h"
#include "core/clang-constraint.h"
#include "shared/io.h"

extern char **environ;

enum { /* options without a letter */
       LONG_ONLY = 256,
       LONG_CFLAGS = LONG_ONLY,
       LONG_TARGET,
       LONG_ARCH,
       LONG_CPU,
       LONG_EMIT,
       LONG_PACKAGE,
       LONG_TYPES,
       LONG_KERNEL_HEADERS,
       LONG_DEBUG,
       LONG_BACKEND,
       LONG_CLANG,
       LONG_LAUNCHER,
       LONG_EXPLAIN,
       LONG_NO_CACHE,
       LONG_NO_PCH,
       LONG_JSON,
       LONG_ALL,
       LONG_FLAGS,
};

enum { BOTH = COMMAND_BUILD | COMMAND_HEADERS };

static const struct build_option {
	const char *name;
	int letter; /* or a number from LONG_ONLY on */
	bool here;  /* of this command line alone: no variable says it */
	unsigned commands;
	const char *argument;
	const char *help;
} build_options[] = {
	{"output", 'o', true, COMMAND_BUILD, "FILE", "the object's name, where there is one"},
	{"outdir", 'd', false, COMMAND_BUILD, "DIR", "where objects go"},
	{"include", 'I', true, BOTH, "DIR", "where headers are looked for"},
	{"define", 'D', true, BOTH, "NAME[=VALUE]", "a macro"},
	{"cflags", LONG_CFLAGS, false, BOTH, "STRING",
	 "further options of clang, quoted as for a shell"},
	{"target", LONG_TARGET, false, BOTH, "LIST", "bpfel, bpfeb or both (default: the arch's)"},
	{"arch", LONG_ARCH, false, BOTH, "LIST", "x86, arm64, ... (default: this machine's)"},
	{"cpu", LONG_CPU, false, BOTH, "v1|v2|v3|v4", "the instruction set (default: v1)"},
	{"emit", LONG_EMIT, false, COMMAND_BUILD, "LIST",
	 "object, skeleton, go, c, dep (default: object)"},
	{"package", LONG_PACKAGE, false, COMMAND_BUILD, "NAME",
	 "of Go files (default: GOPACKAGE, or their directory's)"},
	{"types", LONG_TYPES, false, COMMAND_BUILD, "LIST", "that Go files declare further"},
	{"kernel-headers", LONG_KERNEL_HEADERS, false, BOTH, "DIR",
	 "a kernel's build tree, for programs that include its headers"},
	{"debug", LONG_DEBUG, false, COMMAND_BUILD, NULL, "keep DWARF"},
	{"backend", LONG_BACKEND, false, BOTH, "NAME[:WHERE]", "where clang runs (default: auto)"},
	{"clang", LONG_CLANG, false, BOTH, "PROGRAM", "which clang"},
	{"launcher", LONG_LAUNCHER, false, COMMAND_BUILD, "COMMAND",
	 "what compiles are handed to, such as distcc"},
	{"jobs", 'j', false, BOTH, "N", "compilers at once (default: the CPUs)"},
	{"keep-going", 'k', false, COMMAND_BUILD, NULL, "build what can be built behind a failure"},
	{"dry-run", 'n', false, COMMAND_BUILD, NULL, "print what would be run"},
	{"explain", LONG_EXPLAIN, false, COMMAND_BUILD, NULL,
	 "say why each object is built or not"},
	{"no-cache", LONG_NO_CACHE, false, COMMAND_BUILD, NULL,
	 "compile all that changed, and keep no object for others"},
	{"no-pch", LONG_NO_PCH, false, COMMAND_BUILD, NULL, "compile without precompiled headers"},
	{"json", LONG_JSON, false, COMMAND_BUILD, NULL,
	 "events on standard output, an object a line"},
	{"all", LONG_ALL, true, COMMAND_HEADERS, NULL, "all headers of the builder, for an editor"},
	{"flags", LONG_FLAGS, true, COMMAND_HEADERS, NULL,
	 "print the options by which clang finds them"},
	{"quiet", 'q', false, BOTH, NULL, "diagnostics and errors only"},
	{"verbose", 'v', false, BOTH, NULL, "each command as it is run"},
	{"help", 'h', true, BOTH, NULL, "this help"},
};

enum { N_OPTIONS = sizeof(build_options) / sizeof(build_options[0]) };

static void options_free(struct build_options *o)
{
	strv_free(&o->words.sources);
	strv_free(&o->words.include);
	strv_free(&o->words.define);
}

void build_options_print(enum build_command command)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct build_option *o = &build_options[i];
		char name[64], letter[8] = "    ";
		if (!(o->commands & command))
			continue;
		if (o->letter < LONG_ONLY)
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		snprintf(name, sizeof(name), "--%s%s%s", o->name, o->argument ? "=" : "",
			 o->argument ? o->argument : "");
		printf("  %s%-24s %s\n", letter, name, o->help);
	}
	printf("\nWhat can be said by an option can be said by a variable: "
	       "CROSSBPF_ARCH=x86,arm64.\n");
}

static int parse_jobs(const char *text, unsigned *ret_jobs, struct crossbpf_error *e)
{
	char *end;
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || errno || n == 0 || n > 1024)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "give a number from 1 to 1024",
				 "-j %s: no number of compilers", text);
	*ret_jobs = (unsigned)n;
	return 0;
}

static int read_option(struct build_options *o, int letter, const char *value,
		       struct crossbpf_error *e)
{
	switch (letter) {
	case 'o':
		o->words.output = value;
		break;
	case 'd':
		o->words.outdir = value;
		break;
	case 'I':
		strv_add(&o->words.include, value);
		break;
	case 'D':
		strv_add(&o->words.define, value);
		break;
	case LONG_CFLAGS:
		o->words.cflags = value;
		break;
	case LONG_TARGET:
		o->words.target = value;
		break;
	case LONG_ARCH:
		o->words.arch = value;
		break;
	case LONG_CPU:
		o->words.cpu = value;
		break;
	case LONG_EMIT:
		o->words.emit = value;
		break;
	case LONG_PACKAGE:
		o->words.package = value;
		break;
	case LONG_TYPES:
		o->words.types = value;
		break;
	case LONG_KERNEL_HEADERS:
		o->words.kernel_headers = value;
		break;
	case LONG_DEBUG:
		o->words.debug = true;
		break;
	case LONG_BACKEND:
		o->backend = value;
		break;
	case LONG_CLANG:
		o->words.clang = value;
		break;
	case 'j':
		return parse_jobs(value, &o->jobs, e);
	case 'k':
		o->keep_going = true;
		break;
	case 'n':
		o->dry_run = true;
		break;
	case LONG_LAUNCHER:
		o->words.launcher = value;
		break;
	case LONG_EXPLAIN:
		o->explain = true;
		break;
	case LONG_NO_CACHE:
		o->no_cache = true;
		break;
	case LONG_NO_PCH:
		o->no_pch = true;
		break;
	case LONG_JSON:
		o->json = true;
		break;
	case LONG_ALL:
		o->all = true;
		break;
	case LONG_FLAGS:
		o->flags = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	case 'h':
		o->help = true;
		break;
	default:
		break;
	}
	return 0;
}

/* CROSSBPF_KEEP_GOING says what --keep-going does. */
static int read_variable(struct build_options *o, const struct build_option *option,
			 struct crossbpf_error *e)
{
	char name[64] = "CROSSBPF_", *to = name + strlen(name);

	for (const char *at = option->name; *at; at++)
		*to++ = *at == '-' ? '_' : (char)(*at - 'a' + 'A');
	const char *value = cli_setting(name, NULL);
	if (!value || (!option->argument && !str_is_on(value)))
		return 0;
	return read_option(o, option->letter, value, e);
}

/* What the environment says, which options override. */
static int read_environment(struct build_options *o, struct crossbpf_error *e)
{
	const char *v = getenv("V"); /* as with automake's makefiles */
	int r = 0;

	for (size_t i = 0; i < N_OPTIONS && r == 0; i++)
		if (!build_options[i].here)
			r = read_variable(o, &build_options[i], e);
	if (v && strcmp(v, "1") == 0)
		o->verbose = true;
	return r;
}

int build_options_parse(enum build_command command, int argc, char **argv, struct build_options *o,
			struct crossbpf_error *e)
{
	struct option longs[N_OPTIONS + 1] = {0};
	char letters[2 * N_OPTIONS + 1] = "", *at = letters;
	int letter, r = read_environment(o, e);

	for (size_t i = 0, n = 0; i < N_OPTIONS; i++) {
		const struct build_option *b = &build_options[i];
		if (!(b->commands & command))
			continue;
		longs[n++] = (struct option){b->name, b->argument ? required_argument : no_argument,
					     NULL, b->letter};
		if (b->letter < LONG_ONLY) {
			*at++ = (char)b->letter;
			if (b->argument)
				*at++ = ':';
		}
	}
	*at = '\0';
	optind = 1;
	while (r == 0 && (letter = getopt_long(argc, argv, letters, longs, NULL)) != -1)
		r = letter == '?'
			    ? cli_refuse_option(command == COMMAND_BUILD ? "build" : "headers",
						longs, argv, e)
			    : read_option(o, letter, optarg, e);
	for (int i = optind; i < argc; i++)
		strv_add(&o->words.sources, argv[i]);
	if (o->words.sources.error || o->words.include.error || o->words.define.error)
		return error_no_memory(e);
	return r;
}

void build_job_free(struct build_job *j)
{
	options_free(&j->options);
	state_close(j->state);
	cache_remote_close(j->shared);
	cache_close(j->cache);
	remote_free(&j->remote);
	launcher_free(&j->launcher);
	build_plan_free(&j->plan);
	builder_close(&j->builder);
	settings_free(&j->settings);
	conf_free(&j->conf);
	project_free(&j->project);
	project_free(&j->place);
	strv_free(&j->env);
	free(j->dir);
	free(j->cache_dir);
	free(j->conf_file);
	free(j->header_dir);
	free(j->order);
	free(j->cache_token);
	free(j->stale);
	free(j->done);
}

static int read_conf(struct build_job *j, struct crossbpf_error *e)
{
	int r = cli_read_conf(j->conf_file, &j->conf, e);

	j->has_conf = r == 0;
	return r;
}

int build_job_find(struct build_job *j, struct crossbpf_error *e)
{
	cleanup_free char *root = NULL, *strangers = NULL;

	int r = io_working_directory(&j->dir);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "change to a directory that exists",
				 "the working directory cannot be named: %s", strerror(-r));
	if (project_find_root(j->dir, &root, &j->conf_file, &strangers) < 0)
		return error_no_memory(e);
	if (strangers && !j->options.quiet)
		fprintf(stderr,
			"crossbpf: warning: %s is not read, as its directory belongs to another "
			"user; it is where crossbpf starts in that directory\n",
			strangers);
	r = project_at(root, &j->project, e);
	if (r == 0)
		r = project_here(&j->place, e);
	if (r == 0 && j->conf_file)
		r = read_conf(j, e);
	if (r == 0 && io_cache_dir(&j->cache_dir) == -ENOMEM)
		r = error_no_memory(e);
	j->header_dir = cli_header_dir();
	return r < 0 || j->header_dir ? r : error_no_memory(e);
}

int build_job_settle(struct build_job *j, struct crossbpf_error *e)
{
	return settings_make(j->project.root, j->dir, &j->options.words,
			     j->has_conf ? &j->conf : NULL, &j->settings, e);
}

int build_job_make_env(struct build_job *j)
{
	static const char *const without[] = {"CPATH=",
					      "C_INCLUDE_PATH=",
					      "CPLUS_INCLUDE_PATH=",
					      "OBJC_INCLUDE_PATH=",
					      "OBJCPLUS_INCLUDE_PATH=",
					      "COMPILER_PATH=",
					      "GCC_EXEC_PREFIX=",
					      "SDKROOT=",
					      "CCC_",
					      "CC_PRINT_",
					      "CC_LOG_",
					      "PWD="};

	strv_free(&j->env);
	j->env = (struct strv){0};
	for (char **variable = environ; *variable; variable++) {
		bool keep = true;
		for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
			if (strncmp(*variable, without[i], strlen(without[i])) == 0)
				keep = false;
		if (keep)
			strv_add(&j->env, *variable);
	}
	strv_take(&j->env, str_printf("PWD=%s", j->project.root));
	/* As in builder.sh: a compiler takes its memory from the system in large pieces and large
	 * pages, where its C library can. It is a tenth of its time. */
	if (!getenv("GLIBC_TUNABLES"))
		strv_add(&j->env, "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"
				  ":glibc.malloc.top_pad=16777216");
	return j->env.error;
}

/* Without settings, what the command line says. */
static const char *choose_clang(const struct build_job *j)
{
	const char *clang = j->settings.sources.n ? j->settings.clang : j->options.words.clang;

	return clang ? clang : CROSSBPF_DEFAULT_CLANG;
}

int build_job_open(struct build_job *j, struct crossbpf_error *e)
{
	cleanup_free char *why = NULL;

	j->request = (struct builder_request){
		.toolchain =
			{
				.clang = choose_clang(j),
				.env = (const char *const *)environ,
				.cache_dir = j->cache_dir,
				.fresh = j->request.toolchain.fresh,
			},
		.log = j->options.verbose ? cli_log : NULL,
		.inform = j->options.quiet || j->options.json ? NULL : cli_log,
		.control = j->request.control,
		.lazy = j->request.lazy,
		.elsewhere = j->request.elsewhere,
		.unmirrored = j->request.unmirrored,
		.conf = j->has_conf ? &j->conf : NULL,
	};
	free(TAKE_PTR(j->order));
	int r = cli_choose_backend(j->options.backend, &j->request, &j->order, e);
	if (r == 0)
		r = builder_open(&j->builder, &j->request, &j->place, &why, e);
	if (r == 0 && j->options.verbose && why)
		cli_log(why);
	return r;
}

int build_job_check_clang(const struct build_job *j, struct crossbpf_error *e)
{
	const struct toolchain *t = &j->builder.toolchain;
	bool holds = true;

	if (!j->settings.clang_constraint)
		return 0;
	int r = clang_constraint_check(j->settings.clang_constraint, t->number, &holds);
	if (r == 0 && holds)
		return 0;
	return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND,
			 "install one that does, and name it with --clang",
			 "%s is clang %s, and %s asks for clang %s", t->clang, t->number,
			 j->conf_file, j->settings.clang_constraint);
}

int build_job_plan_all(struct build_job *j, const struct toolchain *t, struct crossbpf_error *e)
{
	build_plan_free(&j->plan);
	int r = build_plan_make(j->project.root, &j->settings, t, j->header_dir, &j->plan, e);
	if (r < 0)
		return r;
	free(j->stale);
	j->stale = calloc(j->plan.n + 1, sizeof(struct build_action *));
	if (!j->stale)
		return error_no_memory(e);
	for (j->n_stale = 0; j->n_stale < j->plan.n; j->n_stale++)
		j->stale[j->n_stale] = &j->plan.actions[j->n_stale];
	return 0;
}

int build_job_cover(const struct build_job *j, struct mirror_cover *cover)
{
	int r = 0;

	for (size_t i = 0; i < j->n_stale && r == 0; i++) {
		cleanup_strv struct strv args = {0};
		build_plan_args(j->stale[i], &args);
		r = args.error ? args.error : mirror_cover_add(cover, j->project.root, &args, NULL);
	}
	return r;
}

int build_job_find_lack(const struct build_job *j, const struct toolchain *t,
			struct mirror_lack *ret_lack, struct crossbpf_error *e)
{
	cleanup_mirror_cover struct mirror_cover cover = {0};

	if (!t->mirror || !j->n_stale)
		return 0;
	return mirror_cover_begin(t, &cover) < 0 || build_job_cover(j, &cover) < 0 ||
			       mirror_cover_end(&cover, ret_lack) < 0
		       ? error_no_memory(e)
		       : 0;
}

/* What the compilers may read of the host's files, for a builder that does not see them. */
static int find_files(struct build_job *j, struct crossbpf_error *e)
{
	int r = 0;

	for (size_t i = 0; i < j->n_stale && r == 0; i++) {
		cleanup_strv struct strv args = {0};
		build_plan_args(j->stale[i], &args);
		r = args.error ? error_no_memory(e)
			       : remote_add(&j->remote, j->project.root, &args, NULL, e);
	}
	return r;
}

void build_job_begin_remote(struct build_job *j)
{
	j->remote = (struct remote){
		.builder = &j->builder,
		.request = &j->request,
		.project = &j->place,
		.module_dir = cli_module_dir(),
		.header_dir = j->settings.no_system ? NULL : j->header_dir,
	};
}

int build_job_connect(struct build_job *j, struct crossbpf_error *e)
{
	if (j->state)
		state_settle(j->state); /* before anything is looked at that is to be sent */
	int r = find_files(j, e);
	return r < 0 ? r : remote_connect(&j->remote, e);
}
