/* SPDX-License-Identifier: BSD-2-Clause */
/* The BTF of packaged kernels, each of which is downloaded once. */
#ifndef CROSSBPF_KERNEL_CACHE_H
#define CROSSBPF_KERNEL_CACHE_H

#include "kernel-btf.h"
#include "kernel-package.h"

/* *ret_of is the package, which the caller frees. `module_dir` as in struct kernel_btf_request. */
int kernel_cache_get(const struct kernel_package_request *request, const char *module_dir,
		     struct kernel_btf *ret, char **ret_of, struct crossbpf_error *e);

#endif
