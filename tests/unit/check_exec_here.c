/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/exec-here.h"

struct bench {
	struct strv in, out;
	struct exec_here here;
};

static void set_up(struct bench *t)
{
	*t = (struct bench){0};
	t->here = (struct exec_here){.dir = ".", .in = &t->in, .out = &t->out};
}

static void tear_down(struct bench *t)
{
	exec_here_free(&t->here);
	strv_free(&t->in);
	strv_free(&t->out);
}

static void begin(struct bench *t)
{
	ck_assert_int_eq(exec_here_begin(&t->here), 0);
}

static void assert_results(struct bench *t, const enum exec_output_result *wanted)
{
	exec_here_look(&t->here);
	for (size_t i = 0; i < t->out.n; i++)
		ck_assert_msg(t->here.outputs[i].result == wanted[i], "%s: %d", t->out.v[i],
			      t->here.outputs[i].result);
}

TEST(made_and_not)
{
	static const char *const names[] = {"stays", "grows", "again", "new",
					    "none",  "goes",  "no/x",  "file/x"};
	static const enum exec_output_result wanted[] = {
		EXEC_OUTPUT_MISSING, EXEC_OUTPUT_DONE,    EXEC_OUTPUT_DONE,    EXEC_OUTPUT_DONE,
		EXEC_OUTPUT_MISSING, EXEC_OUTPUT_MISSING, EXEC_OUTPUT_MISSING, EXEC_OUTPUT_MISSING};
	struct bench t;

	set_up(&t);
	for (size_t i = 0; i < LENGTH(names); i++)
		strv_add(&t.out, names[i]);
	write_text("stays", "x");
	write_text("grows", "x");
	write_text("again", "x");
	write_text("goes", "x");
	write_text("file", "x");
	begin(&t);
	t.here.began += 1000000000; /* as if all that had been a second ago */
	write_text("grows", "xx");
	ck_assert_int_eq(unlink("goes"), 0);
	write_text("new", "x");
	write_text("other", "y"); /* of the same size, and another file */
	ck_assert_int_eq(rename("other", "again"), 0);
	assert_results(&t, wanted);
	tear_down(&t);
}

/* Too young to be told from what the command makes. */
TEST(made_just_before)
{
	static const enum exec_output_result wanted[] = {EXEC_OUTPUT_DONE};
	struct bench t;

	set_up(&t);
	strv_add(&t.out, "young");
	write_text("young", "x");
	begin(&t);
	t.here.began = 0; /* the clock is not waited for */
	assert_results(&t, wanted);
	tear_down(&t);
}

TEST(sent)
{
	static const char *const names[] = {"file", "dir/x", "dirx", "dir"};
	static const enum exec_output_result wanted[] = {
		EXEC_OUTPUT_DONE, EXEC_OUTPUT_DONE, EXEC_OUTPUT_MISSING, EXEC_OUTPUT_DIRECTORY};
	struct bench t;

	set_up(&t);
	for (size_t i = 0; i < LENGTH(names); i++)
		strv_add(&t.out, names[i]);
	strv_add(&t.in, "file");
	strv_add(&t.in, "dir");
	write_text("file", "x");
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	write_text("dir/x", "x");
	write_text("dirx", "x");
	begin(&t);
	t.here.began += 1000000000;
	assert_results(&t, wanted);
	tear_down(&t);
}

TEST(no_files)
{
	static const char *const names[] = {"link", "linked/x", "dir", "pipe", "dangling"};
	static const enum exec_output_result wanted[] = {EXEC_OUTPUT_SPECIAL, EXEC_OUTPUT_SPECIAL,
							 EXEC_OUTPUT_DIRECTORY, EXEC_OUTPUT_SPECIAL,
							 EXEC_OUTPUT_SPECIAL};
	struct bench t;

	set_up(&t);
	for (size_t i = 0; i < LENGTH(names); i++)
		strv_add(&t.out, names[i]);
	begin(&t);
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	write_text("dir/x", "x");
	ck_assert_int_eq(symlink("dir/x", "link"), 0);
	ck_assert_int_eq(symlink("dir", "linked"), 0);
	ck_assert_int_eq(symlink("nowhere", "dangling"), 0);
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	assert_results(&t, wanted);
	tear_down(&t);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, made_and_not);
	tcase_add_test(c, made_just_before);
	tcase_add_test(c, sent);
	tcase_add_test(c, no_files);
}

int main(void)
{
	return suite_run("exec_here", add_tests);
}
