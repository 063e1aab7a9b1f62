/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/inside.h"

TEST(parents)
{
	const char *base = NULL;
	struct stat st, dir;

	ck_assert_int_eq(mkdir("p", 0755), 0);
	cleanup_close int fd = inside_open_parent("p", "a/b/c", &base);
	ck_assert_int_ge(fd, 0);
	ck_assert_str_eq(base, "c");
	ck_assert_int_eq(stat("p/a/b", &st), 0);
	ck_assert_int_eq(fstat(fd, &dir), 0);
	ck_assert_uint_eq(st.st_ino, dir.st_ino);
	cleanup_close int top = inside_open_parent("p", "x", &base);
	ck_assert_int_ge(top, 0);
	ck_assert_str_eq(base, "x");
	ck_assert_uint_eq(count_entries("p"), 1);
}

TEST(links)
{
	const char *base = NULL;

	ck_assert_int_eq(mkdir("p", 0755), 0);
	ck_assert_int_eq(mkdir("outside", 0755), 0);
	ck_assert_int_eq(symlink("../outside", "p/link"), 0);
	ck_assert_int_eq(symlink("nowhere", "p/dead"), 0);
	write_text("p/file", "");
	ck_assert_int_eq(inside_open_parent("p", "link/x", &base), -ELOOP);
	ck_assert_int_eq(inside_open_parent("p", "link/a/b/x", &base), -ELOOP);
	ck_assert_int_eq(inside_open_parent("p", "dead/x", &base), -ELOOP);
	ck_assert_int_eq(inside_open_parent("p", "file/x", &base), -ELOOP);
	ck_assert_int_eq(inside_open_parent("none", "x", &base), -ENOENT);
	ck_assert_uint_eq(count_entries("outside"), 0);
}

TEST(temporaries)
{
	cleanup_free char *first = NULL, *second = NULL;
	cleanup_close int dir = open(".", O_RDONLY | O_DIRECTORY);
	mode_t mask = umask(022);
	struct stat st;

	cleanup_close int a = inside_open_temporary(dir, "x", false, &first);
	cleanup_close int b = inside_open_temporary(dir, "x", true, &second);
	umask(mask);
	ck_assert_int_ge(a, 0);
	ck_assert_int_ge(b, 0);
	ck_assert_str_ne(first, second);
	ck_assert_int_eq(stat(first, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(stat(second, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	ck_assert_int_eq(inside_check_written(a), 0);
	ck_assert_int_eq(write(a, "still open", 10), 10);
}

TEST(modes_that_are_taken)
{
	static const struct {
		mode_t old;
		bool is_program;
		mode_t wanted;
	} modes[] = {
		{0644, false, 0644}, {0600, false, 0600}, {0755, false, 0644}, {0644, true, 0755},
		{0600, true, 0700},  {0640, true, 0750},  {0750, true, 0750},  {0400, true, 0500},
	};
	cleanup_close int dir = open(".", O_RDONLY | O_DIRECTORY);

	for (size_t i = 0; i < LENGTH(modes); i++) {
		cleanup_free char *name = NULL;
		struct stat st = {
			.st_mode = S_IFREG | modes[i].old, .st_uid = getuid(), .st_gid = getgid()};
		cleanup_close int fd = inside_open_temporary(dir, "x", false, &name);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(inside_take_mode(fd, &st, modes[i].is_program), 0);
		ck_assert_int_eq(fstat(fd, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, modes[i].wanted);
	}
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, parents);
	tcase_add_test(c, links);
	tcase_add_test(c, temporaries);
	tcase_add_test(c, modes_that_are_taken);
}

int main(void)
{
	return suite_run("inside", add_tests);
}
