/* SPDX-License-Identifier: BSD-2-Clause */
/* Clang's diagnostics, read from what it prints. */
#ifndef CROSSBPF_DIAG_H
#define CROSSBPF_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/strbuf.h"

/* One line of it: FILE:LINE:COLUMN: SEVERITY: MESSAGE, or without what comes before the severity.
 * The pieces point into the text, and do not end with a NUL. */
struct diag {
	const char *file, *message;
	size_t file_len, message_len;
	unsigned long line, column; /* from 1 on; 0: none was told */
	const char *severity;       /* "fatal error", "error", "warning", "remark", "note" */
};

/* Reads a line, without its newline. False where it is none: a line of source, a caret. */
bool diag_parse(const char *line, size_t len, struct diag *ret_diag);

/* Appends a text without what a terminal takes for colours. */
void diag_add_plain(struct strbuf *b, const char *text, size_t len);

#endif
