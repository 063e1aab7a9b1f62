/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "shared/strbuf.h"

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

int option_time(const struct crossbpf_host *host, const struct crossbpf_kv *conf, const char *key,
		unsigned *ret_seconds)
{
	const char *text = option(conf, key);

	return option_seconds(text, ret_seconds) == 0
		       ? 0
		       : complain(host, -EINVAL, "give minutes, as 30, or seconds, as 90s",
				  "%s '%s' is no time", key, text);
}

bool option_flag(const struct crossbpf_project *project, uint32_t flag)
{
	return project->size >= offsetof(struct crossbpf_project, flags) + sizeof(project->flags) &&
	       (project->flags & flag);
}

int answer(const struct crossbpf_host *host, const char *text, char *buf, size_t len)
{
	if (strlen(text) >= len)
		return complain(host, -ENOSPC, NULL, "the answer does not fit: %s", text);
	memcpy(buf, text, strlen(text) + 1);
	return 0;
}
