/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Under which names a compiler may have looked for headers before it found them elsewhere. A file
 * that appears under one of them would be read in the place of one that was.
 */
#ifndef CROSSBPF_LOOKUPS_H
#define CROSSBPF_LOOKUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/strv.h"

/*
 * The directories in which a compile may have looked for headers: `search`, and, for an #include by
 * quotes, those of what was read outside of `system` (or NULL). `inputs` is what was read, spelled
 * as the compiler does it: the directory in which it was found, a slash, and the name in the
 * #include.
 */
int lookups_dirs(const struct strv *inputs, const struct strv *search, const struct strv *system,
		 struct strv *ret_dirs);

/* Calls `each` with every name under which that input may have been looked for in `dirs`, until it
 * returns an error, which is returned. What was really looked for is among it; some was not. */
int lookups_of_input(const char *input, const struct strv *dirs,
		     int (*each)(void *ctx, const char *path), void *ctx);
/* The same of the names that a source asks for (asks.h). */
int lookups_of_asked(const char *asks, const struct strv *dirs,
		     int (*each)(void *ctx, const char *path), void *ctx);

#endif
