/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>
#include <sys/utsname.h>

#include "variant.h"

const char *variant_arch_of_machine(const char *machine)
{
	/* Beginnings; the first that fits. */
	static const struct {
		const char *machine, *arch;
	} table[] = {
		{"x86_64", "x86"},
		{"amd64", "x86"},
		{"i386", "x86"},
		{"i486", "x86"},
		{"i586", "x86"},
		{"i686", "x86"},
		{"arm64", "arm64"},
		{"aarch64", "arm64"},
		{"arm", "arm"},
		{"s390", "s390"},
		{"riscv", "riscv"},
		{"ppc", "powerpc"},
		{"loongarch", "loongarch"},
		{"mips", "mips"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strncmp(machine, table[i].machine, strlen(table[i].machine)) == 0)
			return table[i].arch;
	return NULL;
}

const char *variant_host_arch(void)
{
	struct utsname name;

	return uname(&name) < 0 ? NULL : variant_arch_of_machine(name.machine);
}
