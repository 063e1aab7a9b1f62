/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "remote-place.h"
#include "shared/io.h"
#include "shell-script.h" /* made from shell.sh */

static const char *const no_env[] = {NULL};

static int make_token(struct place *p, struct crossbpf_error *e)
{
	uint8_t bytes[16];

	if (io_random(bytes, sizeof(bytes)) < 0)
		return error_set(e, -EIO, EXIT_STATUS_OUTPUT, NULL, "cannot read /dev/urandom");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(p->token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

int place_plan(struct place *p, struct crossbpf_error *e)
{
	const struct session *session = p->session;
	bool is_private = session_can(session, CROSSBPF_CAP_PRIVATE);

	if (p->loads && !session_can(session, CROSSBPF_CAP_LOAD))
		return error_set(e, -EOPNOTSUPP, EXIT_STATUS_USAGE,
				 "leave --load out, or choose another with --backend",
				 "the %s backend cannot grant what loading BPF programs needs",
				 session->plugin.backend.name);
	if (is_private)
		p->flags |= CROSSBPF_PROJECT_PRIVATE;
	if (p->loads)
		p->flags |= CROSSBPF_PROJECT_LOAD;
	p->remote.module_dir = p->module_dir;
	/* In the project's own place are what builds have sent. */
	return is_private && session_has_host_paths(session) ? 0 : make_token(p, e);
}

int place_open(struct place *p, struct crossbpf_error *e)
{
	return p->session->handle ? 0 : session_open_loaded(p->session, p->flags, e);
}

const struct exchange_module *place_module(struct place *p, struct crossbpf_error *e)
{
	return remote_module(&p->remote, e);
}

/* Whose place, and what to do there. */
void place_argv(const struct place *p, const char *mode, struct strv *ret_argv)
{
	const char *const words[] = {"sh", "-c",     shell_script, "crossbpf",
				     mode, p->token, p->root,      NULL};

	strv_add_all(ret_argv, words);
}

int place_start(struct place *p, const struct strv *argv, int in, struct session_stream *ret_stream,
		struct crossbpf_error *e)
{
	if (argv->error)
		return error_no_memory(e);
	return session_stream_start(p->session, (const char *const *)argv->v, no_env, in,
				    STDERR_FILENO, ret_stream, e);
}

int place_call(struct place *p, const struct strv *argv, int in, size_t limit,
	       struct strbuf *ret_answer, int *ret_status, struct crossbpf_error *e)
{
	struct session_stream s;

	int r = place_start(p, argv, in, &s, e);
	if (r < 0)
		return r;
	int collected = session_stream_collect(&s, limit, ret_answer);
	r = session_stream_finish(&s, ret_status, e);
	if (r == 0 && collected < 0)
		r = error_set(e, collected, EXIT_STATUS_LOST, NULL,
			      "cannot read what the builder answered: %s", strerror(-collected));
	return r;
}

int place_run(struct place *p, const char *dir, const char *const *command, const int fd[3],
	      bool is_terminal, const char *const *env, int *ret_status, struct crossbpf_error *e)
{
	cleanup_strv struct strv argv = {0};

	place_argv(p, "run", &argv);
	strv_add(&argv, dir);
	strv_add_all(&argv, command);
	if (argv.error)
		return error_no_memory(e);
	struct crossbpf_run run = {
		.size = sizeof(run),
		.flags = is_terminal ? CROSSBPF_RUN_TTY : 0,
		.argv = (const char *const *)argv.v,
		.env = env,
		.fd = {fd[0], fd[1], fd[2]},
		.control = p->session->control,
	};
	return session_run(p->session, &run, ret_status, e);
}

void place_free(struct place *p)
{
	cleanup_error struct crossbpf_error ignored = {0};
	cleanup_strbuf struct strbuf answer = {0};
	cleanup_strv struct strv argv = {0};
	int status;

	if (p->token[0] && p->session->handle) {
		p->session->control = -1; /* whatever ended the rest */
		place_argv(p, "clean", &argv);
		(void)place_call(p, &argv, -1, 1 << 16, &answer, &status, &ignored);
	}
	remote_free(&p->remote);
	*p = (struct place){0};
}
