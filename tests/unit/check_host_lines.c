/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/host-lines.h"
#include "make-lines.h"
#include "object/object.h"
#include "shared/io.h"

static bool is_builders(const void *ctx, const char *name)
{
	return strcmp(name, ctx) == 0;
}

/* Is line 2 of the file what is here? Of the builder is /builder.h alone. */
static bool is_same(const char *file, const char *text, struct strv *ret_files)
{
	const struct source source = {file, text, 2};
	struct made m = {0};
	char dir[512];
	bool same = false;

	ck_assert_ptr_ne(getcwd(dir, sizeof(dir)), NULL);
	make(&m, &source);
	ck_assert_int_eq(
		host_lines_check(m.data, m.len, dir, is_builders, "/builder.h", ret_files, &same),
		0);
	return same;
}

TEST(compares_text)
{
	cleanup_strv struct strv files = {0};
	char path[600], dir[512];

	ck_assert_ptr_ne(getcwd(dir, sizeof(dir)), NULL);
	snprintf(path, sizeof(path), "%s/a.c", dir);
	write_text("a.c", "first\n\treturn 0;\r\nthird");
	ck_assert(is_same(path, "\treturn 0;", &files));
	ck_assert(is_same("a.c", "\treturn 0;", &files));
	ck_assert(!is_same(path, "", &files));
	ck_assert(!is_same(path, "\treturn 0", &files));
	ck_assert(!is_same(path, "\treturn 0;\r", &files));
	ck_assert(!is_same(path, "third", &files));
	ck_assert_uint_eq(files.n, 1);
	ck_assert_str_eq(files.v[0], path);
	write_text("a.c", "first\nlast");
	ck_assert(is_same(path, "last", &files));
	/* There is no such line: nothing is what is found. */
	write_text("a.c", "first\n");
	ck_assert(is_same(path, "", &files));
	ck_assert(!is_same(path, "first", &files));
}

TEST(finds_nothing_in_what_is_not_here)
{
	cleanup_strv struct strv files = {0};

	ck_assert(is_same("/not/there.c", "", &files));
	ck_assert(!is_same("<stdin>", "int x;", &files));
	ck_assert_uint_eq(files.n, 0);
	/* The builder knows its own. */
	ck_assert(is_same("/builder.h", "anything", &files));
}

TEST(needs_an_object)
{
	cleanup_strv struct strv files = {0};
	struct made m = {0};
	bool same;

	made_init(&m);
	made_finish(&m);
	ck_assert_int_eq(host_lines_check(m.data, m.len, "/", is_builders, "", &files, &same), 0);
	ck_assert(same);
	ck_assert_int_eq(host_lines_check("text", 4, "/", is_builders, "", &files, &same),
			 -ENOEXEC);
}

static int expect_text(void *ctx, const struct object_line *line)
{
	ck_assert_str_eq(line->text, ctx);
	return 1;
}

/* As if it were not known here what line 2 of the file says. 0 or an error, and what it is then. */
static int set_lines(const char *file, const char *dir, const char *expected)
{
	const struct source source = {file, "", 2};
	cleanup_strbuf struct strbuf got = {0};
	struct made m = {0};
	const char *why;

	make(&m, &source);
	int r = host_lines_set(m.data, m.len, dir, is_builders, "/builder.h", &got, &why);
	if (r == 0) {
		cleanup_strv struct strv files = {0};
		bool same = false;
		ck_assert_int_eq(host_lines_check(got.data, got.len, dir, is_builders, "/builder.h",
						  &files, &same),
				 0);
		ck_assert(same);
		ck_assert_int_eq(
			object_each_line(got.data, got.len, expect_text, (void *)expected, &why),
			1);
	}
	return r;
}

TEST(sets_text)
{
	char dir[512];

	ck_assert_ptr_ne(getcwd(dir, sizeof(dir)), NULL);
	write_text("a.c", "first\n\treturn 0;\r\nthird");
	ck_assert_int_eq(set_lines("./a.c", dir, "\treturn 0;"), 0);
	ck_assert_int_eq(set_lines("./gone.c", dir, ""), 0);
	ck_assert_int_eq(set_lines("/builder.h", dir, ""), -ENOTSUP);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, compares_text);
	tcase_add_test(c, finds_nothing_in_what_is_not_here);
	tcase_add_test(c, needs_an_object);
	tcase_add_test(c, sets_text);
}

int main(void)
{
	return suite_run("host_lines", add_tests);
}
