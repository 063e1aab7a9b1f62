/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/placement.h"

static char object[] = "dir/x.o", deps[] = "dir/x.d", target[] = "x.o";

/* An action with an object and, where `deps_path`, a dependency file. */
static struct action action_of(char *path, char *deps_path)
{
	struct action a = {.outputs = {{"-o", path}, {"-MF", deps_path}}};

	a.n_outputs = deps_path ? 2 : 1;
	return a;
}

static struct action both_outputs(void)
{
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	return action_of(object, deps);
}

static void end(struct placement *p, int status)
{
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(placement_end(p, status, &e), 0);
	ck_assert_int_eq(e.status, EXIT_STATUS_OK);
	placement_free(p);
	ck_assert_ptr_eq(p->temporary[0].path, NULL);
	ck_assert_ptr_eq(p->temporary[1].path, NULL);
	placement_free(p);
}

TEST(beside_and_renamed)
{
	cleanup_placement struct placement p = {0};
	cleanup_strv struct strv argv = {0};
	struct action a = both_outputs();

	write_text("dir/x.o", "old object");
	a.deps_target = target;
	placement_begin(&p, &a);
	placement_options(&p, &argv);
	ck_assert_uint_eq(argv.n, 6);
	ck_assert_str_eq(argv.v[0], "-o");
	ck_assert_str_eq(argv.v[2], "-MF");
	ck_assert_str_eq(argv.v[4], "-MQ");
	ck_assert_str_eq(argv.v[5], "x.o");
	ck_assert_int_eq(strncmp(argv.v[1], "dir/.x.o", 8), 0);
	ck_assert_int_eq(strncmp(argv.v[3], "dir/.x.d", 8), 0);
	ck_assert_str_ne(argv.v[1], argv.v[3]);

	write_text(argv.v[1], "new object");
	write_text(argv.v[3], "new deps");
	assert_text(object, "old object");
	ck_assert(!is_there(deps));
	end(&p, 0);
	assert_text(object, "new object");
	assert_text(deps, "new deps");
	ck_assert_uint_eq(count_entries("dir"), 2);
}

TEST(target_is_named_only_where_asked_for)
{
	cleanup_placement struct placement p = {0};
	cleanup_strv struct strv argv = {0};
	struct action a = both_outputs();

	placement_begin(&p, &a);
	placement_options(&p, &argv);
	ck_assert_uint_eq(argv.n, 4);
}

TEST(in_the_working_directory)
{
	cleanup_placement struct placement p = {0};
	struct action a = action_of(target, NULL);

	placement_begin(&p, &a);
	ck_assert_ptr_ne(p.temporary[0].path, NULL);
	ck_assert_ptr_eq(strchr(p.temporary[0].path, '/'), NULL);
	ck_assert_ptr_eq(p.temporary[1].path, NULL);
	write_text(p.temporary[0].path, "new");
	end(&p, 0);
	assert_text("x.o", "new");
	ck_assert_uint_eq(count_entries("."), 1);
}

TEST(mode_follows_the_umask)
{
	cleanup_placement struct placement p = {0};
	struct action a = action_of(target, NULL);
	mode_t old = umask(027);
	struct stat st;

	placement_begin(&p, &a);
	write_text(p.temporary[0].path, "new");
	end(&p, 0);
	umask(old);
	ck_assert_int_eq(stat("x.o", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
}

TEST(failure_removes_the_old_object)
{
	cleanup_placement struct placement p = {0};
	struct action a = both_outputs();

	write_text(object, "old object");
	write_text(deps, "old deps");
	placement_begin(&p, &a);
	write_text(p.temporary[0].path, "half");
	write_text(p.temporary[1].path, "new deps");
	end(&p, 1);
	ck_assert(!is_there(object));
	/* What was included is known all the same. */
	assert_text(deps, "new deps");
	ck_assert_uint_eq(count_entries("dir"), 1);
}

TEST(failure_without_old_object)
{
	cleanup_placement struct placement p = {0};
	struct action a = both_outputs();

	placement_begin(&p, &a);
	end(&p, 1);
	ck_assert_uint_eq(count_entries("dir"), 0);
	/* The highest status that is no signal's; clang removes what it was to make. */
	write_text(object, "old object");
	placement_begin(&p, &a);
	ck_assert_int_eq(unlink(p.temporary[0].path), 0);
	end(&p, 128);
	ck_assert_uint_eq(count_entries("dir"), 0);
}

/* An unknown option, a missing source: clang has not come to its output, and leaves it. */
TEST(failure_before_the_object)
{
	cleanup_placement struct placement p = {0};
	struct action a = both_outputs();

	write_text(object, "old object");
	placement_begin(&p, &a);
	end(&p, 1);
	assert_text(object, "old object");
	ck_assert_uint_eq(count_entries("dir"), 1);
}

/* Somebody else removed it. */
TEST(a_vanished_object_is_an_error)
{
	cleanup_placement struct placement p = {0};
	cleanup_error struct crossbpf_error e = {0};
	struct action a = both_outputs();

	write_text(object, "old object");
	placement_begin(&p, &a);
	ck_assert_int_eq(unlink(p.temporary[0].path), 0);
	ck_assert_int_eq(placement_end(&p, 0, &e), -ENOENT);
	ck_assert_int_eq(e.status, EXIT_STATUS_OUTPUT);
	assert_contains(e.message, object);
	assert_text(object, "old object");
}

/* A compiler may write an empty file of its own. */
TEST(an_empty_file_of_another_make)
{
	cleanup_placement struct placement p = {0};
	struct action a = both_outputs();

	write_text(object, "old object");
	placement_begin(&p, &a);
	write_text("dir/new", "");
	ck_assert_int_eq(rename("dir/new", p.temporary[0].path), 0);
	end(&p, 0);
	assert_text(object, "");
}

/* Clang wrote none, for its arguments were wrong: the old one stays. */
TEST(failure_without_deps)
{
	cleanup_placement struct placement p = {0};
	struct action a = both_outputs();

	write_text(deps, "old deps");
	placement_begin(&p, &a);
	end(&p, 1);
	assert_text(deps, "old deps");
	ck_assert_uint_eq(count_entries("dir"), 1);
	placement_begin(&p, &a);
	end(&p, 0);
	assert_text(deps, "old deps");
}

/* Clang removes it where a header was missing. */
TEST(failure_that_removed_deps)
{
	cleanup_placement struct placement p = {0};
	struct action a = both_outputs();

	write_text(deps, "old deps");
	placement_begin(&p, &a);
	ck_assert_int_eq(unlink(p.temporary[1].path), 0);
	end(&p, 1);
	ck_assert_uint_eq(count_entries("dir"), 0);
}

TEST(signal_changes_nothing)
{
	static const int statuses[] = {129, 128 + 2, 128 + 9, 128 + 15, 255};

	for (size_t i = 0; i < LENGTH(statuses); i++) {
		cleanup_placement struct placement p = {0};
		struct action a = action_of(object, deps);

		(void)mkdir("dir", 0755);
		write_text(object, "old object");
		write_text(deps, "old deps");
		placement_begin(&p, &a);
		write_text(p.temporary[0].path, "half");
		write_text(p.temporary[1].path, "half");
		end(&p, statuses[i]);
		assert_text(object, "old object");
		assert_text(deps, "old deps");
		ck_assert_uint_eq(count_entries("dir"), 2);
	}
}

/* Some ways to call clang succeed and write no object (-Xclang -ast-dump): none must appear. */
TEST(nothing_was_written)
{
	cleanup_placement struct placement p = {0};
	struct action a = both_outputs();

	write_text(object, "old object");
	placement_begin(&p, &a);
	end(&p, 0);
	assert_text(object, "old object");
	ck_assert_uint_eq(count_entries("dir"), 1);

	ck_assert_int_eq(unlink(object), 0);
	placement_begin(&p, &a);
	end(&p, 0);
	ck_assert_uint_eq(count_entries("dir"), 0);
}

/* Begins and ends with `path` as the only output, which is left in place. */
static void assert_in_place(char *path)
{
	cleanup_placement struct placement p = {0};
	cleanup_strv struct strv argv = {0};
	struct action a = action_of(path, NULL);
	unsigned before = count_entries(".");

	a.deps_target = target;
	placement_begin(&p, &a);
	ck_assert_msg(!p.temporary[0].path, "%s", path);
	placement_options(&p, &argv);
	ck_assert_uint_eq(argv.n, 0);
	end(&p, 1);
	ck_assert_uint_eq(count_entries("."), before);
}

TEST(left_in_place)
{
	char fifo[] = "fifo", dir[] = "d", null[] = "/dev/null", fd[] = "/dev/fd/1",
	     missing[] = "missing/x.o", empty[] = "";
	char too_long[251];

	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';

	assert_in_place(fifo);
	assert_in_place(dir);
	assert_in_place(null);
	assert_in_place(fd);
	assert_in_place(missing);
	assert_in_place(empty);
	assert_in_place(too_long);
	/* Not even after a failure is one of them removed. */
	ck_assert(is_there(fifo) && is_there(dir));
}

/* A link to a file, or to nothing, is replaced by an object, and a dependency file written through
 * it. */
TEST(links)
{
	static const char *const targets[] = {"file", "nowhere"};
	char link[] = "dir/link", deps_link[] = "dir/deps";

	ck_assert_int_eq(mkdir("dir", 0755), 0);
	write_text("dir/file", "content");
	ck_assert_int_eq(symlink("file", deps_link), 0);
	for (size_t i = 0; i < 2; i++) {
		cleanup_placement struct placement p = {0};
		struct action a = action_of(link, deps_link);
		struct stat st;

		ck_assert_int_eq(symlink(targets[i], link), 0);
		placement_begin(&p, &a);
		ck_assert_ptr_ne(p.temporary[0].path, NULL);
		ck_assert_ptr_eq(p.temporary[1].path, NULL);
		write_text(p.temporary[0].path, "object");
		end(&p, 0);
		ck_assert_int_eq(lstat(link, &st), 0);
		ck_assert(S_ISREG(st.st_mode));
		ck_assert_int_eq(lstat(deps_link, &st), 0);
		ck_assert(S_ISLNK(st.st_mode));
		assert_text("dir/file", "content");
		ck_assert_int_eq(unlink(link), 0);
	}
}

/* To root nothing is read-only: there the object is replaced, as clang itself would. */
TEST(read_only_file)
{
	struct action a = action_of(target, NULL);
	cleanup_placement struct placement p = {0};

	write_text(target, "content");
	ck_assert_int_eq(chmod(target, 0444), 0);
	placement_begin(&p, &a);
	ck_assert_int_eq(!p.temporary[0].path, access(target, W_OK) < 0);
	end(&p, 130);
	assert_text(target, "content");
	ck_assert_uint_eq(count_entries("."), 1);
}

TEST(read_only_directory)
{
	cleanup_placement struct placement p = {0};
	struct action a = both_outputs();

	write_text(object, "content");
	ck_assert_int_eq(chmod("dir", 0555), 0);
	placement_begin(&p, &a);
	ck_assert_int_eq(!p.temporary[0].path, access("dir", W_OK) < 0);
	ck_assert_int_eq(!p.temporary[1].path, access("dir", W_OK) < 0);
	end(&p, 130);
	ck_assert_int_eq(chmod("dir", 0755), 0);
	assert_text(object, "content");
	ck_assert_uint_eq(count_entries("dir"), 1);
}

/* Clang must not come to replace the link by a file. */
TEST(standard_output_by_name)
{
	char out[] = "/dev/stdout";
	cleanup_placement struct placement p = {0};
	cleanup_strv struct strv argv = {0};
	struct action a = action_of(out, NULL);

	placement_begin(&p, &a);
	placement_options(&p, &argv);
	end(&p, 1);
	ck_assert_uint_eq(argv.n, 2);
	ck_assert_str_eq(argv.v[0], "-o");
	ck_assert_str_eq(argv.v[1], "-");
	ck_assert(is_there(out));
}

/* Clang would derive the name of the second from that of the first: both are named. */
TEST(one_in_place)
{
	char pipe[] = "dir/pipe";
	cleanup_placement struct placement p = {0}, q = {0};
	cleanup_strv struct strv argv = {0}, argv_q = {0};
	struct action a = both_outputs(), b = action_of(object, pipe);

	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	placement_begin(&p, &b);
	placement_options(&p, &argv);
	ck_assert_uint_eq(argv.n, 4);
	ck_assert_str_eq(argv.v[1], p.temporary[0].path);
	ck_assert_str_eq(argv.v[2], "-MF");
	ck_assert_str_eq(argv.v[3], "dir/pipe");
	write_text(p.temporary[0].path, "new");
	end(&p, 0);
	assert_text(object, "new");
	ck_assert(is_there(pipe));

	a.outputs[0].path = pipe;
	placement_begin(&q, &a);
	placement_options(&q, &argv_q);
	ck_assert_uint_eq(argv_q.n, 4);
	ck_assert_str_eq(argv_q.v[1], "dir/pipe");
	ck_assert_str_eq(argv_q.v[3], q.temporary[1].path);
	write_text(q.temporary[1].path, "deps");
	end(&q, 0);
	assert_text(deps, "deps");
}

TEST(no_output_at_all)
{
	cleanup_placement struct placement p = {0};
	cleanup_strv struct strv argv = {0};
	struct action a = {0};

	placement_begin(&p, &a);
	placement_options(&p, &argv);
	ck_assert_uint_eq(argv.n, 0);
	end(&p, 0);
	ck_assert_uint_eq(count_entries("."), 0);
}

/* Clang writes to a file named like its output, and leaves it where it is killed. */
TEST(stray_temporaries_are_removed)
{
	cleanup_placement struct placement p = {0};
	struct action a = both_outputs();

	placement_begin(&p, &a);
	for (int i = 0; i < 2; i++) {
		char stray[256];
		size_t stem = strlen(p.temporary[i].path) - strlen(".tmp");

		snprintf(stray, sizeof(stray), "%.*s-0a1b2c3d.tmp", (int)stem, p.temporary[i].path);
		write_text(stray, "half");
	}
	/* These are others'. */
	write_text("dir/.x.o.crossbpf-1-0.tmp", "");
	write_text("dir/x.o-0a1b2c3d.tmp", "");
	write_text("dir/.x.o", "");
	end(&p, 128 + 9);
	ck_assert(is_there("dir/.x.o.crossbpf-1-0.tmp"));
	ck_assert(is_there("dir/x.o-0a1b2c3d.tmp"));
	ck_assert(is_there("dir/.x.o"));
	ck_assert_uint_eq(count_entries("dir"), 3);
}

TEST(stray_temporaries_in_the_working_directory)
{
	cleanup_placement struct placement p = {0};
	struct action a = action_of(target, NULL);
	char stray[256];

	placement_begin(&p, &a);
	snprintf(stray, sizeof(stray), "%s-0a1b.tmp", p.temporary[0].path);
	stray[strlen(p.temporary[0].path) - strlen(".tmp")] = '\0';
	write_text(stray, "half");
	end(&p, 128 + 15);
	ck_assert_uint_eq(count_entries("."), 0);
}

TEST(cannot_be_placed)
{
	cleanup_placement struct placement p = {0};
	cleanup_error struct crossbpf_error e = {0};
	struct action a = both_outputs();

	placement_begin(&p, &a);
	write_text(p.temporary[0].path, "new");
	write_text(p.temporary[1].path, "new");
	ck_assert_int_eq(mkdir(object, 0700), 0);
	write_text("dir/x.o/inside", "");
	ck_assert_int_lt(placement_end(&p, 0, &e), 0);
	ck_assert_int_eq(e.status, EXIT_STATUS_OUTPUT);
	assert_contains(e.message, object);
	ck_assert_ptr_ne(e.hint, NULL);
	placement_free(&p);
	/* The directory, and the dependency file, which was placed before. */
	ck_assert_uint_eq(count_entries("dir"), 2);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, beside_and_renamed);
	tcase_add_test(c, target_is_named_only_where_asked_for);
	tcase_add_test(c, in_the_working_directory);
	tcase_add_test(c, mode_follows_the_umask);
	tcase_add_test(c, failure_removes_the_old_object);
	tcase_add_test(c, failure_without_old_object);
	tcase_add_test(c, failure_before_the_object);
	tcase_add_test(c, a_vanished_object_is_an_error);
	tcase_add_test(c, an_empty_file_of_another_make);
	tcase_add_test(c, failure_without_deps);
	tcase_add_test(c, failure_that_removed_deps);
	tcase_add_test(c, signal_changes_nothing);
	tcase_add_test(c, nothing_was_written);
	tcase_add_test(c, left_in_place);
	tcase_add_test(c, links);
	tcase_add_test(c, read_only_file);
	tcase_add_test(c, read_only_directory);
	tcase_add_test(c, standard_output_by_name);
	tcase_add_test(c, one_in_place);
	tcase_add_test(c, no_output_at_all);
	tcase_add_test(c, stray_temporaries_are_removed);
	tcase_add_test(c, stray_temporaries_in_the_working_directory);
	tcase_add_test(c, cannot_be_placed);
}

int main(void)
{
	return suite_run("placement", add_tests);
}
