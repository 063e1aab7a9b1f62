/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/settings.h"
#include "shared/strbuf.h"

/* `dir`'s root must be `root`, with a conf there or without. */
static void assert_root(const char *dir, const char *root, bool has_conf)
{
	cleanup_free char *found = NULL, *file = NULL, *strangers = NULL;

	ck_assert_int_eq(settings_find_root(dir, &found, &file, &strangers), 0);
	ck_assert_str_eq(found, root);
	if (has_conf) {
		cleanup_free char *expected = str_printf("%s/crossbpf.conf", root);
		ck_assert_str_eq(file, expected);
	} else {
		ck_assert_ptr_eq(file, NULL);
	}
}

TEST(root_is_that_of_the_nearest_conf)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *a = str_printf("%s/a", here), *ab = str_printf("%s/b", a);
	cleanup_free char *abc = str_printf("%s/c", ab);

	ck_assert(mkdir(a, 0700) == 0 && mkdir(ab, 0700) == 0 && mkdir(abc, 0700) == 0);
	assert_root(abc, abc, false);
	write_text("a/crossbpf.conf", "");
	assert_root(abc, a, true);
	assert_root(ab, a, true);
	assert_root(a, a, true);
	write_text("a/b/crossbpf.conf", "");
	assert_root(abc, ab, true);
	assert_root(a, a, true);
	write_text("a/b/c/crossbpf.conf", "");
	assert_root(abc, abc, true);
}

TEST(root_without_a_conf)
{
	assert_root("/", "/", false);
	assert_root("relative", "relative", false);
}

/* A stranger's conf says what is started: it counts only for who goes there. */
TEST(root_is_no_strangers_directory)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *a = str_printf("%s/a", here), *ab = str_printf("%s/b", a);

	ck_assert(mkdir(a, 0755) == 0 && mkdir(ab, 0755) == 0);
	write_text("crossbpf.conf", "");
	assert_root(ab, here, true);
	if (chown(a, geteuid() + 1, (gid_t)-1) < 0)
		return;
	assert_root(ab, ab, false);
	assert_root(a, here, true);
	write_text("a/crossbpf.conf", "");
	assert_root(ab, ab, false);
	assert_root(a, a, true);

	cleanup_free char *root = NULL, *conf_file = NULL, *strangers = NULL;
	cleanup_free char *ignored = str_printf("%s/crossbpf.conf", a);
	ck_assert_int_eq(settings_find_root(ab, &root, &conf_file, &strangers), 0);
	ck_assert_str_eq(strangers, ignored);
}

/* A directory that is not there has none above it that counts. */
TEST(root_where_there_is_no_directory)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *gone = str_printf("%s/gone/away", here);

	write_text("crossbpf.conf", "");
	assert_root(gone, gone, false);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, root_is_that_of_the_nearest_conf);
	tcase_add_test(c, root_without_a_conf);
	tcase_add_test(c, root_is_no_strangers_directory);
	tcase_add_test(c, root_where_there_is_no_directory);
}

int main(void)
{
	return suite_run("settings_root", add_tests);
}
