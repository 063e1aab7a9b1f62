/* SPDX-License-Identifier: BSD-2-Clause */
/* What may stand at a place of a command line, for the shells' completions. */
#ifndef CROSSBPF_CLI_COMPLETE_H
#define CROSSBPF_CLI_COMPLETE_H

#include <stddef.h>

#include "cli.h"

/*
 * `words` are those behind "crossbpf", up to a NULL; the last is the one that is being typed, ""
 * where it was not begun. Prints a line for each word that may stand in its place: the word, a tab
 * and a few words about it, which may be missing. What a shell knows better is a line that begins
 * with a colon:
 *
 *     :files [END...]    names of files, of those with one of these ends where there are any
 *     :directories
 *     :programs          what can be run
 *     :command N         a command line of its own begins with word N; the program's name is word 0
 *
 * `commands` has n of them, and `help` prints what `crossbpf --help` does. Returns the exit status.
 */
int cli_complete(const struct command *commands, size_t n, int (*help)(void),
		 const char *const *words);

#endif
