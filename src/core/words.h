/* SPDX-License-Identifier: BSD-2-Clause */
/* Splits a string of flags into words, as a POSIX shell would. */
#ifndef CROSSBPF_WORDS_H
#define CROSSBPF_WORDS_H

#include "shared/error.h"
#include "shared/strv.h"

/*
 * Appends the words of `text` to ret_words. Blanks part words; quotes and backslashes are a POSIX
 * shell's (XCU 2.2), so that "" is an empty word and a backslash in single quotes stands for
 * itself. No shell runs, so nothing is expanded, and ; | & < > ( ) * ? [ # ~ are letters like any
 * other. A $ or a backquote that a shell would expand is refused: neither the text nor its
 * expansion would be what everyone expects. So is a quote without its end.
 *
 * `what` names the string in messages. -EINVAL (status 2) or -ENOMEM.
 */
int words_split(const char *what, const char *text, struct strv *ret_words,
		struct crossbpf_error *e);

#endif
