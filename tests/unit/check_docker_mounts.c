/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "docker/mounts.h"
#include "shared/strbuf.h"

/* Adds them all, in this order and the other way round: the same list comes of it. */
static void check_mounts(const char *const *dirs, const char *const *want)
{
	size_t n = 0;

	while (dirs[n])
		n++;
	for (int backwards = 0; backwards < 2; backwards++) {
		cleanup_strv struct strv mounts = {0};
		for (size_t i = 0; i < n; i++) {
			const char *dir = dirs[backwards ? n - 1 - i : i];
			ck_assert_msg(mounts_add(&mounts, dir) == 0, "%s", dir);
		}
		size_t m = 0;
		for (; want[m]; m++) {
			ck_assert_msg(m < mounts.n, "no %s for %s", want[m], dirs[0]);
			ck_assert_str_eq(mounts.v[m], want[m]);
		}
		ck_assert_msg(mounts.n == m, "also %s for %s", mounts.n > m ? mounts.v[m] : "",
			      dirs[0]);
	}
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING ((const char *const[]){NULL})

TEST(where_a_path_begins)
{
	check_mounts(LIST("/home/me/project"), LIST("/home"));
	check_mounts(LIST("/home"), LIST("/home"));
	check_mounts(LIST("/Users/me/a b/c"), LIST("/Users"));
	check_mounts(LIST("/root"), LIST("/root"));
	check_mounts(LIST("/w x/y"), LIST("/w x"));
	check_mounts(LIST("/usrx/y"), LIST("/usrx"));
	check_mounts(LIST("/us/y"), LIST("/us"));
	check_mounts(LIST("/\"quo'ted\\\n/y"), LIST("/\"quo'ted\\\n"));
}

TEST(the_directory_itself)
{
	check_mounts(LIST("/usr/local/src/x"), LIST("/usr/local/src/x"));
	check_mounts(LIST("/usr/local"), LIST("/usr/local"));
	check_mounts(LIST("/opt/x"), LIST("/opt/x"));
	check_mounts(LIST("/var/lib/x"), LIST("/var/lib/x"));
	check_mounts(LIST("/etc/x"), LIST("/etc/x"));
}

/* Every container has it. */
TEST(temporary)
{
	check_mounts(LIST("/tmp"), NOTHING);
	check_mounts(LIST("/tmp/x/y"), NOTHING);
	check_mounts(LIST("/tmp/"), NOTHING);
	check_mounts(LIST("/tmpx"), LIST("/tmpx"));
}

TEST(covered)
{
	check_mounts(LIST("/home/a", "/home/b", "/home"), LIST("/home"));
	check_mounts(LIST("/opt/x", "/opt/x/y", "/opt/x/y/z"), LIST("/opt/x"));
	check_mounts(LIST("/opt/x/y", "/opt/x/z", "/opt/x"), LIST("/opt/x"));
	check_mounts(LIST("/opt/x", "/opt/xy", "/opt/x-y"), LIST("/opt/x", "/opt/x-y", "/opt/xy"));
	check_mounts(LIST("/opt/x/y", "/opt/x z", "/opt/x"), LIST("/opt/x", "/opt/x z"));
}

TEST(sorted)
{
	check_mounts(LIST("/srv/a", "/home/a", "/var/a", "/Users/a", "/tmp/a", "/work"),
		     LIST("/Users", "/home", "/srv", "/var/a", "/work"));
}

/* Directories come as others name files in them. One place must not be mounted twice. */
TEST(spellings)
{
	check_mounts(LIST("/home/me/"), LIST("/home"));
	check_mounts(LIST("/home/"), LIST("/home"));
	check_mounts(LIST("/opt/x/"), LIST("/opt/x"));
	check_mounts(LIST("/opt/x/", "/opt/x"), LIST("/opt/x"));
	check_mounts(LIST("/opt/x//", "/opt//x", "/opt/./x", "/opt/x/."), LIST("/opt/x"));
	check_mounts(LIST("/opt/x/", "/opt/x/y/"), LIST("/opt/x"));
	check_mounts(LIST("//home/me"), LIST("/home"));
	check_mounts(LIST("/./home/me"), LIST("/home"));
	check_mounts(LIST("/opt/..x/.y/"), LIST("/opt/..x/.y"));
	check_mounts(LIST("/opt/.../x"), LIST("/opt/.../x"));
}

/* A name with ".." needs what it passes, too; that of the system is there. */
TEST(upwards)
{
	check_mounts(LIST("/home/me/../you"), LIST("/home"));
	check_mounts(LIST("/opt/x/../y"), LIST("/opt/y"));
	check_mounts(LIST("/usr/lib/../local/x"), LIST("/usr/local/x"));
	check_mounts(LIST("/opt/x/y/../../z"), LIST("/opt/z"));
	check_mounts(LIST("/usr/../home/me"), LIST("/home"));
	check_mounts(LIST("/home/../srv/x"), LIST("/home", "/srv"));
	check_mounts(LIST("/../../home/me"), LIST("/home"));
	check_mounts(LIST("/tmp/../home/me"), LIST("/home"));
}

static void assert_refused(const char *dir)
{
	cleanup_strv struct strv mounts = {0};

	strv_add(&mounts, "/home");
	ck_assert_msg(mounts_add(&mounts, dir) == -EINVAL, "%s is taken", dir);
	ck_assert_uint_eq(mounts.n, 1);
	ck_assert_str_eq(mounts.v[0], "/home");
}

TEST(of_the_system)
{
	static const char *const dirs[] = {"/",
					   "/usr",
					   "/usr/",
					   "/etc",
					   "/bin",
					   "/lib64",
					   "/var",
					   "/opt",
					   "/run",
					   "/proc",
					   "/proc/",
					   "/proc/self",
					   "/dev/shm/x",
					   "/sys/x/y",
					   "/sys",
					   "//",
					   "/.",
					   "/..",
					   "/usr/.",
					   "/usr//",
					   "/usr/local/..",
					   "/opt/../proc/x",
					   "/opt/x/y/../..",
					   "/home/../usr",
					   "/tmp/..",
					   "/./proc/x",
					   "//proc/x"};

	for (size_t i = 0; i < LENGTH(dirs); i++)
		assert_refused(dirs[i]);
}

TEST(not_absolute)
{
	assert_refused("");
	assert_refused(".");
	assert_refused("home/me");
	assert_refused("../home");
}

/* Where the engines would read more than a name. */
TEST(separators_of_the_engines)
{
	assert_refused("/a:b/c");
	assert_refused("/a,b");
	assert_refused("/opt/x:ro");
	assert_refused("/opt/a,size=1/x");
	/* Behind the mount point they do no harm. */
	check_mounts(LIST("/home/a:b,c"), LIST("/home"));
	check_mounts(LIST("/tmp/a:b"), NOTHING);
}

TEST(very_long)
{
	enum { DEPTH = 300 };
	cleanup_strbuf struct strbuf path = {0};
	cleanup_strv struct strv mounts = {0};

	strbuf_puts(&path, "/opt");
	for (int i = 0; i < DEPTH * 10; i++)
		strbuf_puts(&path, "/abc");
	ck_assert_int_eq(mounts_add(&mounts, path.data), 0);
	ck_assert_uint_eq(mounts.n, 1);
	ck_assert_str_eq(mounts.v[0], path.data);
	for (int i = 0; i < DEPTH; i++) {
		cleanup_free char *dir = str_printf("/opt/abc%d", i);
		ck_assert_int_eq(mounts_add(&mounts, dir), 0);
	}
	ck_assert_uint_eq(mounts.n, DEPTH + 1);
	ck_assert_int_eq(mounts_add(&mounts, "/opt/abc"), 0);
	ck_assert_uint_eq(mounts.n, DEPTH + 1); /* the first is below it */
	ck_assert_str_eq(mounts.v[0], "/opt/abc");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, where_a_path_begins);
	tcase_add_test(c, the_directory_itself);
	tcase_add_test(c, temporary);
	tcase_add_test(c, covered);
	tcase_add_test(c, sorted);
	tcase_add_test(c, spellings);
	tcase_add_test(c, upwards);
	tcase_add_test(c, of_the_system);
	tcase_add_test(c, not_absolute);
	tcase_add_test(c, separators_of_the_engines);
	tcase_add_test(c, very_long);
}

int main(void)
{
	return suite_run("docker_mounts", add_tests);
}
