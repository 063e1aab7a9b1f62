/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#ifdef __linux__
#include <sys/inotify.h>
#endif

#include "make-state.h"

TEST(file_of_a_project)
{
	cleanup_free char *path = NULL;

	ck_assert_int_eq(state_file("/cache dir", "0123", &path), 0);
	ck_assert_str_eq(path, "/cache dir/state/0123.db");
}

TEST(nothing_is_known_at_first)
{
	make_files();
	cleanup_state struct state *s = open_state();

	check_stale_in(s, &x, NO_RECORD);
	ck_assert_int_eq(state_duration(s, "x.o"), 0);
	reopen(&s);
	check_stale_in(s, &x, NO_RECORD);
}

TEST(fresh_once_recorded)
{
	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	record(s, &x, io_now());
	check_fresh_in(s, &x);
	check_stale_in(s, &y, NO_RECORD);
	reopen(&s);
	check_fresh_in(s, &x);
	check_stale_in(s, &y, NO_RECORD);
	close_state(&s);
	check_fresh(&x);
}

TEST(not_saved_is_not_known)
{
	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	record(s, &x, io_now());
	state_close(s);
	s = open_state();
	check_stale_in(s, &x, NO_RECORD);
	/* Soon after it was opened is too soon. */
	record(s, &x, io_now());
	state_save(s, true);
	state_close(s);
	s = open_state();
	check_stale_in(s, &x, NO_RECORD);
}

TEST(in_memory_only)
{
	make_files();
	settle();
	cleanup_state struct state *s = NULL;
	ck_assert_int_eq(state_open(NULL, ".", MODULE_DIR, &s), 0);
	check_stale_in(s, &x, NO_RECORD);
	record(s, &x, io_now());
	check_fresh_in(s, &x);
	state_save(s, false);
	state_settle(s);
	check_fresh_in(s, &x);
	ck_assert_uint_eq(count_entries("."), 5);
}

TEST(no_root)
{
	struct state *s = NULL;

	ck_assert_int_eq(state_open(NULL, "missing", MODULE_DIR, &s), -ENOENT);
	ck_assert_int_eq(state_open(FILE_NAME, "missing", MODULE_DIR, &s), -ENOENT);
	write_text("file", "");
	ck_assert_int_eq(state_open(NULL, "file", MODULE_DIR, &s), -ENOTDIR);
	ck_assert_ptr_eq(s, NULL);
	state_close(NULL);
}

TEST(paths_are_from_the_root)
{
	static const struct compile c = {"x.o", {"x.c", "inc/x.h"}, {"inc"}, 0, 0};
	cleanup_state struct state *s = NULL;

	ck_assert_int_eq(mkdir("root", 0755), 0);
	ck_assert_int_eq(chdir("root"), 0);
	make_files();
	settle();
	ck_assert_int_eq(state_open("../s.db", ".", MODULE_DIR, &s), 0);
	record(s, &c, io_now());
	close_state(&s);
	ck_assert_int_eq(chdir(".."), 0);
	ck_assert_int_eq(state_open("s.db", "root", MODULE_DIR, &s), 0);
	check_fresh_in(s, &c);
	state_close(s);
	write_text("root/inc/x.h", "other");
	ck_assert_int_eq(state_open("s.db", "root", MODULE_DIR, &s), 0);
	check_stale_in(s, &c, "inc/x.h has changed");
}

TEST(settles)
{
	cleanup_state struct state *s = open_state();
	int64_t before = io_now();

	state_settle(s);
	ck_assert_int_lt(io_now() - before, 1000000000);
	state_settle(s);
}

TEST(duration)
{
	struct compile c = x;

	make_files();
	c.duration = INT64_C(123456789012);
	build(&c);
	cleanup_state struct state *s = open_state();
	ck_assert_int_eq(state_duration(s, "x.o"), c.duration);
	ck_assert_int_eq(state_duration(s, "y.o"), 0);
	ck_assert_int_eq(state_duration(s, ""), 0);
	c.duration = 5;
	record(s, &c, io_now());
	ck_assert_int_eq(state_duration(s, "x.o"), 5);
}

TEST(command)
{
	struct compile c = x;

	begin();
	c.command = 1;
	check_stale(&c, "command or compiler");
	check_fresh(&x);
	build(&c);
	check_fresh(&c);
	check_stale(&x, "command or compiler");
}

TEST(input_changed)
{
	begin();
	write_text("inc/x.h", "of x, other");
	check_stale(&x, "inc/x.h has changed");
	check_fresh(&y);
	write_text("inc/both.h", "changed too");
	check_stale(&x, "inc/both.h has changed");
	check_stale(&y, "inc/both.h has changed");
	build(&x);
	check_fresh(&x);
	check_stale(&y, "inc/both.h has changed");
	build(&y);
	check_fresh(&y);
	check_fresh(&x);
	write_text("y.c", "");
	check_stale(&y, "y.c has changed");
	check_fresh(&x);
}

/* Also for the build after, though this one remembered that it saw the file. */
TEST(input_changed_and_seen)
{
	begin();
	write_text("inc/x.h", "of x, other");
	for (int i = 0; i < 3; i++) {
		cleanup_state struct state *s = open_state();
		check_stale_in(s, &x, "inc/x.h has changed");
		check_fresh_in(s, &y);
		close_state(&s);
	}
}

TEST(same_size_and_time_set_back)
{
	struct stat st;

	begin();
	settle();
	ck_assert_int_eq(stat("inc/x.h", &st), 0);
	write_text("inc/x.h", "OF X");
	set_times("inc/x.h", &st);
	check_stale(&x, "inc/x.h has changed");
	check_fresh(&y);
}

TEST(touched)
{
	begin();
	settle();
	write_text("inc/both.h", "both");
	write_text("x.o", "xbothof x");
	check_fresh(&x);
	check_fresh(&y);
	ck_assert_int_eq(chmod("inc/both.h", 0600), 0);
	ck_assert_int_eq(link("inc/both.h", "link"), 0);
	check_fresh(&x);
}

#ifdef __linux__
static bool was_opened(int watch)
{
	char events[4096];

	return read(watch, events, sizeof(events)) > 0;
}

TEST(reads_only_where_in_doubt)
{
	cleanup_close int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	begin();
	settle();
	check_fresh(&x); /* the output was new before */
	ck_assert_int_ge(watch, 0);
	ck_assert_int_ge(inotify_add_watch(watch, "inc/both.h", IN_OPEN), 0);
	ck_assert_int_ge(inotify_add_watch(watch, "x.o", IN_OPEN), 0);
	check_fresh(&x);
	check_fresh(&y);
	ck_assert(!was_opened(watch));
	/* It is touched; once old enough it is read once. */
	ck_assert_int_eq(utimensat(AT_FDCWD, "inc/both.h", NULL, 0), 0);
	settle();
	cleanup_state struct state *s = open_state();
	check_fresh_in(s, &x);
	ck_assert(was_opened(watch));
	check_fresh_in(s, &y);
	ck_assert(!was_opened(watch));
	close_state(&s);
	check_fresh(&x);
	check_fresh(&y);
	ck_assert(!was_opened(watch));
}
#endif

TEST(edited_and_edited_back)
{
	begin();
	write_text("inc/x.h", "other");
	check_stale(&x, "inc/x.h has changed");
	write_text("inc/x.h", "of x");
	check_fresh(&x);
}

TEST(input_deleted)
{
	begin();
	ck_assert_int_eq(rename("inc/x.h", "kept"), 0);
	check_stale(&x, "inc/x.h is gone");
	check_fresh(&y);
	ck_assert_int_eq(rename("kept", "inc/x.h"), 0);
	check_fresh(&x);
	ck_assert_int_eq(unlink("inc/x.h"), 0);
	ck_assert_int_eq(mkdir("inc/x.h", 0755), 0);
	check_stale(&x, "inc/x.h is gone");
	ck_assert_int_eq(rename("inc", "away"), 0);
	check_stale(&x, "inc/both.h is gone");
	check_stale(&y, "inc/both.h is gone");
}

TEST(input_replaced_by_a_link)
{
	begin();
	write_text("other", "else");
	write_text("same", "of x");
	ck_assert_int_eq(unlink("inc/x.h"), 0);
	ck_assert_int_eq(symlink("../other", "inc/x.h"), 0);
	check_stale(&x, "inc/x.h has changed");
	ck_assert_int_eq(unlink("inc/x.h"), 0);
	ck_assert_int_eq(symlink("../same", "inc/x.h"), 0);
	check_fresh(&x);
	/* What it leads to counts. */
	write_text("same", "no more");
	check_stale(&x, "inc/x.h has changed");
	ck_assert_int_eq(unlink("same"), 0);
	check_stale(&x, "inc/x.h is gone");
}

TEST(output_changed)
{
	begin();
	write_text("x.o", "other");
	check_stale(&x, "its output x.o has changed");
	check_fresh(&y);
	write_text("x.o", "xbothof x");
	check_fresh(&x);
	ck_assert_int_eq(unlink("x.o"), 0);
	check_stale(&x, "its output x.o is gone");
	write_text("x.o", "XBOTHOF X");
	check_stale(&x, "its output x.o has changed");
	ck_assert_int_eq(rename("y.o", "x.o"), 0);
	check_stale(&x, "its output x.o has changed");
	check_stale(&y, "its output y.o is gone");
}

TEST(many_outputs)
{
	cleanup_strv struct strv inputs = {0}, search = {0};
	struct state_output outputs[2];
	struct compile dep = x;
	struct state_done done = {
		.inputs = &inputs, .search = &search, .outputs = outputs, .n_outputs = 2};

	make_files();
	settle();
	dep.output = "x.d";
	strv_add(&inputs, "x.c");
	cleanup_state struct state *s = open_state();
	done.began = io_now();
	write_output(&x, &outputs[0]);
	write_output(&dep, &outputs[1]);
	ck_assert_int_eq(state_record(s, &done), 0);
	reopen(&s);
	check_fresh_in(s, &x);
	check_stale_in(s, &dep, NO_RECORD);
	close_state(&s);
	write_text("x.d", "");
	check_stale(&x, "its output x.d has changed");
}

/* Another content within one tick: of the same size, and maybe of the same times. */
TEST(changed_within_a_tick)
{
	for (int i = 0; i < 24; i++) {
		static const char *const changed[] = {"x.o", "inc/x.h"};
		const char *path = changed[i % 2];

		if (i == 0)
			make_files();
		write_text("inc/x.h", "of x");
		settle();
		cleanup_state struct state *s = open_state();
		record(s, &x, io_now());
		if (i % 4 < 2)
			write_text(path, i % 2 ? "OF X" : "XBOTHOF X");
		state_save(s, false);
		if (i % 4 >= 2)
			write_text(path, i % 2 ? "OF X" : "XBOTHOF X");
		state_close(s);
		s = open_state();
		check_stale_in(s, &x, path);
	}
}

/* And between what a build sees and the end of it. */
TEST(changed_within_a_tick_after_a_look)
{
	begin();
	for (int i = 0; i < 30; i++) {
		write_text("inc/x.h", "of x");
		cleanup_state struct state *s = open_state();
		check_fresh_in(s, &x);
		write_text("inc/x.h", "OF X");
		reopen(&s);
		check_stale_in(s, &x, "inc/x.h has changed");
		close_state(&s);
	}
}

static void not_remembered(const struct compile *c)
{
	check_stale(c, NO_RECORD);
}

TEST(input_changed_meanwhile)
{
	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	int64_t began = io_now();
	write_text("inc/x.h", "new");
	record(s, &x, began);
	record(s, &y, began);
	check_stale_in(s, &x, NO_RECORD);
	close_state(&s);
	not_remembered(&x);
	check_fresh(&y);

	/* Too short a time before it to be sure. */
	s = open_state();
	write_text("inc/y.h", "new");
	record(s, &y, io_now());
	close_state(&s);
	not_remembered(&y);

	/* What was known of it is forgotten. */
	build(&x);
	check_fresh(&x);
	s = open_state();
	began = io_now();
	write_text("x.c", "new");
	record(s, &x, began);
	close_state(&s);
	not_remembered(&x);
	build(&x);
	check_fresh(&x);
}

TEST(header_appeared_meanwhile)
{
	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	int64_t began = io_now();
	write_text("early/x.h", "before the other");
	record(s, &x, began);
	record(s, &y, began);
	close_state(&s);
	not_remembered(&x);
	check_fresh(&y);
}

TEST(input_of_no_content)
{
	static const struct compile dir = {"d.o", {"x.c", "inc"}, {NULL}, 0, 0},
				    null = {"n.o", {"x.c", "/dev/null"}, {NULL}, 0, 0},
				    fifo = {"f.o", {"x.c", "pipe"}, {NULL}, 0, 0};

	make_files();
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	build(&dir);
	not_remembered(&dir);
	build(&null);
	not_remembered(&null);
	build(&fifo);
	not_remembered(&fifo);

	/* One that is no more when it is recorded. */
	cleanup_strv struct strv inputs = {0}, search = {0};
	struct state_output output;
	struct state_done done = {
		.inputs = &inputs, .search = &search, .outputs = &output, .n_outputs = 1};
	cleanup_state struct state *s = open_state();
	done.began = io_now();
	write_output(&x, &output);
	strv_add(&inputs, "missing");
	ck_assert_int_eq(state_record(s, &done), 0);
	check_stale_in(s, &x, NO_RECORD);
}

TEST(empty_input)
{
	make_files();
	write_text("inc/x.h", "");
	build(&x);
	check_fresh(&x);
	write_text("inc/x.h", "x");
	check_stale(&x, "inc/x.h has changed");
}

TEST(no_input)
{
	static const struct compile c = {.output = "c.o"};

	build(&c);
	check_fresh(&c);
	write_text("c.o", "other");
	check_stale(&c, "its output c.o has changed");
}

static int list_input(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
		      const char *asks)
{
	struct strbuf *list = ctx;

	strbuf_printf(list, "%s %02x %s;", path, digest[0], asks ? asks : "-");
	return list->error;
}

static int refuse_input(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
			const char *asks)
{
	(void)path, (void)digest, (void)asks;
	++*(int *)ctx;
	return -ECANCELED;
}

/* By the first byte of SHA-256. */
TEST(tells_inputs)
{
	static const struct compile c = {.output = "c.o", .inputs = {"a", "b"}, .search = {"."}};
	static const char expected[] = "a ca -;b f1 x.h\n;";
	cleanup_strbuf struct strbuf first = {0}, later = {0};
	int n = 0;

	write_text("a", "a");
	write_text("b", "#if __has_include(<x.h>)\n");
	settle();
	cleanup_state struct state *s = open_state();
	ck_assert_int_eq(state_inputs(s, "c.o", list_input, &first), -ENOENT);
	record(s, &c, io_now());
	ck_assert_int_eq(state_inputs(s, "c.o", list_input, &first), 0);
	ck_assert_str_eq(first.data, expected);
	reopen(&s);
	ck_assert_int_eq(state_inputs(s, "c.o", list_input, &later), 0);
	ck_assert_str_eq(later.data, expected);
	ck_assert_int_eq(state_inputs(s, "c.o", refuse_input, &n), -ECANCELED);
	ck_assert_int_eq(n, 1);
	/* One that changed while it was compiled is not known. */
	int64_t began = io_now();
	write_text("a", "another");
	record(s, &c, began);
	ck_assert_int_eq(state_inputs(s, "c.o", list_input, &later), -ENOENT);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, file_of_a_project);
	tcase_add_test(tests, nothing_is_known_at_first);
	tcase_add_test(tests, fresh_once_recorded);
	tcase_add_test(tests, not_saved_is_not_known);
	tcase_add_test(tests, in_memory_only);
	tcase_add_test(tests, no_root);
	tcase_add_test(tests, paths_are_from_the_root);
	tcase_add_test(tests, settles);
	tcase_add_test(tests, duration);
	tcase_add_test(tests, command);
	tcase_add_test(tests, input_changed);
	tcase_add_test(tests, input_changed_and_seen);
	tcase_add_test(tests, same_size_and_time_set_back);
	tcase_add_test(tests, touched);
#ifdef __linux__
	tcase_add_test(tests, reads_only_where_in_doubt);
#endif
	tcase_add_test(tests, edited_and_edited_back);
	tcase_add_test(tests, input_deleted);
	tcase_add_test(tests, input_replaced_by_a_link);
	tcase_add_test(tests, output_changed);
	tcase_add_test(tests, many_outputs);
	tcase_add_test(tests, changed_within_a_tick);
	tcase_add_test(tests, changed_within_a_tick_after_a_look);
	tcase_add_test(tests, input_changed_meanwhile);
	tcase_add_test(tests, header_appeared_meanwhile);
	tcase_add_test(tests, input_of_no_content);
	tcase_add_test(tests, empty_input);
	tcase_add_test(tests, no_input);
	tcase_add_test(tests, tells_inputs);
}

int main(void)
{
	return suite_run("state", add_tests);
}
