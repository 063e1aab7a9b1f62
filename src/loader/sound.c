/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "sound.h"

#include <errno.h>
#include <string.h>

#include "object/elf.h"
#include "object/types.h"

/* Of several libbpf would take the last one. */
static int find_only(const struct elf_object *elf, const char *name,
		     const struct elf_section **ret_section, const char **why)
{
	const struct elf_section *found = NULL;

	for (uint32_t i = 1; i < elf->n_sections; i++) {
		if (strcmp(elf->sections[i].name, name) != 0)
			continue;
		if (found)
			return elf_malformed(why, "it has BTF twice");
		found = &elf->sections[i];
	}
	*ret_section = found;
	return 0;
}

/* libbpf refuses a section without content itself. */
static int check_types(const struct elf_object *elf, const struct elf_section *btf,
		       const char **why)
{
	cleanup_types struct types types = {0};

	return btf && btf->data ? types_open(&types, btf->data, btf->size, elf->big, why) : 0;
}

int sound_check(const void *data, size_t len, const char **why)
{
	cleanup_elf_object struct elf_object elf = {0};
	const struct elf_section *btf = NULL, *ext = NULL;

	*why = NULL;
	if (len < 4 || memcmp(data, "\177ELF", 4) != 0)
		return 0;
	int r = elf_object_open(&elf, data, len, why);
	if (r == 0)
		r = find_only(&elf, ".BTF", &btf, why);
	if (r == 0)
		r = find_only(&elf, ".BTF.ext", &ext, why);
	if (r == 0)
		r = check_types(&elf, btf, why);
	if (r < 0 && !*why)
		*why = strerror(-r);
	return r;
}
