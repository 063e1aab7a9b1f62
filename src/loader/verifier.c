/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verifier.h"

int verifier_explain(const struct verifier_request *request, struct strbuf *report)
{
	strbuf_printf(report, "%s: the kernel refuses '%s':\n%s", request->path, request->program,
		      request->log);
	return report->error;
}
