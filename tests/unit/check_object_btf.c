/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-object.h"
#include "object/btf.h"
#include "object/object.h"

static const char *why;

static int uses_registers(const char *type, bool big)
{
	struct made m = {.big = big};

	made_init(&m);
	m.sections[MADE_BTF].size = 0;
	made_btf(&m, type);
	made_finish(&m);
	return object_uses_registers(m.data, m.len, &why);
}

TEST(finds_registers)
{
	for (int order = 0; order < 2; order++) {
		ck_assert_int_eq(uses_registers("pt_regs", order), 1);
		ck_assert_int_eq(uses_registers("user_pt_regs", order), 1);
		ck_assert_int_eq(uses_registers("user_regs_struct", order), 1);
		ck_assert_int_eq(uses_registers("pt_regs___arm64", order), 1);
		ck_assert_int_eq(uses_registers("user_pt_regs___mine", order), 1);
		ck_assert_int_eq(uses_registers("pt_regs__", order), 0);
		ck_assert_int_eq(uses_registers("pt_reg", order), 0);
		ck_assert_int_eq(uses_registers("pt_regs_", order), 0);
		ck_assert_int_eq(uses_registers("", order), 0);
	}
}

TEST(no_btf)
{
	struct made m = {0};

	made_init(&m);
	m.sections[MADE_BTF].name = ".BTF.ext";
	made_finish(&m);
	ck_assert_int_eq(object_uses_registers(m.data, m.len, &why), 0);
	ck_assert_int_eq(object_uses_registers(m.data, 10, &why), -ENOEXEC);
	assert_contains(why, "no ELF");
}

/* A header, then types, then "\0a". */
struct btf_bytes {
	uint8_t data[256];
	size_t len;
};

static void add(struct btf_bytes *b, unsigned bytes, uint64_t value)
{
	static const struct made little;

	made_put(&little, b->data + b->len, bytes, value);
	b->len += bytes;
}

/* One type of this kind, with `len` bytes behind it, and a structure named "a". */
static void make_kind(struct btf_bytes *b, unsigned kind, unsigned members, unsigned len)
{
	*b = (struct btf_bytes){0};
	add(b, 2, 0xeb9f);
	add(b, 2, 1);
	add(b, 4, 24);
	add(b, 4, 0);
	add(b, 4, 12 + len + 12);
	add(b, 4, 12 + len + 12);
	add(b, 4, 3);
	add(b, 4, 0);
	add(b, 4, (uint64_t)kind << 24 | members);
	add(b, 4, 0);
	b->len += len;
	add(b, 4, 1);
	add(b, 4, 4 << 24);
	add(b, 4, 0);
	memcpy(b->data + b->len, "\0a", 3);
	b->len += 3;
}

static const char *wanted;

static bool is_wanted(const char *name)
{
	return strcmp(name, wanted) == 0;
}

static int has(const struct btf_bytes *b, const char *name)
{
	cleanup_free void *copy = made_copy(b->data, b->len);

	wanted = name;
	return btf_has_type(copy, b->len, false, is_wanted, &why);
}

TEST(walks_every_kind)
{
	/* As in the kernel's Documentation/bpf/btf.rst: bytes behind each type with two members. */
	static const unsigned behind[] = {
		[1] = 4,     [2] = 0,  [3] = 12,  [4] = 2 * 12,  [5] = 2 * 12,
		[6] = 2 * 8, [7] = 0,  [8] = 0,   [9] = 0,       [10] = 0,
		[11] = 0,    [12] = 0, [13] = 16, [14] = 4,      [15] = 2 * 12,
		[16] = 0,    [17] = 4, [18] = 0,  [19] = 2 * 12,
	};
	struct btf_bytes b;

	for (unsigned kind = 1; kind < LENGTH(behind); kind++) {
		make_kind(&b, kind, 2, behind[kind]);
		ck_assert_msg(has(&b, "a") == 1, "kind %u", kind);
		ck_assert_int_eq(has(&b, "b"), 0);
	}
	make_kind(&b, 0, 0, 0);
	ck_assert_int_eq(has(&b, "a"), -ENOEXEC);
	assert_contains(why, "unknown kind");
	make_kind(&b, 20, 0, 0);
	ck_assert_int_eq(has(&b, "a"), -ENOEXEC);
	make_kind(&b, 31, 0, 0);
	ck_assert_int_eq(has(&b, "a"), -ENOEXEC);
}

TEST(refuses)
{
	static const struct {
		unsigned offset, bytes;
		uint64_t value;
		const char *why;
	} bad[] = {
		{0, 2, 0x9feb, "no header"},
		{2, 1, 2, "version"},
		{4, 4, 23, "outside"},
		{4, 4, 0xffffffff, "outside"},
		{8, 4, 0xffffffff, "outside"},
		{12, 4, 0xffffffff, "outside"},
		{16, 4, 0xffffffff, "outside"},
		{20, 4, 0xffffffff, "outside"},
		{20, 4, 0, "do not end"},
		{20, 4, 2, "do not end"},
		{12, 4, 25, "cut off"},
		{12, 4, 40, "cut off"},
		{24, 4, 3, "name"},
		{24, 4, 0xffffffff, "name"},
		{28, 4, 4 << 24 | 0xffff, "cut off"},
	};

	for (unsigned i = 0; i < LENGTH(bad); i++) {
		static const struct made little;
		struct btf_bytes b;

		make_kind(&b, 4, 2, 24);
		made_put(&little, b.data + bad[i].offset, bad[i].bytes, bad[i].value);
		ck_assert_msg(has(&b, "b") == -ENOEXEC, "not \"%s\"", bad[i].why);
		assert_contains(why, bad[i].why);
	}
}

TEST(cut_off_anywhere)
{
	struct btf_bytes b;

	make_kind(&b, 4, 2, 24);
	for (size_t whole = b.len; b.len; b.len--)
		ck_assert_int_eq(has(&b, "b"), b.len == whole ? 0 : -ENOEXEC);
	ck_assert_int_eq(has(&b, "b"), -ENOEXEC);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, finds_registers);
	tcase_add_test(c, no_btf);
	tcase_add_test(c, walks_every_kind);
	tcase_add_test(c, refuses);
	tcase_add_test(c, cut_off_anywhere);
}

int main(void)
{
	return suite_run("object_btf", add_tests);
}
