/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CROSSBPF_ASKS_TEXT_H
#define CROSSBPF_ASKS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/strbuf.h"

/* Appends a source as the preprocessor sees it: lines that a backslash joins are one, and a blank
 * stands for a comment. False where that is not sure. Errors are sticky in `ret_text`. */
bool asks_text_plain(const char *text, size_t len, struct strbuf *ret_text);

#endif
