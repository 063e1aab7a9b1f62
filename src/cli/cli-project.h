/* SPDX-License-Identifier: BSD-2-Clause */
/* The project that a command is run in, as crossbpf-clang finds it, and what it says of builders.
 */
#ifndef CROSSBPF_CLI_PROJECT_H
#define CROSSBPF_CLI_PROJECT_H

#include "cli-builder.h"
#include "core/project.h"

struct cli_project {
	struct project project;
	struct conf conf;
	bool has_conf;
	struct builder_request request;
	char *cache_dir, *order;
	char *name, *where; /* of the backend, once cli_command_load() chose it */
};

/* Finds the project of the working directory, and reads no file of it. */
int cli_project_find(struct cli_project *p, struct crossbpf_error *e);
/* Reads its crossbpf.conf, where there is one. */
int cli_project_read(struct cli_project *p, struct crossbpf_error *e);
/* Sets p->request; `named` is NAME[:WHERE] from the command line, or NULL. */
int cli_project_choose(struct cli_project *p, const char *named, struct crossbpf_error *e);
/* The three of them. */
int cli_project_open(struct cli_project *p, const char *named, struct crossbpf_error *e);
void cli_project_close(struct cli_project *p);
#define cleanup_cli_project CLEANUP(cli_project_close)

/* The backends that the project could be built on: of the order, and those that have a section in
 * its crossbpf.conf. Errors are sticky. */
void cli_project_backends(const struct cli_project *p, struct strv *ret_names);

/* Loads a backend as the project's builder would: nothing is opened. `where` may be NULL. */
int cli_project_load(const struct cli_project *p, const char *name, const char *where,
		     struct session *ret_session, struct crossbpf_error *e);

#endif
