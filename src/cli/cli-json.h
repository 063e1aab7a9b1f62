/* SPDX-License-Identifier: BSD-2-Clause */
/* What commands print with --json: an object a line. */
#ifndef CROSSBPF_CLI_JSON_H
#define CROSSBPF_CLI_JSON_H

#include <jansson.h>
#include <stddef.h>

/* JSON is UTF-8: what in a file's name is not, is shown as U+FFFD. */
json_t *cli_json_text(const char *text, size_t len);

/* Prints an object on standard output, and owns it; NULL is none. */
void cli_json_print(json_t *object);

#endif
