/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/project.h"
#include "shared/strbuf.h"

static const char *const args[] = {"-target", "bpf", "-c", "a.c", NULL};

static void make(struct project *p)
{
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(project_from_clang(args, p, &e), 0);
	ck_assert_int_eq(e.status, EXIT_STATUS_OK);
}

/* The root where the environment says that $PWD is `pwd`. */
static char *root_with(const char *pwd)
{
	cleanup_project struct project p = {0};

	if (pwd)
		setenv("PWD", pwd, 1);
	else
		unsetenv("PWD");
	make(&p);
	return TAKE_PTR(p.root);
}

static void assert_root(const char *pwd, const char *expected)
{
	cleanup_free char *root = root_with(pwd);

	ck_assert_str_eq(root, expected);
}

TEST(holds_the_command_line)
{
	cleanup_project struct project p = {0};

	make(&p);
	ck_assert_ptr_eq(p.args, args);
	ck_assert(p.clang.bpf);
	ck_assert_int_eq(p.clang.phase, PHASE_OBJECT);
	ck_assert_uint_eq(p.clang.n_inputs, 1);
}

TEST(root_is_the_working_directory)
{
	cleanup_free char *here = getcwd(NULL, 0);

	assert_root(here, here);
	assert_root(NULL, here);
}

/* Debug information holds the directory as $PWD names it. */
TEST(root_by_another_name)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *real = str_printf("%s/real", here);
	cleanup_free char *link = str_printf("%s/link", here);

	ck_assert_int_eq(mkdir("real", 0700), 0);
	ck_assert_int_eq(symlink("real", "link"), 0);
	ck_assert_int_eq(chdir("real"), 0);
	assert_root(link, link);
	assert_root(NULL, real);
}

TEST(root_where_pwd_is_wrong)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *missing = str_printf("%s/missing", here);

	assert_root("/", here);
	assert_root(missing, here);
	assert_root(".", here);
	assert_root("", here);
}

/* Longer than what is first made room for. */
TEST(root_is_long)
{
	char name[101];

	memset(name, 'd', 100);
	name[100] = '\0';
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(mkdir(name, 0700), 0);
		ck_assert_int_eq(chdir(name), 0);
	}
	cleanup_free char *here = getcwd(NULL, 0);
	ck_assert_uint_gt(strlen(here), 1000);
	assert_root(NULL, here);
}

TEST(id_names_the_root)
{
	cleanup_project struct project p = {0}, again = {0}, other = {0};

	make(&p);
	make(&again);
	ck_assert_uint_eq(strlen(p.id), 64);
	ck_assert_uint_eq(strspn(p.id, "0123456789abcdef"), 64);
	ck_assert_str_eq(p.id, again.id);
	ck_assert_int_eq(mkdir("other", 0700), 0);
	ck_assert_int_eq(chdir("other"), 0);
	make(&other);
	ck_assert_str_ne(p.id, other.id);
}

TEST(directory_is_gone)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_project struct project p = {0};

	unsetenv("PWD");
	ck_assert_int_eq(mkdir("gone", 0700), 0);
	ck_assert_int_eq(chdir("gone"), 0);
	ck_assert_int_eq(rmdir("../gone"), 0);
	int r = project_from_clang(args, &p, &e);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(p.root, "/");
}

/* Clang's own variables, which change what it writes. */
TEST(variables_of_clang)
{
	static const char *const names[] = {"CCC_OVERRIDE_OPTIONS", "CC_PRINT_OPTIONS",
					    "CC_PRINT_HEADERS", "CC_PRINT_PROC_STAT",
					    "CC_LOG_DIAGNOSTICS"};

	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_project struct project p = {0}, without = {0};

		make(&without);
		ck_assert(!without.clang.more_outputs);
		setenv(names[i], "1", 1);
		make(&p);
		unsetenv(names[i]);
		ck_assert_msg(p.clang.more_outputs, "%s", names[i]);
	}
}

TEST(freed_twice)
{
	struct project p;

	make(&p);
	project_free(&p);
	ck_assert_ptr_eq(p.root, NULL);
	project_free(&p);
}

/* As it was said: nothing is looked up. */
TEST(project_at_a_root)
{
	cleanup_project struct project p = {0}, other = {0}, here = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(project_at("/the/root", &p, &e), 0);
	ck_assert_str_eq(p.root, "/the/root");
	ck_assert_ptr_eq(p.args, NULL);
	ck_assert_uint_eq(p.clang.n_inputs, 0);
	ck_assert_uint_eq(strlen(p.id), 64);
	ck_assert_int_eq(project_at("/the/root/", &other, &e), 0);
	ck_assert_str_ne(p.id, other.id);

	/* The same one as that of a command line there. */
	make(&here);
	project_free(&other);
	ck_assert_int_eq(project_at(here.root, &other, &e), 0);
	ck_assert_str_eq(other.id, here.id);
}

/* `dir`'s root must be `root`, with a conf there or without. */
static void assert_found_root(const char *dir, const char *root, bool has_conf)
{
	cleanup_free char *found = NULL, *file = NULL, *strangers = NULL;

	ck_assert_int_eq(project_find_root(dir, &found, &file, &strangers), 0);
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
	assert_found_root(abc, abc, false);
	write_text("a/crossbpf.conf", "");
	assert_found_root(abc, a, true);
	assert_found_root(ab, a, true);
	assert_found_root(a, a, true);
	write_text("a/b/crossbpf.conf", "");
	assert_found_root(abc, ab, true);
	assert_found_root(a, a, true);
	write_text("a/b/c/crossbpf.conf", "");
	assert_found_root(abc, abc, true);
}

TEST(root_without_a_conf)
{
	assert_found_root("/", "/", false);
	assert_found_root("relative", "relative", false);
}

/* A stranger's conf says what is started: it counts only for who goes there. */
TEST(root_is_no_strangers_directory)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *a = str_printf("%s/a", here), *ab = str_printf("%s/b", a);

	ck_assert(mkdir(a, 0755) == 0 && mkdir(ab, 0755) == 0);
	write_text("crossbpf.conf", "");
	assert_found_root(ab, here, true);
	if (chown(a, geteuid() + 1, (gid_t)-1) < 0)
		return;
	assert_found_root(ab, ab, false);
	assert_found_root(a, here, true);
	write_text("a/crossbpf.conf", "");
	assert_found_root(ab, ab, false);
	assert_found_root(a, a, true);

	cleanup_free char *root = NULL, *conf_file = NULL, *strangers = NULL;
	cleanup_free char *ignored = str_printf("%s/crossbpf.conf", a);
	ck_assert_int_eq(project_find_root(ab, &root, &conf_file, &strangers), 0);
	ck_assert_str_eq(strangers, ignored);
}

/* A directory that is not there has none above it that counts. */
TEST(root_where_there_is_no_directory)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *gone = str_printf("%s/gone/away", here);

	write_text("crossbpf.conf", "");
	assert_found_root(gone, gone, false);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, root_is_that_of_the_nearest_conf);
	tcase_add_test(c, root_without_a_conf);
	tcase_add_test(c, root_is_no_strangers_directory);
	tcase_add_test(c, root_where_there_is_no_directory);
	tcase_add_test(c, holds_the_command_line);
	tcase_add_test(c, root_is_the_working_directory);
	tcase_add_test(c, root_by_another_name);
	tcase_add_test(c, root_where_pwd_is_wrong);
	tcase_add_test(c, root_is_long);
	tcase_add_test(c, id_names_the_root);
	tcase_add_test(c, directory_is_gone);
	tcase_add_test(c, variables_of_clang);
	tcase_add_test(c, freed_twice);
	tcase_add_test(c, project_at_a_root);
}

int main(void)
{
	return suite_run("project", add_tests);
}
