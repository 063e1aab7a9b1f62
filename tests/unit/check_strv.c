/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "shared/strv.h"

TEST(begins_empty)
{
	struct strv s = {0};

	ck_assert_ptr_eq(s.v, NULL);
	strv_free(&s);
	strv_free(&s);
	ck_assert_uint_eq(s.n, 0);
}

TEST(add_copies)
{
	cleanup_strv struct strv s = {0};
	char word[] = "word";

	strv_add(&s, word);
	word[0] = 'l';
	strv_add(&s, word);
	strv_add(&s, "");
	ck_assert_int_eq(s.error, 0);
	ck_assert_uint_eq(s.n, 3);
	ck_assert_str_eq(s.v[0], "word");
	ck_assert_str_eq(s.v[1], "lord");
	ck_assert_str_eq(s.v[2], "");
	ck_assert_ptr_eq(s.v[3], NULL);
}

/* NULL-terminated at every length, also where the room is just used up. */
TEST(grows)
{
	cleanup_strv struct strv s = {0};
	char text[16];

	for (size_t i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%zu", i);
		strv_add(&s, text);
		ck_assert_uint_eq(s.n, i + 1);
		ck_assert_ptr_eq(s.v[s.n], NULL);
	}
	for (size_t i = 0; i < 100; i++)
		ck_assert_int_eq(atoi(s.v[i]), (int)i);
}

TEST(take_owns)
{
	cleanup_strv struct strv s = {0};
	char *owned = strdup("owned");

	strv_take(&s, owned);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_ptr_eq(s.v[0], owned);
}

/* The same with few, which are looked through, and with many, which are not. */
TEST(adds_once)
{
	cleanup_strv struct strv s = {0};
	char text[16];

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 1000; i++) {
			snprintf(text, sizeof(text), "%zu", i % 500 * 7);
			ck_assert_int_eq(strv_add_once(&s, text), round == 0 && i < 500);
		}
		if (round == 1)
			strv_sort(&s);
	}
	ck_assert_uint_eq(s.n, 500);
	/* What was there twice, and what was taken off, as by hand. */
	strv_add(&s, "7");
	ck_assert(!strv_add_once(&s, "7"));
	ck_assert_uint_eq(s.n, 501);
	while (s.n > 100) {
		free(s.v[--s.n]);
		s.v[s.n] = NULL;
	}
	ck_assert(!strv_add_once(&s, s.v[99]));
	ck_assert(strv_add_once(&s, "new"));
	ck_assert(!strv_add_once(&s, "new"));
}

/* What is handed over after an error is freed: a leak checker sees whether it was. */
TEST(error_is_sticky)
{
	struct strv s = {0};

	strv_add(&s, "kept");
	strv_take(&s, NULL);
	ck_assert_int_eq(s.error, -ENOMEM);
	strv_take(&s, strdup("dropped"));
	strv_add(&s, "dropped");
	ck_assert_uint_eq(s.n, 1);
	ck_assert_str_eq(s.v[0], "kept");
	ck_assert_ptr_eq(s.v[1], NULL);
	strv_free(&s);
	ck_assert_int_eq(s.error, 0);
	ck_assert_ptr_eq(s.v, NULL);
}

TEST(add_all_copies)
{
	static const char *const strings[] = {"a", "", "b", NULL, "not"};
	static const char *const none[] = {NULL};
	cleanup_strv struct strv s = {0};

	strv_add_all(&s, none);
	ck_assert_uint_eq(s.n, 0);
	ck_assert_ptr_eq(s.v, NULL);
	strv_add(&s, "first");
	strv_add_all(&s, strings);
	ck_assert_uint_eq(s.n, 4);
	ck_assert_str_eq(s.v[0], "first");
	ck_assert_str_eq(s.v[1], "a");
	ck_assert_str_eq(s.v[2], "");
	ck_assert_str_eq(s.v[3], "b");
	ck_assert_ptr_ne(s.v[1], strings[0]);
	ck_assert_ptr_eq(s.v[4], NULL);
}

TEST(add_all_keeps_an_error)
{
	static const char *const strings[] = {"a", "b", NULL};
	cleanup_strv struct strv s = {0};

	strv_take(&s, NULL);
	strv_add_all(&s, strings);
	ck_assert_int_eq(s.error, -ENOMEM);
	ck_assert_uint_eq(s.n, 0);
}

TEST(sorts)
{
	static const char *const strings[] = {"b", "a/x", "", "a", "\xff", "b", NULL};
	static const char *const sorted[] = {"", "a", "a/x", "b", "b", "\xff"};
	cleanup_strv struct strv s = {0};

	strv_sort(&s);
	ck_assert_ptr_eq(s.v, NULL);
	strv_add_all(&s, strings);
	strv_sort(&s);
	for (size_t i = 0; i < s.n; i++)
		ck_assert_str_eq(s.v[i], sorted[i]);
	ck_assert_uint_eq(s.n, 6);
	ck_assert_ptr_eq(s.v[6], NULL);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, begins_empty);
	tcase_add_test(c, add_copies);
	tcase_add_test(c, grows);
	tcase_add_test(c, take_owns);
	tcase_add_test(c, adds_once);
	tcase_add_test(c, error_is_sticky);
	tcase_add_test(c, add_all_copies);
	tcase_add_test(c, add_all_keeps_an_error);
	tcase_add_test(c, sorts);
}

int main(void)
{
	return suite_run("strv", add_tests);
}
