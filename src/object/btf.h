/* SPDX-License-Identifier: BSD-2-Clause */
/* A bounded reader of BTF, the types of a BPF object. */
#ifndef CROSSBPF_BTF_H
#define CROSSBPF_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does it have a type, of whatever kind, with one of these names (NULL-terminated)? 1, 0, or
 * -ENOEXEC with *why as in object.h where BTF is malformed up to the type found. */
int btf_has_type(const uint8_t *data, size_t len, bool big, const char *const *names,
		 const char **why);

#endif
