/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf build: compiles a project's sources, only what changed. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "build-report.h"
#include "cli-builder.h"
#include "cli-cache.h"
#include "cli.h"
#include "core/build.h"
#include "core/builder.h"
#include "core/clang-constraint.h"
#include "core/project.h"
#include "core/remote.h"
#include "core/settings.h"
#include "shared/io.h"
#include "shared/shell.h"

extern char **environ;

enum { /* options without a letter */
       LONG_ONLY = 256,
       LONG_CFLAGS = LONG_ONLY,
       LONG_TARGET,
       LONG_ARCH,
       LONG_CPU,
       LONG_EMIT,
       LONG_DEBUG,
       LONG_BACKEND,
       LONG_CLANG,
       LONG_EXPLAIN,
       LONG_NO_CACHE,
       LONG_NO_PCH,
       LONG_JSON,
};

static const struct build_option {
	const char *name;
	int letter; /* or a number from LONG_ONLY on */
	bool here;  /* of this command line alone: no variable says it */
	const char *argument;
	const char *help;
} build_options[] = {
	{"output", 'o', true, "FILE", "the object's name, where there is one"},
	{"outdir", 'd', false, "DIR", "where objects go"},
	{"include", 'I', true, "DIR", "where headers are looked for"},
	{"define", 'D', true, "NAME[=VALUE]", "a macro"},
	{"cflags", LONG_CFLAGS, false, "STRING", "further options of clang, quoted as for a shell"},
	{"target", LONG_TARGET, false, "LIST", "bpfel, bpfeb or both (default: the arch's)"},
	{"arch", LONG_ARCH, false, "LIST", "x86, arm64, ... (default: this machine's)"},
	{"cpu", LONG_CPU, false, "v1|v2|v3|v4", "the instruction set (default: v1)"},
	{"emit", LONG_EMIT, false, "LIST", "object, dep (default: object)"},
	{"debug", LONG_DEBUG, false, NULL, "keep DWARF"},
	{"backend", LONG_BACKEND, false, "NAME[:WHERE]", "where clang runs (default: auto)"},
	{"clang", LONG_CLANG, false, "PROGRAM", "which clang"},
	{"jobs", 'j', false, "N", "compilers at once (default: the CPUs)"},
	{"keep-going", 'k', false, NULL, "build what can be built behind a failure"},
	{"dry-run", 'n', false, NULL, "print what would be run"},
	{"explain", LONG_EXPLAIN, false, NULL, "say why each object is built or not"},
	{"no-cache", LONG_NO_CACHE, false, NULL,
	 "compile all that changed, and keep no object for others"},
	{"no-pch", LONG_NO_PCH, false, NULL, "(headers are not precompiled yet)"},
	{"json", LONG_JSON, false, NULL, "events on standard output, an object a line"},
	{"quiet", 'q', false, NULL, "diagnostics and errors only"},
	{"verbose", 'v', false, NULL, "each command as it is run"},
	{"help", 'h', true, NULL, "this help"},
};

enum { N_OPTIONS = sizeof(build_options) / sizeof(build_options[0]) };

struct options {
	struct settings_words words;
	const char *backend;
	unsigned jobs;
	bool keep_going, dry_run, explain, no_cache, json, quiet, verbose, help;
};

static void options_free(struct options *o)
{
	strv_free(&o->words.sources);
	strv_free(&o->words.include);
	strv_free(&o->words.define);
}
#define cleanup_options CLEANUP(options_free)

static void print_help(void)
{
	printf("Usage: crossbpf build [OPTION...] [SOURCE...]\n"
	       "Compiles BPF sources, or those of crossbpf.conf, where they changed.\n\n");
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct build_option *o = &build_options[i];
		char name[64], letter[8] = "    ";
		if (o->letter < LONG_ONLY)
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		snprintf(name, sizeof(name), "--%s%s%s", o->name, o->argument ? "=" : "",
			 o->argument ? o->argument : "");
		printf("  %s%-24s %s\n", letter, name, o->help);
	}
	printf("\nWhat can be said by an option can be said by a variable: "
	       "CROSSBPF_ARCH=x86,arm64.\n"
	       "See crossbpf-build(1) and crossbpf.conf(5).\n");
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

static int read_option(struct options *o, int letter, const char *value, struct crossbpf_error *e)
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
	case LONG_EXPLAIN:
		o->explain = true;
		break;
	case LONG_NO_CACHE:
		o->no_cache = true;
		break;
	case LONG_NO_PCH:
		break;
	case LONG_JSON:
		o->json = true;
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
	default: /* getopt said what is wrong */
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf build --help lists them",
				 "wrong options");
	}
	return 0;
}

static bool is_on(const char *value)
{
	static const char *const off[] = {"0", "no", "false", "off"};

	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		if (strcmp(value, off[i]) == 0)
			return false;
	return true;
}

/* CROSSBPF_KEEP_GOING says what --keep-going does. */
static int read_variable(struct options *o, const struct build_option *option,
			 struct crossbpf_error *e)
{
	char name[64] = "CROSSBPF_", *to = name + strlen(name);

	for (const char *at = option->name; *at; at++)
		*to++ = *at == '-' ? '_' : (char)(*at - 'a' + 'A');
	const char *value = cli_setting(name, NULL);
	if (!value || (!option->argument && !is_on(value)))
		return 0;
	return read_option(o, option->letter, value, e);
}

/* What the environment says, which options override. */
static int read_environment(struct options *o, struct crossbpf_error *e)
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

static int parse_options(int argc, char **argv, struct options *o, struct crossbpf_error *e)
{
	struct option longs[N_OPTIONS + 1] = {0};
	char letters[2 * N_OPTIONS + 1] = "", *at = letters;
	int letter, r = read_environment(o, e);

	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct build_option *b = &build_options[i];
		longs[i] = (struct option){b->name, b->argument ? required_argument : no_argument,
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
		r = read_option(o, letter, optarg, e);
	for (int i = optind; i < argc; i++)
		strv_add(&o->words.sources, argv[i]);
	if (o->words.sources.error || o->words.include.error || o->words.define.error)
		return error_no_memory(e);
	return r;
}

/* All that a build is made of, from its options on. */
struct job {
	struct options options;
	struct conf conf;
	bool has_conf;
	struct settings settings;
	struct project project;
	struct project place; /* what a builder keeps together: as crossbpf-clang has it */
	struct builder_request request;
	struct builder builder;
	struct build_plan plan;
	struct state *state;
	struct cache *cache;
	struct remote remote;
	struct build_report report;
	struct strv env;
	char *dir, *cache_dir, *conf_file, *header_dir, *order;
	const struct build_action **stale;
	size_t n_stale;
};

static void job_free(struct job *j)
{
	options_free(&j->options);
	state_close(j->state);
	cache_close(j->cache);
	remote_free(&j->remote);
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
	free(j->stale);
}
#define cleanup_job CLEANUP(job_free)

static int read_conf(struct job *j, struct crossbpf_error *e)
{
	int r = cli_read_conf(j->conf_file, &j->conf, e);

	j->has_conf = r == 0;
	return r;
}

static int find_project(struct job *j, struct crossbpf_error *e)
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
	if (r == 0)
		r = settings_make(j->project.root, j->dir, &j->options.words,
				  j->has_conf ? &j->conf : NULL, &j->settings, e);
	return r;
}

/* The environment of compilers: without what has clang find other headers or write other files. */
static int make_env(struct job *j)
{
	static const char *const without[] = {"CPATH=",
					      "C_INCLUDE_PATH=",
					      "CPLUS_INCLUDE_PATH=",
					      "OBJC_INCLUDE_PATH=",
					      "CCC_",
					      "CC_PRINT_",
					      "CC_LOG_",
					      "PWD="};

	for (char **variable = environ; *variable; variable++) {
		bool keep = true;
		for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
			if (strncmp(*variable, without[i], strlen(without[i])) == 0)
				keep = false;
		if (keep)
			strv_add(&j->env, *variable);
	}
	strv_take(&j->env, str_printf("PWD=%s", j->project.root));
	return j->env.error;
}

static int open_builder(struct job *j, struct crossbpf_error *e)
{
	cleanup_free char *why = NULL;

	j->request = (struct builder_request){
		.toolchain =
			{
				.clang = j->settings.clang ? j->settings.clang
							   : CROSSBPF_DEFAULT_CLANG,
				.env = (const char *const *)environ,
				.cache_dir = j->cache_dir,
			},
		.log = j->options.verbose ? cli_log : NULL,
		.control = j->request.control,
		.lazy = j->request.lazy,
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

static int check_constraint(const struct job *j, struct crossbpf_error *e)
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

static int open_state(struct job *j, struct crossbpf_error *e)
{
	cleanup_free char *file = NULL;

	if (j->cache_dir && state_file(j->cache_dir, j->project.id, &file) < 0)
		return error_no_memory(e);
	int r = state_open(file, j->project.root, &j->state);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, NULL, "%s: %s", j->project.root,
				 strerror(-r));
	return 0;
}

static int find_stale(struct job *j, struct crossbpf_error *e)
{
	j->stale = calloc(j->plan.n + 1, sizeof(struct build_action *));
	if (!j->stale)
		return error_no_memory(e);
	for (size_t i = 0; i < j->plan.n; i++) {
		const struct build_action *a = &j->plan.actions[i];
		cleanup_free char *why = NULL;
		bool fresh = state_is_fresh(j->state, a->object, a->command, &why);
		if (!fresh)
			j->stale[j->n_stale++] = a;
		if (j->options.explain)
			report_explain(a, fresh, why);
	}
	j->report.up_to_date = j->plan.n - j->n_stale;
	return 0;
}

/* What clang would complain of, for a file that was named by us or by the user. */
static int check_source(const struct job *j, const struct build_action *a, struct crossbpf_error *e)
{
	cleanup_free char *path = io_absolute(j->project.root, a->source);
	cleanup_free char *object = io_absolute(j->project.root, a->object);
	struct stat st, out;

	if (!path || !object)
		return error_no_memory(e);
	if (stat(path, &st) < 0)
		return error_set(e, -errno, EXIT_STATUS_USAGE,
				 "check its name, and the directory you are in",
				 "cannot find the source %s: %s", a->source, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return error_set(e, -EISDIR, EXIT_STATUS_USAGE, "name the sources in it",
				 "%s is a directory", a->source);
	if (stat(object, &out) < 0)
		return 0;
	if (S_ISDIR(out.st_mode))
		return error_set(e, -EISDIR, EXIT_STATUS_USAGE, "use -d for a directory",
				 "the output %s is a directory", a->object);
	if (!S_ISREG(out.st_mode) && a->dep)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "leave dep out of emit",
				 "the output %s is no regular file, and %s would be one", a->object,
				 a->dep);
	/* By another name, or by a link. */
	if (out.st_dev == st.st_dev && out.st_ino == st.st_ino)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "give -o another name",
				 "the output %s is the source %s", a->object, a->source);
	return 0;
}

/* Clang passes over a directory that is not there. */
static void warn_of_includes(const struct job *j)
{
	for (size_t i = 0; i < j->settings.include.n; i++) {
		const char *dir = j->settings.include.v[i];
		cleanup_free char *path = io_absolute(j->project.root, dir);
		struct stat st;
		if (path && !strstr(dir, "{arch}") && stat(path, &st) < 0)
			fprintf(stderr, "crossbpf: warning: the include directory %s: %s\n", dir,
				strerror(errno));
	}
}

static int check_sources(const struct job *j, struct crossbpf_error *e)
{
	int r = 0;

	if (j->n_stale && !j->options.quiet)
		warn_of_includes(j);
	for (size_t i = 0; i < j->n_stale && r == 0; i++)
		r = check_source(j, j->stale[i], e);
	return r;
}

static void print_commands(const struct job *j)
{
	for (size_t i = 0; i < j->n_stale; i++) {
		const struct build_action *a = j->stale[i];
		cleanup_strbuf struct strbuf line = {0};
		cleanup_strv struct strv argv = {0};

		build_plan_argv(a, &argv);
		strbuf_puts(&line, "cd ");
		shell_quote(&line, j->project.root);
		strbuf_puts(&line, " && ");
		shell_quote_all(&line, (const char *const *)argv.v);
		strbuf_puts(&line, " -o ");
		shell_quote(&line, a->object);
		if (!line.error)
			puts(line.data);
	}
}

/* What the compilers may read of the host's files, for a builder that does not see them. */
static int find_files(struct job *j, struct crossbpf_error *e)
{
	int r = 0;

	for (size_t i = 0; i < j->n_stale && r == 0; i++) {
		cleanup_strv struct strv argv = {0}, args = {0};
		build_plan_argv(j->stale[i], &argv);
		if (argv.n)
			strv_add_all(&args, (const char *const *)argv.v + 1);
		r = argv.error || args.error
			    ? error_no_memory(e)
			    : remote_add(&j->remote, j->project.root, &args, NULL, e);
	}
	return r;
}

static int connect_remote(struct job *j, struct crossbpf_error *e)
{
	state_settle(j->state); /* before anything is looked at that is to be sent */
	int r = find_files(j, e);
	return r < 0 ? r : remote_connect(&j->remote, e);
}

static unsigned count_lanes(const struct job *j, bool remote)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (j->options.jobs || remote)
		return j->options.jobs; /* 0: as many as the builder has CPUs */
	return cpus > 0 ? (unsigned)cpus : 1;
}

static void make_build(struct job *j, struct build *ret_build)
{
	bool remote = remote_is(&j->builder);

	j->remote = (struct remote){
		.builder = &j->builder,
		.request = &j->request,
		.project = &j->place,
		.module_dir = cli_module_dir(),
		.header_dir = j->settings.no_system ? NULL : j->header_dir,
	};
	*ret_build = (struct build){
		.session = &j->builder.session,
		.remote = remote ? &j->remote : NULL,
		.state = j->state,
		.plan = &j->plan,
		.root = j->project.root,
		.lanes = count_lanes(j, remote),
		.keep_going = j->options.keep_going,
		.colour = j->report.colour,
		.keys = j->options.json,
		.cache = j->cache,
		.toolchain = &j->builder.toolchain,
		.header_dir = j->header_dir,
		.ctx = &j->report,
		.on_start = report_start,
		.on_end = report_end_action,
	};
}

/* Has a builder do what the cache does not have. */
static int run_build(struct job *j, struct crossbpf_error *e)
{
	struct build build;
	size_t left = 0;
	int r = 0;

	make_build(j, &build);
	if (j->cache)
		r = build_restore(&build, j->stale, &j->n_stale, e);
	if (r < 0 || !j->n_stale)
		return r;
	r = build.remote ? connect_remote(j, e)
			 : builder_connect(&j->builder, &j->request, &j->place, e);
	if (r == 0 && make_env(j) < 0)
		r = error_no_memory(e);
	if (r < 0)
		return r;
	build.env = (const char *const *)j->env.v;
	r = build_run(&build, j->stale, j->n_stale, &left, e);
	j->report.left = left;
	j->report.bytes_sent = j->remote.report.bytes_sent;
	j->report.bytes_received = j->remote.report.bytes_received;
	return r;
}

/* What is to be built, and what of it is not up to date. */
static int plan_build(struct job *j, struct crossbpf_error *e)
{
	int r = open_builder(j, e);
	if (r == 0)
		r = check_constraint(j, e);
	if (r == 0)
		r = build_plan_make(j->project.root, &j->settings, &j->builder.toolchain,
				    j->header_dir, &j->plan, e);
	if (r == 0)
		r = open_state(j, e);
	if (r < 0)
		return r;

	report_init(&j->report, &j->plan, j->project.root, j->dir, j->builder.name);
	r = find_stale(j, e);
	return r < 0 ? r : check_sources(j, e);
}

/* The builder is another by now than the one that was planned for. */
static int plan_again(struct job *j, struct crossbpf_error *e)
{
	remote_free(&j->remote);
	state_close(TAKE_PTR(j->state));
	build_plan_free(&j->plan);
	builder_close(&j->builder);
	free(TAKE_PTR(j->stale));
	j->n_stale = 0;
	j->request.lazy = false;
	return plan_build(j, e);
}

static int build(struct job *j, struct crossbpf_error *e)
{
	int r = find_project(j, e);
	if (r < 0)
		return r;
	if (io_cache_dir(&j->cache_dir) == -ENOMEM)
		return error_no_memory(e);
	j->header_dir = cli_header_dir();
	if (!j->header_dir)
		return error_no_memory(e);
	j->request.lazy = true;
	if (!j->options.no_cache &&
	    cli_cache_open(j->has_conf ? &j->conf : NULL, j->cache_dir, &j->cache, e) < 0)
		return -ENOMEM;
	r = plan_build(j, e);
	if (r < 0)
		return r;
	report_plan(&j->report, j->n_stale);
	if (j->options.dry_run) {
		print_commands(j);
		return 0;
	}
	if (j->n_stale)
		r = run_build(j, e);
	if (r == -ESTALE) {
		r = plan_again(j, e);
		if (r == 0 && j->n_stale)
			r = run_build(j, e);
	}
	if (r < 0 && !j->state)
		return r;
	state_save(j->state, false);
	if (r == 0 && !cli_is_interrupted())
		report_done(&j->report);
	return r;
}

int cmd_build(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_job struct job job = {.report.began = io_now()};

	int r = parse_options(argc, argv, &job.options, &error);
	if (r == 0 && job.options.help) {
		print_help();
		return cli_finish_output();
	}
	if (r == 0 && job.options.json && job.options.dry_run)
		r = error_set(&error, -EINVAL, EXIT_STATUS_USAGE, "leave one of them out",
			      "-n prints lines for a shell, and --json events");
	job.report.json = job.options.json;
	job.report.quiet = job.options.quiet;
	job.report.verbose = job.options.verbose;
	job.request.control = cli_catch_interrupts();
	if (r == 0)
		r = build(&job, &error);
	if (cli_is_interrupted())
		report_clear_progress(&job.report);
	cli_die_of_interrupt();
	int status = r < 0 ? cli_report(&error) : job.report.status;
	int written = cli_finish_output();
	return status ? status : written;
}
