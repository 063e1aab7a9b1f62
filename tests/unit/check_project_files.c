/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/project-files.h"
#include "shared/process.h"
#include "shared/strbuf.h"

static int list_files(struct strv *names, struct crossbpf_error *e)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *root = str_printf("%s/p", here);

	return project_files_list(root, names, e);
}

/* `expected` has a space between names, and one at the end. */
static void check_list(const char *expected)
{
	cleanup_strv struct strv names = {0};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strbuf struct strbuf all = {0};

	ck_assert_msg(list_files(&names, &e) == 0, "%s", e.message ? e.message : "not listed");
	strbuf_puts(&all, "");
	for (size_t i = 0; i < names.n; i++) {
		if (i)
			ck_assert_int_lt(strcmp(names.v[i - 1], names.v[i]), 0);
		strbuf_printf(&all, "%s ", names.v[i]);
	}
	if (names.n)
		ck_assert_ptr_eq(names.v[names.n], NULL);
	ck_assert_str_eq(all.data ? all.data : "", expected);
}

static void check_refused(int code, const char *part)
{
	cleanup_strv struct strv names = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(list_files(&names, &e), code);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	assert_contains(e.message, part);
}

static void make_dir(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void run(const char *command)
{
	cleanup_free char *line = str_printf("(%s) >/dev/null 2>&1", command);
	int status = system(line);

	ck_assert_msg(status == 0, "%s: %d", command, status);
}

/* In `dir`; with no configuration but the tree's. */
static void git(const char *dir, const char *arguments)
{
	cleanup_free char *command =
		str_printf("HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 git -C '%s' "
			   "-c user.name=x -c user.email=x@example.org %s",
			   dir, arguments);

	run(command);
}

/* Git is found in no directory of PATH. */
static void hide_git(void)
{
	setenv("PATH", "/nonexistent", 1);
}

TEST(all_where_there_is_no_git)
{
	make_dir("p");
	make_dir("p/src");
	make_dir("p/src/empty");
	make_dir("p/.git");
	make_dir("p/src/.git");
	write_text("p/x.c", "");
	write_text("p/src/y.h", "y");
	write_text("p/.hidden", "");
	write_text("p/.gitignore", "*.o\n");
	write_text("p/x.o", "");
	write_text("p/.git/config", "");
	write_text("p/src/.git/config", "");
	ck_assert_int_eq(mkfifo("p/pipe", 0600), 0);
	ck_assert_int_eq(symlink("/nonexistent", "p/link"), 0);
	ck_assert_int_eq(symlink("src", "p/dir"), 0);
	hide_git();
	check_list(".gitignore .hidden dir link src/y.h x.c x.o ");
}

TEST(odd_names)
{
	make_dir("p");
	make_dir("p/a\nb");
	write_text("p/a\nb/x", "");
	write_text("p/n\nl", "");
	write_text("p/-x", "");
	write_text("p/\\n", "");
	write_text("p/\xff", "");
	write_text("p/'q\"", "");
	hide_git();
	check_list("'q\" -x \\n \xff ");
}

TEST(empty)
{
	make_dir("p");
	make_dir("p/dir");
	hide_git();
	check_list("");
}

TEST(no_project)
{
	hide_git();
	check_refused(-ENOENT, "/p");
	write_text("p", "a file");
	check_refused(-ENOTDIR, "/p");
}

TEST(depth)
{
	cleanup_strbuf struct strbuf path = {0};

	strbuf_puts(&path, "p");
	make_dir("p");
	for (int i = 1; i < 64; i++) {
		strbuf_puts(&path, "/d");
		make_dir(path.data);
	}
	hide_git();
	cleanup_free char *file = str_printf("%s/x", path.data);
	write_text(file, "");
	cleanup_free char *expected = str_printf("%s ", file + 2);
	check_list(expected);
	strbuf_puts(&path, "/d");
	make_dir(path.data);
	check_refused(-ELOOP, "/d/d/d");
}

TEST(too_many_files)
{
	cleanup_strv struct strv names = {0};
	cleanup_error struct crossbpf_error e = {0};

	make_dir("p");
	hide_git();
	/* So many files of their own take a file system up to a minute; so many names of one file,
	 * it may not have. */
	char file[32] = "";
	for (int i = 0; i < PROJECT_FILES_MAX; i++) {
		char name[32];
		snprintf(name, sizeof(name), "p/%d", i);
		if (i % 1000 == 0) {
			write_text(name, "");
			memcpy(file, name, sizeof(file));
		} else {
			ck_assert_int_eq(link(file, name), 0);
		}
	}
	ck_assert_int_eq(list_files(&names, &e), 0);
	ck_assert_uint_eq(names.n, PROJECT_FILES_MAX);
	make_dir("p/dir");
	ck_assert_int_eq(symlink("x", "p/dir/x"), 0);
	check_refused(-EFBIG, "too much");
}

TEST(too_many_bytes)
{
	make_dir("p");
	write_text("p/x", "");
	write_text("p/y", "");
	ck_assert_int_eq(truncate("p/x", (off_t)(PROJECT_FILES_MAX_MIB - 1) << 20), 0);
	ck_assert_int_eq(truncate("p/y", 1 << 20), 0);
	hide_git();
	check_list("x y ");
	write_text("p/z", "z");
	check_refused(-EFBIG, "too much");
}

TEST(tree_of_git)
{
	make_dir("p");
	git("p", "init");
	make_dir("p/src");
	make_dir("p/out");
	write_text("p/.gitignore", "*.o\n/out/\n");
	write_text("p/tracked.c", "");
	write_text("p/tracked.o", "");
	write_text("p/deleted.c", "");
	write_text("p/src/tracked.c", "");
	git("p", "add -f .gitignore tracked.c tracked.o deleted.c src");
	write_text("p/untracked.c", "");
	write_text("p/src/untracked c", "");
	write_text("p/ignored.o", "");
	write_text("p/out/x.c", "");
	write_text("p/n\nl", "");
	ck_assert_int_eq(unlink("p/deleted.c"), 0);
	ck_assert_int_eq(symlink("src", "p/link"), 0);
	ck_assert_int_eq(mkfifo("p/pipe", 0600), 0);
	check_list(".gitignore link src/tracked.c src/untracked c tracked.c tracked.o "
		   "untracked.c ");
	git("p", "commit -m x");
	check_list(".gitignore link src/tracked.c src/untracked c tracked.c tracked.o "
		   "untracked.c ");
}

/* From its own directory on, and what git ignores stays ignored. */
TEST(within_a_tree_of_git)
{
	make_dir("p");
	write_text(".gitignore", "*.o\n");
	write_text("p/x.c", "");
	write_text("p/x.o", "");
	write_text("above.c", "");
	git(".", "init");
	check_list("x.c ");
	git(".", "add .");
	check_list("x.c ");
}

/* Untracked, tracked as a commit, and one in another; each ignores by itself. */
TEST(trees_in_a_tree)
{
	static const char *const trees[] = {"p/sub", "p/new", "p/sub/inner"};

	make_dir("p");
	git("p", "init");
	write_text("p/.gitignore", "*.o\n");
	write_text("p/x.c", "");
	for (size_t i = 0; i < LENGTH(trees); i++) {
		make_dir(trees[i]);
		git(trees[i], "init");
		cleanup_free char *ignore = str_printf("%s/.gitignore", trees[i]);
		cleanup_free char *file = str_printf("%s/y.o", trees[i]);
		cleanup_free char *ignored = str_printf("%s/y.tmp", trees[i]);
		write_text(ignore, "*.tmp\n");
		write_text(file, "");
		write_text(ignored, "");
		git(trees[i], "add .gitignore");
		git(trees[i], "commit -m x");
	}
	git("p", "add sub");
	git("p", "commit -m x");
	check_list(".gitignore new/.gitignore new/y.o sub/.gitignore sub/inner/.gitignore "
		   "sub/inner/y.o sub/y.o x.c ");
}

/* A submodule that nobody has fetched is an empty directory: git would tell of the one above. */
TEST(tree_that_is_not_there)
{
	make_dir("p");
	make_dir("p/sub");
	write_text("p/x.c", "");
	git("p", "init");
	git("p", "update-index --add --cacheinfo "
		 "160000,0123456789012345678901234567890123456789,sub");
	check_list("x.c ");
	write_text("p/sub/y", "");
	check_list("sub/y x.c ");
}

/* What is in conflict is in git's index several times. */
TEST(conflict)
{
	make_dir("p");
	git("p", "init");
	write_text("p/x", "base\n");
	git("p", "add x");
	git("p", "commit -m base");
	git("p", "checkout -b other");
	write_text("p/x", "other\n");
	git("p", "commit -a -m other");
	git("p", "checkout -b mine HEAD~1");
	write_text("p/x", "mine\n");
	git("p", "commit -a -m mine");
	git("p", "merge other || test -n \"$(git -C p ls-files -u)\"");
	check_list("x ");
}

/* A tree's configuration names programs that git would run. */
TEST(no_program_of_the_tree)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *config = str_printf("config core.fsmonitor '%s/monitor'", here);

	write_program("monitor", "touch \"${0%/*}/ran\"");
	make_dir("p");
	git("p", "init");
	write_text("p/x", "");
	git("p", "add x");
	git("p", config);
	check_list("x ");
	ck_assert(!is_there("ran"));
}

/* The link is the project's; what it leads to is not. */
TEST(directory_became_a_link)
{
	make_dir("p");
	make_dir("p/dir");
	make_dir("p/dir/deep");
	make_dir("outside");
	make_dir("outside/deep");
	write_text("p/dir/x", "");
	write_text("p/dir/deep/x", "");
	write_text("outside/x", "");
	write_text("outside/deep/x", "");
	git("p", "init");
	git("p", "add .");
	suite_remove(AT_FDCWD, "p/dir");
	ck_assert_int_eq(symlink("../outside", "p/dir"), 0);
	check_list("dir ");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, all_where_there_is_no_git);
	tcase_add_test(c, odd_names);
	tcase_add_test(c, empty);
	tcase_add_test(c, no_project);
	tcase_add_test(c, depth);
	tcase_add_test(c, too_many_files);
	tcase_add_test(c, too_many_bytes);
	/* Where suite_begin() has the tests look for it. */
	if (system("PATH=$(getconf PATH) git --version >/dev/null 2>&1") != 0) {
		puts("no git: what it lists is not tested");
		return;
	}
	tcase_add_test(c, tree_of_git);
	tcase_add_test(c, within_a_tree_of_git);
	tcase_add_test(c, trees_in_a_tree);
	tcase_add_test(c, tree_that_is_not_there);
	tcase_add_test(c, conflict);
	tcase_add_test(c, no_program_of_the_tree);
	tcase_add_test(c, directory_became_a_link);
}

int main(void)
{
	/* As of a hook that runs the tests. */
	unsetenv("GIT_DIR");
	unsetenv("GIT_WORK_TREE");
	unsetenv("GIT_INDEX_FILE");
	return suite_run("project_files", add_tests);
}
