/* SPDX-License-Identifier: BSD-2-Clause */
/* libbpf believes an object's BTF: what would have it read beside that is not given to it. */
#ifndef CROSSBPF_SOUND_H
#define CROSSBPF_SOUND_H

#include <stddef.h>

/* 0, or a negative errno with what is wrong in *why. Of what is no object libbpf says more. */
int sound_check(const void *data, size_t len, const char **why);

#endif
