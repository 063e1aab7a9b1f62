/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c: outputs that are missing, and many files looked at ahead. */
#include "suite.h"

#include "make-state.h"

static bool wants(struct state *s, const struct compile *c, struct state_wanted *ret_wanted)
{
	uint8_t command[DIGEST_SIZE];

	get_command(c, command);
	return state_wants_outputs(s, c->output, command, ret_wanted);
}

static void keep_key(const struct compile *c, uint8_t with)
{
	cleanup_state struct state *s = open_state();
	uint8_t key[DIGEST_SIZE];

	memset(key, with, sizeof(key));
	state_keep_key(s, c->output, key);
	close_state(&s);
}

/* Its outputs alone are missing: what they held is told, from an image and from SQLite. */
TEST(told_by_digest)
{
	struct state_wanted wanted;

	begin();
	ck_assert_int_eq(unlink("x.o"), 0);
	for (int i = 0; i < 2; i++) {
		cleanup_state struct state *s = open_state();
		ck_assert_msg(!wants(s, &x, &wanted), "without a key");
	}
	keep_key(&x, 7);
	for (int i = 0; i < 3; i++) {
		cleanup_state struct state *s = open_state();
		struct state_output output;

		if (i == 1)
			ck_assert_int_eq(unlink(FILE_NAME "-image"), 0);
		ck_assert(wants(s, &x, &wanted));
		ck_assert_uint_eq(wanted.key[0], 7);
		ck_assert_uint_eq(wanted.key[DIGEST_SIZE - 1], 7);
		ck_assert_uint_eq(wanted.n_outputs, 1);
		ck_assert(!wants(s, &y, &wanted));
		write_output(&x, &output);
		ck_assert_int_eq(memcmp(wanted.digests[0], output.digest, DIGEST_SIZE), 0);
		ck_assert_int_eq(unlink("x.o"), 0);
	}
}

/* They are there again, and that is remembered. */
TEST(restored)
{
	begin();
	keep_key(&x, 1);
	ck_assert_int_eq(unlink("x.o"), 0);
	settle();
	cleanup_state struct state *s = open_state();
	struct state_output output;

	check_stale_in(s, &x, "x.o is gone");
	write_output(&x, &output);
	state_restored(s, &output, 1);
	check_fresh_in(s, &x);
	close_state(&s);
	check_fresh(&x);
	check_fresh(&y);
	/* What holds something else is not taken for it. */
	s = open_state();
	memset(output.digest, 3, DIGEST_SIZE);
	write_text("x.o", "something else");
	state_restored(s, &output, 1);
	reopen(&s);
	check_stale_in(s, &x, "x.o has changed");
}

/* Where more than outputs is missing, nothing is told. */
TEST(not_told)
{
	struct state_wanted wanted;
	struct compile other = x;

	begin();
	keep_key(&x, 1);
	ck_assert_int_eq(unlink("x.o"), 0);
	cleanup_state struct state *s = open_state();
	other.command = 5;
	ck_assert_msg(!wants(s, &other, &wanted), "another command");
	other.output = "z.o";
	ck_assert_msg(!wants(s, &other, &wanted), "no record");
	write_text("inc/x.h", "it has changed");
	reopen(&s);
	ck_assert_msg(!wants(s, &x, &wanted), "another header");
	write_text("inc/x.h", "of x");
	reopen(&s);
	ck_assert_msg(wants(s, &x, &wanted), "set back");
	write_text("early/x.h", "it has appeared");
	reopen(&s);
	ck_assert_msg(!wants(s, &x, &wanted), "a header that has appeared");
	/* A key is of what was done last. */
	ck_assert_int_eq(unlink("early/x.h"), 0);
	close_state(&s);
	build(&x);
	ck_assert_int_eq(unlink("x.o"), 0);
	s = open_state();
	ck_assert_msg(!wants(s, &x, &wanted), "the key of an older build");
}

enum { MANY = 2100, MANY_DIRS = 11 };

/* In one directory after the other. */
static void name_one(char name[32], unsigned i)
{
	snprintf(name, 32, "many/%u/%u.c", i % MANY_DIRS, i);
}

static void look_ahead(struct state *s, const char *const *outputs, size_t n)
{
	state_look_ahead(s, outputs, n);
	state_look_ahead(s, outputs, n); /* does no harm */
}

/* By some threads, as without. */
TEST(many_ahead)
{
	static char names[MANY][32], objects[MANY][40];
	static const char *outputs[MANY + 1];

	ck_assert_int_eq(mkdir("many", 0755), 0);
	for (unsigned i = 0; i < MANY_DIRS; i++) {
		snprintf(names[0], sizeof(names[0]), "many/%u", i);
		ck_assert_int_eq(mkdir(names[0], 0755), 0);
	}
	for (unsigned i = 0; i < MANY; i++) {
		name_one(names[i], i);
		snprintf(objects[i], sizeof(objects[i]), "%s.o", names[i]);
		outputs[i] = objects[i];
		write_text(names[i], names[i]);
	}
	outputs[MANY] = "unknown.o";
	settle();
	cleanup_state struct state *s = open_state();
	for (unsigned i = 0; i < MANY; i++) {
		struct compile c = {.output = objects[i], .inputs = {names[i]}};
		record(s, &c, io_now());
	}
	reopen(&s);
	look_ahead(s, outputs, MANY + 1);
	for (unsigned i = 0; i < MANY; i++)
		check_fresh_in(s, &(struct compile){.output = objects[i]});
	ck_assert_int_eq(unlink(names[3]), 0);
	ck_assert_int_eq(unlink(objects[4]), 0);
	write_text(names[5], "it has changed");
	ck_assert_int_eq(unlink(names[6]), 0);
	ck_assert_int_eq(mkdir(names[6], 0755), 0);
	for (unsigned i = 0; i < 3; i++) /* what was looked at ahead is what this build goes by */
		check_fresh_in(s, &(struct compile){.output = objects[3 + i]});
	reopen(&s);
	look_ahead(s, outputs, MANY + 1);
	write_text(names[3], "it is there again, too late");
	check_stale_in(s, &(struct compile){.output = objects[3]}, "3.c is gone");
	check_stale_in(s, &(struct compile){.output = objects[4]}, "4.c.o is gone");
	check_stale_in(s, &(struct compile){.output = objects[5]}, "5.c has changed");
	check_stale_in(s, &(struct compile){.output = objects[6]}, "6.c is gone");
	check_fresh_in(s, &(struct compile){.output = objects[7]});
}

/* What was looked at ahead, and by nobody since, is not what a compiler read later: an edit that is
 * taken back must not pass for what that made of it. */
TEST(edited_while_compiled)
{
	const char *outputs[] = {"x.o"};

	begin();
	write_text(x.inputs[0], "it has changed");
	settle();
	cleanup_state struct state *s = open_state();
	state_look_ahead(s, outputs, 1);
	check_stale_in(s, &x, "has changed");
	write_text("inc/x.h", "it has changed meanwhile");
	settle();
	record(s, &x, io_now());
	close_state(&s);
	check_fresh(&x);
	write_text("inc/x.h", "of x");
	check_stale(&x, "x.h has changed");
}

static int take_input(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
		      const char *asks)
{
	(void)path, (void)digest, (void)asks;
	++*(int *)ctx;
	return 0;
}

/* What is looked at once a build tells what an output was made of: an edit since then is none of
 * it, whenever that is asked for. */
TEST(edited_before_it_is_restored)
{
	cleanup_strv struct strv inputs = {0}, search = {0};
	struct state_output output;
	struct state_done done = {.inputs = &inputs, .search = &search};
	int64_t looked;
	int n = 0;

	begin();
	for (size_t i = 0; x.inputs[i]; i++)
		strv_add(&inputs, x.inputs[i]);
	settle();
	cleanup_state struct state *s = open_state();
	check_fresh_in(s, &x);
	settle();
	write_text("inc/x.h", "it has changed");
	settle();
	ck_assert_int_eq(state_look(s, &done, take_input, NULL, &n, &looked), 0);
	ck_assert_int_eq(n, 3);
	write_output(&x, &output);
	done.outputs = &output;
	done.n_outputs = 1;
	get_command(&x, done.command);
	for (int i = 0; i < 2; i++) { /* made of what is there, and of what was there */
		cleanup_free char *why = NULL;
		done.looked = i ? looked : 0;
		done.began = io_now();
		ck_assert_int_eq(state_record(s, &done), 0);
		ck_assert_int_eq(is_fresh(s, &x, &why), i == 0);
	}
	close_state(&s);
	check_stale(&x, NO_RECORD);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, told_by_digest);
	tcase_add_test(tests, restored);
	tcase_add_test(tests, not_told);
	tcase_add_test(tests, many_ahead);
	tcase_add_test(tests, edited_while_compiled);
	tcase_add_test(tests, edited_before_it_is_restored);
}

int main(void)
{
	return suite_run("state-wanted", add_tests);
}
