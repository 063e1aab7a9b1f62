/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directories in which headers were looked for in vain: has something appeared there? `root` is
 * a descriptor of the directory that relative paths are from.
 */
#ifndef CROSSBPF_STATE_DIRS_H
#define CROSSBPF_STATE_DIRS_H

#include "state-store.h"

/* Looks at all directories, and forgets the actions that would read what has appeared. 0, -ENOMEM,
 * or as state_store_load_lookups(). */
int state_dirs_look(struct state_store *s, int root);

/* The directory in which a file would appear, or the nearest to it that there is. NULL where memory
 * ran out. */
struct state_dir *state_dir_of(struct state_store *s, int root, const char *path);
/* Notes, once a build, how a directory is. */
void state_dir_look(int root, struct state_dir *dir);

/* Finds out whether something is there that a compiler would read, and since when. */
void state_look_for_file(struct state_store *s, int root, struct state_absent *absent);

#endif
