/* SPDX-License-Identifier: BSD-2-Clause */
/* The directories of a mirror, which has no links to other places. */
#ifndef CROSSBPF_MIRROR_TREE_H
#define CROSSBPF_MIRROR_TREE_H

#include "mirror.h"

/* Makes the mirror's own directory, and takes away what is in its place or its root's and is no
 * directory, such as a link. 0 or a negative errno. */
int mirror_tree_open(const struct mirror *m);

/* Do only directories lead to the copy `name`, and is it a plain file? */
bool mirror_tree_is_plain(const struct mirror *m, const char *name);

/* Takes away what is in the way of the copy `name`: files and links where directories are to be,
 * and a directory where it is to be, with all that is in it. Adds to *n_removed. */
int mirror_tree_clear(const struct mirror *m, const char *name, size_t *n_removed);

#endif
