/* SPDX-License-Identifier: BSD-2-Clause */
/* What a machine said on its serial line, which may be anything. */
#ifndef CROSSBPF_VM_CONSOLE_H
#define CROSSBPF_VM_CONSOLE_H

#include <stdbool.h>

/* The last lines, for an error, without what a terminal would obey. NULL where memory ran out. The
 * caller frees. */
char *console_tail(const char *path);

/* Has it said anything yet? */
bool console_has_spoken(const char *path);

/* Has it said that? */
bool console_has(const char *path, const char *text);

#endif
