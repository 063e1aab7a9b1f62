/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor.h"
#include "placement.h"
#include "shared/io.h"
#include "shared/shell.h"

static void log_command(const struct executor *x, const struct strv *argv)
{
	cleanup_strbuf struct strbuf line = {0};

	shell_quote_all(&line, (const char *const *)argv->v);
	if (!line.error)
		x->log(line.data);
}

/* The command with the options that lead its outputs to where they are placed from; with a
 * precompiled header, or NULL. */
static int make_argv(const struct executor *x, const struct placement *placement,
		     const struct prefix_clang *prefix, struct strv *ret_argv)
{
	const struct action *action = placement->action;

	for (size_t i = 0; i <= action->argv.n; i++) {
		if (i == 1 && x->record) /* so that the user's own win */
			clang_record_first_options(x->record, ret_argv);
		if (i == action->insert) {
			placement_options(placement, ret_argv);
			if (prefix)
				prefix_clang_options(prefix, ret_argv);
			if (x->record)
				clang_record_options(x->record, ret_argv);
		}
		if (i < action->argv.n)
			strv_add(ret_argv, action->argv.v[i]);
	}
	return ret_argv->error;
}

static int run_command(const struct executor *x, const struct strv *argv, const int fd[3],
		       int *ret_status, struct crossbpf_error *e)
{
	struct crossbpf_run run = {
		.size = sizeof(run),
		.argv = (const char *const *)argv->v,
		.env = x->env,
		.fd = {fd[0], fd[1], fd[2]},
		.control = x->session->control,
	};

	if (x->log)
		log_command(x, argv);
	return session_run(x->session, &run, ret_status, e);
}

/* With a precompiled header. Where clang says anything, or fails, it is to be done without, so that
 * it is said as it is without. */
static bool run_with(const struct executor *x, const struct prefix_clang *prefix,
		     const struct placement *placement)
{
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC), said = -1;
	cleanup_error struct crossbpf_error none = {0};
	cleanup_strv struct strv argv = {0};
	struct stat st;
	int status;

	if (null < 0 || io_temporary(&said) < 0 || make_argv(x, placement, prefix, &argv) < 0)
		return false;
	return run_command(x, &argv, (const int[]){null, said, said}, &status, &none) == 0 &&
	       status == 0 && fstat(said, &st) == 0 && st.st_size == 0 &&
	       prefix_clang_end(prefix, placement) == 0;
}

/* With our own streams, but that what it says is taken down on its way. */
static int run_recorded(const struct executor *x, const struct strv *argv,
			const struct placement *placement, int *ret_status,
			struct crossbpf_error *e)
{
	int streams[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};

	if (x->record)
		streams[2] = x->record->said_fd;
	int r = run_command(x, argv, streams, ret_status, e);
	if (!x->record)
		return r;
	if (r == 0 && *ret_status == 0)
		clang_record_take(x->record, placement, NULL);
	clang_record_say(x->record);
	clang_record_pass_on(x->record);
	return r;
}

static int run_action(const struct executor *x, const struct action *action, int *ret_status,
		      struct crossbpf_error *e)
{
	cleanup_prefix_clang struct prefix_clang prefix = {0};
	cleanup_placement struct placement placement = {0};
	cleanup_strv struct strv argv = {0};
	int r = 0;

	bool with = x->prefixes && prefix_clang_find(x->prefixes, action, x->session, &prefix) == 0;
	placement_begin(&placement, action);
	with = with && placement_is_whole(&placement); /* what is left in place is left as it is */
	if (with && run_with(x, &prefix, &placement)) {
		*ret_status = 0;
		if (x->record)
			clang_record_take(x->record, &placement, &prefix);
		return placement_end(&placement, 0, e);
	}
	if (with) { /* as if that had not been */
		placement_free(&placement);
		placement_begin(&placement, action);
	}
	if (make_argv(x, &placement, NULL, &argv) < 0)
		return error_no_memory(e);
	r = run_recorded(x, &argv, &placement, ret_status, e);
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
