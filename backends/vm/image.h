/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk that QEMU machines begin with: made once, never written to. It is of Debian's packages,
 * or above a disk that was given. */
#ifndef CROSSBPF_VM_IMAGE_H
#define CROSSBPF_VM_IMAGE_H

#include "vm.h"

/* Its directory, named after what it is made by. The caller frees. */
int image_dir(const struct vm *vm, char **ret_dir);

/* Is it made? */
bool image_is_there(const char *dir);

/* Has it made, in a minute or more; a machine that is needed for that is run by `accel`. */
int image_ensure(const struct vm *vm, const char *accel, const char *dir);

#define IMAGE_DISK "disk.img"
#define IMAGE_KERNEL "vmlinuz"
#define IMAGE_INITRD "initrd.img"
#define IMAGE_CONSOLE "console"

#endif
