/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf build: compiles a project's sources, only what changed. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "build-job.h"
#include "cli-builder.h"
#include "cli-cache.h"
#include "cli-shared.h"
#include "cli.h"
#include "core/build-cache.h"
#include "core/build.h"
#include "core/cache-options.h"
#include "core/mirror.h"
#include "core/builder.h"
#include "core/project.h"
#include "core/remote.h"
#include "core/settings.h"
#include "shared/io.h"
#include "shared/shell.h"

static int open_state(struct build_job *j, struct crossbpf_error *e)
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

static int find_stale(struct build_job *j, struct crossbpf_error *e)
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
static int check_source(const struct build_job *j, const struct build_action *a,
			struct crossbpf_error *e)
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
static void warn_of_includes(const struct build_job *j)
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

static int check_sources(const struct build_job *j, struct crossbpf_error *e)
{
	int r = 0;

	if (j->n_stale && !j->options.quiet)
		warn_of_includes(j);
	for (size_t i = 0; i < j->n_stale && r == 0; i++)
		r = check_source(j, j->stale[i], e);
	return r;
}

static void print_commands(const struct build_job *j)
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

static unsigned count_lanes(const struct build_job *j, bool remote)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (j->options.jobs || remote)
		return j->options.jobs; /* 0: as many as the builder has CPUs */
	return cpus > 0 ? (unsigned)cpus : 1;
}

/* What a header of the mirror includes was found when it was made, with the macros of then. */
static void hint_at_headers(const struct build_job *j)
{
	const struct toolchain *t = &j->builder.toolchain;

	if (j->report.status != EXIT_STATUS_FAILED || remote_is(&j->builder))
		return;
	if (t->mirror)
		fprintf(stderr,
			"crossbpf: hint: where a header of %s is not found: crossbpf headers "
			"mirrors what the sources include now\n",
			t->mirror_of);
	else if (!t->has_kernel)
		fprintf(stderr,
			"crossbpf: hint: %s has no headers of Linux here: crossbpf headers mirrors "
			"those of a builder\n",
			t->clang);
}

/* On the builder that was chosen; `env` is missing. */
static void make_build(struct build_job *j, struct build *ret_build)
{
	bool remote = remote_is(&j->builder);

	build_job_begin_remote(j);
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
		.shared = j->shared,
		.toolchain = &j->builder.toolchain,
		.header_dir = j->header_dir,
		.pch_dir = j->options.no_pch || j->builder.toolchain.mirror ? NULL : j->cache_dir,
		.on_prefix = j->options.explain ? report_prefix : NULL,
		.ctx = &j->report,
		.on_start = report_start,
		.on_end = report_end_action,
	};
}

/* Says of what is to be built why it is not looked for in the cache. */
static int explain_cache(const struct build_job *j, const struct build *build)
{
	int r = 0;

	for (size_t i = 0; i < j->n_stale && r == 0; i++) {
		cleanup_free char *why = NULL;
		r = build_cache_why_not(build, j->stale[i], &why);
		if (why)
			fprintf(stderr, "crossbpf: %s is not kept in the cache: %s\n",
				j->stale[i]->object, why);
	}
	return r;
}

/* What the environment says that clang reads is in no key. On a builder elsewhere there is none of
 * it. */
static int check_environment(const struct build_job *j, struct build *build)
{
	cleanup_free char *why = NULL;

	if (build->remote || !build->cache)
		return 0;
	int r = cache_environment_check((const char *const *)j->env.v, &why);
	if (why && j->options.explain)
		fprintf(stderr, "crossbpf: nothing is kept in the cache: %s\n", why);
	if (why)
		build->cache = NULL;
	return r;
}

static void warn_of_cache(void *ctx, const char *message, const char *hint)
{
	const struct build_job *j = ctx;

	if (j->options.quiet)
		return;
	report_clear_progress(&j->report);
	fprintf(stderr, "crossbpf: warning: %s%s%s\n", message, hint ? "\ncrossbpf: hint: " : "",
		hint ? hint : "");
}

static int open_shared(struct build_job *j, struct crossbpf_error *e)
{
	if (!j->cache || j->shared)
		return 0;
	return cli_shared_open(j->has_conf ? &j->conf : NULL, j->project.root, j->cache_token,
			       warn_of_cache, j, &j->shared, e);
}

/* Has the builder do what the cache does not have. */
static int run_build(struct build_job *j, struct crossbpf_error *e)
{
	struct build build;
	size_t left = 0;

	int r = open_shared(j, e);
	if (r < 0)
		return r;
	make_build(j, &build);
	if (build_job_make_env(j) < 0 || check_environment(j, &build) < 0 ||
	    (build.cache && j->options.explain && explain_cache(j, &build) < 0))
		r = error_no_memory(e);
	if (r == 0 && build.cache)
		r = build_restore(&build, j->stale, &j->n_stale, e);
	if (r < 0 || !j->n_stale || cli_is_interrupted())
		return r;
	r = build.remote ? build_job_connect(j, e)
			 : builder_connect(&j->builder, &j->request, &j->place, e);
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
static int plan_build(struct build_job *j, struct crossbpf_error *e)
{
	int r = build_job_open(j, e);
	if (r == 0)
		r = build_job_check_clang(j, e);
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

/* The builder is another than the one that was planned for. */
static int plan_again(struct build_job *j, struct crossbpf_error *e)
{
	remote_free(&j->remote);
	state_close(TAKE_PTR(j->state));
	build_plan_free(&j->plan);
	builder_close(&j->builder);
	free(TAKE_PTR(j->stale));
	j->n_stale = 0;
	return plan_build(j, e);
}

/* With mirrored headers: what the stale actions ask for that is not among them. NULL: nothing; the
 * caller frees. */
static int find_unmirrored(const struct build_job *j, char **ret_names, struct crossbpf_error *e)
{
	cleanup_mirror_cover struct mirror_cover cover = {0};
	int r = 0;

	if (!j->builder.toolchain.mirror || !j->n_stale || j->settings.no_system)
		return 0;
	r = mirror_cover_begin(&j->builder.toolchain, &cover);
	for (size_t i = 0; i < j->n_stale && r == 0; i++) {
		cleanup_strv struct strv args = {0};
		build_plan_args(j->stale[i], &args);
		r = args.error ? args.error
			       : mirror_cover_add(&cover, j->project.root, &args, NULL);
	}
	if (r == 0 && cover.missing.n && !(*ret_names = mirror_cover_tell(&cover)))
		r = -ENOMEM;
	return r < 0 ? error_no_memory(e) : 0;
}

/* Where the mirrored headers will not do, another backend may. */
static int leave_mirror(struct build_job *j, struct crossbpf_error *e)
{
	cleanup_free char *names = NULL;

	int r = find_unmirrored(j, &names, e);
	if (r < 0 || !names)
		return r;
	cleanup_free char *of = strdup(j->builder.toolchain.mirror_of);
	if (!of)
		return error_no_memory(e);
	if (strcmp(j->request.backend, "auto") == 0) {
		cleanup_error struct crossbpf_error none = {0};
		j->request.unmirrored = true;
		r = plan_again(j, &none);
		if (r == 0 && remote_is(&j->builder)) {
			if (!j->options.quiet)
				fprintf(stderr,
					"crossbpf: warning: built on %s, as of the headers of %s "
					"these are not mirrored: %s; crossbpf headers does so\n",
					j->builder.name, of, names);
			return 0;
		}
	}
	return mirror_refuse(j->builder.name ? j->builder.name : "auto", of, names, e);
}

/* One that is not to be used costs time alone. */
static int open_cache(struct build_job *j, struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error refused = {0};

	int r = cli_cache_open(j->has_conf ? &j->conf : NULL, j->project.root, j->cache_dir,
			       &j->cache, e);
	if (r < 0 || !j->cache || cache_look(j->cache) != -EPERM)
		return r;
	cli_cache_refuse(j->cache, -EPERM, &refused);
	if (!j->options.quiet)
		cli_warn(&refused);
	cache_close(TAKE_PTR(j->cache));
	return 0;
}

static int build(struct build_job *j, struct crossbpf_error *e)
{
	int r = build_job_find(j, e);
	if (r == 0)
		r = build_job_settle(j, e);
	if (r < 0)
		return r;
	j->request.lazy = true;
	if (!j->options.no_cache)
		r = open_cache(j, e);
	if (r == 0)
		r = plan_build(j, e);
	if (r == 0)
		r = leave_mirror(j, e);
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
		j->request.lazy = false;
		r = plan_again(j, e);
		if (r == 0 && j->n_stale)
			r = run_build(j, e);
	}
	cli_shared_close(TAKE_PTR(j->shared), j->options.verbose);
	if (r < 0 && !j->state)
		return r;
	state_save(j->state, false);
	if (r == 0 && !cli_is_interrupted()) {
		report_done(&j->report);
		hint_at_headers(j);
	}
	return r;
}

int cmd_build(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_build_job struct build_job job = {.report.began = io_now()};

	int r = build_options_parse(COMMAND_BUILD, argc, argv, &job.options, &error);
	if (r == 0 && job.options.help) {
		printf("Usage: crossbpf build [OPTION...] [SOURCE...]\n"
		       "Compiles BPF sources, or those of crossbpf.conf, where they changed.\n\n");
		build_options_print(COMMAND_BUILD);
		printf("See crossbpf-build(1) and crossbpf.conf(5).\n");
		return cli_finish_output();
	}
	if (r == 0)
		r = cli_shared_take_token(&job.cache_token, &error);
	if (r == 0 && job.options.json && job.options.dry_run)
		r = error_set(&error, -EINVAL, EXIT_STATUS_USAGE, "leave one of them out",
			      "-n prints lines for a shell, and --json events");
	job.report.json = job.options.json;
	job.report.quiet = job.options.quiet;
	job.report.verbose = job.options.verbose;
	job.request.control = cli_catch_interrupts();
	if (r == 0)
		r = build(&job, &error);
	if (cli_is_interrupted()) {
		report_clear_progress(&job.report);
		cache_close(TAKE_PTR(job.cache)); /* it counts what was done */
	}
	cli_die_of_interrupt();
	int status = r < 0 ? cli_report(&error) : job.report.status;
	int written = cli_finish_output();
	return status ? status : written;
}
