/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "sound.h"

#include <errno.h>

#include "object/elf.h"
#include "object/types.h"

int sound_check(const void *data, size_t len, const char **why)
{
	cleanup_elf_object struct elf_object elf = {0};
	struct types types = {0};
	const char *ignored;

	if (elf_object_open(&elf, data, len, &ignored) < 0)
		return 0;
	const struct elf_section *btf = elf_object_find(&elf, ".BTF");
	if (!btf || !btf->data)
		return 0;
	int r = types_open(&types, btf->data, btf->size, elf.big, why);
	if (r == 0)
		types_close(&types);
	return r == -ENOEXEC ? r : 0;
}
