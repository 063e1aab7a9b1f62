/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf llvm-strip, bpftool: the builder's tools, in the place of the host's. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli-project.h"
#include "cli.h"
#include "core/tool.h"

extern char **environ;

/* One tool on its way. */
struct job {
	struct cli_project p;
	struct builder builder;
	struct remote remote;
	struct tool tool;
};

static void job_free(struct job *j)
{
	remote_free(&j->remote);
	builder_close(&j->builder);
	cli_project_close(&j->p);
}
#define cleanup_job CLEANUP(job_free)

static int run(struct job *j, int *ret_status, struct crossbpf_error *e)
{
	cleanup_free char *why = NULL;

	int r = builder_open(&j->builder, &j->p.request, &j->p.project, &why, e);
	if (r < 0)
		return r;
	if (j->p.request.log && why)
		cli_log(why);
	j->remote = (struct remote){
		.builder = &j->builder,
		.request = &j->p.request,
		.project = &j->p.project,
		.module_dir = cli_module_dir(),
	};
	r = tool_run(&j->tool, ret_status, e);
	if (r == -ESTALE && j->p.request.lazy) { /* the builder is another than it was */
		remote_free(&j->remote);
		builder_close(&j->builder);
		j->p.request.lazy = false;
		return run(j, ret_status, e);
	}
	return r;
}

static int run_tool(enum tool_name name, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_job struct job job = {0};
	int status = EXIT_STATUS_OK;

	job.tool = (struct tool){
		.name = name,
		.args = (const char *const *)argv + 1,
		.remote = &job.remote,
		.env = (const char *const *)environ,
		.output = STDOUT_FILENO,
		.error = STDERR_FILENO,
	};
	int control = cli_catch_interrupts();
	int r = cli_project_open(&job.p, NULL, &error);
	job.p.request.control = control;
	job.p.request.lazy = true;
	if (r == 0)
		r = run(&job, &status, &error);
	cli_die_of_interrupt();
	return r < 0 ? cli_report(&error) : status;
}

int cmd_llvm_strip(int argc, char **argv)
{
	(void)argc;
	return run_tool(TOOL_LLVM_STRIP, argv);
}

int cmd_bpftool(int argc, char **argv)
{
	(void)argc;
	return run_tool(TOOL_BPFTOOL, argv);
}
