/* SPDX-License-Identifier: BSD-2-Clause */
/* What files of a mirror are called. */
#ifndef CROSSBPF_MIRROR_NAME_H
#define CROSSBPF_MIRROR_NAME_H

#include "shared/strv.h"

/*
 * Takes "X/.." away, as "." and empty parts. `links` (or NULL) are the builder's directories that
 * are links, sorted: where X is one, ".." leads elsewhere there than in a mirror, which has none.
 * 0, -ELOOP for such a name, -EINVAL where it leads out of the root or is no name of a file, or
 * -ENOMEM; the caller frees.
 */
int mirror_name_clean(const char *name, const struct strv *links, char **ret_clean);

/* Is a byte in it that lists of names cannot hold? */
bool mirror_name_is_odd(const char *name);

/* Sorts, and takes away what is there twice. */
void mirror_names_unique(struct strv *names);
bool mirror_names_have(const struct strv *sorted, const char *name);

#endif
