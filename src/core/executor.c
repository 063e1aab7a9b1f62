/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "executor.h"
#include "placement.h"
#include "shared/shell.h"

static void log_command(const struct executor *x, const struct strv *argv)
{
	cleanup_strbuf struct strbuf line = {0};

	shell_quote_all(&line, (const char *const *)argv->v);
	if (!line.error)
		x->log(line.data);
}

static int run_action(const struct executor *x, const struct action *action, int *ret_status,
		      struct crossbpf_error *e)
{
	cleanup_placement struct placement placement = {0};
	cleanup_strv struct strv argv = {0};

	placement_begin(&placement, action);
	for (size_t i = 0; i <= action->argv.n; i++) {
		if (i == action->insert)
			placement_options(&placement, &argv);
		if (i < action->argv.n)
			strv_add(&argv, action->argv.v[i]);
	}
	if (argv.error)
		return error_no_memory(e);
	if (x->log)
		log_command(x, &argv);

	struct crossbpf_run run = {
		.size = sizeof(run),
		.argv = (const char *const *)argv.v,
		.env = x->env,
		.fd = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO},
		.control = x->session->control,
	};
	int r = session_run(x->session, &run, ret_status, e);
	return r < 0 ? r : placement_end(&placement, *ret_status, e);
}

int executor_run(const struct executor *x, const struct plan *plan, int *ret_status,
		 struct crossbpf_error *e)
{
	*ret_status = 0;
	for (size_t i = 0; i < plan->n && !session_is_interrupted(x->session); i++) {
		int status;
		int r = run_action(x, &plan->actions[i], &status, e);
		if (r < 0)
			return r;
		if (*ret_status == 0)
			*ret_status = status;
	}
	return 0;
}
