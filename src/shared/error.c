/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "error.h"
#include "strbuf.h"

void error_free(struct crossbpf_error *e)
{
	free(e->message);
	free(e->hint);
	*e = (struct crossbpf_error){0};
}

int error_set(struct crossbpf_error *e, int code, enum exit_status status, const char *hint,
	      const char *format, ...)
{
	cleanup_strbuf struct strbuf message = {0};
	va_list args;

	if (e->status != EXIT_STATUS_OK)
		return code;
	e->status = status;
	va_start(args, format);
	strbuf_vprintf(&message, format, args);
	va_end(args);
	(void)strbuf_finish(&message, &e->message); /* none is printed as "out of memory" */
	if (hint)
		e->hint = strdup(hint);
	return code;
}

int error_no_memory(struct crossbpf_error *e)
{
	if (e->status == EXIT_STATUS_OK)
		e->status = EXIT_STATUS_FAILED;
	return -ENOMEM;
}
