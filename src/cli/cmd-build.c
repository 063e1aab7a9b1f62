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
#include "core/derive.h"
#include "core/go-module.h"
#include "core/mirror.h"
#include "core/builder.h"
#include "core/project.h"
#include "core/remote.h"
#include "core/settings.h"
#include "core/vmlinux-lock.h"
#include "shared/io.h"
#include "shared/shell.h"

extern char **environ;

static int open_state(struct build_job *j, struct crossbpf_error *e)
{
	cleanup_free char *file = NULL;

	if (j->cache_dir && state_file(j->cache_dir, j->project.id, &file) < 0)
		return error_no_memory(e);
	int r = state_open(file, j->project.root, cli_module_dir(), &j->state);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, NULL, "%s: %s", j->project.root,
				 strerror(-r));
	return 0;
}

static void look_ahead(struct build_job *j)
{
	cleanup_free const char **outputs = calloc(j->plan.n + 1, sizeof(const char *));

	for (size_t i = 0; outputs && i < j->plan.n; i++)
		outputs[i] = j->plan.actions[i].object;
	if (outputs)
		state_look_ahead(j->state, outputs, j->plan.n);
}

static int find_stale(struct build_job *j, struct crossbpf_error *e)
{
	look_ahead(j);
	j->stale = calloc(j->plan.n + 1, sizeof(struct build_action *));
	j->done = calloc(j->plan.n + 1, sizeof(*j->done));
	if (!j->stale || !j->done)
		return error_no_memory(e);
	j->report.done = j->done;
	for (size_t i = 0; i < j->plan.n; i++) {
		const struct build_action *a = &j->plan.actions[i];
		cleanup_free char *why = NULL;
		bool fresh = state_is_fresh(j->state, a->object, a->command, &why);
		j->done[i] = fresh;
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

/* And what is made of its object. */
static void print_derived(const struct build_job *j, const struct build_action *a)
{
	for (size_t i = 0; i < a->n_derived; i++) {
		const struct derived *d = &a->derived[i];
		cleanup_strbuf struct strbuf line = {0};

		if (d->kind == DERIVED_SKELETON) {
			const char *const argv[] = {"bpftool", "gen",    "skeleton", a->object,
						    "name",    d->ident, NULL};
			strbuf_puts(&line, "cd ");
			shell_quote(&line, j->project.root);
			strbuf_puts(&line, " && ");
			shell_quote_all(&line, argv);
			strbuf_puts(&line, " >");
			shell_quote(&line, d->path);
		} else {
			strbuf_puts(&line, ": crossbpf makes ");
			shell_quote(&line, d->path);
		}
		if (!line.error)
			puts(line.data);
	}
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
		print_derived(j, a);
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

	if (!j->remote.builder)
		build_job_begin_remote(j);
	if (!j->launcher.words && j->settings.launcher.n)
		launcher_init(&j->launcher, &j->settings.launcher);
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
		/* What is precompiled does not travel. */
		.pch_dir = j->options.no_pch || j->builder.toolchain.mirror || j->launcher.words ||
					   !toolchain_precompiles(&j->builder.toolchain)
				   ? NULL
				   : j->cache_dir,
		.launcher = j->launcher.words ? &j->launcher : NULL,
		.on_prefix = j->options.explain ? report_prefix : NULL,
		.ctx = &j->report,
		.on_start = report_start,
		.on_end = report_end_action,
		.on_launch = report_launch,
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

static int add_launcher(struct build_job *j)
{
	if (j->launcher.words)
		strv_add(&j->env, launcher_variable);
	return j->env.error;
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
	if (build_job_make_env(j) < 0 || add_launcher(j) < 0 || check_environment(j, &build) < 0 ||
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

static bool derives(const struct build_job *j)
{
	return j->settings.emit_skeleton || j->settings.emit_go || j->settings.emit_c;
}

/* Then what is made of the objects. */
static int derive(struct build_job *j, struct crossbpf_error *e)
{
	struct build build;
	cleanup_derive struct derive d = {
		.build = &build,
		.settings = &j->settings,
		.done = j->done,
		.env = (const char *const *)environ,
		.control = j->request.control,
		.ctx = &j->report,
		.on_end = report_derived,
		.keep_going = j->options.keep_going,
		.on_fail = report_fail_derived,
		.on_remove = report_removed,
		.on_why = j->options.explain ? report_why_derived : NULL,
	};

	if (!derives(j) || cli_is_interrupted())
		return 0;
	report_clear_progress(&j->report);
	make_build(j, &build);
	int r = derive_find(&d, e);
	if (r == 0 && d.n)
		r = derive_make(&d, e);
	j->report.bytes_sent = j->remote.report.bytes_sent;
	j->report.bytes_received = j->remote.report.bytes_received;
	return r;
}

static int run_all(struct build_job *j, struct crossbpf_error *e)
{
	int r = 0;

	if (j->n_stale && j->settings.vmlinux)
		r = vmlinux_lock_check(j->project.root, j->settings.vmlinux, &j->settings.arch, e);
	if (r == 0 && j->n_stale)
		r = run_build(j, e);
	return r < 0 ? r : derive(j, e);
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
	j->report.launcher = j->settings.launcher.n ? j->settings.launcher.v[0] : NULL;
	j->report.vmlinux = j->settings.vmlinux;
	r = find_stale(j, e);
	return r < 0 ? r : check_sources(j, e);
}

/* The builder is another than the one that was planned for. */
static int plan_again(struct build_job *j, struct crossbpf_error *e)
{
	remote_free(&j->remote);
	j->remote = (struct remote){0};
	launcher_free(&j->launcher);
	state_close(TAKE_PTR(j->state));
	build_plan_free(&j->plan);
	builder_close(&j->builder);
	free(TAKE_PTR(j->stale));
	free(TAKE_PTR(j->done));
	j->n_stale = 0;
	return plan_build(j, e);
}

static int plan_unmirrored(void *ctx, struct crossbpf_error *e)
{
	return plan_again(ctx, e);
}

static int leave_mirror(struct build_job *j, struct crossbpf_error *e)
{
	cleanup_mirror_lack struct mirror_lack lack = {0};

	int r = build_job_find_lack(j, &j->builder.toolchain, &lack, e);
	if (r == 0)
		r = cli_leave_mirror(&j->builder, &j->request, &lack, plan_unmirrored, j, e);
	if (r <= 0)
		return r;
	cleanup_free char *why = mirror_lack_tell(&lack);
	if (why && !j->options.quiet)
		fprintf(stderr, "crossbpf: warning: built on %s, as %s%s\n", j->builder.name, why,
			lack.is_outside ? "" : "; crossbpf headers does so");
	return 0;
}

static void tell_dialect(const struct build_job *j)
{
	bool tells = j->options.verbose && j->settings.emit_go;
	cleanup_free char *line = tells ? go_module_tell(&j->settings.dialect, NULL) : NULL;

	if (line)
		cli_log(line);
}

static int build(struct build_job *j, struct crossbpf_error *e)
{
	int r = build_job_find(j, e);
	if (r == 0)
		r = build_job_settle(j, e);
	if (r < 0)
		return r;
	tell_dialect(j);
	j->request.lazy = true;
	if (!j->options.no_cache)
		r = cli_cache_use(j->has_conf ? &j->conf : NULL, j->project.root, j->cache_dir,
				  !j->options.quiet, &j->cache, e);
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
	r = run_all(j, e);
	if (r == -ESTALE) {
		j->request.lazy = false;
		r = plan_again(j, e);
		if (r == 0)
			r = run_all(j, e);
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
	job.report.explain = job.options.explain;
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
