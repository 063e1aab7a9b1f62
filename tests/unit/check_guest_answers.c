/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/guest-answers.h"
#include "guest/guest-protocol.h"
#include "shared/strbuf.h"

static const char hello[] = "{\"event\": \"guest\", \"version\": 1, \"release\": \"6.1.0-9\", "
			    "\"machine\": \"x86_64\", \"btf\": true}\n";

struct taken {
	struct verify_kernel kernel;
	struct guest_answers a;
	size_t indexes[3];
	int r;
};

static void taken_free(struct taken *t)
{
	guest_answers_free(&t->a);
	verify_kernel_free(&t->kernel, 3);
}
#define cleanup_taken CLEANUP(taken_free)

static void begin(struct taken *t, size_t n)
{
	*t = (struct taken){.indexes = {2, 0, 1}};
	ck_assert_int_eq(verify_kernel_init(&t->kernel, "6.1", 3), 0);
	t->a.kernel = &t->kernel;
	t->a.objects = t->indexes;
	t->a.n_objects = n;
}

static void take(struct taken *t, const char *text)
{
	if (t->r == 0)
		t->r = guest_answers_take(&t->a, text, strlen(text));
}

TEST(what_is_answered_is_reported)
{
	cleanup_taken struct taken t;

	begin(&t, 2);
	take(&t, hello);
	take(&t,
	     "{\"event\": \"program\", \"object\": 0, \"program\": \"f\", \"section\": \"xdp\", "
	     "\"verdict\": \"loaded\", \"instructions\": 1234, \"n_instructions\": 40, "
	     "\"seconds\": 0.5}\n");
	take(&t, "{\"event\": \"attach\", \"object\": 0, \"program\": \"f\", \"error\": 0}\n");
	take(&t, "{\"event\": \"packets\", \"object\": 0, \"program\": \"f\", \"packets\": 3, "
		 "\"failed\": 1, \"verdicts\": {\"XDP_PASS\": 2}}\n");
	take(&t, "{\"event\": \"object\", \"object\": 0, \"error\": 0}\n");
	take(&t, "{\"event\": \"program\", \"object\": 1, \"program\": \"g\", \"section\": \"tc\", "
		 "\"verdict\": \"refused\", \"error\": 22, \"log\": \"R1 !read_ok\", \"libbpf\": "
		 "false}\n");
	take(&t, "{\"event\": \"object\", \"object\": 1, \"error\": 22, \"message\": \"no\"}\n");
	take(&t, "{\"event\": \"tomorrow\", \"object\": 9}\n");
	take(&t, "{\"event\": \"command\", \"status\": 3, \"output\": \"hello\"}\n");
	take(&t, "{\"event\": \"runs\", \"object\": 0, \"program\": \"f\", \"runs\": 12}\n");
	ck_assert(!t.a.done);
	take(&t, "{\"event\": \"done\"}\nanything");
	ck_assert_int_eq(t.r, 0);
	ck_assert(t.a.done);
	ck_assert_str_eq(t.kernel.release, "6.1.0-9");
	ck_assert(t.kernel.has_btf);
	ck_assert_int_eq(t.kernel.command_status, 3);
	ck_assert_str_eq(t.kernel.command_output, "hello");

	const struct verify_object *o = &t.kernel.objects[2];
	ck_assert_int_eq(o->verdict, VERIFY_LOADED);
	ck_assert_uint_eq(o->n_programs, 1);
	ck_assert_uint_eq(o->programs[0].instructions, 1234);
	ck_assert_uint_eq(o->programs[0].n_instructions, 40);
	ck_assert(o->programs[0].attached && o->programs[0].counted);
	ck_assert_uint_eq(o->programs[0].runs, 12);
	ck_assert_uint_eq(o->programs[0].packets, 3);
	ck_assert_uint_eq(o->programs[0].packets_failed, 1);
	ck_assert_str_eq(o->programs[0].tallies[0].name, "XDP_PASS");
	ck_assert_uint_eq(o->programs[0].tallies[0].n, 2);
	o = &t.kernel.objects[0];
	ck_assert_int_eq(o->verdict, VERIFY_REFUSED);
	ck_assert_int_eq(o->error, -22);
	ck_assert_int_eq(o->programs[0].error, -22);
	ck_assert_str_eq(o->programs[0].log, "R1 !read_ok");
	ck_assert_int_eq(t.kernel.objects[1].verdict, VERIFY_NO_ANSWER);
}

TEST(what_has_no_place_does_not_fail)
{
	cleanup_taken struct taken t;

	begin(&t, 1);
	take(&t, hello);
	for (size_t i = 0; i < 2; i++) {
		cleanup_free char *line =
			str_printf("{\"event\": \"program\", \"object\": 0, \"program\": \"f%zu\", "
				   "\"section\": "
				   "\"kprobe\", \"verdict\": \"loaded\"}\n{\"event\": \"attach\", "
				   "\"object\": 0, "
				   "\"program\": \"f%zu\", \"error\": 2, \"nowhere\": %s}\n",
				   i, i, i ? "true" : "false");
		take(&t, line);
	}
	take(&t, "{\"event\": \"object\", \"object\": 0, \"error\": 0}\n");
	take(&t, "{\"event\": \"command\", \"output\": \"so far\"}\n");
	ck_assert_int_eq(t.r, 0);
	const struct verify_object *o = &t.kernel.objects[2];
	ck_assert(!o->programs[0].attached && o->programs[0].attach_failed);
	ck_assert(!o->programs[1].attached && !o->programs[1].attach_failed);
	/* It was ended. */
	ck_assert_int_eq(t.kernel.command_status, -1);
	ck_assert_str_eq(t.kernel.command_output, "so far");
	take(&t, "{\"event\": \"command\", \"output\": \"more\"}\n");
	ck_assert_int_eq(t.r, -EPROTO);
}

TEST(what_it_was_asked_for_is_told)
{
	static const char loaded[] = "{\"event\": \"program\", \"object\": 0, \"program\": \"f\", "
				     "\"section\": \"tc\", \"verdict\": \"loaded\"}\n";
	cleanup_taken struct taken t;

	begin(&t, 1);
	t.a.attach = true;
	take(&t, hello);
	take(&t, loaded);
	take(&t, "{\"event\": \"object\", \"object\": 0}\n");
	ck_assert_int_eq(t.r, -EPROTO);
	assert_contains(t.a.why, "silent about what it was to attach");
}

TEST(a_command_is_told_of)
{
	cleanup_taken struct taken t;

	begin(&t, 0);
	t.a.has_command = true;
	take(&t, hello);
	take(&t, "{\"event\": \"done\"}\n");
	ck_assert_int_eq(t.r, -EPROTO);
	ck_assert(!t.a.done);
	assert_contains(t.a.why, "silent about its command");
}

TEST(it_comes_in_any_parts)
{
	cleanup_taken struct taken t;

	begin(&t, 0);
	for (const char *at = hello; *at; at++) {
		const char one[] = {*at, '\0'};
		take(&t, one);
	}
	take(&t, "{\"event\": ");
	take(&t, "\"done\"}");
	ck_assert(!t.a.done);
	take(&t, "\n");
	ck_assert_int_eq(t.r, 0);
	ck_assert(t.a.done);
}

/* Behind the greeting. */
static void check_refused(const char *text, const char *why)
{
	cleanup_taken struct taken t;

	begin(&t, 1);
	take(&t, hello);
	take(&t, text);
	ck_assert_msg(t.r == -EPROTO, "%s: %d", text, t.r);
	ck_assert_msg(strstr(t.a.why, why), "%s: %s", text, t.a.why);
	ck_assert(!t.a.done);
	/* What a report has of it all the same is whole: it is looked up by names. */
	for (size_t i = 0; i < t.kernel.objects[2].n_programs; i++) {
		ck_assert_ptr_nonnull(t.kernel.objects[2].programs[i].name);
		ck_assert_ptr_nonnull(t.kernel.objects[2].programs[i].section);
	}
}

TEST(what_cannot_be_is_refused)
{
#define PROGRAM(more) "{\"event\": \"program\", \"object\": 0" more "}\n"
#define NAMED ", \"program\": \"f\", \"section\": \"xdp\""
	check_refused("nonsense\n", "no JSON");
	check_refused("\n", "no JSON");
	check_refused("[]\n", "something else");
	check_refused("{}\n", "something else");
	check_refused(hello, "twice");
	check_refused("{\"event\": \"done\"}\n", "silent about an object");
	check_refused("{\"event\": \"command\", \"status\": 0}\n", "silent about an object");
	check_refused("{\"event\": \"object\", \"object\": 0}\n{\"event\": \"command\"}\n",
		      "\"output\" is missing");
	check_refused("{\"event\": \"object\", \"object\": 0}\n"
		      "{\"event\": \"command\", \"output\": \"\"}\n"
		      "{\"event\": \"command\", \"output\": \"\", \"status\": 0}\n",
		      "ends twice");
	check_refused("{\"event\": \"object\", \"object\": 1}\n", "not the turn");
	check_refused("{\"event\": \"object\", \"object\": -1}\n", "out of bounds");
	check_refused("{\"event\": \"object\"}\n", "not the turn");
	check_refused("{\"event\": \"object\", \"object\": 0, \"error\": \"x\"}\n", "no number");
	check_refused("{\"event\": \"object\", \"object\": 0, \"error\": 1e3}\n", "no number");
	check_refused("{\"event\": \"object\", \"object\": 0, \"error\": 70000}\n",
		      "out of bounds");
	check_refused(PROGRAM(""), "\"program\" is missing");
	check_refused(PROGRAM(", \"program\": 3"), "no text");
	check_refused(PROGRAM(NAMED ", \"verdict\": \"loaded\"") PROGRAM(""), "is missing");
	check_refused(PROGRAM(", \"program\": \"f\""), "\"section\" is missing");
	check_refused(PROGRAM(NAMED), "\"verdict\" is unknown");
	check_refused(PROGRAM(NAMED ", \"verdict\": \"perhaps\""), "\"verdict\" is unknown");
	check_refused(PROGRAM(NAMED ", \"verdict\": \"loaded\", \"seconds\": \"1\""), "seconds");
	check_refused(PROGRAM(NAMED ", \"verdict\": \"loaded\", \"libbpf\": 1"), "neither true");
	check_refused("{\"event\": \"attach\", \"object\": 0, \"program\": \"f\"}\n",
		      "no program of that name");
	check_refused(
		PROGRAM(NAMED ", \"verdict\": \"loaded\"") "{\"event\": \"packets\", \"object\": "
							   "0, \"program\": \"f\", "
							   "\"verdicts\": "
							   "{\"012345678901234567890123456789012345"
							   "6789\": 1}}\n",
		"too long");
	check_refused(
		PROGRAM(NAMED ", \"verdict\": \"loaded\"") "{\"event\": \"packets\", \"object\": "
							   "0, \"program\": \"f\", "
							   "\"verdicts\": {\"XDP_PASS\": -1}}\n",
		"no numbers");
	check_refused("{\"event\": \"object\", \"object\": 0, \"object\": 0}\n", "no JSON");
	check_refused("{\"event\": \"object\", \"object\": 0}\n"
		      "{\"event\": \"runs\", \"object\": 7, \"program\": \"f\"}\n",
		      "no such object");
}

TEST(it_says_who_it_is_first)
{
	cleanup_taken struct taken t, other;

	begin(&t, 0);
	take(&t, "{\"event\": \"done\"}\n");
	ck_assert_int_eq(t.r, -EPROTO);
	begin(&other, 0);
	take(&other, "{\"event\": \"guest\", \"version\": 2, \"release\": \"x\", \"machine\": "
		     "\"y\"}\n");
	ck_assert_int_eq(other.r, -EPROTO);
	ck_assert_ptr_nonnull(strstr(other.a.why, "another release"));
}

TEST(floods_end)
{
	static char block[1 << 16];
	cleanup_taken struct taken line, lines;

	begin(&line, 0);
	take(&line, hello);
	memset(block, 'x', sizeof(block) - 1);
	for (int i = 0; i < 1000 && line.r == 0; i++)
		take(&line, block);
	ck_assert_int_eq(line.r, -EFBIG);
	ck_assert_ptr_nonnull(strstr(line.a.why, "a line of more than 8 MiB"));

	begin(&lines, 0);
	take(&lines, hello);
	memcpy(block, "{\"event\": \"x\", \"y\": \"", 21);
	memcpy(block + sizeof(block) - 4, "\"}\n", 4);
	for (int i = 0; i < 2000 && lines.r == 0; i++)
		take(&lines, block);
	ck_assert_int_eq(lines.r, -EFBIG);
	ck_assert_ptr_nonnull(strstr(lines.a.why, "more than 64 MiB"));
}

/* Of one object no more programs than any has. */
TEST(programs_are_bounded)
{
	cleanup_taken struct taken t;

	begin(&t, 1);
	take(&t, hello);
	for (int i = 0; i < 10000 && t.r == 0; i++) {
		cleanup_free char *text = str_printf(PROGRAM(", \"program\": \"f%d\", \"section\": "
							     "\"xdp\", \"verdict\": \"loaded\""),
						     i);
		take(&t, text);
	}
	ck_assert_int_eq(t.r, -EPROTO);
	ck_assert_uint_eq(t.kernel.objects[2].n_programs, 4096);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, what_is_answered_is_reported);
	tcase_add_test(c, what_has_no_place_does_not_fail);
	tcase_add_test(c, what_it_was_asked_for_is_told);
	tcase_add_test(c, a_command_is_told_of);
	tcase_add_test(c, it_comes_in_any_parts);
	tcase_add_test(c, what_cannot_be_is_refused);
	tcase_add_test(c, it_says_who_it_is_first);
	tcase_add_test(c, floods_end);
	tcase_add_test(c, programs_are_bounded);
}

int main(void)
{
	return suite_run("guest_answers", add_tests);
}
