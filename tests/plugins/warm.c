/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * warm: this machine, which is up for as long as there is a file $TEST_WARM.PROJECT. warm:stuck
 * cannot be brought up or down, warm:never cannot work.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "crossbpf-backend.h"
#include "place.h"

static int is_at(const struct crossbpf_kv *conf, const char *where)
{
	for (; conf->key; conf++)
		if (strcmp(conf->key, "where") == 0)
			return strcmp(conf->value, where) == 0;
	return 0;
}

static char *state_file(const struct crossbpf_project *project)
{
	const char *base = getenv("TEST_WARM");
	char *file = str_printf("%s.%.8s", base ? base : "/nonexistent/warm", project->id);

	if (!file)
		abort();
	return file;
}

static int warm_probe(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		      char *ret_why, size_t len)
{
	(void)host;
	if (!is_at(conf, "never"))
		return 0;
	snprintf(ret_why, len, "it is cold");
	return -ENOENT;
}

static int fail_if_stuck(const struct crossbpf_host *host, const struct crossbpf_kv *conf)
{
	if (!is_at(conf, "stuck"))
		return 0;
	host->error(host->ctx, "it is stuck", "push it");
	return -EBUSY;
}

static int warm_up(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		   const struct crossbpf_project *project)
{
	cleanup_free char *file = state_file(project);

	if (fail_if_stuck(host, conf) < 0)
		return -EBUSY;
	host->log(host->ctx, CROSSBPF_LOG_DEBUG, "a detail");
	host->log(host->ctx, CROSSBPF_LOG_INFO, "fetching the stove");
	FILE *f = fopen(file, "w");
	if (!f || fclose(f) != 0)
		abort();
	return 0;
}

static int warm_down(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		     const struct crossbpf_project *project)
{
	cleanup_free char *file = state_file(project);

	if (fail_if_stuck(host, conf) < 0)
		return -EBUSY;
	unlink(file);
	return 0;
}

static int warm_status(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		       const struct crossbpf_project *project, char *buf, size_t len)
{
	cleanup_free char *file = state_file(project);

	if (fail_if_stuck(host, conf) < 0)
		return -EBUSY;
	snprintf(buf, len, access(file, F_OK) == 0 ? "stove: \"hot\"\nkettle: hot" : "cold");
	return 0;
}

static int warm_open(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		     const struct crossbpf_project *project, struct crossbpf_session **ret_session)
{
	int r = warm_up(host, conf, project);

	return r < 0 ? r : place_open(host, conf, project, ret_session);
}

static const struct crossbpf_key keys[] = {{"stove", "which stove", NULL, 0},
					   {NULL, NULL, NULL, 0}};

static const struct crossbpf_backend warm = {
	.size = sizeof(warm),
	.abi = CROSSBPF_BACKEND_ABI,
	.name = "warm",
	.summary = "this machine, which can be brought up",
	.caps = CROSSBPF_CAP_HOST_FILES,
	.keys = keys,
	.key_size = sizeof(keys[0]),
	.probe = warm_probe,
	.open = warm_open,
	.run = place_run,
	.close = place_close,
	.up = warm_up,
	.down = warm_down,
	.status = warm_status,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return &warm;
}
