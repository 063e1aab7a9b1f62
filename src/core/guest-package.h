/* SPDX-License-Identifier: BSD-2-Clause */
/* Of Debian's packages of kernels what guests need, each unpacked once. */
#ifndef CROSSBPF_GUEST_PACKAGE_H
#define CROSSBPF_GUEST_PACKAGE_H

#include "guest-kernel.h"

struct guest_module {
	const char *name, *dir; /* "virtio_pci", and where it is among a kernel's modules */
};
/* All that a guest may need, in order, up to one without a name. */
extern const struct guest_module guest_modules[];

/* The kernel of the newest package of the version request->word, which is downloaded where it is
 * not there yet; modules lie beside it. The caller frees. */
int guest_package_get(const struct guest_kernel_request *request, char **ret_image,
		      struct crossbpf_error *e);

/* The same of a package that is there. */
int guest_package_unpack(const struct guest_kernel_request *request, const char *package,
			 char **ret_image, struct crossbpf_error *e);

#endif
