/* SPDX-License-Identifier: BSD-2-Clause */
/* failing: a backend that fails where its place says: failing:probe, failing:open, … */
#include <errno.h>

#include "crossbpf-backend.h"
#include "place.h"

/* Is that what the user wrote behind the colon? */
static int is_at(const struct crossbpf_kv *conf, const char *where)
{
	for (; conf->key; conf++)
		if (strcmp(conf->key, "where") == 0)
			return strcmp(conf->value, where) == 0;
	return 0;
}

static int failing_probe(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
			 char *ret_why, size_t len)
{
	(void)host;
	if (is_at(conf, "probe")) {
		snprintf(ret_why, len, "there is no engine");
		return -ENOENT;
	}
	return is_at(conf, "probe-silent") ? -EACCES : 0;
}

/* Says all that it was told. */
static void log_settings(const struct crossbpf_host *host, const struct crossbpf_kv *conf)
{
	char line[256];

	for (; conf->key; conf++) {
		snprintf(line, sizeof(line), "%s = %s", conf->key, conf->value);
		host->log(host->ctx, CROSSBPF_LOG_INFO, line);
	}
}

/* The answer of host->ask() must be -ENOTTY. */
static int failing_open(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
			const struct crossbpf_project *project,
			struct crossbpf_session **ret_session)
{
	char answer[8];

	host->log(host->ctx, CROSSBPF_LOG_INFO, project->root);
	if (is_at(conf, "settings"))
		log_settings(host, conf);
	if (is_at(conf, "open")) {
		host->error(host->ctx, "the door is shut", "knock");
		host->error(host->ctx, "a second one, which does not count", NULL);
		return -ECONNREFUSED;
	}
	if (is_at(conf, "open-silent"))
		return -ECONNREFUSED;
	/* Each third comer is let in. */
	static int comers;
	if (is_at(conf, "crowded") && ++comers % 3 != 0) {
		host->error(host->ctx, "the room is full", NULL);
		return -EAGAIN;
	}
	if (is_at(conf, "ask")) {
		int r = host->ask(host->ctx, "password", 0, answer, sizeof(answer));
		host->error(host->ctx, r == -ENOTTY ? "no terminal" : "an answer", NULL);
		return r < 0 ? r : -EPROTO;
	}
	return place_open(host, conf, project, ret_session);
}

/* The command's name is what happens. */
static int failing_run(struct crossbpf_session *session, const struct crossbpf_run *run,
		       int *ret_status)
{
	const struct crossbpf_host *host = run->host;

	if (strcmp(run->argv[0], "lost") == 0) {
		host->error(host->ctx, "the line broke", "try again");
		return -EPIPE;
	}
	if (strcmp(run->argv[0], "silent") == 0)
		return -EACCES;
	return place_run(session, run, ret_status);
}

static const struct crossbpf_backend failing = {
	.size = sizeof(failing),
	.abi = CROSSBPF_BACKEND_ABI,
	.name = "failing",
	.summary = "fails where its place says",
	.probe = failing_probe,
	.open = failing_open,
	.caps = CROSSBPF_CAP_HOST_FILES,
	.run = failing_run,
	.close = place_close,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return &failing;
}
