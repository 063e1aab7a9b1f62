/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to the user. */
#ifndef CROSSBPF_TERMINAL_H
#define CROSSBPF_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Asks on the terminal, wherever the standard outputs go, and writes the answer to `buf`, at most
 * `len` bytes, NUL included. Without `echo` it is not seen. -ENOTTY where there is no terminal or
 * standard input is none: nobody waits for a question then. -EINTR where the user declined, by ^C
 * or ^D; -ENOSPC for an answer that is too long.
 */
int terminal_ask(const char *prompt, bool echo, char *buf, size_t len);

#endif
