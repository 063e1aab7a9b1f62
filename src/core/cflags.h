/* SPDX-License-Identifier: BSD-2-Clause */
/* The user's own options of clang, for `crossbpf build`. */
#ifndef CROSSBPF_CFLAGS_H
#define CROSSBPF_CFLAGS_H

#include <stdbool.h>

#include "shared/error.h"
#include "shared/strv.h"

/*
 * Appends the words of `text` (words_split()) to ret_words, which is empty. What is no option, and
 * what a build says itself, such as its output, target and cpu, is refused. *ret_no_system is set
 * where they keep the builder's headers out. `what` names the string in messages. -EINVAL (status
 * 2) or -ENOMEM.
 */
int cflags_split(const char *what, const char *text, struct strv *ret_words, bool *ret_no_system,
		 struct crossbpf_error *e);

#endif
