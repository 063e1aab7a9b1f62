/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does an object depend on the architecture by the headers that it was made of?
 *
 * Those below a directory asm/ are one architecture's. But <linux/types.h> reads some of them for
 * every program, and what these tell of the machine few programs ask for: the width of its long,
 * __BITS_PER_LONG, and types that follow from it, __kernel_…. All else in them is alike for clang's
 * target bpf: __u64 and its kin, and what swaps bytes.
 *
 * A file of the project's may also ask for the macro that names the architecture, __TARGET_ARCH_….
 * What its vmlinux.h has of one is not counted: CO-RE takes offsets, sizes and values from the
 * kernel that runs, and whether a program takes one without is not known here.
 *
 * Names of headers decide, and the text of the project's own files, never that of the builder's:
 * each builder is to come to the same answer.
 */
#ifndef CROSSBPF_ARCH_HEADERS_H
#define CROSSBPF_ARCH_HEADERS_H

#include <stdbool.h>

#include "toolchain.h"

/* `inputs` is what the compiler read, as it spelled that from the project's root; where the source
 * among them lies says nothing. Of absolute names those are the project's that are none of the
 * toolchain's; without one (NULL) none is. */
bool arch_headers_depend(const char *root, const struct toolchain *t, const struct strv *inputs,
			 const char *source);

#endif
