/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend that is this machine, for the modules of the tests. Include the plugin ABI first: that
 * of today, or a frozen one.
 */
#ifndef CROSSBPF_TESTS_PLACE_H
#define CROSSBPF_TESTS_PLACE_H

#include <stdlib.h>
#include <string.h>

#include "shared/process.h"
#include "shared/strbuf.h"

struct crossbpf_session {
	char unused;
};

static inline int place_probe(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
			      char *ret_why, size_t len)
{
	(void)host, (void)conf, (void)ret_why, (void)len;
	return 0;
}

static inline int place_open(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
			     const struct crossbpf_project *project,
			     struct crossbpf_session **ret_session)
{
	(void)host, (void)conf, (void)project;

	struct crossbpf_session *session = calloc(1, sizeof(*session));
	if (!session)
		abort();
	*ret_session = session;
	return 0;
}

static inline int place_run(struct crossbpf_session *session, const struct crossbpf_run *run,
			    int *ret_status)
{
	(void)session;
	struct process process = {
		.argv = run->argv,
		.env = run->env,
		.dir = run->dir,
		.fd = {run->fd[0], run->fd[1], run->fd[2]},
		.control = run->control,
	};

	int r = process_run(&process, ret_status);
	if (r < 0)
		run->host->error(run->host->ctx, strerror(-r), NULL);
	return r;
}

static inline void place_close(struct crossbpf_session *session)
{
	free(session);
}

#endif
