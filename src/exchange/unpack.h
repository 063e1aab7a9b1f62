/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes kernels out of what they are packed in, by libarchive. In archive.so, which exports
 * crossbpf_unpack_init for it. What comes out is written to a file that the caller has open, never
 * anywhere that the packed data names.
 */
#ifndef CROSSBPF_UNPACK_H
#define CROSSBPF_UNPACK_H

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

/* Both: 0, -ENOEXEC with `why`, -EFBIG, -ECANCELED, -ENOMEM, or a negative errno of reading or
 * writing. */
struct unpack_module {
	uint32_t size;
	/* By gzip, xz, zstd, lz4, bzip2, lzma or lzop: the data says which. */
	int (*stream)(struct unpack *u);
	/* The kernel of a Debian package: the first file that is called as its kernels are. -ENOENT
	 * where there is none. */
	int (*package)(struct unpack *u);
};

CROSSBPF_BACKEND_EXPORT const struct unpack_module *crossbpf_unpack_init(void);

#endif
