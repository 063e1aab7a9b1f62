/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "asks-text.h"

/* How many bytes at a backslash join two lines; 0: none. Clang takes blanks between too. */
static size_t splice(const char *at, const char *end)
{
	const char *behind = at + 1;

	while (behind < end &&
	       (*behind == ' ' || *behind == '\t' || *behind == '\f' || *behind == '\v'))
		behind++;
	if (behind < end && *behind == '\r')
		behind++;
	return behind < end && (*behind == '\n' || behind[-1] == '\r')
		       ? (size_t)(behind - at) + (*behind == '\n')
		       : 0;
}

/* Lines that are joined. Most files have few, or none. */
static void join_lines(const char *text, size_t len, struct strbuf *ret_text)
{
	const char *end = text + len, *from = text;

	for (const char *at = text; (at = memchr(at, '\\', (size_t)(end - at)));) {
		size_t n = splice(at, end);
		if (!n) {
			at++;
			continue;
		}
		strbuf_add(ret_text, from, (size_t)(at - from));
		from = at += n;
	}
	strbuf_add(ret_text, from, (size_t)(end - from));
}

/* Is this place within the <> of a header's name, where // begins no comment? */
static bool is_in_name(const char *text, const char *at)
{
	const char *line = at;

	while (line > text && line[-1] != '\n' && line[-1] != '>')
		line--;
	const char *name = memchr(line, '<', (size_t)(at - line));
	if (!name)
		return false;
	for (const char *c = line; c < name; c++)
		if (name - c >= 4 && (memcmp(c, "clud", 4) == 0 || memcmp(c, "mpor", 4) == 0 ||
				      memcmp(c, "mbed", 4) == 0))
			return true;
	return false;
}

/* Where the comment at `at` ends; the newline behind // is not its own. */
static const char *comment_end(const char *at, const char *end)
{
	if (at[1] == '/') {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		return newline ? newline : end;
	}
	for (at += 2; (at = memchr(at, '*', (size_t)(end - at))); at++)
		if (at + 1 < end && at[1] == '/')
			return at + 2;
	return end;
}

static const char *literal_end(const char *at, const char *end)
{
	const char close = *at++;

	while (at < end && *at != close && *at != '\n')
		at += *at == '\\' && at + 1 < end && at[1] != '\n' ? 2 : 1;
	return at < end && *at == close ? at + 1 : at;
}

/* Does a word end there that begins as a number does? */
static bool is_in_number(const char *text, const char *at)
{
	const char *begin = at;

	while (begin > text &&
	       ((begin[-1] >= '0' && begin[-1] <= '9') || (begin[-1] >= 'a' && begin[-1] <= 'z') ||
		(begin[-1] >= 'A' && begin[-1] <= 'Z') || begin[-1] == '_'))
		begin--;
	return begin < at && *begin >= '0' && *begin <= '9';
}

bool asks_text_plain(const char *text, size_t len, struct strbuf *ret_text)
{
	cleanup_strbuf struct strbuf joined = {0};
	bool sure = true;

	join_lines(text, len, &joined);
	if (joined.error) {
		ret_text->error = joined.error;
		return false;
	}
	const char *begin = joined.data, *end = begin + joined.len, *from = begin;
	for (const char *at = begin; at < end;) {
		if (*at == '"' || *at == '\'') {
			/* R"…" goes over lines, and the ' of 1'000 begins nothing. */
			sure = sure && !(*at == '"' && at > begin && at[-1] == 'R') &&
			       !(*at == '\'' && is_in_number(begin, at));
			at = literal_end(at, end);
		} else if (*at == '/' && at + 1 < end && (at[1] == '/' || at[1] == '*')) {
			sure = sure && !is_in_name(begin, at);
			strbuf_add(ret_text, from, (size_t)(at - from));
			strbuf_putc(ret_text, ' ');
			from = at = comment_end(at, end);
		} else if (*at == '?' && end - at >= 3 && at[1] == '?' &&
			   strchr("=/'()!<>-", at[2])) {
			sure = false; /* a trigraph */
			at++;
		} else {
			at++;
		}
	}
	strbuf_add(ret_text, from, (size_t)(end - from));
	return sure;
}
