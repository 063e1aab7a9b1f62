/* SPDX-License-Identifier: BSD-2-Clause */
/* Does a program rely on BTF, so that compiling it without -g makes an object that cannot load? */
#ifndef CROSSBPF_CORE_HINT_H
#define CROSSBPF_CORE_HINT_H

#include <stddef.h>

/*
 * Reads the source at `path` and the headers that it includes by quotes from beside it. Returns
 * what in there needs BTF ("CO-RE", "SEC(\".maps\")"), or NULL where nothing does or nothing can
 * be read. Only text is looked at: an answer is for a hint, not for an error.
 */
const char *core_hint_needs_btf(const char *path);

#endif
