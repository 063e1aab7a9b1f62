/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-btf.h"
#include "object/types.h"

static const char *why;

static int open_types(struct types *ret, struct btf_maker *b)
{
	btf_finish(b);
	return types_open(ret, b->bytes, b->len, b->order.big, &why);
}

static void expect_printed(const struct types *t, uint32_t id, const char *want)
{
	cleanup_strbuf struct strbuf text = {0};

	types_print(t, id, &text);
	ck_assert_str_eq(text.data, want);
}

static void expect_size(const struct types *t, uint32_t id, uint32_t want, uint32_t align)
{
	uint32_t size = 0;

	ck_assert_int_eq(types_size(t, id, &size), 0);
	ck_assert_uint_eq(size, want);
	ck_assert_uint_eq(types_align(t, id), align);
}

/* What most have: scalars, a structure with bit fields, qualifiers, functions. */
static void read_in(bool big)
{
	static struct btf_maker b;
	cleanup_types struct types t = {0};
	struct type type;
	struct type_member m;
	uint32_t size;

	btf_begin(&b, big);
	uint32_t integer = btf_int(&b, "int", 4);
	uint32_t byte = btf_int(&b, "char", 1);
	uint32_t s = btf_type(&b, "s", 4 | BTF_KIND_FLAG, 3, 16);
	btf_member(&b, "a", integer);
	btf_number(&b, 3u << 24 | 5);
	btf_member(&b, "b", integer);
	btf_number(&b, 32);
	btf_member(&b, "c", 4);
	btf_number(&b, 64);
	uint32_t pointer = btf_type(&b, "", 2, 0, s);
	ck_assert_uint_eq(pointer, 4);
	uint32_t array = btf_array(&b, btf_array(&b, byte, 3), 2) /* of arrays */;
	uint32_t constant = btf_type(&b, "", 10, 0, pointer);
	uint32_t alias = btf_type(&b, "alias", 8, 0, constant);
	uint32_t proto = btf_type(&b, "", 13, 2, integer);
	btf_member(&b, "x", alias);
	btf_member(&b, "", 0);
	uint32_t to_function = btf_type(&b, "", 2, 0, proto);
	uint32_t function = btf_type(&b, "f", 12, TYPE_LINKAGE_EXTERN, proto);
	uint32_t constant_byte = btf_type(&b, "", 10, 0, byte);
	uint32_t packed = btf_type(&b, "packed", 4, 2, 5);
	btf_member(&b, "a", byte);
	btf_number(&b, 0);
	btf_member(&b, "b", integer);
	btf_number(&b, 8);
	ck_assert_int_eq(open_types(&t, &b), 0);

	types_get(&t, s, &type);
	ck_assert_int_eq(type.kind, TYPE_STRUCT);
	ck_assert(type.flag && type.n_members == 3 && type.size == 16);
	types_member(&t, &type, 0, &m);
	ck_assert(m.bits == 3 && m.bit_offset == 5 && m.type == integer);
	types_member(&t, &type, 2, &m);
	ck_assert(m.bits == 0 && m.bit_offset == 64 && m.type == pointer);
	ck_assert_str_eq(m.name, "c");

	expect_size(&t, integer, 4, 4);
	expect_size(&t, s, 16, 8);
	expect_size(&t, pointer, 8, 8);
	expect_size(&t, array, 6, 1);
	expect_size(&t, alias, 8, 8);
	expect_size(&t, packed, 5, 1);
	ck_assert_int_eq(types_size(&t, 0, &size), -EINVAL);
	ck_assert_int_eq(types_size(&t, function, &size), -EINVAL);
	ck_assert_int_eq(types_size(&t, 1000, &size), -EINVAL);

	expect_printed(&t, s, "struct s");
	expect_printed(&t, pointer, "struct s *");
	expect_printed(&t, array, "char[2][3]");
	expect_printed(&t, constant, "struct s * const");
	expect_printed(&t, constant_byte, "const char");
	expect_printed(&t, alias, "alias");
	expect_printed(&t, function, "int (alias, ...)");
	expect_printed(&t, to_function, "int (*)(alias, ...)");
	expect_printed(&t, 0, "void");

	types_get(&t, function, &type);
	ck_assert(type.linkage == TYPE_LINKAGE_EXTERN && type.type == proto);
	ck_assert_uint_eq(types_resolve(&t, alias), pointer);
	ck_assert_uint_eq(types_skip_qualifiers(&t, alias), alias);
	ck_assert_uint_eq(types_skip_qualifiers(&t, constant), pointer);
	ck_assert_uint_eq(types_find(&t, TYPE_STRUCT, "packed"), packed);
	ck_assert_uint_eq(types_find(&t, TYPE_UNION, "packed"), 0);
}

TEST(reads)
{
	read_in(false);
	read_in(true);
}

static void read_values_in(bool big)
{
	static struct btf_maker b;
	cleanup_types struct types t = {0};
	struct type type;
	struct type_value value;
	struct type_place place;

	btf_begin(&b, big);
	uint32_t is_signed = btf_type(&b, "e", 6 | BTF_KIND_FLAG, 1, 4);
	btf_member(&b, "MINUS", (uint32_t)-1);
	uint32_t is_unsigned = btf_type(&b, "u", 6, 1, 4);
	btf_member(&b, "MUCH", 0xffffffff);
	uint32_t wide = btf_type(&b, "w", 19, 1, 8);
	btf_member(&b, "WIDE", 5);
	btf_number(&b, 6);
	uint32_t variable = btf_type(&b, "v", 14, 0, is_signed);
	btf_number(&b, TYPE_LINKAGE_GLOBAL);
	uint32_t section = btf_type(&b, ".data", 15, 1, 0);
	btf_number(&b, variable);
	btf_number(&b, 12);
	btf_number(&b, 4);
	uint32_t tag = btf_type(&b, "tag", 17, 0, variable);
	btf_number(&b, (uint32_t)-1);
	uint32_t type_tag = btf_type(&b, "user", 18, 0, wide);
	uint32_t real = btf_type(&b, "double", 16, 0, 8);
	uint32_t forward = btf_type(&b, "f", 7 | BTF_KIND_FLAG, 0, 0);
	ck_assert_int_eq(open_types(&t, &b), 0);

	types_get(&t, is_signed, &type);
	types_value(&t, &type, 0, &value);
	ck_assert_str_eq(value.name, "MINUS");
	ck_assert(value.value == UINT64_MAX);
	types_get(&t, is_unsigned, &type);
	types_value(&t, &type, 0, &value);
	ck_assert(value.value == UINT32_MAX);
	types_get(&t, wide, &type);
	types_value(&t, &type, 0, &value);
	ck_assert(value.value == ((uint64_t)6 << 32 | 5));
	types_get(&t, section, &type);
	types_place(&t, &type, 0, &place);
	ck_assert(place.type == variable && place.offset == 12 && place.size == 4);
	types_get(&t, variable, &type);
	ck_assert(type.linkage == TYPE_LINKAGE_GLOBAL && type.type == is_signed);
	types_get(&t, tag, &type);
	ck_assert(type.kind == TYPE_DECL_TAG && type.component == -1 && type.type == variable);
	expect_printed(&t, type_tag, "enum w");
	expect_printed(&t, forward, "union f");
	expect_size(&t, real, 8, 8);
	expect_size(&t, variable, 4, 4);
	ck_assert_uint_eq(types_resolve(&t, type_tag), wide);
}

TEST(reads_values)
{
	read_values_in(false);
	read_values_in(true);
}

TEST(goes_in_no_circle)
{
	static struct btf_maker b;
	cleanup_types struct types t = {0};
	cleanup_strbuf struct strbuf text = {0};
	uint32_t size;

	btf_begin(&b, false);
	btf_type(&b, "a", 8, 0, 2);
	btf_type(&b, "", 10, 0, 1);
	uint32_t array = btf_array(&b, 3, 2); /* of itself */
	uint32_t pointer = btf_type(&b, "", 2, 0, 4);
	uint32_t whole = btf_type(&b, "s", 4, 2, 8); /* that holds itself, twice */
	btf_member(&b, "a", whole);
	btf_number(&b, 0);
	btf_member(&b, "b", whole);
	btf_number(&b, 0);
	uint32_t proto = btf_type(&b, "", 13, 2, 7);
	btf_member(&b, "a", 7);
	btf_member(&b, "b", 7);
	ck_assert_uint_eq(btf_type(&b, "", 2, 0, proto), 7);
	ck_assert_int_eq(open_types(&t, &b), 0);

	ck_assert_uint_eq(types_resolve(&t, 1), 0);
	ck_assert_int_eq(types_size(&t, 1, &size), -EINVAL);
	ck_assert_int_eq(types_size(&t, array, &size), -EINVAL);
	types_align(&t, whole);
	types_print(&t, array, &text);
	types_print(&t, pointer, &text);
	types_print(&t, 7, &text);
	ck_assert_uint_lt(text.len, 20000);
}

TEST(sizes_do_not_overflow)
{
	static struct btf_maker b;
	cleanup_types struct types t = {0};
	uint32_t size;

	btf_begin(&b, false);
	uint32_t integer = btf_int(&b, "int", 4);
	uint32_t large = btf_array(&b, integer, 0x40000000);
	uint32_t larger = btf_array(&b, btf_array(&b, integer, 0x10000), 0x10000);
	uint32_t most = btf_array(&b, integer, 0x3fffffff);
	ck_assert_int_eq(open_types(&t, &b), 0);
	ck_assert_int_eq(types_size(&t, large, &size), -EINVAL);
	ck_assert_int_eq(types_size(&t, larger, &size), -EINVAL);
	expect_size(&t, most, 0xfffffffc, 4);
}

/* One type that refers to number 2, which is not there. */
static void expect_refused(uint32_t kind, uint32_t n, uint32_t type, const uint32_t *behind,
			   unsigned n_behind)
{
	static struct btf_maker b;
	cleanup_types struct types t = {0};

	btf_begin(&b, false);
	btf_type(&b, "a", kind, n, type);
	for (unsigned i = 0; i < n_behind; i++)
		btf_number(&b, behind[i]);
	ck_assert_msg(open_types(&t, &b) == -ENOEXEC, "kind %u", kind);
}

TEST(refuses)
{
	static const uint32_t two[] = {2, 0, 0}, second[] = {0, 2, 0}, name[] = {1000, 0, 0};

	for (uint32_t kind = 8; kind <= 12; kind++)
		expect_refused(kind, 0, 2, NULL, 0);
	expect_refused(2, 0, 2, NULL, 0);
	expect_refused(13, 0, 2, NULL, 0);
	expect_refused(14, 0, 2, two, 1);
	expect_refused(17, 0, 2, two, 1);
	expect_refused(18, 0, 2, NULL, 0);
	assert_contains(why, "not there");
	expect_refused(3, 0, 0, two, 3);
	expect_refused(3, 0, 0, second, 3);
	expect_refused(4, 1, 0, second, 3);
	expect_refused(5, 1, 0, second, 3);
	expect_refused(13, 1, 0, second, 2);
	expect_refused(15, 1, 0, two, 3);
	assert_contains(why, "not there");
	expect_refused(4, 1, 0, name, 3);
	expect_refused(6, 1, 0, name, 2);
	assert_contains(why, "name");
}

static int open_with_name(size_t len)
{
	static struct btf_maker b;
	static char name[TYPES_NAME_MAX + 2];
	cleanup_types struct types t = {0};

	memset(name, 'a', len);
	name[len] = '\0';
	btf_begin(&b, false);
	btf_type(&b, name, 4, 0, 0);
	return open_types(&t, &b);
}

TEST(refuses_long_names)
{
	ck_assert_int_eq(open_with_name(TYPES_NAME_MAX), 0);
	ck_assert_int_eq(open_with_name(TYPES_NAME_MAX + 1), -ENOEXEC);
	assert_contains(why, "too long");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, reads);
	tcase_add_test(c, reads_values);
	tcase_add_test(c, goes_in_no_circle);
	tcase_add_test(c, sizes_do_not_overflow);
	tcase_add_test(c, refuses);
	tcase_add_test(c, refuses_long_names);
}

int main(void)
{
	return suite_run("object_types", add_tests);
}
