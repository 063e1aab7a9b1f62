/* SPDX-License-Identifier: BSD-2-Clause */
/* native: the host itself. Commands run in place, on the host's own files. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crossbpf-backend.h"
#include "native/zygote-protocol.h"
#include "native/zygote.h"
#include "shared/process.h"
#include "shared/sibling.h"
#include "shared/strbuf.h"

static const struct crossbpf_backend native;

struct crossbpf_session {
	char *module; /* of the zygote; NULL: there is to be none */
	struct zygote zygote;
};

static int native_probe(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
			char *ret_why, size_t len)
{
	(void)host, (void)conf, (void)ret_why, (void)len;
	return 0;
}

static int native_open(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		       const struct crossbpf_project *project,
		       struct crossbpf_session **ret_session)
{
	const char *none = getenv("CROSSBPF_NO_ZYGOTE");
	struct crossbpf_session *session = calloc(1, sizeof(*session));

	(void)conf, (void)project;
	if (!session) {
		host->error(host->ctx, "out of memory", NULL);
		return -ENOMEM;
	}
	if (!str_is_on(none))
		session->module = sibling_path(&native, ZYGOTE_MODULE);
	zygote_begin(&session->zygote, session->module);
	*ret_session = session;
	return 0;
}

static int native_run(struct crossbpf_session *session, const struct crossbpf_run *run,
		      int *ret_status)
{
	const struct crossbpf_host *host = run->host;
	struct process process = {
		.argv = run->argv,
		.env = run->env,
		.dir = run->dir,
		.fd = {run->fd[0], run->fd[1], run->fd[2]},
		.control = run->control,
		.start = zygote_start,
		.start_ctx = &session->zygote,
	};

	/* The command's terminal is the caller's own. */
	if (run->flags & ~CROSSBPF_RUN_TTY) {
		host->error(host->ctx, "this crossbpf asks for more than its native backend knows",
			    "install the two from one release");
		return -EOPNOTSUPP;
	}
	int r = process_run(&process, ret_status);
	if (r < 0) {
		cleanup_free char *message =
			str_printf("cannot run '%s': %s", run->argv[0], strerror(-r));
		host->error(host->ctx, message ? message : "out of memory", NULL);
	}
	return r;
}

static void native_close(struct crossbpf_session *session)
{
	zygote_end(&session->zygote);
	free(session->module);
	free(session);
}

static const struct crossbpf_backend native = {
	.size = sizeof(native),
	.abi = CROSSBPF_BACKEND_ABI,
	.name = "native",
	.summary = "this machine, where it has a clang that compiles BPF",
	.caps = CROSSBPF_CAP_HOST_FILES,
	.probe = native_probe,
	.open = native_open,
	.run = native_run,
	.close = native_close,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return &native;
}
