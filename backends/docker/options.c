/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "shared/strbuf.h"

const struct crossbpf_key option_keys[] = {
	{"engine", "docker, podman or nerdctl, by name or path; else the first of them in PATH",
	 NULL, 0},
	{"engine_options", "words between the engine's name and its command", NULL,
	 CROSSBPF_KEY_LIST},
	{"image", "an image that has clang, NAME[:TAG][@DIGEST]", NULL, 0},
	{"dockerfile", "what an image is built from in place of crossbpf's own", NULL, 0},
	{"build_options", "further words for the engine's build", NULL, CROSSBPF_KEY_LIST},
	{"run_options", "further words for the engine's run", NULL, CROSSBPF_KEY_LIST},
	{"memory", "the most that a container may use, 0 for no limit", "4g", 0},
	{"pids", "how many processes it may have, 0 for no limit", "2048", 0},
	{"idle", "minutes until an unused container stops, 0 for never; 90s for seconds", "30", 0},
	{NULL, NULL, NULL, 0},
};

static const char *fallback(const char *key)
{
	for (const struct crossbpf_key *known = option_keys; known->name; known++)
		if (strcmp(known->name, key) == 0)
			return known->fallback;
	return NULL;
}

const char *option(const struct crossbpf_kv *conf, const char *key)
{
	const char *value = NULL;

	for (; conf && conf->key; conf++)
		if (strcmp(conf->key, key) == 0 && conf->value && conf->value[0])
			value = conf->value;
	return value ? value : fallback(key);
}

void option_list(const struct crossbpf_kv *conf, const char *key, struct strv *list)
{
	for (; conf && conf->key; conf++)
		if (strcmp(conf->key, key) == 0 && conf->value)
			strv_add(list, conf->value);
}

int option_seconds(const char *text, unsigned *ret_seconds)
{
	enum { LONGEST = 365 * 24 * 60 };
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	unsigned long n = strtoul(text, &end, 10);
	unsigned unit = strcmp(end, "s") == 0 ? 1 : 60;
	if (n > LONGEST || (end[0] && strcmp(end, "s") != 0 && strcmp(end, "m") != 0))
		return -EINVAL;
	*ret_seconds = (unsigned)n * unit;
	return 0;
}

int complain(const struct crossbpf_host *host, int code, const char *hint, const char *format, ...)
{
	cleanup_strbuf struct strbuf message = {0};
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&message, format, args);
	va_end(args);
	host->error(host->ctx, message.error ? "out of memory" : message.data, hint);
	return code;
}
