/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf clang, crossbpf-clang: takes clang's place in any build. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "core/builder.h"
#include "core/core-hint.h"
#include "core/executor.h"
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

static int run(const struct project *project, int control, int *ret_status,
	       struct crossbpf_error *e)
{
	cleanup_free char *cache_dir = NULL;
	cleanup_free char *why = NULL;
	cleanup_builder struct builder builder = {0};
	cleanup_plan struct plan plan = {0};
	bool verbose = is_verbose();

	if (io_cache_dir(&cache_dir) == -ENOMEM)
		return error_no_memory(e);

	struct builder_request request = {
		.backend = cli_setting("CROSSBPF_BACKEND", CROSSBPF_DEFAULT_BACKEND),
		.order = CROSSBPF_BACKEND_ORDER,
		.dir = cli_backend_dir(),
		.toolchain =
			{
				.clang = cli_setting("CROSSBPF_CLANG", CROSSBPF_DEFAULT_CLANG),
				.env = (const char *const *)environ,
				.cache_dir = cache_dir,
			},
		.log = verbose ? cli_log : NULL,
		.control = control,
	};
	int r = builder_open(&builder, &request, project, &why, e);
	if (r < 0)
		return r;
	if (verbose && why)
		cli_log(why);

	cleanup_free char *header_dir = cli_header_dir();
	if (!header_dir)
		return error_no_memory(e);
	r = plan_make(project, &builder.toolchain, header_dir, &plan, e);
	if (r < 0)
		return r;

	struct executor executor = {
		.session = &builder.session,
		.env = (const char *const *)environ,
		.log = verbose ? cli_log : NULL,
	};
	r = executor_run(&executor, &plan, ret_status, e);
	if (r == 0 && *ret_status <= 128)
		hint_at_missing_debug(&plan);
	return r;
}

int cmd_clang(int argc, char **argv)
{
	cleanup_project struct project project = {0};
	cleanup_error struct crossbpf_error error = {0};
	int status = EXIT_STATUS_OK;

	(void)argc;
	/* toolchain-probe.sh asks each program whether it is a clang: we are none. */
	if (getenv("CROSSBPF_PROBE"))
		return EXIT_STATUS_USAGE;

	int control = cli_catch_interrupts();
	int r = project_from_clang((const char *const *)argv + 1, &project, &error);
	if (r == 0)
		r = run(&project, control, &status, &error);
	cli_die_of_interrupt();
	return r < 0 ? cli_report(&error) : status;
}
