/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "gen/ident.h"

TEST(names_in_go)
{
	/* As bpf2go calls them. */
	static const char *const names[][2] = {
		{"probe", "Probe"},
		{"events_3", "Events3"},
		{"_under", "Under"},
		{"probe_Two__x", "ProbeTwoX"},
		{"KIND_A", "KIND_A"},
		{"KIND_b_c", "KIND_bC"},
		{"__KIND_MAX", "KIND_MAX"},
		{"_under_Score_x", "UnderScoreX"},
		{"u8_", "U8"},
		{"a.b", "Ab"},
		{"", ""},
		{"___", ""},
		{"_1", "1"},
	};

	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *go = ident_to_go(names[i][0]);
		ck_assert_str_eq(go, names[i][1]);
	}
}

TEST(identifiers)
{
	static const char *const both[] = {"a", "_a", "A1", "probe_x", "bpf"};
	static const char *const neither[] = {"",    "1a",       "a-b", "a b",    "a\"b", "a\n",
					      "a.b", "\xc3\xa9", "a;",  "return", "if"};
	static const char *const only_c[] = {"func", "_", "__", "type", "go", "range"};
	static const char *const only_go[] = {"int", "class", "typeof", "new", "while", "restrict"};
	char longest[300];

	for (size_t i = 0; i < LENGTH(both); i++)
		ck_assert(ident_is_c(both[i]) && ident_is_go(both[i]));
	for (size_t i = 0; i < LENGTH(neither); i++)
		ck_assert(!ident_is_c(neither[i]) && !ident_is_go(neither[i]));
	for (size_t i = 0; i < LENGTH(only_c); i++)
		ck_assert(ident_is_c(only_c[i]) && !ident_is_go(only_c[i]));
	for (size_t i = 0; i < LENGTH(only_go); i++)
		ck_assert(!ident_is_c(only_go[i]) && ident_is_go(only_go[i]));
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert(!ident_is_c(longest) && !ident_is_go(longest) && !ident_is_symbol(longest));
}

TEST(symbols)
{
	ck_assert(ident_is_symbol("a.b$c_1") && ident_is_symbol("1"));
	ck_assert(!ident_is_symbol("") && !ident_is_symbol("a`b") && !ident_is_symbol("a\"b") &&
		  !ident_is_symbol("a\nb") && !ident_is_symbol("a b") && !ident_is_symbol("a\\b"));
}

TEST(names_of_files)
{
	static const struct {
		const char *path, *ident, *bpftool, *stem;
	} names[] = {
		{"probe.bpf.o", "probe", "probe_bpf", "probe"},
		{"/x.y/probe.o", "probe", "probe", "probe"},
		{"a-b.c.bpf.o", "a_b_c", "a_b_c_bpf", "a-b.c"},
		{"probe", "probe", "probe", "probe"},
		{"dir/.bpf.o", "_bpf", "_bpf", ".bpf"},
		{"1.o", "1", "1", "1"},
	};

	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *ident = ident_of_file(names[i].path);
		cleanup_free char *bpftool = ident_of_file_bpftool(names[i].path);
		cleanup_free char *stem = ident_stem(names[i].path);
		ck_assert_str_eq(ident, names[i].ident);
		ck_assert_str_eq(bpftool, names[i].bpftool);
		ck_assert_str_eq(stem, names[i].stem);
	}
}

TEST(cases)
{
	cleanup_free char *upper = ident_upper_first("probeX"), *lower = ident_lower("ProbeX_1");

	ck_assert_str_eq(upper, "ProbeX");
	ck_assert_str_eq(lower, "probex_1");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, names_in_go);
	tcase_add_test(c, identifiers);
	tcase_add_test(c, symbols);
	tcase_add_test(c, names_of_files);
	tcase_add_test(c, cases);
}

int main(void)
{
	return suite_run("gen_ident", add_tests);
}
