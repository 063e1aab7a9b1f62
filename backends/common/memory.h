/* SPDX-License-Identifier: BSD-2-Clause */
/* What was last known of a builder: files in the user's cache directory. Each question saved to an
 * engine is some 50 ms of each compile, to another machine more. All of it may be lost at any
 * time. */
#ifndef CROSSBPF_COMMON_MEMORY_H
#define CROSSBPF_COMMON_MEMORY_H

#include <stdbool.h>

#include "shared/strv.h"

/* The file of this name of this backend's; NULL where there is no cache directory, which each
 * function below takes: nothing is remembered then. The caller frees. */
char *memory_path(const char *backend, const char *name);

/* Strings, as they were written. False where there are none. */
bool memory_read(const char *path, struct strv *ret_strings);
void memory_write(const char *path, const struct strv *strings);

/* Was it written or touched less than so many seconds ago? */
bool memory_is_fresh(const char *path, unsigned seconds);
void memory_touch(const char *path);
void memory_forget(const char *path);

/* Waits until no other process holds it; -1 where it cannot be had, which is no reason to stop. The
 * caller closes. */
int memory_lock(const char *path);

#endif
