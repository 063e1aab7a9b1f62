/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c: what was looked for in vain, and appears. */
#include "suite.h"

#include "make-state.h"

TEST(header_appears)
{
	begin();
	write_text("early/x.h", "of x, too");
	check_stale(&x, "early/x.h has appeared");
	check_fresh(&y);
	ck_assert_int_eq(unlink("early/x.h"), 0);
	check_stale(&x, NO_RECORD); /* what was forgotten does not come back */
	check_fresh(&y);
	build(&x);
	ck_assert_int_eq(symlink("../inc/x.h", "early/x.h"), 0);
	check_stale(&x, "early/x.h has appeared");
	ck_assert_int_eq(unlink("early/x.h"), 0);
	build(&x);
	/* Found where the command stands. */
	write_text("both.h", "");
	check_stale(&x, "both.h has appeared");
	check_stale(&y, "both.h has appeared");
	/* Built with it, it is no surprise any more. */
	build(&x);
	check_fresh(&x);
}

TEST(other_file_appears)
{
	begin();
	write_text("early/z.h", "");
	write_text("inc/z.h", "");
	write_text("z.c", "");
	ck_assert_int_eq(mkdir("early/sub", 0755), 0);
	write_text("early/sub/x.h", "");
	check_fresh(&x);
	check_fresh(&y);
	ck_assert_int_eq(unlink("early/z.h"), 0);
	check_fresh(&x);
	/* And a header after it. */
	write_text("early/x.h", "");
	check_stale(&x, "early/x.h has appeared");
	check_fresh(&y);
}

/* Those there are when it is built are no surprise. */
TEST(header_of_another_directory)
{
	make_files();
	write_text("early/x.h", "not read");
	build(&x);
	check_fresh(&x);
	write_text("early/x.h", "not read either");
	check_fresh(&x);
}

/* One that went while the build ran was perhaps there for one command, and not for another. */
TEST(header_of_another_directory_goes_meanwhile)
{
	static const struct compile c = {"c.o", {"x.c", "inc/x.h"}, {"early", "inc"}, 0, 0};

	make_files();
	write_text("early/x.h", "not read");
	settle();
	cleanup_state struct state *s = open_state();
	record(s, &x, io_now());
	ck_assert_int_eq(unlink("early/x.h"), 0);
	settle();
	record(s, &c, io_now());
	close_state(&s);
	check_fresh(&x);
	check_stale(&c, NO_RECORD);
}

TEST(directory_appears)
{
	static const struct compile c = {"c.o", {"x.c", "inc/x.h"}, {"gen", "inc"}, 0, 0};

	make_files();
	build(&c);
	check_fresh(&c);
	ck_assert_int_eq(mkdir("staged", 0755), 0);
	write_text("staged/x.h", "generated");
	ck_assert_int_eq(rename("staged", "gen"), 0);
	check_stale(&c, "gen/x.h has appeared");
	build(&c);
	check_fresh(&c);
	ck_assert_int_eq(rename("gen", "staged"), 0);
	check_fresh(&c);
}

TEST(nested_directories_appear)
{
	static const struct compile c = {
		"c.o", {"x.c", "inc/x.h"}, {"out/gen/inc", "/missing-here/a/b", "inc"}, 0, 0};

	make_files();
	build(&c);
	check_fresh(&c);
	ck_assert_int_eq(mkdir("out", 0755), 0);
	ck_assert_int_eq(mkdir("out/gen", 0755), 0);
	ck_assert_int_eq(mkdir("out/gen/inc", 0755), 0);
	write_text("out/gen/inc/x.h", "generated");
	check_stale(&c, "out/gen/inc/x.h has appeared");
	build(&c);
	check_fresh(&c);
}

/* One that was there, went, and came again with more in it. */
TEST(directory_goes_and_comes)
{
	begin();
	ck_assert_int_eq(rmdir("early"), 0);
	check_fresh(&x);
	ck_assert_int_eq(mkdir("early", 0755), 0);
	check_fresh(&x);
	write_text("early/x.h", "");
	check_stale(&x, "early/x.h has appeared");
	ck_assert_int_eq(rename("early", "late"), 0);
	check_fresh(&x);
	ck_assert_int_eq(symlink("late", "early"), 0);
	check_stale(&x, "early/x.h has appeared");
	check_fresh(&y);
}

TEST(header_that_is_asked_for)
{
	static const struct compile c = {"c.o", {"x.c", "inc/x.h"}, {"early", "inc"}, 0, 0};

	make_files();
	write_text("x.c", "#if __has_include(<feature.h>)\n#endif\n");
	write_text("inc/x.h", "#if __has_include(\"sub/more.h\")\n#endif\n");
	build(&c);
	check_fresh(&c);
	write_text("early/other.h", "");
	check_fresh(&c);
	write_text("inc/feature.h", "");
	check_stale(&c, "inc/feature.h has appeared");
	ck_assert_int_eq(unlink("inc/feature.h"), 0);
	ck_assert_int_eq(mkdir("early/sub", 0755), 0);
	write_text("early/sub/more.h", "");
	check_stale(&c, "early/sub/more.h has appeared");
	/* Known as well of a file whose version was known before. */
	build(&c);
	check_fresh(&c);
	write_text("early/feature.h", "");
	check_stale(&c, "early/feature.h has appeared");
}

/* What leads to it is there, or comes later. */
TEST(header_that_is_asked_for_by_way_of_dots)
{
	static const struct compile c = {"c.o", {"x.c", "inc/x.h"}, {"early", "out", "inc"}, 0, 0};

	make_files();
	write_text("x.c", "#if __has_include(\"./dot.h\") || __has_include(<././two.h>)\n#endif\n");
	build(&c);
	check_fresh(&c);
	write_text("early/other.h", "");
	check_fresh(&c);
	write_text("early/two.h", "");
	check_stale(&c, "early/././two.h has appeared");
	build(&c);
	check_fresh(&c);
	write_text("dot.h", "");
	check_stale(&c, "dot.h has appeared");
	build(&c);
	check_fresh(&c);
	ck_assert_int_eq(mkdir("out", 0755), 0);
	write_text("out/dot.h", "");
	check_stale(&c, "out/./dot.h has appeared");
}

/* Where nothing changed but the output, what was looked for is not written again; nor is it lost.
 */
TEST(built_again)
{
	static const struct compile late = {
		"x.o", {"x.c", "inc/both.h", "inc/x.h"}, {"early", "late", "inc"}, 1, 0};
	static const struct compile other = {
		"x.o", {"x.c", "inc/both.h", "inc/y.h"}, {"early", "late", "inc"}, 1, 0};

	begin();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(unlink("x.o"), 0);
		check_stale(&x, "its output");
		build(&x);
		check_fresh(&x);
	}
	write_text("early/x.h", "");
	check_stale(&x, "early/x.h has appeared");
	ck_assert_int_eq(unlink("early/x.h"), 0);
	build(&x);
	build(&x);
	/* Another command, and other files. */
	ck_assert_int_eq(mkdir("late", 0755), 0);
	build(&late);
	check_fresh(&late);
	write_text("late/x.h", "");
	check_stale(&late, "late/x.h has appeared");
	ck_assert_int_eq(unlink("late/x.h"), 0);
	build(&late);
	build(&other);
	check_fresh(&other);
	write_text("early/y.h", "");
	check_stale(&other, "early/y.h has appeared");
}

/* What was there when it was asked for, and is gone, may come again. */
TEST(built_again_without_what_was_asked_for)
{
	static const struct compile c = {"c.o", {"x.c", "inc/x.h"}, {"early", "inc"}, 0, 0};

	make_files();
	write_text("x.c", "#if __has_include(<feature.h>)\n#endif\n");
	write_text("inc/feature.h", "");
	build(&c);
	check_fresh(&c);
	ck_assert_int_eq(unlink("inc/feature.h"), 0);
	ck_assert_int_eq(unlink("c.o"), 0);
	build(&c);
	check_fresh(&c);
	write_text("inc/feature.h", "");
	check_stale(&c, "inc/feature.h has appeared");
}

/* The same command looks in a directory that was not there. */
TEST(built_again_with_a_directory_that_was_found)
{
	static const struct compile before = {"c.o", {"x.c", "inc/x.h"}, {"inc"}, 0, 0};
	static const struct compile now = {"c.o", {"x.c", "inc/x.h"}, {"gen", "inc"}, 0, 0};

	make_files();
	build(&before);
	ck_assert_int_eq(mkdir("gen", 0755), 0);
	settle();
	cleanup_state struct state *s = open_state();
	record_search(s, &now, io_now(), true);
	close_state(&s);
	check_fresh(&now);
	write_text("gen/x.h", "");
	check_stale(&now, "gen/x.h has appeared");
}

/* What one build keeps, another writes anew. */
TEST(built_again_by_two)
{
	static const struct compile other = {
		"x.o", {"x.c", "inc/both.h", "inc/y.h"}, {"early", "inc"}, 0, 0};

	begin();
	settle();
	cleanup_state struct state *one = open_state(), *two = open_state();
	record(two, &other, io_now());
	close_state(&two);
	record(one, &x, io_now());
	close_state(&one);
	settle();
	write_text("early/x.h", "");
	check_stale(&x, "");
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, built_again);
	tcase_add_test(tests, built_again_with_a_directory_that_was_found);
	tcase_add_test(tests, built_again_without_what_was_asked_for);
	tcase_add_test(tests, built_again_by_two);
	tcase_add_test(tests, header_appears);
	tcase_add_test(tests, other_file_appears);
	tcase_add_test(tests, header_of_another_directory);
	tcase_add_test(tests, header_of_another_directory_goes_meanwhile);
	tcase_add_test(tests, directory_appears);
	tcase_add_test(tests, nested_directories_appear);
	tcase_add_test(tests, directory_goes_and_comes);
	tcase_add_test(tests, header_that_is_asked_for);
	tcase_add_test(tests, header_that_is_asked_for_by_way_of_dots);
}

int main(void)
{
	return suite_run("state-appearing", add_tests);
}
