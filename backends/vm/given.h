/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk that the user gives, one of those that distributions have for clouds. It is not written
 * to: what it lacks is put into another one above it, once, by a machine that has a network. */
#ifndef CROSSBPF_VM_GIVEN_H
#define CROSSBPF_VM_GIVEN_H

#include "shared/digest.h"
#include "vm.h"

/* What makes it another one. */
int given_digest(const struct vm *vm, struct digest *d);

/* "qcow2" or "raw". */
int given_format(const struct vm *vm, const char **ret_format);

/* Makes the disk above it in `dir`, as read and run from `seed`, by `accel`. */
int given_make(const struct vm *vm, const char *accel, const char *seed, const char *dir);

#endif
