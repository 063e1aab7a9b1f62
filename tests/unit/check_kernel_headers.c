/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/kernel-headers.h"
#include "shared/io.h"

static void put(const char *path, const char *text)
{
	ck_assert_int_eq(io_make_parents(path, 0755), 0);
	write_text(path, text);
}

/* As Debian has them: what is made in one package, what is not in another. */
static void make_trees(const char *include)
{
	cleanup_free char *makefile = str_printf("# a comment\ninclude %s/Makefile\n", include);

	put("src/headers-6.1-amd64/include/generated/autoconf.h", "");
	put("src/headers-6.1-amd64/arch/x86/include/generated/x.h", "");
	put("src/headers-6.1-amd64/Makefile", makefile);
	put("src/headers-6.1-common/include/linux/kconfig.h", "");
}

static int ask(const char *dir, const char *arch, struct strv *argv, struct strv *dirs,
	       struct crossbpf_error *e)
{
	cleanup_free char *root = getcwd(NULL, 0);

	return kernel_headers_options(root, dir, arch, argv, dirs, e);
}

static void assert_found(const char *dir, const char *source)
{
	cleanup_strv struct strv argv = {0}, dirs = {0};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *asm_dir = str_printf("%s/arch/x86/include", source);
	cleanup_free char *made = str_printf("%s/arch/x86/include/generated", dir);
	cleanup_free char *first = str_printf("%s/include/linux/kconfig.h", source);

	ck_assert_msg(ask(dir, "x86", &argv, &dirs, &e) == 0, "%s", e.message);
	ck_assert(strv_contains(&argv, "-D__KERNEL__"));
	ck_assert(strv_contains(&argv, "-D__x86_64__"));
	ck_assert(strv_contains(&argv, asm_dir));
	ck_assert(strv_contains(&argv, made));
	ck_assert(strv_contains(&argv, first));
	ck_assert(strv_contains(&dirs, dir));
	ck_assert(strv_contains(&dirs, source));
}

static void assert_refused(const char *dir, const char *arch, const char *message)
{
	cleanup_strv struct strv argv = {0}, dirs = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_lt(ask(dir, arch, &argv, &dirs, &e), 0);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	ck_assert_msg(strstr(e.message, message), "%s", e.message);
	ck_assert_ptr_ne(e.hint, NULL);
}

TEST(source_lies_beside)
{
	make_trees("/nowhere/headers-6.1-common");
	assert_found("src/headers-6.1-amd64", "src/headers-6.1-common");
}

TEST(source_is_named)
{
	cleanup_free char *root = getcwd(NULL, 0);
	cleanup_free char *common = str_printf("%s/elsewhere/common-of-6.1", root);

	make_trees(common);
	put("elsewhere/common-of-6.1/include/linux/kconfig.h", "");
	assert_found("src/headers-6.1-amd64", common);
}

/* /lib/modules/6.1/build is a link. */
TEST(source_lies_beside_what_a_link_names)
{
	cleanup_strv struct strv argv = {0}, dirs = {0};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *root = getcwd(NULL, 0);

	make_trees("/nowhere/headers-6.1-common");
	put("modules/6.1/x", "");
	ck_assert_int_eq(symlink("../../src/headers-6.1-amd64", "modules/6.1/build"), 0);
	ck_assert_int_eq(ask("modules/6.1/build", "x86", &argv, &dirs, &e), 0);
	ck_assert_msg(strstr(dirs.v[1], "/src/headers-6.1-common"), "%s", dirs.v[1]);
}

TEST(one_tree)
{
	put("linux/include/generated/autoconf.h", "");
	put("linux/arch/x86/include/generated/x.h", "");
	put("linux/include/linux/kconfig.h", "");
	assert_found("linux", "linux");
}

TEST(refuses)
{
	make_trees("/nowhere/other-common");
	assert_refused("src/headers-6.1-amd64", "x86", "only half");
	assert_refused("src/headers-6.1-amd64", "arm64", "not of arm64");
	assert_refused("src/headers-6.1-amd64", "s390", "kernel headers of s390");
	assert_refused("src", "x86", "no build tree");
	assert_refused("nowhere", "x86", "no build tree");
	write_text("src/headers-6.1-amd64/Makefile", "all:\ninclude x\n\nno newline");
	assert_refused("src/headers-6.1-amd64", "x86", "only half");
	unlink("src/headers-6.1-amd64/Makefile");
	assert_refused("src/headers-6.1-amd64", "x86", "only half");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, source_lies_beside);
	tcase_add_test(c, source_is_named);
	tcase_add_test(c, source_lies_beside_what_a_link_names);
	tcase_add_test(c, one_tree);
	tcase_add_test(c, refuses);
}

int main(void)
{
	return suite_run("kernel_headers", add_tests);
}
