/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ssh: a host that one can log in to. It needs sh, tar and clang; what is to be compiled lies below
 * the login's home directory. The way there is the user's own ssh, or libssh.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "common/options.h"
#include "crossbpf-backend.h"
#include "ssh/login.h"

struct crossbpf_session {
	struct builder builder;
};

static int ssh_probe(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		     char *ret_why, size_t len)
{
	cleanup_free char *why = NULL;

	int r = builder_probe(host, conf, &why);
	if (r < 0)
		snprintf(ret_why, len, "%s", why ? why : "out of memory");
	return r;
}

static void ssh_close(struct crossbpf_session *session)
{
	if (session)
		builder_free(&session->builder);
	free(session);
}

static int ssh_open(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		    const struct crossbpf_project *project, struct crossbpf_session **ret_session)
{
	struct crossbpf_session *session = calloc(1, sizeof(*session));

	int r = session ? builder_plan(host, conf, project->root, &session->builder)
			: complain(host, -ENOMEM, NULL, "out of memory");
	if (r == 0)
		r = builder_connect(&session->builder);
	if (r < 0) {
		ssh_close(session);
		return r;
	}
	*ret_session = session;
	return 0;
}

static int ssh_run(struct crossbpf_session *session, const struct crossbpf_run *run,
		   int *ret_status)
{
	if (run->flags & ~CROSSBPF_RUN_TTY)
		return complain(run->host, -EOPNOTSUPP, "install the two from one release",
				"this crossbpf asks for more than its ssh backend knows");
	return builder_run(&session->builder, run, ret_status);
}

static int ssh_identity(struct crossbpf_session *session, char *buf, size_t len)
{
	return builder_identity(&session->builder, buf, len);
}

static int ssh_next(struct crossbpf_session *session)
{
	return builder_next(&session->builder);
}

static int ssh_up(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		  const struct crossbpf_project *project)
{
	struct crossbpf_session *session;
	int r = ssh_open(host, conf, project, &session);

	if (r == 0)
		ssh_close(session);
	return r;
}

static int ssh_down(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		    const struct crossbpf_project *project)
{
	cleanup_builder struct builder b = {0};
	int r = builder_plan(host, conf, project->root, &b);

	return r < 0 ? r : builder_end(&b);
}

static int ssh_status(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		      const struct crossbpf_project *project, char *buf, size_t len)
{
	cleanup_builder struct builder b = {0};
	cleanup_free char *text = NULL;

	int r = builder_plan(host, conf, project->root, &b);
	if (r == 0)
		r = builder_describe(&b, &text);
	return r < 0 ? r : answer(host, text, buf, len);
}

static const struct crossbpf_backend ssh = {
	.size = sizeof(ssh),
	.abi = CROSSBPF_BACKEND_ABI,
	.name = "ssh",
	.summary = "a host that one can log in to, by the user's ssh or libssh",
	.keys = option_keys,
	.key_size = sizeof(option_keys[0]),
	.probe = ssh_probe,
	.open = ssh_open,
	.run = ssh_run,
	.close = ssh_close,
	.identity = ssh_identity,
	.up = ssh_up,
	.down = ssh_down,
	.status = ssh_status,
	.next = ssh_next,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return &ssh;
}
