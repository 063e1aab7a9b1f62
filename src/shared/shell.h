/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for a POSIX shell. */
#ifndef CROSSBPF_SHELL_H
#define CROSSBPF_SHELL_H

#include "strbuf.h"

/* Appends an argument so that a shell reads exactly it, whatever it holds: quoted only where
 * needed. (A command's first word could still be an assignment or a keyword.) */
void shell_quote(struct strbuf *b, const char *word);

/* The same of a whole command, NULL-terminated, with a blank between its words. */
void shell_quote_all(struct strbuf *b, const char *const *argv);

#endif
