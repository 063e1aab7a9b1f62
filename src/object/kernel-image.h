/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the BTF of a kernel is in a file that holds that kernel. The file may be anything: all that
 * is read of it is checked, and little of it is in memory at a time.
 */
#ifndef CROSSBPF_KERNEL_IMAGE_H
#define CROSSBPF_KERNEL_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Nobody's vmlinux is larger, with all its DWARF. */
#define KERNEL_SIZE_MAX (UINT64_C(4) << 30)
/* Nor is its BTF: 6 MB with Debian's kernels. */
#define KERNEL_BTF_MAX (UINT64_C(64) << 20)

enum kernel_kind {
	KERNEL_UNKNOWN,
	KERNEL_BTF,     /* BTF itself, as in /sys/kernel/btf/vmlinux */
	KERNEL_ELF,     /* vmlinux */
	KERNEL_PACKED,  /* bzImage, or an EFI zboot image: a compressed one is in it */
	KERNEL_STREAM,  /* compressed as a whole: Image.gz */
	KERNEL_IMAGE,   /* arm64's and riscv's Image: memory as it is to be */
	KERNEL_BOOT,    /* arm's zImage, s390's bzImage: somewhere in it is a compressed one */
	KERNEL_PACKAGE, /* a Debian package, which holds one of these */
};

struct kernel_image {
	enum kernel_kind kind;
	const char *arch; /* as in variant.h; NULL where the file does not say */
	/* What of the file counts: the BTF, or of KERNEL_PACKED and KERNEL_STREAM what is
	 * compressed; of KERNEL_BOOT all, until kernel_image_next(). */
	uint64_t offset, len;
	bool big; /* the BTF's byte order */
};

/*
 * What is it, and where in it? 0, -ENOEXEC where it is no kernel or not a sound one, -ENOENT where
 * it is one without BTF; *why as in object.h. Or another negative errno of reading.
 */
int kernel_image_find(int fd, struct kernel_image *ret, const char **why);

/* Of KERNEL_BOOT: goes on to where something that is compressed may begin, behind the last such
 * place. -ENOENT where there is none left. */
int kernel_image_next(int fd, struct kernel_image *image);

/* Finds the BTF in what that is unpacked to, memory without a header. As kernel_image_find(). */
int kernel_image_find_memory(int fd, const char *arch, struct kernel_image *ret, const char **why);

#endif
