/* SPDX-License-Identifier: BSD-2-Clause */
/* What a backend's section of crossbpf.conf holds, and what it says of a failure. */
#ifndef CROSSBPF_COMMON_OPTIONS_H
#define CROSSBPF_COMMON_OPTIONS_H

#include "crossbpf-backend.h"
#include "shared/strv.h"

/* What it may hold: each backend defines its own. */
extern const struct crossbpf_key option_keys[];

/* The value that was set, else the key's fallback, which may be NULL. An empty one counts as unset.
 * Borrowed from `conf`. */
const char *option(const struct crossbpf_kv *conf, const char *key);

/* Appends all values of a list. */
void option_list(const struct crossbpf_kv *conf, const char *key, struct strv *list);

/* The seconds in "30" (minutes), "30m" or "90s"; -EINVAL for any other text. */
int option_seconds(const char *text, unsigned *ret_seconds);
/* The same of a key's value; complain() where it is none. */
int option_time(const struct crossbpf_host *host, const struct crossbpf_kv *conf, const char *key,
		unsigned *ret_seconds);

/* Whether CROSSBPF_PROJECT_… is asked for: older hosts know no flags. */
bool option_flag(const struct crossbpf_project *project, uint32_t flag);

/* host->error() with a message of this format; `hint` may be NULL. Returns `code`, a negative
 * errno, so that callers can say `return complain(…)`. */
__attribute__((format(printf, 4, 5))) int complain(const struct crossbpf_host *host, int code,
						   const char *hint, const char *format, ...);

/* Copies the answer of identity() or status() to `buf`. 0, or complain() with -ENOSPC. */
int answer(const struct crossbpf_host *host, const char *text, char *buf, size_t len);

#endif
