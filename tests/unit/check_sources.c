/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/sources.h"

static int expand(const char *root, const char *const *patterns, struct strv *ret_sources,
		  struct crossbpf_error *e)
{
	cleanup_strv struct strv wanted = {0};

	for (; *patterns; patterns++)
		strv_add(&wanted, *patterns);
	return sources_expand(root, &wanted, ret_sources, e);
}

#define PATTERNS(...) ((const char *const[]){__VA_ARGS__, NULL})

#define assert_sources(root, patterns, ...)                                  \
	do {                                                                 \
		static const char *const expected_[] = {__VA_ARGS__, NULL};  \
		cleanup_error struct crossbpf_error e_ = {0};                \
		cleanup_strv struct strv got_ = {0};                         \
		ck_assert_int_eq(expand((root), (patterns), &got_, &e_), 0); \
		for (size_t i_ = 0; i_ < got_.n && expected_[i_]; i_++)      \
			ck_assert_str_eq(got_.v[i_], expected_[i_]);         \
		ck_assert_uint_eq(got_.n, LENGTH(expected_) - 1);            \
	} while (0)

/* A directory with files in it. */
static void make_files(const char *dir)
{
	static const char *const names[] = {"b.bpf.c", "a.bpf.c", "B.bpf.c", "z.c",
					    ".hidden.bpf.c"};
	char path[256];

	ck_assert_int_eq(mkdir(dir, 0700), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		write_text(path, "");
	}
	snprintf(path, sizeof(path), "%s/dir.bpf.c", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

TEST(plain_names_stay)
{
	assert_sources(".", PATTERNS("a.bpf.c", "not/there.c", "/abs.c", "~/x.c", ""), "a.bpf.c",
		       "not/there.c", "/abs.c", "~/x.c", "");
}

/* By their bytes, without directories and what a leading dot hides. */
TEST(patterns)
{
	make_files("bpf");
	assert_sources(".", PATTERNS("bpf/*.bpf.c"), "bpf/B.bpf.c", "bpf/a.bpf.c", "bpf/b.bpf.c");
	assert_sources("bpf", PATTERNS("*.c"), "B.bpf.c", "a.bpf.c", "b.bpf.c", "z.c");
	assert_sources("bpf/", PATTERNS("?.c", "[ab].*"), "z.c", "a.bpf.c", "b.bpf.c");
	assert_sources("bpf", PATTERNS("./[!a].bpf.c", "../*/z.c"), "./B.bpf.c", "./b.bpf.c",
		       "../bpf/z.c");
	assert_sources("", PATTERNS("bpf/[a]*.c"), "bpf/a.bpf.c");
	assert_sources("/", PATTERNS("etc/pass[w]d"), "etc/passwd");
}

TEST(absolute)
{
	char pattern[256], found[300];

	make_files("bpf");
	ck_assert_ptr_ne(getcwd(pattern, 200), NULL);
	snprintf(found, sizeof(found), "%s/bpf/z.c", pattern);
	strcat(pattern, "/bpf/[z].c");
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strv struct strv got = {0};
	ck_assert_int_eq(expand("nowhere", PATTERNS(pattern), &got, &e), 0);
	ck_assert_uint_eq(got.n, 1);
	ck_assert_str_eq(got.v[0], found);
}

TEST(each_once)
{
	make_files("bpf");
	assert_sources("bpf", PATTERNS("z.c", "b.bpf.c", "*.bpf.c", "[z].c", "z.c"), "z.c",
		       "b.bpf.c", "B.bpf.c", "a.bpf.c");
}

TEST(root_is_no_pattern)
{
	make_files("we*rd [r]o?t\\x");
	make_files("weird root");
	assert_sources("we*rd [r]o?t\\x", PATTERNS("a*.c", "*r.bpf.c/../z.[c]"), "a.bpf.c",
		       "dir.bpf.c/../z.c");
	assert_sources("we*rd [r]o?t\\x/", PATTERNS("z*"), "z.c");
}

TEST(escapes)
{
	ck_assert_int_eq(mkdir("d", 0700), 0);
	write_text("d/a*b.c", "");
	write_text("d/axb.c", "");
	assert_sources("d", PATTERNS("a\\*b.c"), "a*b.c");
	assert_sources("d", PATTERNS("a\\*b.[c]"), "a*b.c");
}

static void assert_refused(const char *pattern, int code, const char *message)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strv struct strv got = {0};

	ck_assert_int_eq(expand(".", PATTERNS("x.c", pattern), &got, &e), code);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	ck_assert_str_eq(e.message, message);
}

TEST(no_match)
{
	make_files("bpf");
	assert_refused("bpf/*.bpf.h", -ENOENT, "the source pattern 'bpf/*.bpf.h' matches no file");
	assert_refused("nodir/*.c", -ENOENT, "the source pattern 'nodir/*.c' matches no file");
	assert_refused("bpf/z.c/*", -ENOENT, "the source pattern 'bpf/z.c/*' matches no file");
	/* A directory is no source. */
	assert_refused("bpf/dir*", -ENOENT, "the source pattern 'bpf/dir*' matches no file");
	assert_refused("[", -ENOENT, "the source pattern '[' matches no file");
}

TEST(unreadable)
{
	if (geteuid() == 0) /* reads all */
		return;
	make_files("bpf");
	ck_assert_int_eq(chmod("bpf", 0), 0);
	assert_refused("b*/*.c", -EACCES,
		       "a directory that the source pattern 'b*/*.c' leads to cannot be read");
}

TEST(out_of_memory_before)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strv struct strv got = {.error = -ENOMEM};

	ck_assert_int_eq(expand(".", PATTERNS("x.c"), &got, &e), -ENOMEM);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, plain_names_stay);
	tcase_add_test(c, patterns);
	tcase_add_test(c, absolute);
	tcase_add_test(c, each_once);
	tcase_add_test(c, root_is_no_pattern);
	tcase_add_test(c, escapes);
	tcase_add_test(c, no_match);
	tcase_add_test(c, unreadable);
	tcase_add_test(c, out_of_memory_before);
}

int main(void)
{
	return suite_run("sources", add_tests);
}
