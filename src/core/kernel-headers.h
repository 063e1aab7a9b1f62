/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel's build tree (linux-headers-*, /lib/modules/…/build, O= of a kernel's make), for
 * programs that include the kernel's own headers, and so run on that kernel alone.
 */
#ifndef CROSSBPF_KERNEL_HEADERS_H
#define CROSSBPF_KERNEL_HEADERS_H

#include "shared/error.h"
#include "shared/strv.h"

/*
 * Appends what clang is told so that it compiles those headers for BPF: where they are, what a
 * kernel's build defines, and that the assembler in them is none of BPF's; and to `dirs` the
 * directories that hold all of them. `dir` is relative to `root`, or absolute. Wrong usage (status
 * 2) where it is no build tree, or of another arch.
 */
int kernel_headers_options(const char *root, const char *dir, const char *arch, struct strv *argv,
			   struct strv *dirs, struct crossbpf_error *e);

#endif
