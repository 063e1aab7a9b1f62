/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "shared/error.h"

TEST(is_set)
{
	cleanup_error struct crossbpf_error e = {0};
	char hint[] = "do this";

	ck_assert_int_eq(error_set(&e, -ENOENT, EXIT_STATUS_USAGE, hint, "no %s: %d", "file", 7),
			 -ENOENT);
	hint[0] = 'g';
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	ck_assert_str_eq(e.message, "no file: 7");
	ck_assert_str_eq(e.hint, "do this");
}

TEST(needs_no_hint)
{
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(error_set(&e, -EIO, EXIT_STATUS_OUTPUT, NULL, "%s", ""), -EIO);
	ck_assert_str_eq(e.message, "");
	ck_assert_ptr_eq(e.hint, NULL);
}

/* The later code is still returned, but the first error is what the user reads. */
TEST(first_stands)
{
	cleanup_error struct crossbpf_error e = {0};

	error_set(&e, -ENOENT, EXIT_STATUS_NO_BACKEND, NULL, "first");
	ck_assert_int_eq(error_set(&e, -EPERM, EXIT_STATUS_LOST, "hint", "second"), -EPERM);
	ck_assert_int_eq(error_no_memory(&e), -ENOMEM);
	ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
	ck_assert_str_eq(e.message, "first");
	ck_assert_ptr_eq(e.hint, NULL);
}

TEST(no_memory_has_no_message)
{
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(error_no_memory(&e), -ENOMEM);
	ck_assert_int_eq(e.status, EXIT_STATUS_FAILED);
	ck_assert_ptr_eq(e.message, NULL);
	error_set(&e, -EIO, EXIT_STATUS_OUTPUT, NULL, "later");
	ck_assert_int_eq(e.status, EXIT_STATUS_FAILED);
	ck_assert_ptr_eq(e.message, NULL);
}

TEST(can_be_used_again)
{
	cleanup_error struct crossbpf_error e = {0};

	error_set(&e, -ENOENT, EXIT_STATUS_USAGE, "hint", "first");
	error_free(&e);
	ck_assert_int_eq(e.status, EXIT_STATUS_OK);
	ck_assert_ptr_eq(e.message, NULL);
	ck_assert_ptr_eq(e.hint, NULL);
	error_free(&e);
	error_set(&e, -EIO, EXIT_STATUS_OUTPUT, NULL, "second");
	ck_assert_str_eq(e.message, "second");
}

/* Scripts rely on these. */
TEST(exit_statuses)
{
	ck_assert_int_eq(EXIT_STATUS_OK, 0);
	ck_assert_int_eq(EXIT_STATUS_FAILED, 1);
	ck_assert_int_eq(EXIT_STATUS_USAGE, 2);
	ck_assert_int_eq(EXIT_STATUS_NO_BACKEND, 3);
	ck_assert_int_eq(EXIT_STATUS_LOST, 4);
	ck_assert_int_eq(EXIT_STATUS_OUTPUT, 5);
	ck_assert_int_eq(EXIT_STATUS_INTERRUPT, 130);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, is_set);
	tcase_add_test(c, needs_no_hint);
	tcase_add_test(c, first_stands);
	tcase_add_test(c, no_memory_has_no_message);
	tcase_add_test(c, can_be_used_again);
	tcase_add_test(c, exit_statuses);
}

int main(void)
{
	return suite_run("error", add_tests);
}
