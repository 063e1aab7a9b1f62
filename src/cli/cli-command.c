/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "cli-command.h"
#include "cli.h"

extern char **environ;

int cli_command_open(struct cli_project *p, const char *backend, bool verbose,
		     struct crossbpf_error *e)
{
	int control = cli_catch_interrupts();
	int r = cli_project_open(p, backend, e);

	p->request.control = control;
	p->request.inform = cli_log; /* to fetch an image takes minutes */
	if (verbose)
		p->request.log = cli_log;
	return r;
}

/* NAME and WHERE of what was asked for, or of what a build would choose. */
static int choose(struct cli_project *p, struct crossbpf_error *e)
{
	cleanup_builder struct builder builder = {0};
	cleanup_free char *why = NULL;
	const char *backend = p->request.backend;
	const char *colon = strchr(backend, ':');

	if (strcmp(backend, "auto") != 0) {
		p->name = strndup(backend, strcspn(backend, ":"));
		p->where = colon ? strdup(colon + 1) : NULL;
		return !p->name || (colon && !p->where) ? error_no_memory(e) : 0;
	}
	p->request.lazy = true;
	int r = builder_open(&builder, &p->request, &p->project, &why, e);
	if (r < 0)
		return r;
	if (p->request.log && why)
		cli_log(why);
	p->name = TAKE_PTR(builder.name);
	p->where = TAKE_PTR(builder.where);
	return 0;
}

int cli_command_load(struct cli_project *p, struct session *ret_session, struct crossbpf_error *e)
{
	int r = choose(p, e);

	if (r == 0)
		r = cli_project_load(p, p->name, p->where, ret_session, e);
	ret_session->asked_for = true; /* there is no other choice left */
	return r;
}

int cli_command_run_here(struct session *s, const char *const *command, const int fd[3],
			 bool is_terminal, int *ret_status, struct crossbpf_error *e)
{
	struct crossbpf_run run = {
		.size = sizeof(run),
		.flags = is_terminal ? CROSSBPF_RUN_TTY : 0,
		.argv = command,
		.env = (const char *const *)environ,
		.fd = {fd[0], fd[1], fd[2]},
		.control = s->control,
	};

	if (is_terminal)
		cli_lend_terminal();
	int r = session_run(s, &run, ret_status, e);
	if (is_terminal)
		cli_take_terminal();
	return r;
}

void cli_command_add_term(struct strv *env, bool is_terminal)
{
	strv_take(env, str_printf("TERM=%s", is_terminal ? cli_setting("TERM", "dumb") : "dumb"));
}
