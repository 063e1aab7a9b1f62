/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growing string. Its error is sticky: appending to a buffer that ran out of memory does
 * nothing, and strbuf_finish() reports it once, so that callers need not check each append.
 */
#ifndef CROSSBPF_STRBUF_H
#define CROSSBPF_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"

struct strbuf {
	char *data; /* NUL-terminated once anything was appended; owned */
	size_t len; /* bytes, without the NUL */
	size_t room;
	int error; /* 0 or -ENOMEM */
};

void strbuf_free(struct strbuf *b);
#define cleanup_strbuf CLEANUP(strbuf_free)

void strbuf_add(struct strbuf *b, const char *data, size_t len);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
__attribute__((format(printf, 2, 3))) void strbuf_printf(struct strbuf *b, const char *format, ...);
__attribute__((format(printf, 2, 0))) void strbuf_vprintf(struct strbuf *b, const char *format,
							  va_list args);

/* Hands the string to the caller, who frees it, and empties the buffer. 0 or -ENOMEM. */
int strbuf_finish(struct strbuf *b, char **ret_string);

/* A freshly allocated string, or NULL where memory ran out. */
__attribute__((format(printf, 1, 2))) char *str_printf(const char *format, ...);

/* Is what the environment says by this a yes? Unset, empty, 0, no, false and off are not. */
bool str_is_on(const char *value);

bool str_begins(const char *text, const char *with);

/* The last line of a text that has anything but blanks, without those behind it; *ret_len is its
 * length. */
const char *str_last_line(const char *text, size_t len, size_t *ret_len);

#endif
