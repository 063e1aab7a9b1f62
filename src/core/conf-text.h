/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a crossbpf.conf, read ahead of libConfuse, and a text that libConfuse reads rightly.
 *
 * What libConfuse 3.3 makes of a file by itself:
 *  - A comment counts as one line more than it has, and within a list it is a syntax error.
 *  - A double quote or a comment without its end is the end of the file, in silence between two
 *    keys. `*`, a lone `+` and control characters outside of quotes are skipped in silence: `*.c`
 *    is `.c`. A NUL, or "\0", ends a value.
 *  - CFGF_IGNORE_UNKNOWN, which is meant for names that one does not know, loses its place in an
 *    unknown section, and at `+=`: the braces that follow are taken for others.
 *  - "${" up to the next brace, however far, is a variable.
 * So comments become blanks here, what would be misread is an error, and the words that are left
 * tell which sections there are, with the right lines.
 */
#ifndef CROSSBPF_CONF_TEXT_H
#define CROSSBPF_CONF_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/error.h"
#include "shared/digest.h"

enum conf_word_kind {
	CONF_STRING, /* quoted or not */
	CONF_OPEN,   /* { */
	CONF_CLOSE,  /* } */
	CONF_SET,    /* = */
	CONF_APPEND, /* += */
	CONF_COMMA,
	CONF_END,
};

struct conf_word {
	enum conf_word_kind kind;
	unsigned line;
	size_t at, len; /* in the text, with the quotes */
};

struct conf_text {
	const char *path; /* for messages; borrowed */
	char *text;
	struct conf_word *words; /* the last is CONF_END */
	size_t n, room;
	char digest[DIGEST_HEX_SIZE]; /* of the file's bytes, as they were read */
};

void conf_text_free(struct conf_text *t);
#define cleanup_conf_text CLEANUP(conf_text_free)

/* Reads the file and parts it into words. `path` must outlive ret_text. -EINVAL (status 2) for what
 * is no crossbpf.conf, a file's errno (status 2), or -ENOMEM. */
int conf_text_read(const char *path, struct conf_text *ret_text, struct crossbpf_error *e);

/* error_set(-EINVAL, EXIT_STATUS_USAGE) with "PATH:LINE: " before the message. */
__attribute__((format(printf, 5, 6))) int conf_error(struct crossbpf_error *e, const char *path,
						     unsigned line, const char *hint,
						     const char *format, ...);

#endif
