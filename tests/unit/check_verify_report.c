/* SPDX-License-Identifier: BSD-2-Clause */
/* A report as a table, as JSON, as a page, and against an earlier one. */
#include "suite.h"

#include <jansson.h>

#include "cli/verify-baseline.h"
#include "cli/verify-html.h"
#include "cli/verify-json.h"
#include "cli/verify-table.h"
#include "make-report.h"

static const char *const two_objects[] = {"a.bpf.o", "b.bpf.o", NULL}, *const two_kernels[] = {
									       "6.1", "6.12", NULL};

static void make(struct verify_report *r)
{
	report_make(r, two_objects, two_kernels);
	report_add(r, 0, 0, "count", 1234);
	report_add(r, 1, 0, "count", 999999);
	report_refuse(r, 0, 1, "other", "unknown func bpf_cgrp_storage_get#210\n");
	report_add(r, 1, 1, "other", 7);
	ck_assert_int_eq(verify_explain(r), 0);
}

/* What a function prints; the caller frees. */
static char *printed(const struct verify_report *r, bool json, bool colour)
{
	FILE *f = fopen("out", "w");

	ck_assert_ptr_ne(f, NULL);
	ck_assert_int_eq(json ? verify_json_print(r, f) : verify_table_print(r, f, colour), 0);
	fclose(f);
	return read_text("out");
}

#define assert_lacks(string, part) ck_assert_msg(!strstr(string, part), "%s in: %s", part, string)

/* Tables */

TEST(prints_a_table)
{
	cleanup_verify_report struct verify_report r = {0};

	make(&r);
	cleanup_free char *table = printed(&r, false, false);
	ck_assert_str_eq(
		table,
		"         6.1                 6.12\n"
		"a.bpf.o\n"
		"  count  1,234  0.1 %  3 ms  999,999  100.0 %  3 ms\n"
		"b.bpf.o\n"
		"  other  refused             7  <0.1 %  3 ms\n"
		"\n"
		"b.bpf.o other on 6.1: bpf_cgrp_storage_get() is not in Linux 6.1; it came with "
		"6.2\n"
		"\n"
		"--html FILE and --json have what the verifier said, and what to do about it\n"
		"of a program: instructions verified, their share of the limit, time to load\n"
		"3 loaded, 1 refused\n");
}

TEST(colours_what_failed)
{
	cleanup_verify_report struct verify_report r = {0};

	make(&r);
	cleanup_free char *table = printed(&r, false, true);
	assert_contains(table, "  other  \033[31mrefused\033[0m             7");
}

TEST(says_which_kernels_were_lost)
{
	cleanup_verify_report struct verify_report r = {0};

	report_make(&r, two_objects, two_kernels);
	report_add(&r, 0, 0, "count", 0);
	r.kernels[0].has_btf = false;
	report_lose(&r, 1, "panicked: \033[31mred\xc2\x9b", "first\nlast line\n\n");
	cleanup_free char *table = printed(&r, false, false);
	assert_contains(table, "no BTF");
	assert_contains(table, "  count         loaded  3 ms  no answer\n");
	assert_contains(table, "6.12: panicked: \\x1b[31mred\\xc2\\x9b\n"
			       "  the last that it printed: last line\n");
	assert_contains(table, "1 loaded, 0 refused, 1 kernel without an answer\n");
}

TEST(says_what_else_was_asked_for)
{
	cleanup_verify_report struct verify_report r = {0};

	report_make(&r, two_objects, two_kernels);
	struct verify_program *p = report_add(&r, 0, 0, "count", 5);
	p->attached = p->counted = true;
	p->runs = 1;
	p->packets = 3;
	p->packets_failed = 1;
	p = report_add(&r, 1, 0, "count", 5);
	p->attach_message = made_text("no such\nhook");
	p->attach_failed = true;
	r.kernels[1].command_status = 2;
	r.kernels[1].command_output = made_text("not\033ok\nend");
	cleanup_free char *table = printed(&r, false, false);
	assert_contains(table, "a.bpf.o count on 6.1: attached, ran 1 time; 3 packets: failed 1\n");
	assert_contains(table, "a.bpf.o count on 6.12: not attached: no such hook\n");
	assert_contains(table, "6.12: the command ended with status 2\n  not\\x1bok\n  end\n");
	assert_contains(table, "2 loaded, 0 refused, 1 not attached\n");
}

TEST(wraps_many_kernels)
{
	static char names[40][16];
	const char *kernels[41] = {0};
	cleanup_verify_report struct verify_report r = {0};

	for (int i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "6.%d", i);
		kernels[i] = names[i];
	}
	report_make(&r, two_objects, kernels);
	cleanup_free char *table = printed(&r, false, false);
	assert_contains(table, "6.39");
	for (const char *at = table; *at;) {
		size_t len = strcspn(at, "\n");
		ck_assert_uint_le(len, 110);
		at += len + 1;
	}
}

TEST(shortens_long_names)
{
	static char name[301];
	cleanup_verify_report struct verify_report r = {0};

	for (size_t i = 0; i < 300; i += 2)
		memcpy(name + i, "\xc3\xa4", 2);
	report_make(&r, two_objects, two_kernels);
	report_refuse(&r, 0, 0, name, "no\n");
	ck_assert_int_eq(verify_explain(&r), 0);
	cleanup_free char *table = printed(&r, false, false);
	assert_contains(table, "\xc3\xa4...  refused");
	assert_contains(table, name);
}

/* JSON */

TEST(prints_json)
{
	cleanup_verify_report struct verify_report r = {0};

	make(&r);
	r.kernels[0].objects[1].programs[0].log[0] = '\xff';
	cleanup_free char *json = printed(&r, true, false);
	size_t n = 0;
	for (const char *at = json; *at; n++) {
		size_t len = strcspn(at, "\n");
		json_t *line = json_loadb(at, len, 0, NULL);
		ck_assert_ptr_ne(line, NULL);
		ck_assert_ptr_ne(json_string_value(json_object_get(line, "event")), NULL);
		json_decref(line);
		at += len + 1;
	}
	ck_assert_uint_eq(n, 2 + 4 + 4 + 1);
	assert_contains(json, "{\"event\":\"program\",\"object\":\"a.bpf.o\",\"program\":\"count\","
			      "\"section\":\"xdp\",\"kernel\":\"6.1\",\"verdict\":\"loaded\","
			      "\"instructions\":1234,\"share\":0.001234,\"seconds\":0.003}");
	assert_contains(json,
			"\"verdict\":\"refused\",\"seconds\":0.003,\"log\":\"\xef\xbf\xbdnknown");
	assert_contains(json, "\"error\":22,\"reason\":\"bpf_cgrp_storage_get() is not in");
	assert_contains(
		json,
		"{\"event\":\"done\",\"loaded\":3,\"refused\":1,\"unattached\":0,\"lost\":0}\n");
}

/* Pages */

TEST(escapes_what_others_wrote)
{
	static const char *const objects[] = {"<b>&\"'.o", NULL}, *const kernels[] = {"<i>", NULL};
	cleanup_verify_report struct verify_report r = {0};
	cleanup_error struct crossbpf_error e = {0};

	report_make(&r, objects, kernels);
	report_refuse(&r, 0, 0, "<u>", "</pre>\033\xff\n");
	ck_assert_int_eq(verify_explain(&r), 0);
	ck_assert_int_eq(verify_html_write(&r, "page.html", &e), 0);
	cleanup_free char *page = read_text("page.html");
	assert_contains(page, "&lt;b&gt;&amp;&quot;&#39;");
	assert_contains(page, "&lt;/pre&gt;\\x1b\xef\xbf\xbd");
	assert_lacks(page, "<b>");
	assert_lacks(page, "<i>");
	assert_lacks(page, "<u>");
	assert_lacks(page, "<script");
}

TEST(tells_which_page_cannot_be_written)
{
	cleanup_verify_report struct verify_report r = {0};
	cleanup_error struct crossbpf_error e = {0};

	make(&r);
	ck_assert_int_eq(verify_html_write(&r, "none/page.html", &e), -ENOENT);
	ck_assert_int_eq(e.status, EXIT_STATUS_OUTPUT);
	assert_contains(e.message, "none/page.html");
}

/* Baselines */

static unsigned compare(const char *baseline, const struct verify_report *r, double percent,
			char **ret_lines)
{
	cleanup_verify_baseline struct verify_baseline b = {0};
	cleanup_error struct crossbpf_error e = {0};
	struct strbuf lines = {0};
	struct verify_comparison c;

	ck_assert_int_eq(verify_baseline_read(&b, baseline, strlen(baseline), "old.json", &e), 0);
	ck_assert_int_eq(verify_baseline_compare(&b, r, "old.json", percent, &lines, &c), 0);
	strbuf_puts(&lines, "");
	ck_assert_int_eq(strbuf_finish(&lines, ret_lines), 0);
	return c.dearer;
}

TEST(finds_dearer_programs)
{
	cleanup_verify_report struct verify_report r = {0}, now = {0};
	cleanup_free char *lines = NULL, *same = NULL, *within = NULL;

	make(&r);
	cleanup_free char *baseline = printed(&r, true, false);
	ck_assert_uint_eq(compare(baseline, &r, 0, &same), 0);
	ck_assert_str_eq(same, "");
	report_make(&now, two_objects, two_kernels);
	report_add(&now, 0, 0, "count", 1358);
	report_refuse(&now, 1, 0, "count", "no\n");
	report_add(&now, 0, 0, "new", 1000000);
	report_add(&now, 0, 1, "other", 1000000); /* was refused */
	report_add(&now, 1, 1, "other", 6);
	ck_assert_uint_eq(compare(baseline, &now, 10, &lines), 2);
	ck_assert_str_eq(lines, "a.bpf.o count on 6.1: dearer by 10.0 %: 1,358 instructions, and "
				"1,234 in old.json\n"
				"a.bpf.o count on 6.12: refused, and loaded in old.json\n");
	ck_assert_uint_eq(compare(baseline, &now, 11, &within), 1);
}

/* What is not UTF-8 is the same as when it was written. */
TEST(finds_names_of_any_bytes)
{
	static const char *const objects[] = {"\xff\"\n.o", NULL};
	cleanup_verify_report struct verify_report r = {0};
	cleanup_free char *lines = NULL;

	report_make(&r, objects, two_kernels);
	report_add(&r, 0, 0, "count", 10);
	cleanup_free char *baseline = printed(&r, true, false);
	r.kernels[0].objects[0].programs[0].instructions = 20;
	ck_assert_uint_eq(compare(baseline, &r, 10, &lines), 1);
	assert_contains(lines, "\xff\" .o count on 6.1: dearer by 100.0 %");
}

TEST(refuses_damaged_baselines)
{
	static const struct {
		const char *content, *message;
	} damaged[] = {
		{"", "old.json:1: the report ends before"},
		{"{\"event\":\"kernel\"}\n", "old.json:2: the report ends before"},
		{"{\"event\":\"kernel\"}\n{\"event\":\"pro", "old.json:2: this is no line"},
		{"\n", "old.json:1: this is no line"},
		{"[]\n", "old.json:1: this is no line of a report: it is no event"},
		{"{\"event\":1}\n", "it is no event"},
		{"{\"event\":\"program\",\"kernel\":\"6.1\"}\n", "it lacks a kernel, an object"},
		{"{\"event\":\"program\",\"kernel\":\"6.1\",\"object\":\"a\",\"program\":\"p\","
		 "\"verdict\":\"loaded\",\"instructions\":-1}\n",
		 "its instructions are no number"},
		{"{\"event\":\"done\"}\n{\"event\":\"done\"}\n", "old.json:2: something follows"},
	};

	for (size_t i = 0; i < LENGTH(damaged); i++) {
		cleanup_verify_baseline struct verify_baseline b = {0};
		cleanup_error struct crossbpf_error e = {0};
		const char *text = damaged[i].content;
		ck_assert_int_eq(verify_baseline_read(&b, text, strlen(text), "old.json", &e),
				 -EINVAL);
		ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
		assert_contains(e.message, damaged[i].message);
	}
}

TEST(checks_a_file)
{
	cleanup_verify_baseline struct verify_baseline none = {0}, b = {0};
	cleanup_verify_report struct verify_report r = {0};
	cleanup_error struct crossbpf_error e = {0};
	unsigned dearer = 7;

	make(&r);
	ck_assert_int_eq(verify_baseline_open(&none, "none.json", &e), -ENOENT);
	assert_contains(e.message, "none.json");
	error_free(&e);
	free(printed(&r, true, false));
	ck_assert_int_eq(verify_baseline_open(&b, "out", &e), 0);
	ck_assert_int_eq(verify_baseline_check(&b, &r, "out", 10, &dearer, &e), 0);
	ck_assert_uint_eq(dearer, 0);
}

/* Of objects that are called otherwise now, as by another path, nothing would be found out. */
TEST(refuses_to_compare_nothing)
{
	static const char *const paths[] = {"./a.bpf.o", "./b.bpf.o", NULL};
	cleanup_verify_baseline struct verify_baseline b = {0};
	cleanup_verify_report struct verify_report r = {0}, now = {0}, lost = {0};
	cleanup_error struct crossbpf_error e = {0};
	unsigned dearer = 0;

	make(&r);
	free(printed(&r, true, false));
	ck_assert_int_eq(verify_baseline_open(&b, "out", &e), 0);
	report_make(&lost, paths, two_kernels);
	ck_assert_int_eq(verify_baseline_check(&b, &lost, "out", 10, &dearer, &e), 0);
	report_make(&now, paths, two_kernels);
	report_add(&now, 0, 0, "count", 900000);
	ck_assert_int_eq(verify_baseline_check(&b, &now, "out", 10, &dearer, &e), -ENOENT);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	assert_contains(e.message, "nothing was compared: out has none of these");
}

static void add_tests(TCase *t)
{
	tcase_add_test(t, prints_a_table);
	tcase_add_test(t, colours_what_failed);
	tcase_add_test(t, says_which_kernels_were_lost);
	tcase_add_test(t, says_what_else_was_asked_for);
	tcase_add_test(t, wraps_many_kernels);
	tcase_add_test(t, shortens_long_names);
	tcase_add_test(t, prints_json);
	tcase_add_test(t, escapes_what_others_wrote);
	tcase_add_test(t, tells_which_page_cannot_be_written);
	tcase_add_test(t, finds_dearer_programs);
	tcase_add_test(t, finds_names_of_any_bytes);
	tcase_add_test(t, refuses_damaged_baselines);
	tcase_add_test(t, refuses_to_compare_nothing);
	tcase_add_test(t, checks_a_file);
}

int main(void)
{
	return suite_run("verify-report", add_tests);
}
