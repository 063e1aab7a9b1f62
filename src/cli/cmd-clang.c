/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf clang, crossbpf-clang: takes clang's place in any build. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli-builder.h"
#include "cli.h"
#include "core/builder.h"
#include "core/core-hint.h"
#include "core/executor-remote.h"
#include "core/executor.h"
#include "core/mirror.h"
#include "core/plan.h"
#include "core/project.h"
#include "shared/io.h"

extern char **environ;

static bool is_verbose(void)
{
	const char *verbose = cli_setting("CROSSBPF_VERBOSE", "0");

	return strcmp(verbose, "0") != 0;
}

/* An object without BTF is made in silence and fails only when it is loaded. */
static void hint_at_missing_debug(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct strv *sources = &plan->actions[i].without_debug;
		for (size_t j = 0; j < sources->n; j++) {
			const char *use = core_hint_needs_btf(sources->v[j]);
			if (use)
				fprintf(stderr,
					"crossbpf: warning: %s uses %s, which needs BTF, and is "
					"compiled without -g: add -g\n",
					sources->v[j], use);
		}
	}
}

/* One command line on its way. */
struct job {
	struct project project;
	struct conf conf;
	bool has_conf;
	struct builder_request request;
	struct builder builder;
	struct plan plan;
	struct remote remote;
	char *cache_dir, *header_dir, *order;
};

static void job_free(struct job *j)
{
	remote_free(&j->remote);
	plan_free(&j->plan);
	builder_close(&j->builder);
	conf_free(&j->conf);
	project_free(&j->project);
	free(j->cache_dir);
	free(j->header_dir);
	free(j->order);
}
#define cleanup_job CLEANUP(job_free)

/* Clang's own rules: on a terminal that can, unless the user does not want any. */
static bool wants_colour(void)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 &&
	       !(no_colour && no_colour[0]);
}

static int prepare(struct job *j, int control, struct crossbpf_error *e)
{
	bool verbose = is_verbose();

	if (io_cache_dir(&j->cache_dir) == -ENOMEM)
		return error_no_memory(e);
	j->header_dir = cli_header_dir();
	if (!j->header_dir)
		return error_no_memory(e);
	int r = j->project.conf ? cli_read_conf(j->project.conf, &j->conf, e) : 0;
	if (r < 0)
		return r;
	j->has_conf = j->project.conf != NULL;
	j->request = (struct builder_request){
		.toolchain =
			{
				.clang = cli_setting("CROSSBPF_CLANG", CROSSBPF_DEFAULT_CLANG),
				.env = (const char *const *)environ,
				.cache_dir = j->cache_dir,
			},
		.log = verbose ? cli_log : NULL,
		.control = control,
		.lazy = true,
		.conf = j->has_conf ? &j->conf : NULL,
	};
	return cli_choose_backend(getenv("CROSSBPF_BACKEND"), &j->request, &j->order, e);
}

static int make_plan(struct job *j, struct crossbpf_error *e)
{
	cleanup_free char *why = NULL;

	int r = builder_open(&j->builder, &j->request, &j->project, &why, e);
	if (r < 0)
		return r;
	if (j->request.log && why)
		cli_log(why);
	return plan_make(&j->project, &j->builder.toolchain, j->header_dir, remote_is(&j->builder),
			 &j->plan, e);
}

static int run_here(struct job *j, int *ret_status, struct crossbpf_error *e)
{
	const struct prefix_clang_place place = {
		.cache_dir = j->cache_dir,
		.dir = j->project.dir,
		.toolchain = &j->builder.toolchain,
	};
	bool prefixes = j->cache_dir && j->project.dir &&
			strcmp(cli_setting("CROSSBPF_NO_PCH", "0"), "0") == 0;
	struct executor executor = {
		.session = &j->builder.session,
		.env = (const char *const *)environ,
		.log = j->request.log,
		.prefixes = prefixes ? &place : NULL,
	};

	int r = builder_connect(&j->builder, &j->request, &j->project, e);
	return r < 0 ? r : executor_run(&executor, &j->plan, ret_status, e);
}

static int run_there(struct job *j, int *ret_status, struct crossbpf_error *e)
{
	struct executor_remote executor = {
		.remote = &j->remote, .colour = wants_colour(), .log = j->request.log};

	j->remote = (struct remote){
		.builder = &j->builder,
		.request = &j->request,
		.project = &j->project,
		.module_dir = cli_module_dir(),
		.header_dir = j->header_dir,
	};
	int r = executor_remote_add(&executor, &j->plan, e);
	if (r == 0)
		r = remote_connect(&j->remote, e);
	return r < 0 ? r : executor_remote_run(&executor, &j->plan, ret_status, e);
}

/* With mirrored headers: what the command asks for that is not among them. NULL: nothing; the
 * caller frees. */
static int find_unmirrored(const struct job *j, char **ret_names, struct crossbpf_error *e)
{
	const struct include_environment environment = {getenv("CPATH"), getenv("C_INCLUDE_PATH")};
	cleanup_mirror_cover struct mirror_cover cover = {0};
	const struct action *a = &j->plan.actions[0];
	cleanup_strv struct strv args = {0};

	if (!j->builder.toolchain.mirror || !a->compiles || j->project.clang.no_system)
		return 0;
	strv_add_all(&args, (const char *const *)a->argv.v + 1);
	if (args.error || mirror_cover_begin(&j->builder.toolchain, &cover) < 0 ||
	    mirror_cover_add(&cover, j->project.dir, &args, &environment) < 0)
		return error_no_memory(e);
	if (!cover.missing.n)
		return 0;
	*ret_names = mirror_cover_tell(&cover);
	return *ret_names ? 0 : error_no_memory(e);
}

static void start_again(struct job *j)
{
	remote_free(&j->remote);
	plan_free(&j->plan);
	builder_close(&j->builder);
}

/* Where the mirrored headers will not do, another backend may. */
static int leave_mirror(struct job *j, struct crossbpf_error *e)
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
		start_again(j);
		j->request.unmirrored = true;
		r = make_plan(j, &none);
		if (r == 0 && remote_is(&j->builder))
			return 0;
	}
	return mirror_refuse(j->builder.name ? j->builder.name : "auto", of, names, e);
}

static int run(struct job *j, int *ret_status, struct crossbpf_error *e)
{
	int r = make_plan(j, e);
	if (r == 0)
		r = leave_mirror(j, e);
	if (r == 0)
		r = remote_is(&j->builder) ? run_there(j, ret_status, e)
					   : run_here(j, ret_status, e);
	if (r == -ESTALE && j->request.lazy) { /* the builder is another than it was */
		start_again(j);
		j->request.lazy = false;
		return run(j, ret_status, e);
	}
	if (r == 0 && *ret_status <= 128)
		hint_at_missing_debug(&j->plan);
	return r;
}

int cmd_clang(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_job struct job job = {0};
	int status = EXIT_STATUS_OK;

	(void)argc;
	/* toolchain-probe.sh asks each program whether it is a clang: we are none. */
	if (getenv("CROSSBPF_PROBE"))
		return EXIT_STATUS_USAGE;

	int control = cli_catch_interrupts();
	int r = project_from_clang((const char *const *)argv + 1, &job.project, &error);
	if (r == 0)
		r = prepare(&job, control, &error);
	if (r == 0)
		r = run(&job, &status, &error);
	cli_die_of_interrupt();
	return r < 0 ? cli_report(&error) : status;
}
