/* SPDX-License-Identifier: BSD-2-Clause */
/* The BTF of a kernel, out of whatever file holds that kernel. */
#ifndef CROSSBPF_KERNEL_BTF_H
#define CROSSBPF_KERNEL_BTF_H

#include "shared/error.h"
#include "shared/strbuf.h"

struct kernel_btf {
	struct strbuf data;
	const char *arch; /* as in variant.h; NULL where no file said it */
};

struct kernel_btf_request {
	const char *path;
	const char *module_dir; /* where archive.so is, which is loaded for what is packed */
	int control;            /* as in struct crossbpf_run */
};

/*
 * Reads it from BTF itself, an ELF vmlinux, a bzImage, an Image of arm64 or riscv, what these are
 * compressed to, or a Debian package of one. What comes out is sound BTF. Wrong usage (status 2)
 * where the file cannot be read or is none of them, and failed (status 1) where it is one and
 * damaged, or without BTF.
 */
int kernel_btf_read(const struct kernel_btf_request *request, struct kernel_btf *ret,
		    struct crossbpf_error *e);
void kernel_btf_free(struct kernel_btf *k);
#define cleanup_kernel_btf CLEANUP(kernel_btf_free)

#endif
