/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for a POSIX shell. */
#ifndef CROSSBPF_SHELL_H
#define CROSSBPF_SHELL_H

#include "strbuf.h"

/* Appends `word` so that a shell reads exactly it, whatever it holds: quoted only where needed. */
void shell_quote(struct strbuf *b, const char *word);

#endif
