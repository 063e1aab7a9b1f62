/* SPDX-License-Identifier: BSD-2-Clause */
/* libbpf believes an object's BTF: what would have it read beside that is not given to it. */
#ifndef CROSSBPF_SOUND_H
#define CROSSBPF_SOUND_H

#include <stddef.h>

/* 0, or a negative errno with what is wrong in *why: also of what we cannot read, though libbpf
 * might, and of types twice, of which it would take the last ones. What is no ELF file at all it
 * refuses itself, and says more of it. */
int sound_check(const void *data, size_t len, const char **why);

#endif
