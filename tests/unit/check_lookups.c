/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/lookups.h"
#include "shared/strbuf.h"
#include "shared/strv.h"

static int collect(void *ctx, const char *path)
{
	struct strv *found = ctx;

	strv_add(found, path);
	return found->error;
}

static void add_list(struct strv *list, const char *const *strings)
{
	for (; *strings; strings++)
		strv_add(list, *strings);
}

static bool contains(const struct strv *strings, const char *string)
{
	for (size_t i = 0; i < strings->n; i++)
		if (strcmp(strings->v[i], string) == 0)
			return true;
	return false;
}

/* Takes "./" and doubled slashes away: names of one file are one. */
static char *plain(const char *path)
{
	struct strbuf b = {0};
	char *result;

	while (path[0] == '.' && path[1] == '/')
		for (path++; *path == '/';)
			path++;
	for (; *path; path++) {
		if (*path == '/' && (path[1] == '/' || (path[1] == '.' && path[2] == '/')))
			path += path[1] == '.';
		else
			strbuf_putc(&b, *path);
	}
	ck_assert_int_eq(strbuf_finish(&b, &result), 0);
	return result;
}

/* Is the name of that file among them, however it is spelled? */
static bool has_name(const struct strv *found, const char *path)
{
	cleanup_free char *wanted = plain(path);
	bool is = false;

	for (size_t i = 0; i < found->n && !is; i++) {
		cleanup_free char *name = plain(found->v[i]);
		is = strcmp(name, wanted) == 0;
	}
	return is;
}

struct compile {
	const char *search[6];
	const char *inputs[6]; /* as in the dependency file */
	const char *tried[8];  /* before the inputs were found */
};

static void find_all(const struct compile *c, struct strv *ret_found)
{
	cleanup_strv struct strv search = {0}, inputs = {0}, dirs = {0};

	add_list(&search, c->search);
	add_list(&inputs, c->inputs);
	ck_assert_int_eq(lookups_dirs(&inputs, &search, &search, &dirs), 0);
	for (size_t i = 0; i < inputs.n; i++)
		ck_assert_int_eq(lookups_of_input(inputs.v[i], &dirs, collect, ret_found), 0);
}

TEST(what_was_tried)
{
	static const struct compile table[] = {
		/* In the order of -I. */
		{{"a", "b", "c"}, {"x.c", "c/h.h"}, {"h.h", "a/h.h", "b/h.h"}},
		{{"a", "b"}, {"x.c", "b/sub/h.h"}, {"sub/h.h", "a/sub/h.h"}},
		{{"a", "a/sub"}, {"x.c", "a/sub/h.h"}, {"h.h", "a/h.h"}},
		/* By quotes, beside the includer. */
		{{"inc"}, {"src/x.c", "inc/h.h"}, {"src/h.h"}},
		{{"inc"}, {"src/x.c", "inc/lib/a.h", "inc/b.h"}, {"src/b.h", "inc/lib/b.h"}},
		{{"inc"}, {"x.c", "sub/a.h", "inc/b.h"}, {"b.h", "sub/b.h"}},
		{{"inc"}, {"src/x.c", "src/sub/a.h", "inc/b.h"}, {"src/sub/b.h", "src/b.h"}},
		/* #include "../h.h" and "../../h.h" */
		{{"inc"}, {"src/x.c", "inc/../h.h"}, {"src/../h.h"}},
		{{"inc"}, {"src/deep/x.c", "inc/../../h.h"}, {"src/deep/../../h.h", "../../h.h"}},
		{{"../inc"}, {"x.c", "../inc/../h.h"}, {"../h.h"}},
		{{"../inc", "/usr/include"}, {"x.c", "/usr/include/h.h"}, {"h.h", "../inc/h.h"}},
		/* -include is from the working directory, then as with quotes. */
		{{"inc"}, {"x.c", "inc/pre.h"}, {"pre.h"}},
		{{"inc"}, {"src/x.c", "inc/pre.h"}, {"pre.h"}},
		/* Absolute directories. */
		{{"/p/a", "/p/b"}, {"x.c", "/p/b/h.h"}, {"/p/a/h.h", "h.h"}},
		{{"a", "/usr/include"}, {"x.c", "/usr/include/sys/h.h"}, {"a/sys/h.h", "sys/h.h"}},
		{{"/p/a"}, {"/p/src/x.c", "/p/a/h.h"}, {"/p/src/h.h"}},
		{{"a"}, {"/x.c", "a/h.h"}, {"/h.h"}},
		/* With a slash behind, with two. */
		{{"a/", "b/"}, {"x.c", "b/h.h"}, {"a/h.h"}},
		{{"a", "b/"}, {"x.c", "b//h.h"}, {"a/h.h"}},
		{{"a//", "b"}, {"x.c", "b/h.h"}, {"a/h.h"}},
		{{"/p/a/", "/p/b/"}, {"x.c", "/p/b//h.h"}, {"/p/a/h.h"}},
		/* The working directory, by another name. */
		{{"a", "."}, {"x.c", "./h.h"}, {"a/h.h"}},
		{{"a", "./b"}, {"./x.c", "./b/h.h"}, {"a/h.h", "h.h"}},
		/* One directory twice. */
		{{"a", "b", "a"}, {"x.c", "b/h.h"}, {"a/h.h", "h.h"}},
		/* Names with anything in them. */
		{{"a b", "c\nd"}, {"x y.c", "c\nd/\xff.h"}, {"a b/\xff.h", "\xff.h"}},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_strv struct strv found = {0};

		find_all(&table[i], &found);
		for (size_t j = 0; table[i].tried[j]; j++)
			ck_assert_msg(has_name(&found, table[i].tried[j]), "row %zu lacks %s", i,
				      table[i].tried[j]);
		/* That much at most: each by the name in each directory on its path. */
		ck_assert_uint_lt(found.n, 60);
	}
}

/* What was read is not what was looked for in vain; a name that stands for it otherwise may be. */
TEST(not_where_it_was_found)
{
	static const struct compile c = {{"a", "b"}, {"x.c", "b/h.h"}, {NULL}};
	cleanup_strv struct strv found = {0};

	find_all(&c, &found);
	ck_assert(!contains(&found, "b/h.h"));
	ck_assert(!contains(&found, "x.c"));
}

static void check_dirs(const struct compile *c)
{
	cleanup_strv struct strv search = {0}, inputs = {0}, dirs = {0};
	size_t n = 0;

	add_list(&search, c->search);
	add_list(&inputs, c->inputs);
	ck_assert_int_eq(lookups_dirs(&inputs, &search, &search, &dirs), 0);
	for (; c->tried[n]; n++) {
		ck_assert_uint_lt(n, dirs.n);
		ck_assert_str_eq(dirs.v[n], c->tried[n]);
	}
	ck_assert_uint_eq(dirs.n, n);
}

TEST(directories)
{
	/* The last are what is expected. */
	static const struct compile table[] = {
		{{NULL}, {NULL}, {"."}},
		{{NULL}, {"x.c"}, {"."}},
		{{"a", "b", "a"}, {"x.c"}, {".", "a", "b"}},
		{{"a"}, {"src/x.c", "src/y.h", "a/h.h"}, {".", "a", "src"}},
		{{"a"}, {"/x.c"}, {".", "a", "/"}},
		/* Those below an absolute one are not walked through. */
		{{"/i"}, {"/i/a.h", "/i/s/b.h", "/i/s/t/c.h", "/other/d.h"}, {".", "/i", "/other"}},
		{{"/i/"}, {"/i/s/b.h", "/i//s/c.h"}, {".", "/i/"}},
		{{"/i"}, {"/in/b.h"}, {".", "/i", "/in"}},
		{{"i"}, {"i/s/b.h"}, {".", "i", "i/s"}},
	};

	for (size_t i = 0; i < LENGTH(table); i++)
		check_dirs(&table[i]);
}

/* A system's headers, and many of a project's: names for each, directories times headers. */
TEST(bounded)
{
	cleanup_strv struct strv search = {0}, inputs = {0}, dirs = {0}, found = {0};

	strv_add(&search, "../../../include");
	strv_add(&search, "../../../include/uapi");
	strv_add(&search, "../..");
	strv_add(&search, "..");
	strv_add(&search, "/usr/include");
	strv_add(&inputs, "x.c");
	for (unsigned i = 0; i < 300; i++) {
		cleanup_free char *system = str_printf("/usr/include/d%u/s/h%u.h", i % 60, i);
		strv_add(&inputs, system);
	}
	for (unsigned i = 0; i < 50; i++) {
		cleanup_free char *own = str_printf("../../../include/uapi/linux/h%u.h", i);
		strv_add(&inputs, own);
	}
	ck_assert_int_eq(lookups_dirs(&inputs, &search, &search, &dirs), 0);
	/* One a search directory, ".", and that of the project's. */
	ck_assert_uint_le(dirs.n, 8);
	for (size_t i = 0; i < inputs.n; i++)
		ck_assert_int_eq(lookups_of_input(inputs.v[i], &dirs, collect, &found), 0);
	/* Each may be found in four of the eight: "..", "../..", include, include/uapi. */
	ck_assert_uint_le(found.n, 300 * 8 + 50 * 5 * 8 + 8);
}

static int refuse(void *ctx, const char *path)
{
	(void)path;
	return --*(int *)ctx > 0 ? 0 : -EINTR;
}

TEST(ends_with_an_error)
{
	cleanup_strv struct strv dirs = {0};
	int left;

	strv_add(&dirs, "a");
	strv_add(&dirs, "b");
	strv_add(&dirs, "c");
	left = 2;
	ck_assert_int_eq(lookups_of_input("a/h.h", &dirs, refuse, &left), -EINTR);
	ck_assert_int_eq(left, 0);
	left = 2;
	ck_assert_int_eq(lookups_of_input("h.h", &dirs, refuse, &left), -EINTR);
	ck_assert_int_eq(left, 0);
	left = 5;
	ck_assert_int_eq(lookups_of_asked("x.h\ny.h\nz.h\n", &dirs, refuse, &left), -EINTR);
	ck_assert_int_eq(left, 0);
}

TEST(asked_in_each_directory)
{
	static const char *const expected[] = {"x.h",        "a/x.h",       "/b/x.h",
					       "sys/y z.h",  "a/sys/y z.h", "/b/sys/y z.h",
					       "/abs/file.h"};
	cleanup_strv struct strv dirs = {0}, found = {0};

	strv_add(&dirs, ".");
	strv_add(&dirs, "a");
	strv_add(&dirs, "/b");
	ck_assert_int_eq(
		lookups_of_asked("\n\001?\nx.h\nsys/y z.h\n/abs/file.h", &dirs, collect, &found),
		0);
	ck_assert_uint_eq(found.n, LENGTH(expected));
	for (size_t i = 0; i < LENGTH(expected); i++)
		ck_assert_msg(contains(&found, expected[i]), "%s", expected[i]);
	ck_assert_int_eq(lookups_of_asked("", &dirs, collect, &found), 0);
	ck_assert_uint_eq(found.n, LENGTH(expected));
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_was_tried);
	tcase_add_test(tests, not_where_it_was_found);
	tcase_add_test(tests, directories);
	tcase_add_test(tests, bounded);
	tcase_add_test(tests, ends_with_an_error);
	tcase_add_test(tests, asked_in_each_directory);
}

int main(void)
{
	return suite_run("lookups", add_tests);
}
