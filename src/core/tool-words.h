/* SPDX-License-Identifier: BSD-2-Clause */
/* What the arguments of a tool mean: which of the host's files it reads, and which it writes. */
#ifndef CROSSBPF_TOOL_WORDS_H
#define CROSSBPF_TOOL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "tool.h"

struct tool_word {
	const char *text;
	char *path;    /* the file of the host that it names, absolute; or NULL */
	bool is_input; /* an operand of llvm-strip */
	bool is_output;
};

struct tool_words {
	struct tool_word *v; /* as many as there were arguments */
	size_t n;
	bool in_place;     /* without an output of its own, each input is one */
	bool reads_stream; /* of standard input, which is not sent */
};

/* 0 or -ENOMEM. `dir` is where it runs. */
int tool_words_read(enum tool_name name, const char *const *args, const char *dir,
		    struct tool_words *ret_words);
void tool_words_free(struct tool_words *w);
#define cleanup_tool_words CLEANUP(tool_words_free)

#endif
