/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernels that guests boot. */
#ifndef CROSSBPF_GUEST_KERNEL_H
#define CROSSBPF_GUEST_KERNEL_H

#include "shared/error.h"
#include "shared/strbuf.h"
#include "shared/strv.h"

struct guest_kernel_request {
	/* A file; a directory that holds one, as / and an unpacked package do; or a version: of an
	 * installed kernel, else of a package. */
	const char *word;
	const char *arch;      /* of a package, as in variant.h */
	const char *cache_dir; /* where packages are unpacked to; or NULL */
	const char *module_dir;
	void (*log)(const char *message); /* or NULL */
	int control;
};

struct guest_kernel {
	char *image;
	const char *arch;    /* as in variant.h */
	struct strv modules; /* files, in the order in which they are to be loaded */
};

/* Finds it, for which a package may be downloaded. */
int guest_kernel_find(const struct guest_kernel_request *request, struct guest_kernel *ret,
		      struct crossbpf_error *e);
void guest_kernel_free(struct guest_kernel *k);
#define cleanup_guest_kernel CLEANUP(guest_kernel_free)

/* A module as the kernel takes it: unpacked. */
int guest_kernel_read_module(const char *path, const char *module_dir, struct strbuf *ret,
			     struct crossbpf_error *e);

#endif
