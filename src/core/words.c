/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Not the tokenizer of response-file.c: that is LLVM's, where a backslash in single quotes takes
 * the next character, "" is no word, a newline behind a backslash stays, and a quote may end with
 * the text.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "shared/strbuf.h"
#include "words.h"

struct splitter {
	const char *what;
	const char *at;
	struct crossbpf_error *e;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int refuse_expansion(const struct splitter *s)
{
	return error_set(s->e, -EINVAL, EXIT_STATUS_USAGE,
			 "put it in single quotes, or a backslash before it",
			 "no shell runs: a %c in %s is not expanded", *s->at, s->what);
}

/* *at is a backslash. It keeps the characters of `special` from their meaning, all where NULL; a
 * newline behind it is no character at all. */
static int take_escaped(struct splitter *s, const char *special, struct strbuf *word)
{
	char next = s->at[1];

	if (next == '\0' && !special)
		return error_set(s->e, -EINVAL, EXIT_STATUS_USAGE, NULL, "%s ends with a backslash",
				 s->what);
	if (next == '\0' || (special && !strchr(special, next))) {
		strbuf_putc(word, '\\');
		s->at++;
		return 0;
	}
	if (next != '\n')
		strbuf_putc(word, next);
	s->at += 2;
	return 0;
}

/* *at is behind the quote that opens. */
static int take_quoted(struct splitter *s, char quote, struct strbuf *word)
{
	while (*s->at && *s->at != quote) {
		if (quote == '"' && (*s->at == '$' || *s->at == '`'))
			return refuse_expansion(s);
		if (quote == '"' && *s->at == '\\')
			(void)take_escaped(s, "$`\"\\\n", word);
		else
			strbuf_putc(word, *s->at++);
	}
	if (!*s->at)
		return error_set(s->e, -EINVAL, EXIT_STATUS_USAGE, NULL,
				 "a %c in %s has no other to end it", quote, s->what);
	s->at++;
	return 0;
}

/* *at is at a word's first character. A newline behind a backslash may be all that there is of it:
 * then *ret_word is NULL. */
static int take_word(struct splitter *s, char **ret_word)
{
	cleanup_strbuf struct strbuf word = {0};
	bool quoted = false;
	int r = 0;

	while (r == 0 && *s->at && !is_blank(*s->at)) {
		char c = *s->at;
		if (c == '\\') {
			r = take_escaped(s, NULL, &word);
		} else if (c == '"' || c == '\'') {
			quoted = true;
			s->at++;
			r = take_quoted(s, c, &word);
		} else if (c == '$' || c == '`') {
			r = refuse_expansion(s);
		} else {
			strbuf_putc(&word, c);
			s->at++;
		}
	}
	if (r < 0 || (word.len == 0 && !quoted && !word.error)) {
		*ret_word = NULL;
		return r;
	}
	return strbuf_finish(&word, ret_word) < 0 ? error_no_memory(s->e) : 0;
}

int words_split(const char *what, const char *text, struct strv *ret_words,
		struct crossbpf_error *e)
{
	struct splitter s = {what, text, e};

	for (;;) {
		while (is_blank(*s.at))
			s.at++;
		if (!*s.at)
			return ret_words->error ? error_no_memory(e) : 0;

		char *word;
		int r = take_word(&s, &word);
		if (r < 0)
			return r;
		if (word)
			strv_take(ret_words, word);
	}
}
