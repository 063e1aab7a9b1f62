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

typedef int (*check_fn)(const char *name, struct crossbpf_error *e);

static void assert_known(check_fn check, const char *name)
{
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(check(name, &e), 0);
	ck_assert_ptr_eq(e.message, NULL);
}

static void assert_unknown(check_fn check, const char *name, const char *message, const char *hint)
{
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(check(name, &e), -EINVAL);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	ck_assert_str_eq(e.message, message);
	ck_assert_str_eq(e.hint, hint);
}

TEST(names)
{
	static const char *const archs[] = {"x86",   "arm64",   "s390",      "arm",
					    "riscv", "powerpc", "loongarch", "mips"};
	static const char *const emits[] = {"object", "skeleton", "go", "c", "dep"};
	static const char *const cpus[] = {"v1", "v2", "v3", "v4"};

	for (size_t i = 0; i < LENGTH(archs); i++)
		assert_known(variant_check_arch, archs[i]);
	for (size_t i = 0; i < LENGTH(emits); i++)
		assert_known(variant_check_emit, emits[i]);
	for (size_t i = 0; i < LENGTH(cpus); i++)
		assert_known(variant_check_cpu, cpus[i]);
	assert_known(variant_check_target, "bpfel");
	assert_known(variant_check_target, "bpfeb");
}

TEST(unknown_names)
{
	assert_unknown(variant_check_target, "bpf", "'bpf' is no target", "did you mean 'bpfel'?");
	assert_unknown(variant_check_target, "x86", "'x86' is no target", "it takes bpfel, bpfeb");
	assert_unknown(variant_check_cpu, "v5", "'v5' is no instruction set", "did you mean 'v1'?");
	assert_unknown(variant_check_cpu, "probe", "'probe' is no instruction set",
		       "it takes v1, v2, v3, v4");
	assert_unknown(variant_check_emit, "skel", "'skel' is no output to emit",
		       "did you mean 'skeleton'?");
	assert_unknown(variant_check_emit, "", "'' is no output to emit",
		       "it takes object, skeleton, go, c, dep");
	assert_unknown(variant_check_arch, "arm65", "'arm65' is no arch", "did you mean 'arm64'?");
}

TEST(machines_for_archs)
{
	static const char *const table[][2] = {
		{"x86_64", "x86"},    {"amd64", "x86"},       {"aarch64", "arm64"},
		{"armv7l", "arm"},    {"ppc64le", "powerpc"}, {"s390x", "s390"},
		{"riscv64", "riscv"}, {"mips64", "mips"},     {"loongarch64", "loongarch"},
	};
	char hint[64];

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_error struct crossbpf_error e = {0};
		ck_assert_int_eq(variant_check_arch(table[i][0], &e), -EINVAL);
		snprintf(hint, sizeof(hint), "did you mean '%s'?", table[i][1]);
		ck_assert_str_eq(e.hint, hint);
	}
}

TEST(types)
{
	static const char *const bad[] = {"", "struct x", "a b", "a;b", "x*", "é"};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		cleanup_error struct crossbpf_error e = {0};
		ck_assert_int_eq(variant_check_type(bad[i], &e), -EINVAL);
	}
	ck_assert_int_eq(variant_check_type("flow_t1", NULL), 0);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, types);
	tcase_add_test(c, names);
	tcase_add_test(c, unknown_names);
	tcase_add_test(c, machines_for_archs);
	tcase_add_test(c, known_machines);
	tcase_add_test(c, unknown_machines);
	tcase_add_test(c, this_host);
}

int main(void)
{
	return suite_run("variant", add_tests);
}
