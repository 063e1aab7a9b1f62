/* SPDX-License-Identifier: BSD-2-Clause */
/* What stat() says of a state's files; of many at once, by more than one thread. */
#ifndef CROSSBPF_STATE_STAT_H
#define CROSSBPF_STATE_STAT_H

#include "state-store.h"

/* Fills in `now` of a path that is relative to `root`, or takes what state_stat_ahead() found,
 * once. 0, -EINVAL where there is no regular file, or another negative errno. */
int state_stat(int root, struct state_path *path);

/* Finds out ahead what state_stat() is going to be asked. */
void state_stat_ahead(int root, struct state_path *const *paths, size_t n);

#endif
