/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/prefix-source.h"

/* How source.c begins, with these options. */
static void assert_begins(const char *name, const char *option)
{
	cleanup_prefix_source struct prefix_source s = {0};
	cleanup_strv struct strv argv = {0};
	cleanup_free char *dir = getcwd(NULL, 0);
	const char *why;

	strv_add(&argv, "clang");
	strv_add(&argv, option);
	ck_assert_int_eq(prefix_source_read(dir, "d/source.c", &argv, &s, &why), 0);
	ck_assert_msg(!why, "%s", why);
	ck_assert_str_eq(s.include.name, name);
	ck_assert_int_eq(s.include.quote, name[0] == '"');
	ck_assert(prefix_source_holds(dir, "d/source.c", &s));
}

TEST(quotes)
{
	ck_assert_int_eq(mkdir("d", 0700), 0);
	write_text("d/source.c", "#include \"a.h\"\n");
	assert_begins("<a.h>", "-Ix"); /* is not beside it */
	assert_begins("\"a.h\"", "-iquote");
	assert_begins("\"a.h\"", "-iquotex");
	write_text("d/a.h", "");
	assert_begins("\"a.h\"", "-Ix");
	unlink("d/a.h");
	ck_assert_int_eq(symlink("nowhere", "d/a.h"), 0);
	assert_begins("\"a.h\"", "-Ix");
	write_text("d/source.c", "#include \"/a.h\"\n");
	assert_begins("\"/a.h\"", "-Ix");
	write_text("d/source.c", "#include \"a>.h\"\n");
	assert_begins("\"a>.h\"", "-Ix");
}

TEST(no_sources)
{
	cleanup_free char *dir = getcwd(NULL, 0);
	cleanup_strv struct strv argv = {0};
	static const char *const names[] = {"x.S", "x", ".c", "missing.c", "dir.c"};

	strv_add(&argv, "clang");
	write_text("x.S", "#include <a.h>\n");
	write_text("x", "#include <a.h>\n");
	ck_assert_int_eq(mkdir("dir.c", 0700), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_prefix_source struct prefix_source s = {0};
		const char *why = NULL;
		ck_assert_int_eq(prefix_source_read(dir, names[i], &argv, &s, &why), 0);
		ck_assert_ptr_ne(why, NULL);
	}
}

/* Also where size and modification time are kept. */
TEST(changed)
{
	cleanup_prefix_source struct prefix_source s = {0};
	cleanup_free char *dir = getcwd(NULL, 0);
	cleanup_strv struct strv argv = {0};
	const char *why;
	struct stat st;

	strv_add(&argv, "clang");
	write_text("x.c", "#include <a.h>\nint x;\n");
	ck_assert_int_eq(stat("x.c", &st), 0);
	ck_assert_int_eq(prefix_source_read(dir, "x.c", &argv, &s, &why), 0);
	write_text("x.c", "#include <b.h>\nint x;\n");
	struct timespec times[2] = {st.st_atim, st.st_mtim};
	ck_assert_int_eq(utimensat(AT_FDCWD, "x.c", times, 0), 0);
	ck_assert(!prefix_source_holds(dir, "x.c", &s));
	write_text("x.c", "#include <a.h>\nint x;\n");
	ck_assert(prefix_source_holds(dir, "x.c", &s));
	unlink("x.c");
	ck_assert(!prefix_source_holds(dir, "x.c", &s));
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, quotes);
	tcase_add_test(tests, no_sources);
	tcase_add_test(tests, changed);
}

int main(void)
{
	return suite_run("prefix-source", add_tests);
}
