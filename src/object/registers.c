/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "btf.h"
#include "elf.h"
#include "object.h"
#include "registers.h"

bool registers_is_type(const char *name)
{
	/* What bpf_tracing.h reads a probed function's arguments from, by architecture. */
	static const char *const names[] = {"pt_regs", "user_pt_regs", "user_regs_struct", NULL};

	for (size_t i = 0; names[i]; i++) {
		size_t len = strlen(names[i]);
		if (strncmp(name, names[i], len) == 0 &&
		    (name[len] == '\0' || strncmp(name + len, "___", 3) == 0))
			return true;
	}
	return false;
}

int object_uses_registers(const void *data, size_t len, const char **why)
{
	cleanup_elf_object struct elf_object e = {0};
	int r = elf_object_open(&e, data, len, why);

	for (uint32_t i = 1; r == 0 && i < e.n_sections; i++)
		if (e.sections[i].type == ELF_SHT_PROGBITS &&
		    strcmp(e.sections[i].name, ".BTF") == 0)
			r = btf_has_type(e.sections[i].data, e.sections[i].size, e.big,
					 registers_is_type, why);
	return r;
}
