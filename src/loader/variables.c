/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "variables.h"

#include <errno.h>

int variables_set(struct opened *o, const char *word, struct crossbpf_error *e)
{
	return error_set(e, -ENOTSUP, EXIT_STATUS_USAGE, NULL, "%s: --set %s", o->path, word);
}
