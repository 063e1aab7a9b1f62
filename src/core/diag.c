/* SPDX-License-Identifier: BSD-2-Clause */
/* The format is that of TextDiagnostic::emitDiagnosticLoc() and printDiagnosticLevel() in
 * clang/lib/Frontend/TextDiagnostic.cpp, without colours. */
#include "config.h"

#include <string.h>

#include "diag.h"

/* "12:" at *at; *at moves behind it. */
static bool read_number(const char **at, const char *end, unsigned long *ret)
{
	unsigned long number = 0;
	const char *p = *at;

	while (p < end && *p >= '0' && *p <= '9' && number < 100000000)
		number = number * 10 + (unsigned long)(*p++ - '0');
	if (p == *at || p == end || *p != ':')
		return false;
	*ret = number;
	*at = p + 1;
	return true;
}

/* "warning: …" at `at`: what comes behind it, or NULL. */
static const char *read_severity(const char *at, const char *end, const char **ret_severity)
{
	static const char *const severities[] = {"fatal error", "error", "warning", "remark",
						 "note"};

	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++) {
		size_t len = strlen(severities[i]);
		if ((size_t)(end - at) >= len + 2 && memcmp(at, severities[i], len) == 0 &&
		    at[len] == ':' && at[len + 1] == ' ') {
			*ret_severity = severities[i];
			return at + len + 2;
		}
	}
	return NULL;
}

bool diag_parse(const char *line, size_t len, struct diag *ret_diag)
{
	const char *end = line + len;
	struct diag d = {.file = line};

	/* What is about no file: "fatal error: too many errors emitted, stopping now". */
	d.message = read_severity(line, end, &d.severity);
	if (d.message) {
		d.message_len = (size_t)(end - d.message);
		*ret_diag = d;
		return true;
	}
	/* A file's name may hold colons: the first place that fits is it. */
	for (const char *colon = line;
	     (colon = memchr(colon, ':', (size_t)(end - colon))) && colon > line; colon++) {
		const char *at = colon + 1;
		d.line = d.column = 0;
		if (read_number(&at, end, &d.line))
			(void)read_number(&at, end, &d.column);
		d.message = at < end && *at == ' ' ? read_severity(at + 1, end, &d.severity) : NULL;
		if (d.message) {
			d.file_len = (size_t)(colon - line);
			d.message_len = (size_t)(end - d.message);
			*ret_diag = d;
			return true;
		}
	}
	return false;
}

/* CSI sequences (ECMA-48, 5.4). */
void diag_add_plain(struct strbuf *b, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *escape = memchr(text, '\033', (size_t)(end - text));
		const char *plain = escape ? escape : end;
		strbuf_add(b, text, (size_t)(plain - text));
		text = plain;
		if (end - text >= 2 && text[1] == '[') {
			for (text += 2; text < end && (*text < 0x40 || *text > 0x7e);)
				text++;
			text += text < end;
		} else if (text < end) {
			strbuf_putc(b, *text++);
		}
	}
}
