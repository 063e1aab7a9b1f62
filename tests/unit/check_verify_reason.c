/* SPDX-License-Identifier: BSD-2-Clause */
/* What kernels and libbpf say, in a sentence; lines of sources are in verify-page.test. */
#include "suite.h"

#include "core/verify-reason.h"
#include "shared/strbuf.h"

#define DONE                                                                                    \
	"processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 " \
	"mark_read 0\n"

static char release[64], name[] = "here";
static struct verify_kernel kernel = {.name = name, .release = release, .has_btf = true};
static const struct verify_source no_object = {.path = "a.bpf.o"};

static char *reason_of(const struct verify_source *s, const char *running, const char *said,
		       bool is_libbpf, int error)
{
	char program[] = "on_exit";
	cleanup_free char *log = said ? strdup(said) : NULL;
	const struct verify_program p = {.name = program,
					 .verdict = VERIFY_REFUSED,
					 .error = error,
					 .log = log,
					 .is_libbpf = is_libbpf};
	struct verify_reason reason = {0};
	cleanup_strbuf struct strbuf line = {0};
	char *text;

	snprintf(release, sizeof(release), "%s", running);
	ck_assert_int_eq(verify_reason_program(s, &kernel, &p, &reason), 0);
	verify_reason_add(&reason, &line);
	assert_contains(reason.explanation, "a.bpf.o: ");
	verify_reason_free(&reason);
	ck_assert_int_eq(strbuf_finish(&line, &text), 0);
	return text;
}

#define assert_reason(running, said, is_libbpf, error, text)                    \
	do {                                                                    \
		cleanup_free char *reason_ =                                    \
			reason_of(&no_object, running, said, is_libbpf, error); \
		ck_assert_str_eq(reason_, text);                                \
	} while (0)

TEST(names_helpers_of_later_kernels)
{
	const char *text = "bpf_cgrp_storage_get() is not in Linux 6.1; it came with 6.2";

	assert_reason("6.1.0-49-amd64",
		      "0: R1=ctx(off=0,imm=0) R10=fp0\n"
		      "; long *v = bpf_cgrp_storage_get(&m, c, 0, 1);\n"
		      "7: (85) call bpf_cgrp_storage_get#210\n"
		      "unknown func bpf_cgrp_storage_get#210\n" DONE,
		      false, -EINVAL, text);
	assert_reason("6.1", "7: (85) call unknown#210\ninvalid func unknown#210\n" DONE, false,
		      -EINVAL, text);
	/* Linux 6.9 tells the line. */
	assert_reason(
		"6.1", "; x @ cgrp.bpf.c:12\n7: (85) call x#210\ninvalid func unknown#210\n", false,
		-EINVAL,
		"cgrp.bpf.c:12: bpf_cgrp_storage_get() is not in Linux 6.1; it came with 6.2");
}

/* The program's type is not known without the object: what the verifier said stands. */
TEST(leaves_what_it_does_not_know)
{
	assert_reason("6.12.9", "7: (85) call x#210\nunknown func bpf_cgrp_storage_get#210\n",
		      false, -EINVAL, "unknown func bpf_cgrp_storage_get#210");
	assert_reason("6.12.9", "invalid func unknown#1000\n", false, -EINVAL,
		      "invalid func unknown#1000");
	assert_reason("6.12.9", "invalid func unknown#99999999999999999999\n", false, -EINVAL,
		      "invalid func unknown#99999999999999999999");
	assert_reason("strange", "unknown func bpf_cgrp_storage_get#210\n", false, -EINVAL,
		      "unknown func bpf_cgrp_storage_get#210");
	assert_reason("6.1", "R0 invalid mem access 'map_value_or_null'\n" DONE, false, -EACCES,
		      "R0 invalid mem access 'map_value_or_null'");
}

TEST(says_something_where_nothing_was_said)
{
	assert_reason("6.1", NULL, false, -EPERM, strerror(EPERM));
	assert_reason("6.1", "", true, -EPERM, strerror(EPERM));
	assert_reason("6.1", DONE, false, -ENOSPC,
		      "the verifier said more than there is room for, and the reason last");
	assert_reason("6.1", NULL, false, 0, "nothing was said of it");
}

TEST(names_kfuncs_of_later_kernels)
{
	assert_reason("6.1",
		      "libbpf: extern (func ksym) 'bpf_cpumask_create': not found in kernel or "
		      "module BTFs\nlibbpf: failed to load object 'a'\n",
		      true, -ESRCH, "bpf_cpumask_create() is not in Linux 6.1; it came with 6.3");
	assert_reason("6.1", "extern (func ksym) 'mine': not found in kernel BTFs", true, -ESRCH,
		      "extern (func ksym) 'mine': not found in kernel BTFs");
}

TEST(says_that_there_is_no_btf)
{
	const char *text =
		"no BTF: the kernel was built without CONFIG_DEBUG_INFO_BTF; pass --btf FILE";

	kernel.has_btf = false;
	assert_reason("6.1", "libbpf: failed to find valid kernel BTF\n", true, -ESRCH, text);
	assert_reason("6.1",
		      "libbpf: Error loading .BTF into kernel: -22. BTF is optional, ignoring.\n"
		      "libbpf: failed to find valid kernel BTF\n",
		      true, -ESRCH, text);
	assert_reason("6.1", "R0 invalid mem access 'scalar'\n", false, -EACCES,
		      "R0 invalid mem access 'scalar'");
	kernel.has_btf = true;
}

TEST(takes_the_line_that_matters)
{
	assert_reason("6.1",
		      "libbpf: Error in bpf_create_map_xattr(m):Invalid argument(-22). Retrying "
		      "without BTF.\nlibbpf: prog 'on_exit': failed to attach\nlibbpf: more\n",
		      true, -EINVAL, "failed to attach");
}

TEST(is_of_an_object_as_a_whole)
{
	char said[] = "libbpf: map 'm': failed to create: Invalid argument(-22)\n"
		      "libbpf: failed to load object 'a'\n";
	const struct verify_object o = {
		.verdict = VERIFY_REFUSED, .error = -EINVAL, .message = said};
	struct verify_reason reason = {0};

	snprintf(release, sizeof(release), "6.1");
	ck_assert_int_eq(verify_reason_object(&no_object, &kernel, &o, &reason), 0);
	ck_assert_str_eq(reason.text, "map 'm': failed to create: Invalid argument(-22)");
	verify_reason_free(&reason);
}

TEST(explains_a_report_once)
{
	char path[] = "there-is-none.o", program[] = "p", log[] = "unknown func x#210\n";
	char *objects[] = {path};
	struct verify_program p = {.name = program, .verdict = VERIFY_REFUSED, .log = log};
	struct verify_object o = {.verdict = VERIFY_REFUSED, .programs = &p, .n_programs = 1};
	struct verify_kernel k = {.name = name, .release = release, .objects = &o};
	struct verify_report r = {
		.objects = objects, .n_objects = 1, .kernels = &k, .n_kernels = 1};

	snprintf(release, sizeof(release), "6.1");
	ck_assert_int_eq(verify_explain(&r), 0);
	ck_assert_str_eq(p.reason.text,
			 "bpf_cgrp_storage_get() is not in Linux 6.1; it came with 6.2");
	ck_assert_ptr_eq(o.reason.text, NULL);
	const char *before = p.reason.text;
	ck_assert_int_eq(verify_explain(&r), 0);
	ck_assert_ptr_eq(p.reason.text, before);
	verify_reason_free(&p.reason);
}

static void add_tests(TCase *t)
{
	tcase_add_test(t, names_helpers_of_later_kernels);
	tcase_add_test(t, leaves_what_it_does_not_know);
	tcase_add_test(t, says_something_where_nothing_was_said);
	tcase_add_test(t, names_kfuncs_of_later_kernels);
	tcase_add_test(t, says_that_there_is_no_btf);
	tcase_add_test(t, takes_the_line_that_matters);
	tcase_add_test(t, is_of_an_object_as_a_whole);
	tcase_add_test(t, explains_a_report_once);
}

int main(void)
{
	return suite_run("verify-reason", add_tests);
}
