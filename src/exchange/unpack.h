/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes kernels out of what they are packed in, by libarchive. In archive.so, which exports
 * crossbpf_unpack_init for it. What comes out is written to a file that the caller has open, never
 * anywhere that the packed data names.
 */
#ifndef CROSSBPF_UNPACK_H
#define CROSSBPF_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crossbpf-backend.h"

struct unpack {
	int from;             /* a regular file, */
	uint64_t offset, len; /* and so much of it */
	int to;               /* at whose end is written */
	uint64_t limit;       /* more bytes than these are not: -EFBIG */
	int control;          /* readable, or at its end: stop; -1: none */
	char why[128];        /* what libarchive says is wrong */
};

/* A file of a Debian package that is wanted, by the last part of its name: what follows that is how
 * it is compressed, as in "virtio.ko" and "virtio.ko.xz". */
struct unpack_wanted {
	const char *name;
	int to;      /* as above */
	bool found;  /* set */
	char end[8]; /* set: "", ".xz" */
};

/* All: 0, -ENOEXEC with `why`, -EFBIG, -ECANCELED, -ENOMEM, or a negative errno of reading or
 * writing. */
struct unpack_module {
	uint32_t size;
	/* By gzip, xz, zstd, lz4, bzip2, lzma or lzop: the data says which. */
	int (*stream)(struct unpack *u);
	/* The kernel of a Debian package: the first file that is called as its kernels are. -ENOENT
	 * where there is none. */
	int (*package)(struct unpack *u);
	/* All of these files of such a package, the kernel of the name NULL among them, as far as
	 * they are there: the first of each. u->to is not used. */
	int (*package_files)(struct unpack *u, struct unpack_wanted *wanted, size_t n);
};

CROSSBPF_BACKEND_EXPORT const struct unpack_module *crossbpf_unpack_init(void);

#endif
