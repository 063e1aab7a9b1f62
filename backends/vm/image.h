/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk that QEMU machines begin with: made once, never written to. */
#ifndef CROSSBPF_VM_IMAGE_H
#define CROSSBPF_VM_IMAGE_H

#include "vm.h"

/* Its directory, named after what it is made by. The caller frees. */
int image_dir(const struct vm *vm, char **ret_dir);

/* Is it made? */
bool image_is_there(const char *dir);

/* Has it made, in a minute or more. */
int image_ensure(const struct vm *vm, const char *dir);

#define IMAGE_DISK "disk.img"
#define IMAGE_KERNEL "vmlinuz"
#define IMAGE_INITRD "initrd.img"

#endif
