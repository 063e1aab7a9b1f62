/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/clang-constraint.h"

static void assert_holds(const char *constraint, const char *version, bool expected)
{
	bool holds = !expected;

	ck_assert(clang_constraint_is(constraint));
	ck_assert_msg(clang_constraint_check(constraint, version, &holds) == 0, "'%s' '%s'",
		      constraint, version);
	ck_assert_msg(holds == expected, "'%s' '%s'", constraint, version);
}

TEST(constraint_or_program)
{
	static const char *const programs[] = {"",  " ", "clang", "clang-14", "/usr/bin/clang",
					       "14"};
	static const char *const constraints[] = {">=14", "<17",  "==16", "=14",
						  " >14", "!=14", ">"};

	for (size_t i = 0; i < LENGTH(programs); i++)
		ck_assert_msg(!clang_constraint_is(programs[i]), "'%s'", programs[i]);
	for (size_t i = 0; i < LENGTH(constraints); i++)
		ck_assert_msg(clang_constraint_is(constraints[i]), "'%s'", constraints[i]);
}

TEST(relations)
{
	assert_holds(">=14", "14.0.6", true);
	assert_holds(">=14", "19.1.0", true);
	assert_holds(">=14", "13.9.9", false);
	assert_holds("<17", "16.0.6", true);
	assert_holds("<17", "17.0.1", false);
	assert_holds("==16.0.6", "16.0.6", true);
	assert_holds("==16.0.6", "16.0.60", false);
	assert_holds("==16.0.6", "16.1.6", false);
	assert_holds(">9", "10", true);
}

/* As many parts as the condition has. */
TEST(parts)
{
	assert_holds(">14", "14.0.6", false);
	assert_holds(">14", "15", true);
	assert_holds("==14", "14.0.6", true);
	assert_holds("<=14", "14.0.6", true);
	assert_holds("<=14.0.5", "14.0.6", false);
	assert_holds(">14.0.5", "14.0.6", true);
	assert_holds(">=14.0.1", "14", false);
	assert_holds("==14.0", "14", true);
	assert_holds("==1.2.3.4", "1.2.3.4", true);
}

TEST(all_conditions)
{
	assert_holds(">=14,<17", "14.0.6", true);
	assert_holds(">=14,<17", "17.0.6", false);
	assert_holds(">=14,<17", "13.0.1", false);
	assert_holds(" >= 14 , < 17\t,==16", "16.0.0", true);
	assert_holds(" >= 14 , < 17\t,==16", "15.0.0", false);
}

/* What clang --version may give. */
TEST(versions)
{
	assert_holds(">=19.1", "19.1.0git", true);
	assert_holds(">=19.1", "19.1.0-rc2", true);
	assert_holds("==14.0", "14.0.", true);
	assert_holds("==18.1", "18.1.3 (1ubuntu1)", true);
}

TEST(malformed)
{
	static const char *const table[][2] = {
		{">=", "14"},    {"14", "14"},
		{"", "14"},      {">=14,", "14"},
		{",>=14", "14"}, {">=14 <17", "14"},
		{"=14", "14"},   {"!=14", "14"},
		{"=>14", "14"},  {">=14.", "14"},
		{">=.1", "14"},  {">=x", "14"},
		{">=14x", "14"}, {">=1.2.3.4.5", "14"},
		{">=-1", "14"},  {">=99999999999999999999", "14"},
		{">>14", "14"},  {">=14", ""},
		{">=14", "git"}, {">=14", " 14"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		bool holds = false;
		ck_assert_msg(clang_constraint_check(table[i][0], table[i][1], &holds) == -EINVAL,
			      "'%s' '%s'", table[i][0], table[i][1]);
	}
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, constraint_or_program);
	tcase_add_test(c, relations);
	tcase_add_test(c, parts);
	tcase_add_test(c, all_conditions);
	tcase_add_test(c, versions);
	tcase_add_test(c, malformed);
}

int main(void)
{
	return suite_run("clang_constraint", add_tests);
}
