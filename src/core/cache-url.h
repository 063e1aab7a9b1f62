/* SPDX-License-Identifier: BSD-2-Clause */
/* The address of a shared cache, as a user writes it. */
#ifndef CROSSBPF_CACHE_URL_H
#define CROSSBPF_CACHE_URL_H

#include <stdbool.h>

#include "shared/error.h"

/* Is it "http://HOST…" or "https://HOST…", without a user, a password, a query or a fragment? 0, or
 * -EINVAL (status 2) with a message that has nothing of it, as there may be a secret in it. */
int cache_url_check(const char *url, struct crossbpf_error *e);

/* Is it on this machine? */
bool cache_url_is_here(const char *url);

/* Would nobody between here and there see what is sent: over TLS, or on this machine? */
bool cache_url_is_private(const char *url);

#endif
