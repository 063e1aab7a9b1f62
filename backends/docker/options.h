/* SPDX-License-Identifier: BSD-2-Clause */
/* What the section "docker" of crossbpf.conf may hold. */
#ifndef CROSSBPF_DOCKER_OPTIONS_H
#define CROSSBPF_DOCKER_OPTIONS_H

#include "crossbpf-backend.h"
#include "shared/strv.h"

extern const struct crossbpf_key option_keys[];

/* The value that was set, else the key's fallback, which may be NULL. An empty one counts as unset.
 * Borrowed from `conf`. */
const char *option(const struct crossbpf_kv *conf, const char *key);

/* Appends all values of a list. */
void option_list(const struct crossbpf_kv *conf, const char *key, struct strv *list);

/* The seconds in "30" (minutes), "30m" or "90s"; -EINVAL for any other text. */
int option_seconds(const char *text, unsigned *ret_seconds);

/* host->error() with a message of this format; `hint` may be NULL. Returns `code`, a negative
 * errno, so that callers can say `return complain(…)`. */
__attribute__((format(printf, 4, 5))) int complain(const struct crossbpf_host *host, int code,
						   const char *hint, const char *format, ...);

#endif
