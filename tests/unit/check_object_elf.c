/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-object.h"
#include "object/elf.h"
#include "object/object.h"

static const char *why;

TEST(opens)
{
	for (int order = 0; order < 2; order++) {
		cleanup_elf_object struct elf_object e = {0};
		struct elf_symbol s;
		struct made m;

		made_object(&m, order);
		ck_assert_int_eq(elf_object_open(&e, m.data, m.len, &why), 0);
		ck_assert_ptr_eq(why, NULL);
		ck_assert_int_eq(e.big, order);
		ck_assert_uint_eq(e.n_sections, MADE_COUNT);
		ck_assert_uint_eq(e.names, MADE_STRTAB);
		ck_assert_uint_eq(e.symtab, MADE_SYMTAB);
		ck_assert_uint_eq(e.n_symbols, SYM_COUNT);
		ck_assert_str_eq(e.sections[0].name, "");
		ck_assert_str_eq(e.sections[MADE_TEXT].name, ".text");
		ck_assert_uint_eq(e.sections[MADE_TEXT].size, 16);
		ck_assert_mem_eq(e.sections[MADE_TEXT].data, m.sections[MADE_TEXT].data, 16);
		ck_assert_uint_eq(e.sections[MADE_REL_TEXT].entsize, 16);
		ck_assert_ptr_eq(e.sections[MADE_BSS].data, NULL);
		elf_object_symbol(&e, SYM_FILE, &s);
		ck_assert_uint_eq(elf_symbol_type(&s), ELF_STT_FILE);
		ck_assert_uint_eq(s.section, 0xfff1);
		elf_object_symbol(&e, SYM_LABEL, &s);
		ck_assert_uint_eq(s.section, MADE_TEXT);
		ck_assert_uint_eq(s.value, 8);
	}
}

/* Numbers of the header, and of the section headers behind it by negative offsets from the end. */
TEST(refuses)
{
	static const struct {
		int offset;
		unsigned bytes;
		uint64_t value;
		const char *why;
	} bad[] = {
		{0, 1, 0x7e, "no ELF"},
		{4, 1, 1, "64-bit"},
		{5, 1, 0, "byte order"},
		{5, 1, 3, "byte order"},
		{6, 1, 0, "version"},
		{16, 2, 2, "not relocatable"},
		{18, 2, 62, "not for BPF"},
		{20, 4, 2, "version"},
		{40, 8, 0, "no sections"},
		{40, 8, 0xffffffffffffffff, "outside"},
		{40, 8, 0xffffffffffffffc0, "outside"},
		{40, 8, MADE_SIZE, "outside"},
		{56, 2, 1, "program headers"},
		{58, 2, 40, "unknown size"},
		{60, 2, 0, "more sections"},
		{60, 2, 0xff00, "more sections"},
		{60, 2, 0xfeff, "outside"},
		{60, 2, MADE_COUNT + 1, "outside"},
		{62, 2, 0xffff, "more sections"},
		{62, 2, 0, "section names"},
		{62, 2, MADE_COUNT, "section names"},
		{62, 2, MADE_TEXT, "section names"},
		{-64 + 24, 8, 0xffffffffffffffff, "outside"},
		{-64 + 24, 8, MADE_SIZE, "outside"},
		{-64 + 32, 8, 0xffffffffffffffff, "outside"},
		{-64 + 32, 8, 24 * 1000, "outside"},
		{-64, 4, 0xffffffff, "section's name"},
		{-64, 4, MADE_NAMES, "section's name"},
		{-128 + 24, 8, 0, NULL}, /* where the header is: odd, but harmless */
		{-128 + 32, 8, 1000, "overlap"},
	};

	for (unsigned i = 0; i < 2 * LENGTH(bad); i++) {
		struct elf_object e = {0};
		struct made m;

		made_object(&m, i % 2);
		int at = bad[i / 2].offset;
		made_put(&m, m.data + (at < 0 ? (int)m.len + at : at), bad[i / 2].bytes,
			 bad[i / 2].value);
		cleanup_free void *copy = made_copy(m.data, m.len);
		int r = elf_object_open(&e, copy, m.len, &why);
		if (!bad[i / 2].why) {
			ck_assert_int_eq(r, 0);
			elf_object_close(&e);
			continue;
		}
		ck_assert_msg(r == -ENOEXEC, "%u: %d, not \"%s\"", i / 2, r, bad[i / 2].why);
		assert_contains(why, bad[i / 2].why);
		ck_assert_ptr_eq(e.sections, NULL);
	}
}

TEST(refuses_what_is_too_large)
{
	struct elf_object e;
	char small = 0;

	ck_assert_int_eq(elf_object_open(&e, &small, OBJECT_SIZE_MAX + 1, &why), -EFBIG);
	ck_assert_ptr_eq(why, NULL);
}

TEST(names_end)
{
	struct elf_object e;
	struct made m = {0};

	made_init(&m);
	made_finish(&m);
	/* The string table is the last content. */
	m.data[m.len - (size_t)m.n_sections * 64 - 1] = 'x';
	ck_assert_int_eq(elf_object_open(&e, m.data, m.len, &why), -ENOEXEC);
	assert_contains(why, "section names");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, opens);
	tcase_add_test(c, refuses);
	tcase_add_test(c, refuses_what_is_too_large);
	tcase_add_test(c, names_end);
}

int main(void)
{
	return suite_run("object_elf", add_tests);
}
