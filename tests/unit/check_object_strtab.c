/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <stdint.h>

#include "object/strtab.h"

static void cleanup_table(struct strtab *t)
{
	strtab_free(t);
}
#define cleanup_strtab CLEANUP(cleanup_table)

/* The new place holds what the old one did. */
static void assert_string(const struct strtab *t, uint32_t offset, const char *want)
{
	ck_assert_uint_lt(strtab_place(t, offset), t->len);
	ck_assert_str_eq(t->data + strtab_place(t, offset), want);
}

TEST(keeps_what_is_used)
{
	static const char old[] = "\0one\0two\0three";
	cleanup_strtab struct strtab t = {0};

	ck_assert_int_eq(strtab_init(&t, old, sizeof(old), "added"), 0);
	strtab_use(&t, 1);
	strtab_use(&t, 9);
	strtab_use(&t, 0);
	strtab_use(&t, sizeof(old));
	ck_assert_int_eq(strtab_build(&t), 0);
	assert_string(&t, 1, "one");
	assert_string(&t, 9, "three");
	assert_string(&t, sizeof(old), "added");
	ck_assert_uint_eq(strtab_place(&t, 0), 0);
	ck_assert_uint_eq(t.len, sizeof("\0one\0three\0added"));
}

TEST(shares_ends)
{
	static const char old[] = "\0.text\0.rel.text\0xt\0.text";
	cleanup_strtab struct strtab t = {0};

	ck_assert_int_eq(strtab_init(&t, old, sizeof(old), "a.rel.text"), 0);
	strtab_use(&t, 1);  /* .text */
	strtab_use(&t, 7);  /* .rel.text */
	strtab_use(&t, 12); /* text, within it */
	strtab_use(&t, 16); /* its NUL */
	strtab_use(&t, 17); /* xt */
	strtab_use(&t, 20); /* .text again */
	strtab_use(&t, sizeof(old));
	ck_assert_int_eq(strtab_build(&t), 0);
	ck_assert_uint_eq(t.len, sizeof("\0a.rel.text"));
	assert_string(&t, 1, ".text");
	assert_string(&t, 7, ".rel.text");
	assert_string(&t, 12, "text");
	assert_string(&t, 17, "xt");
	assert_string(&t, 20, ".text");
	ck_assert_uint_eq(strtab_place(&t, 16), 0);
}

TEST(order_does_not_count)
{
	static const char one[] = "\0first\0second\0unused", other[] = "\0a_second\0first\0t";
	cleanup_strtab struct strtab a = {0}, b = {0};

	ck_assert_int_eq(strtab_init(&a, one, sizeof(one), ""), 0);
	ck_assert_int_eq(strtab_init(&b, other, sizeof(other), ""), 0);
	strtab_use(&a, 1);
	strtab_use(&a, 7);
	strtab_use(&b, 3);
	strtab_use(&b, 10);
	strtab_use(&b, 16);
	ck_assert_int_eq(strtab_build(&a), 0);
	ck_assert_int_eq(strtab_build(&b), 0);
	ck_assert_uint_eq(a.len, b.len);
	ck_assert_mem_eq(a.data, b.data, a.len);
}

/* Of `name` at the end of the string `in`. */
static uint32_t find_end(const char *old, const char *in, const char *name)
{
	const char *at = old + 1;

	while (strcmp(at, in) != 0)
		at += strlen(at) + 1;
	return (uint32_t)(at - old + (long)strlen(in) - (long)strlen(name));
}

/* An end of others stands in one place, whichever of them it stood in. */
TEST(old_places_do_not_count)
{
	static const char *const names[] = {"s", "ss", ".bss", ".maps", "maps", "aps", "xaps", "q"};
	static const char *const within[][LENGTH(names)] = {
		{"s", "ss", ".bss", ".maps", "maps", "aps", "xaps", "q"},
		{".bss", ".bss", ".bss", ".maps", ".maps", "xaps", "xaps", "q"},
		{".maps", "ss", ".bss", ".maps", ".maps", ".maps", "xaps", "q"},
		{"xaps", ".bss", ".bss", ".maps", "maps", "maps", "xaps", "q"},
		{"unused.maps", ".bss", ".bss", ".maps", "unused.maps", ".maps", "xaps", "q"},
	};
	static const char old[] =
		"\0s\0ss\0.bss\0.maps\0maps\0aps\0xaps\0q\0.debug_ranges\0unused.maps";
	cleanup_strtab struct strtab first = {0};

	for (size_t i = 0; i < LENGTH(within); i++) {
		cleanup_strtab struct strtab more = {0};
		struct strtab *t = i ? &more : &first;

		ck_assert_int_eq(strtab_init(t, old, sizeof(old), ""), 0);
		for (size_t j = 0; j < LENGTH(names); j++)
			strtab_use(t, find_end(old, within[i][j], names[j]));
		ck_assert_int_eq(strtab_build(t), 0);
		ck_assert_uint_eq(t->len, sizeof("\0.bss\0.maps\0xaps\0q"));
		ck_assert_mem_eq(t->data, first.data, first.len);
		for (size_t j = 0; j < LENGTH(names); j++) {
			uint32_t at = find_end(old, within[i][j], names[j]);
			assert_string(t, at, names[j]);
			ck_assert_uint_eq(
				strtab_place(t, at),
				strtab_place(&first, find_end(old, within[0][j], names[j])));
		}
	}
}

/* Every offset of a long string is a string: the result must not grow with their number. */
TEST(overlapping_strings)
{
	enum { LEN = 50000 };
	cleanup_free char *old = malloc(LEN);
	cleanup_strtab struct strtab t = {0};

	ck_assert_ptr_ne(old, NULL);
	memset(old, 'x', LEN);
	old[LEN - 1] = '\0';
	ck_assert_int_eq(strtab_init(&t, old, LEN, ""), 0);
	for (uint32_t i = 0; i < LEN; i++)
		strtab_use(&t, i);
	ck_assert_int_eq(strtab_build(&t), 0);
	ck_assert_uint_eq(t.len, LEN + 1);
	assert_string(&t, LEN - 3, "xx");
}

TEST(nothing_used)
{
	cleanup_strtab struct strtab t = {0};

	ck_assert_int_eq(strtab_init(&t, "x", 2, ""), 0);
	ck_assert_int_eq(strtab_build(&t), 0);
	ck_assert_uint_eq(t.len, 1);
	ck_assert_int_eq(t.data[0], '\0');
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, keeps_what_is_used);
	tcase_add_test(c, shares_ends);
	tcase_add_test(c, order_does_not_count);
	tcase_add_test(c, old_places_do_not_count);
	tcase_add_test(c, overlapping_strings);
	tcase_add_test(c, nothing_used);
}

int main(void)
{
	return suite_run("object_strtab", add_tests);
}
