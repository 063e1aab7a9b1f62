/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "include-computed.h"

enum { DEPTH = 16 }; /* of macros that expand to macros */

/* Calls `each` with all macros until it does not return 0, and returns that. */
static int each_macro(const struct include_definitions *d,
		      int (*each)(void *ctx, const struct include_macro *macro), void *ctx)
{
	int r = 0;

	for (size_t i = 0; i < d->given->n && r == 0; i++)
		r = each(ctx, &d->given->v[i]);
	for (size_t f = 0; f < d->n_files && r == 0; f++)
		for (size_t i = 0; i < d->files[f]->macros.n && r == 0; i++)
			r = each(ctx, &d->files[f]->macros.v[i]);
	return r;
}

static size_t word_length(const char *text)
{
	size_t len = 0;

	for (unsigned char c; (c = (unsigned char)text[len]); len++)
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '_' && c != '$' && c < 0x80)
			break;
	return len;
}

struct word {
	const char *text;
	size_t len;
};

static bool is_named(const struct include_macro *macro, const struct word *word)
{
	return strncmp(macro->name, word->text, word->len) == 0 && !macro->name[word->len];
}

static int has_name(void *ctx, const struct include_macro *macro)
{
	return is_named(macro, ctx);
}

/* Would the preprocessor replace a part of it? */
static bool holds_macro(const struct include_definitions *d, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		struct word word = {text + i, word_length(text + i)};
		if (word.len && each_macro(d, has_name, &word))
			return true;
		i += word.len ? word.len : 1;
	}
	return false;
}

/* One name, and nothing else. */
static bool is_one_name(const struct include_definitions *d, const char *text)
{
	const char *close = *text == '<' ? ">" : "\"";

	if (*text != '<' && *text != '"')
		return false;
	size_t len = 1 + strcspn(text + 1, close);
	return text[len] && !text[len + 1] && !strchr(text, '\\') &&
	       (*text == '"' || !holds_macro(d, text, len));
}

static const char *blanks(const char *text)
{
	return text + strspn(text, " \t");
}

struct expansion {
	const struct include_definitions *definitions;
	struct include_names *names;
	struct word word; /* whose definitions are looked at */
	unsigned depth;
	bool found;
};

static int expand(const struct expansion *outer, const char *text);

/* A definition of the word that is looked at: what it stands for, by `expand_text`. */
static int expand_body(struct expansion *e, const struct include_macro *macro,
		       int (*expand_text)(const struct expansion *outer, const char *text))
{
	if (!is_named(macro, &e->word))
		return 0;
	e->found = true;
	if (macro->function)
		return -ENOENT;
	int r = expand_text(e, blanks(macro->body));
	return r == 1 ? 0 : r == 0 ? -ENOENT : r;
}

static int expand_macro(void *ctx, const struct include_macro *macro)
{
	return expand_body(ctx, macro, expand);
}

/* All definitions of a macro, by `each`: 1, or 0 where one is none that we understand. */
static int expand_word(const struct expansion *outer, struct word word,
		       int (*each)(void *ctx, const struct include_macro *macro))
{
	struct expansion e = *outer;

	e.word = word;
	e.depth++;
	e.found = false;
	if (e.depth > DEPTH)
		return 0;
	int r = each_macro(e.definitions, each, &e);
	return r == -ENOENT ? 0 : r < 0 ? r : e.found;
}

/* Is that macro `#define NAME(x) #x`, or one that hands x to one? */
static int makes_string(void *ctx, const struct include_macro *macro)
{
	struct expansion *e = ctx;

	if (!is_named(macro, &e->word))
		return 0;
	e->found = true;
	const char *at = macro->body + (macro->body[0] == '(');
	struct word parameter = {blanks(at), word_length(blanks(at))};
	at = blanks(parameter.text + parameter.len);
	if (!macro->function || parameter.len == 0 || *at != ')')
		return -ENOENT;
	at = blanks(at + 1);
	bool hash = *at == '#';
	struct word inner = {at, word_length(at)};
	at = blanks(at + (hash ? 1 : inner.len));
	if (!hash && (inner.len == 0 || *at++ != '('))
		return -ENOENT;
	at = blanks(at);
	if (strncmp(at, parameter.text, parameter.len) != 0 || word_length(at) != parameter.len)
		return -ENOENT;
	at = blanks(at + parameter.len);
	if (hash)
		return *at ? -ENOENT : 0;
	if (*at != ')' || at[1])
		return -ENOENT;
	int r = expand_word(e, inner, makes_string);
	return r == 1 ? 0 : r == 0 ? -ENOENT : r;
}

static int expand_path(const struct expansion *outer, const char *text, size_t len);

static int expand_whole_path(const struct expansion *outer, const char *text)
{
	return expand_path(outer, text, strlen(text));
}

static int expand_path_macro(void *ctx, const struct include_macro *macro)
{
	return expand_body(ctx, macro, expand_whole_path);
}

/* The argument of a macro that makes a string of it. */
static int expand_path(const struct expansion *outer, const char *text, size_t len)
{
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len == 0 || memchr(text, '"', len) || memchr(text, '(', len))
		return 0;
	/* Also as it stands: a macro that is not defined there, or a # that does not expand it. */
	cleanup_free char *name = malloc(len + 3);
	if (!name)
		return -ENOMEM;
	name[0] = name[len + 1] = '"';
	memcpy(name + 1, text, len);
	name[len + 2] = '\0';
	int r = include_names_spelled(name, USE_INCLUDE, outer->names);
	if (r < 0 || !holds_macro(outer->definitions, text, len))
		return r < 0 ? r : 1;
	struct word word = {text, word_length(text)};
	return word.len == len ? expand_word(outer, word, expand_path_macro) : 0;
}

/* 1, 0 where it is not understood, or -ENOMEM. */
static int expand(const struct expansion *outer, const char *text)
{
	struct word word = {text, word_length(text)};
	const char *at = blanks(text + word.len);

	if (is_one_name(outer->definitions, text)) {
		int r = include_names_spelled(text, USE_INCLUDE, outer->names);
		return r < 0 ? r : 1;
	}
	if (word.len == 0)
		return 0;
	if (!*at)
		return expand_word(outer, word, expand_macro);
	size_t len = strlen(at);
	if (*at != '(' || at[len - 1] != ')')
		return 0;
	int string = expand_word(outer, word, makes_string);
	int r = string < 0 ? string
			   : expand_path(outer, blanks(at + 1),
					 len - 1 - (size_t)(blanks(at + 1) - at));
	return r < 0 ? r : string && r;
}

int include_computed_find(const struct include_definitions *definitions, const char *operand,
			  struct include_names *names)
{
	struct expansion e = {.definitions = definitions, .names = names};

	return expand(&e, blanks(operand));
}

static int add_spelled(void *ctx, const struct include_macro *macro)
{
	return include_names_spelled(macro->body, USE_INCLUDE, ctx);
}

int include_computed_all(const struct include_definitions *definitions, struct include_names *names)
{
	return each_macro(definitions, add_spelled, names);
}
