/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <stdint.h>

#include "shared/strbuf.h"

/* Too much to be had; volatile, so that no compiler warns of what the test is for. */
static volatile size_t too_much = SIZE_MAX / 2;

TEST(appends)
{
	cleanup_strbuf struct strbuf b = {0};

	strbuf_puts(&b, "one");
	ck_assert_str_eq(b.data, "one");
	strbuf_putc(&b, ' ');
	ck_assert_str_eq(b.data, "one ");
	strbuf_add(&b, "twofold", 3);
	ck_assert_str_eq(b.data, "one two");
	strbuf_printf(&b, " %d%s", 3, "!");
	ck_assert_str_eq(b.data, "one two 3!");
	strbuf_puts(&b, "");
	ck_assert_uint_eq(b.len, strlen("one two 3!"));
	ck_assert_int_eq(b.error, 0);
}

TEST(holds_nul_bytes)
{
	cleanup_strbuf struct strbuf b = {0};

	strbuf_add(&b, "a\0b", 3);
	strbuf_putc(&b, '\0');
	strbuf_puts(&b, "c");
	ck_assert_uint_eq(b.len, 5);
	ck_assert_mem_eq(b.data, "a\0b\0c", 6);
}

TEST(grows)
{
	cleanup_strbuf struct strbuf b = {0};

	for (int i = 0; i < 5000; i++)
		strbuf_putc(&b, (char)('a' + i % 26));
	ck_assert_uint_eq(b.len, 5000);
	ck_assert_uint_gt(b.room, 5000);
	for (int i = 0; i < 5000; i++)
		ck_assert_int_eq(b.data[i], 'a' + i % 26);
	ck_assert_int_eq(b.data[5000], '\0');
}

/* Every length around the first sizes of the buffer. */
TEST(prints_any_length)
{
	for (int len = 0; len < 300; len++) {
		cleanup_strbuf struct strbuf b = {0};

		strbuf_puts(&b, "<");
		strbuf_printf(&b, "%*s", len, "");
		strbuf_puts(&b, ">");
		ck_assert_uint_eq(b.len, (size_t)len + 2);
		ck_assert_uint_eq(strlen(b.data), (size_t)len + 2);
		ck_assert_int_eq(b.data[len + 1], '>');
	}
}

TEST(finish_hands_over)
{
	struct strbuf b = {0};
	char *string = NULL;

	strbuf_puts(&b, "text");
	ck_assert_int_eq(strbuf_finish(&b, &string), 0);
	ck_assert_str_eq(string, "text");
	free(string);
	ck_assert_ptr_eq(b.data, NULL);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_uint_eq(b.room, 0);

	/* An empty one gives a string, too; and the buffer can be used again. */
	ck_assert_int_eq(strbuf_finish(&b, &string), 0);
	ck_assert_str_eq(string, "");
	free(string);
	strbuf_puts(&b, "again");
	ck_assert_str_eq(b.data, "again");
	strbuf_free(&b);
	ck_assert_ptr_eq(b.data, NULL);
	strbuf_free(&b);
}

TEST(error_is_sticky)
{
	struct strbuf b = {0};
	char untouched = 'u', *string = &untouched;

	strbuf_puts(&b, "kept");
	strbuf_add(&b, "", too_much);
	ck_assert_int_eq(b.error, -ENOMEM);
	strbuf_puts(&b, "more");
	strbuf_putc(&b, '!');
	strbuf_printf(&b, "%d", 1);
	ck_assert_uint_eq(b.len, 4);
	ck_assert_str_eq(b.data, "kept");
	ck_assert_int_eq(strbuf_finish(&b, &string), -ENOMEM);
	ck_assert_ptr_eq(string, &untouched);

	strbuf_free(&b);
	ck_assert_int_eq(b.error, 0);
	ck_assert_ptr_eq(b.data, NULL);
}

TEST(str_printf_allocates)
{
	cleanup_free char *words = str_printf("%s-%c-%03u", "a", 'b', 7u);
	cleanup_free char *empty = str_printf("%s", "");

	ck_assert_str_eq(words, "a-b-007");
	ck_assert_str_eq(empty, "");
}

TEST(take_transfers)
{
	char *owned = strdup("x");
	char *taken = TAKE_PTR(owned);

	ck_assert_ptr_eq(owned, NULL);
	ck_assert_str_eq(taken, "x");
	free(taken);

	int fd = 5;
	ck_assert_int_eq(TAKE_FD(fd), 5);
	ck_assert_int_eq(fd, -1);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, appends);
	tcase_add_test(c, holds_nul_bytes);
	tcase_add_test(c, grows);
	tcase_add_test(c, prints_any_length);
	tcase_add_test(c, finish_hands_over);
	tcase_add_test(c, error_is_sticky);
	tcase_add_test(c, str_printf_allocates);
	tcase_add_test(c, take_transfers);
}

int main(void)
{
	return suite_run("strbuf", add_tests);
}
