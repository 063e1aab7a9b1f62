/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of a request, run through a program. */
#ifndef CROSSBPF_GUEST_PACKETS_H
#define CROSSBPF_GUEST_PACKETS_H

#include <bpf/libbpf.h>

#include "examine.h"

/* Answers with what a loaded program made of them; of one that takes none, nothing. */
int packets_run(const struct examine *x, size_t number, const struct bpf_program *program);

#endif
