/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "btf.h"
#include "elf.h"
#include "object.h"

/* What bpf_tracing.h reads a probed function's arguments from, by architecture. */
static const char *const registers[] = {"pt_regs", "user_pt_regs", "user_regs_struct", NULL};

int object_uses_registers(const void *data, size_t len, const char **why)
{
	cleanup_elf_object struct elf_object e = {0};
	int r = elf_object_open(&e, data, len, why);

	for (uint32_t i = 1; r == 0 && i < e.n_sections; i++)
		if (e.sections[i].type == ELF_SHT_PROGBITS &&
		    strcmp(e.sections[i].name, ".BTF") == 0)
			r = btf_has_type(e.sections[i].data, e.sections[i].size, e.big, registers,
					 why);
	return r;
}
