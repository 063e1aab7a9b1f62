/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c: many builds, and many at once. */
#include "suite.h"

#include <pthread.h>
#include <sqlite3.h>

#include "make-state.h"

/* To another branch and back, where the build directory changes with it. */
TEST(there_and_back)
{
	begin();
	ck_assert_int_eq(rename("x.o", "a.o"), 0);
	write_text("inc/x.h", "branch b");
	build(&x);
	check_fresh(&x);
	ck_assert_int_eq(rename("x.o", "b.o"), 0);
	for (int i = 0; i < 3; i++) {
		/* Only the last is remembered of one action. */
		write_text("inc/x.h", "of x");
		ck_assert_int_eq(rename("a.o", "x.o"), 0);
		check_stale(&x, "inc/x.h has changed");
		ck_assert_int_eq(rename("x.o", "a.o"), 0);
		write_text("inc/x.h", "branch b");
		ck_assert_int_eq(rename("b.o", "x.o"), 0);
		check_fresh(&x);
		ck_assert_int_eq(rename("x.o", "b.o"), 0);
	}
}

static unsigned count(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *row;

	ck_assert_int_eq(sqlite3_open(FILE_NAME, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
	int n = sqlite3_column_int(row, 0);
	sqlite3_finalize(row);
	sqlite3_close(db);
	return (unsigned)n;
}

TEST(many_edits)
{
	begin();
	for (int i = 0; i < 14; i++) {
		cleanup_free char *text = str_printf("edit %d", i);
		write_text("inc/both.h", text);
		build(&x);
	}
	check_fresh(&x);
	/* This one names the first of all the versions. */
	check_stale(&y, "inc/both.h has changed");
	ck_assert_uint_le(
		count("SELECT count(*) FROM file WHERE path = CAST('inc/both.h' AS BLOB)"), 10);
	ck_assert_uint_le(count("SELECT count(*) FROM file"), 26);
	write_text("inc/both.h", "both");
	check_fresh(&y);
	check_stale(&x, "inc/both.h has changed");
	write_text("inc/both.h", "edit 13");
	check_fresh(&x);
}

/* In one handle too: what was dropped is made again. */
TEST(many_edits_in_turn)
{
	make_files();
	for (int i = 0; i < 20; i++) {
		cleanup_free char *text = str_printf("edit %d", i % 10);
		write_text("inc/both.h", text);
		build(i % 3 ? &x : &y);
		check_fresh(i % 3 ? &x : &y);
	}
}

TEST(recorded_twice)
{
	struct compile c = x;

	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	record(s, &x, io_now());
	state_save(s, false);
	c.inputs[1] = "inc/y.h";
	c.command = 3;
	record(s, &c, io_now());
	check_fresh_in(s, &c);
	record(s, &c, io_now());
	reopen(&s);
	check_fresh_in(s, &c);
	check_stale_in(s, &x, "command");
	close_state(&s);
	write_text("inc/both.h", "of no importance now");
	check_fresh(&c);
	write_text("inc/y.h", "of importance");
	check_stale(&c, "inc/y.h has changed");
}

TEST(two_at_once)
{
	make_files();
	settle();
	cleanup_state struct state *a = open_state(), *b = open_state();

	record(a, &x, io_now());
	record(b, &y, io_now());
	state_save(a, false);
	state_save(b, false);
	cleanup_state struct state *c = open_state();
	check_fresh_in(c, &x);
	check_fresh_in(c, &y);
	close_state(&c);
	close_state(&a);
	close_state(&b);
	check_fresh(&x);
	check_fresh(&y);
	write_text("inc/x.h", "other");
	check_stale(&x, "inc/x.h has changed");
	check_fresh(&y);
	write_text("early/y.h", "");
	check_stale(&y, "early/y.h has appeared");
}

/* Each has numbers of its own for the same files, and for others. */
TEST(two_in_turn)
{
	enum { N = 12 };
	struct compile compiles[N];
	char outputs[N][16], headers[N][24];

	make_files();
	for (int i = 0; i < N; i++) {
		snprintf(outputs[i], sizeof(outputs[i]), "%d.o", i);
		snprintf(headers[i], sizeof(headers[i]), "inc/%d.h", i);
		write_text(headers[i], headers[i]);
		compiles[i] = x;
		compiles[i].output = outputs[i];
		compiles[i].inputs[2] = headers[i];
	}
	settle();
	cleanup_state struct state *a = open_state(), *b = open_state();
	for (int i = 0; i < N; i++) {
		struct state *s = i % 2 ? a : b;
		record(s, &compiles[i], io_now());
		if (i % 4 < 3)
			state_save(s, false);
	}
	state_save(a, false);
	state_save(b, false);
	/* And once more, of what the other one stored. */
	record(a, &compiles[0], io_now());
	state_save(a, false);
	record(b, &compiles[1], io_now());
	close_state(&b);
	close_state(&a);
	a = open_state();
	for (int i = 0; i < N; i++)
		check_fresh_in(a, &compiles[i]);
	close_state(&a);
	for (int i = 0; i < N; i++) {
		write_text(headers[i], "other");
		a = open_state();
		for (int j = 0; j < N; j++)
			if (j > i)
				check_fresh_in(a, &compiles[j]);
			else
				check_stale_in(a, &compiles[j], headers[j]);
		close_state(&a);
	}
}

/* One collects versions that the other one's actions name. */
TEST(two_with_many_edits)
{
	begin();
	for (int i = 0; i < 12; i++) {
		cleanup_free char *text = str_printf("edit %d", i);
		write_text("inc/both.h", text);
		settle();
		cleanup_state struct state *a = open_state(), *b = open_state();
		record(a, &x, io_now());
		state_save(a, false);
		record(b, &y, io_now());
		close_state(&b);
		close_state(&a);
		check_fresh(&x);
		check_fresh(&y);
	}
}

struct worker {
	struct state *state;
	int number;
};

static void *work(void *ctx)
{
	const struct worker *w = ctx;

	for (int i = 0; i < 20; i++) {
		cleanup_free char *output = str_printf("%d-%d.o", w->number, i);
		struct compile c = x;
		c.output = output;
		record(w->state, &c, io_now());
		state_save(w->state, true);
	}
	return NULL;
}

TEST(many_threads)
{
	enum { N = 4 };
	struct worker workers[N];
	pthread_t threads[N];

	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	for (int i = 0; i < N; i++) {
		workers[i] = (struct worker){s, i};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	reopen(&s);
	for (int i = 0; i < N * 20; i++) {
		cleanup_free char *output = str_printf("%d-%d.o", i / 20, i % 20);
		struct compile c = x;
		c.output = output;
		check_fresh_in(s, &c);
	}
}

TEST(odd_names)
{
	static const char *const names[] = {"a b",  "quote'\"", "new\nline", "\xff\xfe",
					    "a%s;", "-dash",    "\\",        "#$"};

	ck_assert_int_eq(mkdir("odd 'dir\n", 0755), 0);
	ck_assert_int_eq(mkdir("odd\xff", 0755), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *input = str_printf("odd 'dir\n/%s.h", names[i]);
		cleanup_free char *output = str_printf("odd\xff/%s.o", names[i]);
		cleanup_free char *before = str_printf("odd\xff/%s.h", names[i]);
		cleanup_free char *appeared = str_printf("%s has appeared", before);
		cleanup_free char *changed = str_printf("%s has changed", input);
		const struct compile c = {output, {input}, {"odd\xff", "odd 'dir\n"}, 0, 0};

		write_text(input, "1");
		build(&c);
		check_fresh(&c);
		write_text(before, "");
		check_stale(&c, appeared);
		ck_assert_int_eq(unlink(before), 0);
		write_text(input, "2");
		check_stale(&c, changed);
	}
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, there_and_back);
	tcase_add_test(tests, many_edits);
	tcase_add_test(tests, many_edits_in_turn);
	tcase_add_test(tests, recorded_twice);
	tcase_add_test(tests, two_at_once);
	tcase_add_test(tests, two_in_turn);
	tcase_add_test(tests, two_with_many_edits);
	tcase_add_test(tests, many_threads);
	tcase_add_test(tests, odd_names);
}

int main(void)
{
	return suite_run("state-many", add_tests);
}
