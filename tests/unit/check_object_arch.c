/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-btf.h"
#include "object/object.h"

static const char *why;

/* An object whose BTF has a structure with one member, in an unnamed union where `nested`. */
static void make_with(struct made *m, bool big, const char *structure, const char *member,
		      bool nested)
{
	static struct btf_maker b;

	btf_begin(&b, big);
	uint32_t inner = btf_type(&b, nested ? "" : structure, 4, 1, 8);
	btf_member(&b, member, 0);
	btf_number(&b, 0);
	if (nested) {
		btf_type(&b, structure, 4, 1, 8);
		btf_member(&b, "", inner);
		btf_number(&b, 0);
	}
	btf_finish(&b);
	*m = (struct made){.big = big};
	made_init(m);
	m->sections[MADE_BTF].size = 0;
	for (size_t i = 0; i < b.len; i++)
		made_number(m, MADE_BTF, 1, b.bytes[i]);
	made_finish(m);
}

static void read_arch(const struct made *m, struct object_arch *ret)
{
	ck_assert_int_eq(object_read_arch(m->data, m->len, ret, &why), 0);
}

TEST(knows_registers)
{
	static const struct {
		const char *structure, *member, *arch;
	} known[] = {
		{"pt_regs", "orig_ax", "x86"},       {"user_regs_struct", "orig_rax", "x86"},
		{"user_pt_regs", "pstate", "arm64"}, {"pt_regs", "uregs", "arm"},
		{"pt_regs", "gprs", "s390"},         {"user_regs_struct", "gp", "riscv"},
		{"pt_regs", "nip", "powerpc"},       {"user_pt_regs", "csr_era", "loongarch"},
		{"pt_regs", "cp0_epc", "mips"},      {"pt_regs___s390", "orig_gpr2", "s390"},
	};
	struct object_arch arch;
	struct made m;

	for (unsigned i = 0; i < 2 * LENGTH(known); i++) {
		make_with(&m, i % 2, known[i / 2].structure, known[i / 2].member, i % 2);
		read_arch(&m, &arch);
		ck_assert_str_eq(arch.registers, known[i / 2].arch);
		ck_assert(!arch.is_stamped && !arch.arch && arch.big == i % 2);
	}
	make_with(&m, false, "pt_regs", "regs", false);
	read_arch(&m, &arch);
	ck_assert_ptr_eq(arch.registers, NULL);
	make_with(&m, false, "cpu_regs", "pstate", false);
	read_arch(&m, &arch);
	ck_assert_ptr_eq(arch.registers, NULL);
}

static void expect_fit(const struct object_arch *o, const char *arch, const char *target)
{
	const char *where = NULL, *found = NULL;

	ck_assert_msg(object_fits(o, arch, target, &where, &found), "not %s: %s %s", arch, where,
		      found);
}

static void expect_misfit(const struct object_arch *o, const char *arch, const char *target,
			  const char *want_where, const char *want_found)
{
	const char *where = NULL, *found = NULL;

	ck_assert(!object_fits(o, arch, target, &where, &found));
	assert_contains(where, want_where);
	ck_assert_str_eq(found, want_found);
}

TEST(fits_by_stamp)
{
	const struct object_arch x86 = {.is_stamped = true, .target = "bpfel", .arch = "x86"};
	const struct object_arch any = {
		.is_stamped = true, .target = "bpfel", .arch = "any", .registers = "x86"};
	const struct object_arch big_any = {
		.big = true, .is_stamped = true, .target = "bpfeb", .arch = "any"};

	expect_fit(&x86, "x86", "bpfel");
	expect_fit(&x86, NULL, NULL);
	expect_fit(&x86, "any", NULL);
	expect_misfit(&x86, "arm64", NULL, "stamp", "x86");
	expect_misfit(&x86, "s390", NULL, "stamp", "x86");
	expect_misfit(&x86, "x86", "bpfeb", "byte order", "little-endian");
	expect_fit(&any, "arm64", "bpfel");
	expect_fit(&any, "powerpc", NULL);
	expect_misfit(&any, "s390", NULL, "byte order", "little-endian");
	expect_fit(&big_any, "s390", "bpfeb");
	expect_fit(&big_any, "mips", NULL);
	expect_misfit(&big_any, "x86", NULL, "byte order", "big-endian");
	expect_misfit(&big_any, "s390", "bpfel", "byte order", "big-endian");
}

TEST(fits_by_registers)
{
	const struct object_arch arm64 = {.registers = "arm64"}, unknown = {0};

	expect_fit(&arm64, "arm64", "bpfel");
	expect_misfit(&arm64, "x86", NULL, "registers", "arm64");
	expect_misfit(&arm64, "s390", NULL, "byte order", "little-endian");
	expect_fit(&unknown, "x86", "bpfel");
	expect_fit(&unknown, "loongarch", NULL);
}

TEST(reads_stamps)
{
	static const struct object_stamp stamp = {"bpfel", "arm64"};
	cleanup_strbuf struct strbuf object = {0};
	struct object_arch arch;
	struct made m;

	make_with(&m, false, "user_pt_regs", "pstate", true);
	ck_assert_int_eq(object_rewrite(m.data, m.len, false, &stamp, &object, &why), 0);
	ck_assert_int_eq(object_read_arch(object.data, object.len, &arch, &why), 0);
	ck_assert(arch.is_stamped);
	ck_assert_str_eq(arch.arch, "arm64");
	ck_assert_str_eq(arch.target, "bpfel");
	ck_assert_str_eq(arch.registers, "arm64");
	ck_assert_int_eq(object_read_arch(object.data, 60, &arch, &why), -ENOEXEC);
}

/* Whoever wrote it did not look at the object. */
TEST(refuses_stamps_of_the_other_order)
{
	static const char stamp[] = "1\0bpfel\0any";
	struct object_arch arch;
	struct made m;

	for (int big = 0; big < 2; big++) {
		m = (struct made){.big = big};
		made_init(&m);
		m.sections[MADE_DEBUG_LINE] = (struct made_section){
			".debug_crossbpf", .type = 1, .align = 1, .size = sizeof(stamp)};
		memcpy(m.sections[MADE_DEBUG_LINE].data, stamp, sizeof(stamp));
		made_finish(&m);
		int r = object_read_arch(m.data, m.len, &arch, &why);
		ck_assert_int_eq(r, big ? -ENOEXEC : 0);
	}
	assert_contains(why, "byte order");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, knows_registers);
	tcase_add_test(c, fits_by_stamp);
	tcase_add_test(c, fits_by_registers);
	tcase_add_test(c, reads_stamps);
	tcase_add_test(c, refuses_stamps_of_the_other_order);
}

int main(void)
{
	return suite_run("object_arch", add_tests);
}
