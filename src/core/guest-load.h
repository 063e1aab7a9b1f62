/* SPDX-License-Identifier: BSD-2-Clause */
/* What crossbpf-guest is given: see guest-protocol.h. */
#ifndef CROSSBPF_GUEST_LOAD_H
#define CROSSBPF_GUEST_LOAD_H

#include <stdbool.h>

#include "guest-kernel.h"
#include "shared/strbuf.h"
#include "shared/strv.h"

/* A file of the host's that a guest is to have. */
struct guest_file {
	char *from, *to; /* owned; the latter is an absolute path of the guest's */
};

struct guest_load {
	const char *guest; /* the program itself */
	const char *const *objects;
	size_t n_objects;
	const char *btf, *command; /* or NULL */
	unsigned command_seconds;  /* that it may take */
	bool attach;
	const struct strbuf *packets; /* or NULL */
	const struct guest_file *files;
	size_t n_files;
	/* Of a virtual machine that has no other /bin/sh: one program that is a shell and what
	 * commands need beside, as busybox is; or NULL. */
	const char *shell;
};

/* Appends an initramfs of it to `ret`, with what of the kernel's modules a guest needs. */
int guest_load_archive(const struct guest_load *l, const struct guest_kernel *kernel,
		       const char *module_dir, struct strbuf *ret, struct crossbpf_error *e);

/* Writes it to a directory of the host's, which is there and empty, with the guest, if
 * any, as "crossbpf-guest". Files that the guest is to have are not among it. */
int guest_load_write(const struct guest_load *l, const char *dir, struct crossbpf_error *e);
/* Removes that, and the directory. */
void guest_load_remove(const struct guest_load *l, const char *dir);

#endif
