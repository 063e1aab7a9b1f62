/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <sys/utsname.h>

#include "core/variant.h"

/* The right-hand names are those of __TARGET_ARCH_ in libbpf's bpf_tracing.h. */
TEST(known_machines)
{
	static const char *const table[][2] = {
		{"x86_64", "x86"},
		{"amd64", "x86"},
		{"i386", "x86"},
		{"i686", "x86"},
		{"aarch64", "arm64"},
		{"arm64", "arm64"},
		{"aarch64_be", "arm64"},
		{"armv7l", "arm"},
		{"armv6l", "arm"},
		{"arm", "arm"},
		{"s390x", "s390"},
		{"riscv64", "riscv"},
		{"riscv32", "riscv"},
		{"ppc64le", "powerpc"},
		{"ppc64", "powerpc"},
		{"ppc", "powerpc"},
		{"mips64", "mips"},
		{"mips", "mips"},
		{"loongarch64", "loongarch"},
	};

	for (size_t i = 0; i < LENGTH(table); i++)
		ck_assert_str_eq(variant_arch_of_machine(table[i][0]), table[i][1]);
}

TEST(unknown_machines)
{
	static const char *const unknown[] = {"", "x86", "vax", "ia64", "X86_64", "xx86_64", "ar"};

	for (size_t i = 0; i < LENGTH(unknown); i++)
		ck_assert_ptr_eq(variant_arch_of_machine(unknown[i]), NULL);
}

TEST(this_host)
{
	struct utsname name;

	ck_assert_int_ge(uname(&name), 0);
	const char *expected = variant_arch_of_machine(name.machine);
	if (expected)
		ck_assert_str_eq(variant_host_arch(), expected);
	else
		ck_assert_ptr_eq(variant_host_arch(), NULL);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, known_machines);
	tcase_add_test(c, unknown_machines);
	tcase_add_test(c, this_host);
}

int main(void)
{
	return suite_run("variant", add_tests);
}
