/* SPDX-License-Identifier: BSD-2-Clause */
/* What crossbpf run prints on standard output while it runs: lines, each whole. */
#ifndef CROSSBPF_OUTPUT_H
#define CROSSBPF_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>

#include "shared/strbuf.h"

struct output {
	bool json;
	int interrupts;  /* readable once a signal came: cli_catch_interrupts() */
	struct strbuf b; /* lines that wait */
	int error;       /* of writing: 0 or a negative errno; sticky */
};

void output_free(struct output *o);
#define cleanup_output CLEANUP(output_free)

/* Appends a line, and owns it; NULL: memory ran out. */
void output_json(struct output *o, json_t *line);
/* Ends a line that was appended to `b`. */
void output_end_line(struct output *o);
/* Writes what waits, however long its reader takes; once a signal came, no longer than a second,
 * after which it is -EINTR. */
void output_flush(struct output *o);

/* A string of JSON, which is UTF-8: of what is not, the ASCII is shown. NULL: memory ran out. */
json_t *output_text_json(const char *text, size_t len);

#endif
