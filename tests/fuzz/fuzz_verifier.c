/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anything as an object that the kernel's verifier refuses, and as what it says. Beside what
 * sanitizers see: each fault that is not the last instruction's is looked for, and what is told of
 * it has an end, and on each line what is not another line's.
 */
#include "config.h"

#include <string.h>

#include "object/verifier.h"
#include "object/contents.h"
#include "target.h"

enum { REPORT_MAX = 16 << 10, PROGRAMS_MAX = 8 };

static void explain(const void *object, size_t len, const char *program, uint32_t n,
		    const char *log)
{
	const struct verifier_request request = {
		.path = "a.o",
		.object = object,
		.len = len,
		.program = program,
		.n_instructions = n,
		.directory = "/src",
		.log = log,
		.is_libbpf = !program,
		.error = -1,
	};
	cleanup_strbuf struct strbuf report = {0};

	CHECK(verifier_explain(&request, &report) == 0);
	size_t names = program ? strlen(program) : 0;
	CHECK(report.len && report.len == strlen(report.data) &&
	      report.len < REPORT_MAX + 100 * names);
	CHECK(report.data[report.len - 1] != '\n');
}

/* With numbers out of the program and beyond it. */
static void explain_messages(const void *object, size_t len, const struct contents_program *p)
{
	/* Before the number, and behind it. */
	static const char *const messages[][2] = {
		{"R2 !read_ok ", ""},
		{"infinite loop detected at insn ", ""},
		{"back-edge from insn ", " to 1"},
		{"Unreleased reference id=2 alloc_insn=", ""},
		{"combined stack size of ", " calls is 544. Too large"},
		{"the call stack of ", " frames is too deep !"},
		{"At program exit the register R0 has ", ""},
		{"kernel symbol 'runqueues' ", ""},
	};
	const uint32_t last = p->n_instructions,
		       numbers[] = {0, last / 2, last - 1, last, 4 * last};

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
			cleanup_strbuf struct strbuf log = {0};
			for (uint32_t at = 0; at < 2 * last && at < 300; at += 1 + at / 8)
				strbuf_printf(&log, "%u: (bf) r%u = r%u ; R2=scalar()\n", at,
					      at % 11, at % 7);
			strbuf_printf(&log, "%u: (95) exit\n", numbers[k]);
			strbuf_printf(&log, "%s%u%s\n", messages[i][0], numbers[k], messages[i][1]);
			explain(object, len, p->name, k % 2 ? 0 : 2 * last, log.data);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_contents struct contents c = {0};
	cleanup_strbuf struct strbuf log = {0};
	const char *why;

	strbuf_add(&log, (const char *)data, len);
	explain("", 0, "count", 0, log.data);
	if (contents_open(&c, data, len, &why) < 0)
		return 0;
	explain(data, len, NULL, 0, "extern (func ksym) 'bpf_map_lookup_elem': not found");
	for (size_t i = 0; i < c.n_programs && i < PROGRAMS_MAX; i++)
		explain_messages(data, len, &c.programs[i]);
	return 0;
}
