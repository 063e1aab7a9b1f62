/* SPDX-License-Identifier: BSD-2-Clause */
/* object_read_arch() of an object that is open already. */
#ifndef CROSSBPF_ARCH_H
#define CROSSBPF_ARCH_H

#include "elf.h"
#include "object.h"
#include "types.h"

/* The strings live as long as what the object was opened from. */
int arch_read(const struct elf_object *e, const struct types *types, struct object_arch *ret,
	      const char **why);

#endif
