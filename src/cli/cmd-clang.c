/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf clang, crossbpf-clang: takes clang's place in any build. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli-builder.h"
#include "cli-cache.h"
#include "cli.h"
#include "core/builder.h"
#include "core/clang-cache.h"
#include "core/core-hint.h"
#include "core/executor-remote.h"
#include "core/executor.h"
#include "core/mirror.h"
#include "core/path-map.h"
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
	struct strv env; /* of a clang that looks in a mirror; else empty */
	struct cache *cache;
	struct clang_cache cached; /* where `keeps` */
	bool keeps;
	char *builder_name;
	char *cache_dir, *header_dir, *order;
};

static void job_free(struct job *j)
{
	cache_close(j->cache);
	clang_cache_free(&j->cached);
	free(j->builder_name);
	strv_free(&j->env);
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

/* Is it known how clang would write what it says there? */
static bool knows_terminal(void)
{
	static const char *const coloured[] = {"xterm", "screen", "tmux", "rxvt", "linux"};
	const char *term = getenv("TERM");

	if (!isatty(STDERR_FILENO))
		return true;
	if (getenv("COLUMNS") || getenv("NO_COLOR"))
		return false;
	for (size_t i = 0; term && i < sizeof(coloured) / sizeof(coloured[0]); i++)
		if (strncmp(term, coloured[i], strlen(coloured[i])) == 0)
			return true;
	return !term || strcmp(term, "dumb") == 0;
}

static int begin_cache(struct job *j, char **ret_why)
{
	j->cached = (struct clang_cache){
		.request =
			{
				.argv = &j->project.clang,
				.toolchain = &j->builder.toolchain,
				.dir = j->project.dir,
				.header_dir = j->header_dir,
				.env = (const char *const *)environ,
				.colour = wants_colour(),
			},
		.action = &j->plan.actions[0],
	};
	if (remote_is(&j->builder)) {
		const struct toolchain *t = &j->builder.toolchain;
		if (!t->headers[0] || !t->builder) {
			*ret_why = strdup("the builder's headers are not known");
			return *ret_why ? 0 : -ENOMEM;
		}
		j->builder_name = str_printf("%s:%s %s %s %s", j->builder.name,
					     j->builder.where ? j->builder.where : "", t->builder,
					     t->headers, j->cache_dir);
		if (!j->builder_name)
			return -ENOMEM;
		j->cached.request.builder = j->builder_name;
	}
	if (!j->project.dir || !knows_terminal()) {
		*ret_why = strdup("what it would say is not known for sure");
		return *ret_why ? 0 : -ENOMEM;
	}
	return clang_cache_begin(&j->cached, ret_why);
}

/* Looks whether it can be had without clang: *ret_hit. If not, it is to be kept where j->keeps. */
static int look_in_cache(struct job *j, bool *ret_hit, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf said = {0};
	cleanup_free char *why = NULL;

	*ret_hit = false;
	if (str_is_on(getenv("CROSSBPF_NO_CACHE")) || !j->plan.actions[0].compiles)
		return 0;
	if (begin_cache(j, &why) < 0)
		return error_no_memory(e);
	if (why) {
		cleanup_free char *line = str_printf("it is not kept in the cache: %s", why);
		if (line && j->request.log)
			j->request.log(line);
		return 0;
	}
	int r = j->cache ? 0
			 : cli_cache_use(j->has_conf ? &j->conf : NULL, j->project.root,
					 j->cache_dir, j->request.log, &j->cache, e);
	if (r < 0 || !j->cache)
		return r;
	j->cached.cache = j->cache;
	j->keeps = true;
	if (clang_cache_restore(&j->cached, &said, ret_hit) < 0)
		return error_no_memory(e);
	if (*ret_hit && said.len)
		(void)io_write_fd(STDERR_FILENO, said.data, said.len);
	if (*ret_hit && j->request.log)
		j->request.log("taken from the cache");
	return 0;
}

static int keep(struct job *j, const struct clang_record *record, int status,
		struct crossbpf_error *e)
{
	return status == 0 && clang_cache_store(&j->cached, record) < 0 ? error_no_memory(e) : 0;
}

/* Where precompiled headers are; false: they are not wanted. */
static bool find_prefixes(struct job *j, struct prefix_clang_place *ret_place)
{
	*ret_place = (struct prefix_clang_place){
		.cache_dir = j->cache_dir,
		.dir = j->project.dir,
		.toolchain = &j->builder.toolchain,
		.env = j->env.n ? (const char *const *)j->env.v : (const char *const *)environ,
		.log = j->request.log,
	};
	return j->cache_dir && j->project.dir && toolchain_precompiles(&j->builder.toolchain) &&
	       !str_is_on(getenv("CROSSBPF_NO_PCH"));
}

static int run_here(struct job *j, int *ret_status, struct crossbpf_error *e)
{
	cleanup_clang_record struct clang_record record = {
		.action = &j->plan.actions[0],
		.colour = j->cached.request.colour,
	};
	struct prefix_clang_place place;
	bool prefixes = find_prefixes(j, &place);
	struct executor executor = {
		.session = &j->builder.session,
		.env = place.env,
		.log = j->request.log,
		.prefixes = prefixes ? &place : NULL,
	};

	int r = builder_connect(&j->builder, &j->request, &j->project, e);
	if (r == 0 && j->keeps && clang_record_begin(&record) == 0)
		executor.record = &record;
	if (r == 0)
		r = executor_run(&executor, &j->plan, ret_status, e);
	return r == 0 && executor.record ? keep(j, &record, *ret_status, e) : r;
}

static int run_there(struct job *j, int *ret_status, struct crossbpf_error *e)
{
	struct prefix_clang_place place;
	bool prefixes = find_prefixes(j, &place);
	struct executor_remote executor = {
		.remote = &j->remote,
		.colour = wants_colour(),
		.log = j->request.log,
		.prefixes = prefixes ? &place : NULL,
	};
	cleanup_clang_record struct clang_record record = {
		.action = &j->plan.actions[0],
		.elsewhere = true,
	};

	place.remote = &j->remote;
	j->remote = (struct remote){
		.builder = &j->builder,
		.request = &j->request,
		.project = &j->project,
		.module_dir = cli_module_dir(),
		.header_dir = j->header_dir,
	};
	/* Before anything is looked at. */
	if (j->keeps && clang_record_begin(&record) == 0)
		executor.record = &record;
	int r = executor_remote_add(&executor, &j->plan, e);
	if (r == 0)
		r = remote_connect(&j->remote, e);
	if (r == 0)
		r = executor_remote_run(&executor, &j->plan, ret_status, e);
	return r == 0 && executor.record ? keep(j, &record, *ret_status, e) : r;
}

/* What it compiles was not looked at, where that comes from standard input. */
static bool reads_input(const struct action *a)
{
	struct stat input, null;

	if (!a->reads_input || fstat(STDIN_FILENO, &input) < 0)
		return false;
	if (S_ISCHR(input.st_mode))
		return stat("/dev/null", &null) < 0 || input.st_rdev != null.st_rdev;
	return !S_ISREG(input.st_mode) || input.st_size > 0;
}

/* Variables in which clang looks for directories mean the builder's, as options do. */
static int map_environment(struct job *j, struct include_environment *ret_environment)
{
	static const char *const names[] = {"CPATH=", "C_INCLUDE_PATH="};
	const char *values[] = {NULL, NULL};

	for (char **variable = environ; *variable; variable++) {
		size_t i = 0;
		while (i < 2 && strncmp(*variable, names[i], strlen(names[i])) != 0)
			i++;
		if (i == 2) {
			strv_add(&j->env, *variable);
			continue;
		}
		cleanup_free char *list =
			path_map_mirror_list(&j->builder.toolchain, *variable + strlen(names[i]));
		strv_take(&j->env, list ? str_printf("%s%s", names[i], list) : NULL);
		if (!j->env.error)
			values[i] = j->env.v[j->env.n - 1] + strlen(names[i]);
	}
	*ret_environment = (struct include_environment){values[0], values[1]};
	return j->env.error;
}

static int add_cover(struct job *j, struct mirror_cover *cover)
{
	/* By these clang has another command line than the one that is looked at. */
	static const char *const rewriting[] = {"CCC_OVERRIDE_OPTIONS", "CCC_ADD_ARGS"};
	const struct action *a = &j->plan.actions[0];
	struct include_environment environment;
	cleanup_strv struct strv args = {0};

	int r = map_environment(j, &environment);
	strv_add_all(&args, (const char *const *)a->argv.v + 1);
	if (r == 0)
		r = args.error;
	if (r == 0)
		r = mirror_cover_add(cover, j->project.dir, &args, &environment);
	if (reads_input(a))
		strv_add(&cover->outside, "what standard input includes");
	if (!a->compiles)
		strv_add(&cover->outside, "what a response file of that size says");
	for (size_t i = 0; i < sizeof(rewriting) / sizeof(rewriting[0]); i++)
		if (getenv(rewriting[i]))
			strv_add(&cover->outside, rewriting[i]);
	return r < 0 ? r : cover->outside.error;
}

/* With mirrored headers: what the command asks for that is not among them. */
static int find_lack(struct job *j, struct mirror_lack *ret_lack, struct crossbpf_error *e)
{
	cleanup_mirror_cover struct mirror_cover cover = {0};

	if (!j->builder.toolchain.mirror || !clang_argv_compiles_bpf(&j->project.clang))
		return 0;
	return mirror_cover_begin(&j->builder.toolchain, &cover) < 0 || add_cover(j, &cover) < 0 ||
			       mirror_cover_end(&cover, ret_lack) < 0
		       ? error_no_memory(e)
		       : 0;
}

static void start_again(struct job *j)
{
	clang_cache_free(&j->cached);
	freep(&j->builder_name);
	j->builder_name = NULL;
	j->cached = (struct clang_cache){0};
	j->keeps = false;
	remote_free(&j->remote);
	plan_free(&j->plan);
	builder_close(&j->builder);
	strv_free(&j->env);
}

static int plan_again(void *ctx, struct crossbpf_error *e)
{
	start_again(ctx);
	return make_plan(ctx, e);
}

static int leave_mirror(struct job *j, struct crossbpf_error *e)
{
	cleanup_mirror_lack struct mirror_lack lack = {0};

	int r = find_lack(j, &lack, e);
	if (r == 0)
		r = cli_leave_mirror(&j->builder, &j->request, &lack, plan_again, j, e);
	return r < 0 ? r : 0;
}

static int run(struct job *j, int *ret_status, struct crossbpf_error *e)
{
	bool hit = false;
	int r = make_plan(j, e);
	if (r == 0)
		r = leave_mirror(j, e);
	if (r == 0)
		r = look_in_cache(j, &hit, e);
	if (r == 0 && !hit)
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

	/* A dependency file may be a pipe that nobody reads. Children have it as it was. */
	signal(SIGPIPE, SIG_IGN);
	int control = cli_catch_interrupts();
	int r = project_from_clang((const char *const *)argv + 1, &job.project, &error);
	if (r == 0)
		r = prepare(&job, control, &error);
	if (r == 0)
		r = run(&job, &status, &error);
	cli_die_of_interrupt();
	return r < 0 ? cli_report(&error) : status;
}
