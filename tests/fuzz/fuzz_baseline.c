/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anything as the baseline of crossbpf verify: it is refused with a line that says which of its
 * lines is at fault, or is compared with a report. Under libFuzzer, or run-once.c.
 */
#include "config.h"

#include "cli/verify-baseline.h"
#include "target.h"
#include "unit/make-report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const objects[] = {"a.bpf.o", NULL}, *const kernels[] = {"6.1", NULL};
	cleanup_verify_baseline struct verify_baseline b = {0};
	cleanup_verify_report struct verify_report r = {0};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strbuf struct strbuf lines = {0};
	struct verify_comparison c;

	int code = verify_baseline_read(&b, (const char *)data, len, "old.json", &e);
	CHECK(code == 0 || (code == -EINVAL && e.message && strstr(e.message, "old.json:")));
	if (code < 0)
		return 0;
	report_make(&r, objects, kernels);
	report_add(&r, 0, 0, "count", 1234);
	CHECK(verify_baseline_compare(&b, &r, "old.json", 10, &lines, &c) == 0);
	CHECK(c.dearer <= c.known && c.known <= c.n && (c.dearer == 0) == (lines.len == 0));
	return 0;
}
