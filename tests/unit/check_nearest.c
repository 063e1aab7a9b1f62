/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "shared/nearest.h"

static const char *const keys[] = {"sources", "outdir", "include", "cflags", "target", "arch",
				   "cpu",     "emit",   "vmlinux", "clang",  NULL};
static const char *const none[] = {NULL};

TEST(slips)
{
	static const char *const table[][2] = {
		{"sources", "sources"}, /* itself */
		{"source", "sources"},  /* one left out */
		{"soruces", "sources"}, /* two exchanged */
		{"outdirr", "outdir"},  /* one too many */
		{"cflegs", "cflags"},   /* one wrong */
		{"vmlinx", "vmlinux"},  {"Arch", "arch"}, {"cup", "cpu"}, {"includes", "include"},
	};

	for (size_t i = 0; i < LENGTH(table); i++)
		ck_assert_str_eq(nearest(table[i][0], keys), table[i][1]);
}

TEST(strangers)
{
	char longest[65], longer[66];

	ck_assert_ptr_eq(nearest("", keys), NULL);
	ck_assert_ptr_eq(nearest("zzz", keys), NULL);
	ck_assert_ptr_eq(nearest("dockerfile", keys), NULL);
	ck_assert_ptr_eq(nearest("arch", none), NULL);

	/* The table is no wider. */
	memset(longest, 'a', sizeof(longest));
	memset(longer, 'a', sizeof(longer));
	longest[64] = longer[65] = '\0';
	const char *const names[] = {longest, longer, NULL}, *const too_long[] = {longer, NULL};
	ck_assert_ptr_eq(nearest(longest, names), longest);
	ck_assert_ptr_eq(nearest(longer, names), NULL);
	ck_assert_ptr_eq(nearest("a", too_long), NULL);
}

TEST(first_of_equals)
{
	static const char *const names[] = {"bpfeb", "bpfel", NULL};

	ck_assert_str_eq(nearest("bpfe", names), "bpfeb");
	ck_assert_str_eq(nearest("bpfe1", names), "bpfeb");
}

static void assert_hint(const char *word, const char *const *names, const char *expected)
{
	cleanup_free char *hint = nearest_hint(word, names);

	ck_assert_ptr_ne(hint, NULL);
	ck_assert_str_eq(hint, expected);
}

TEST(hints)
{
	static const char *const targets[] = {"bpfel", "bpfeb", NULL};

	assert_hint("bpfl", targets, "did you mean 'bpfel'?");
	assert_hint("x86", targets, "it takes bpfel, bpfeb");
	assert_hint("x86", none, "it takes none");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, slips);
	tcase_add_test(c, strangers);
	tcase_add_test(c, first_of_equals);
	tcase_add_test(c, hints);
}

int main(void)
{
	return suite_run("nearest", add_tests);
}
