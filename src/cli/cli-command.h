/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of the user's that are run where programs are compiled. */
#ifndef CROSSBPF_CLI_COMMAND_H
#define CROSSBPF_CLI_COMMAND_H

#include "cli-project.h"

/* Opens the project for one, with the backend that was named, or NULL; from here on signals end the
 * command. */
int cli_command_open(struct cli_project *p, const char *backend, bool verbose,
		     struct crossbpf_error *e);

/* Loads the backend that was asked for, or that a build would choose; nothing is opened. `p` must
 * outlive the session. */
int cli_command_load(struct cli_project *p, struct session *ret_session, struct crossbpf_error *e);

/* Runs a command on the host's own files, in an open session that sees them. */
int cli_command_run_here(struct session *s, const char *const *command, const int fd[3],
			 bool is_terminal, int *ret_status, struct crossbpf_error *e);

/* "TERM=…" for a command there. Errors are sticky. */
void cli_command_add_term(struct strv *env, bool is_terminal);

#endif
