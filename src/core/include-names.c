/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "include-names.h"
#include "shared/strbuf.h"

/* Reads characters as the compiler sees them: where lines are spliced by a backslash, nothing. */
struct cursor {
	const char *at, *end;
};

static bool is_newline(int c)
{
	return c == '\n' || c == '\r';
}

/* A NUL is one to clang too. */
static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\0';
}

static bool is_word(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || c >= 0x80;
}

static void pass_splices(struct cursor *c)
{
	while (c->at < c->end && *c->at == '\\') {
		const char *p = c->at + 1;
		while (p < c->end && is_blank(*p)) /* clang warns, and splices */
			p++;
		if (p == c->end || !is_newline(*p))
			return;
		c->at = p + (p + 1 < c->end && is_newline(p[1]) && p[1] != p[0] ? 2 : 1);
	}
}

/* The next character, or -1 at the end. */
static int peek(struct cursor *c)
{
	pass_splices(c);
	return c->at < c->end ? (unsigned char)*c->at : -1;
}

static int peek_second(const struct cursor *c)
{
	struct cursor ahead = {c->at + 1, c->end};

	return peek(&ahead);
}

static bool at_line_end(struct cursor *c)
{
	int next = peek(c);

	return next < 0 || is_newline(next);
}

/* From the slash of its beginning. */
static void pass_comment(struct cursor *c)
{
	c->at++;
	peek(c);
	c->at++;
	for (int next; (next = peek(c)) >= 0; c->at++) {
		if (next != '*' || peek_second(c) != '/')
			continue;
		c->at++;
		peek(c);
		c->at++;
		return;
	}
}

static bool at_comment(struct cursor *c)
{
	return peek(c) == '/' && peek_second(c) == '*';
}

static void pass_blanks(struct cursor *c)
{
	for (;;) {
		if (at_comment(c))
			pass_comment(c);
		else if (is_blank(peek(c)))
			c->at++;
		else
			return;
	}
}

static void read_word(struct cursor *c, struct strbuf *word)
{
	word->len = 0;
	strbuf_add(word, "", 0);
	for (int next; is_word(next = peek(c)); c->at++)
		strbuf_putc(word, (char)next);
}

/* From an opening quote to the closing one, with both. */
static void read_string(struct cursor *c, struct strbuf *line)
{
	strbuf_putc(line, '"');
	for (c->at++; !at_line_end(c); c->at++) {
		int next = peek(c);
		strbuf_putc(line, (char)next);
		if (next == '\\' && !is_newline(peek_second(c)) && peek_second(c) >= 0)
			strbuf_putc(line, (char)peek_second(c)), c->at++, peek(c);
		else if (next == '"') {
			c->at++;
			return;
		}
	}
}

/* '"' opens no string. */
static bool at_quoted_quote(const struct strbuf *line, struct cursor *c)
{
	return line->len > 0 && line->data[line->len - 1] == '\'' && peek_second(c) == '\'';
}

enum line_comments {
	CUT_LINE_COMMENTS,
	KEEP_LINE_COMMENTS /* <a//b.h> is a name */
};

/* The rest of a logical line, with a blank for each comment. */
static void read_line(struct cursor *c, enum line_comments comments, struct strbuf *line)
{
	bool in_comment = false;

	line->len = 0;
	strbuf_add(line, "", 0);
	while (!at_line_end(c)) {
		int next = peek(c);
		if (next == '/' && peek_second(c) == '/') {
			if (comments == CUT_LINE_COMMENTS)
				break;
			in_comment = true;
		}
		if (!in_comment && at_comment(c)) {
			pass_comment(c);
			strbuf_putc(line, ' ');
		} else if (next == '"' && !at_quoted_quote(line, c)) {
			read_string(c, line);
		} else {
			strbuf_putc(line, next == '\0' ? ' ' : (char)next);
			c->at++;
		}
	}
	while (line->len > 0 && is_blank(line->data[line->len - 1]))
		line->data[--line->len] = '\0';
}

void include_names_free(struct include_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].text);
	free(names->v);
	*names = (struct include_names){0};
}

/* One more element in a vector of that size of elements; NULL: out of memory. */
static void *grow(void **v, size_t *n, size_t *room, size_t size)
{
	if (*n == *room) {
		size_t more = *room ? *room * 2 : 8;
		void *grown = realloc(*v, more * size);
		if (!grown)
			return NULL;
		*v = grown;
		*room = more;
	}
	return (char *)*v + (*n)++ * size;
}

static int add_name(struct include_names *names, struct include_name name, const char *text,
		    size_t len)
{
	if (memchr(text, '\0', len))
		return 0; /* no file is named so */
	name.text = strndup(text, len);
	void *v = names->v;
	struct include_name *added =
		name.text ? grow(&v, &names->n, &names->room, sizeof(*names->v)) : NULL;
	names->v = v;
	if (!added) {
		free(name.text);
		return -ENOMEM;
	}
	*added = name;
	return 0;
}

int include_names_spelled(const char *line, enum include_use use, struct include_names *names)
{
	const char *angle = NULL;
	int r = 0;

	for (const char *at = line; *at && r == 0; at++) {
		if (*at == '"' && !(at > line && at[-1] == '\'' && at[1] == '\'')) {
			const char *name = ++at;
			while (*at && *at != '"')
				at += *at == '\\' && at[1] ? 2 : 1;
			if (!*at)
				break;
			if (at > name)
				r = add_name(names,
					     (struct include_name){.use = use, .quote = true}, name,
					     (size_t)(at - name));
		} else if (*at == '<') {
			angle = at + 1;
		} else if (*at == '>' && angle) {
			if (at > angle)
				r = add_name(names, (struct include_name){.use = use}, angle,
					     (size_t)(at - angle));
			angle = NULL;
		}
	}
	return r;
}

/* What stands behind #include: a name, or what macros make one of. */
static int read_operand(struct cursor *c, enum include_use use, struct include_names *names)
{
	cleanup_strbuf struct strbuf text = {0};

	pass_blanks(c);
	int open = peek(c), close = open == '<' ? '>' : '"';
	if (open != '<' && open != '"') {
		read_line(c, CUT_LINE_COMMENTS, &text);
		if (text.len == 0 || text.error)
			return text.error;
		return add_name(names, (struct include_name){.use = use, .computed = true},
				text.data, text.len);
	}
	for (c->at++; !at_line_end(c) && peek(c) != close; c->at++)
		strbuf_putc(&text, (char)peek(c));
	if (peek(c) != close || text.len == 0 || text.error)
		return text.error;
	return add_name(names, (struct include_name){.use = use, .quote = open == '"'}, text.data,
			text.len);
}

/* __has_include(MACRO): `at` is behind the parenthesis. */
static int add_asked_macro(const char *at, enum include_use use, bool defined,
			   struct include_names *names)
{
	const struct include_name name = {.use = use, .computed = true};

	if (*at == '<' || *at == '"' || !is_word((unsigned char)*at))
		return 0;
	/* In a macro's body it may be its parameter. */
	return defined ? add_name(names, name, "", 0) : add_name(names, name, at, strcspn(at, ")"));
}

/* An #if, or a macro that asks: by any name that is spelled here, as it may go through a macro. */
static int read_condition(struct cursor *c, bool defined, struct include_names *names)
{
	cleanup_strbuf struct strbuf line = {0};

	read_line(c, KEEP_LINE_COMMENTS, &line);
	if (line.error)
		return line.error;
	const char *asks = strstr(line.data, "__has_include");
	if (!asks)
		asks = strstr(line.data, "__has_embed");
	if (defined && !asks)
		return 0;

	const enum include_use use = strstr(line.data, "_next") ? USE_ASK_NEXT : USE_ASK;
	int r = include_names_spelled(line.data, use, names);
	for (const char *at = line.data; r == 0 && (at = strstr(at, "__has_"));) {
		bool embed = strncmp(at, "__has_embed", 11) == 0;
		bool include = strncmp(at, "__has_include", 13) == 0;
		while (is_word((unsigned char)*at))
			at++;
		at += strspn(at, " \t");
		if ((embed || include) && *at == '(')
			r = add_asked_macro(at + 1 + strspn(at + 1, " \t"), use, defined, names);
	}
	return r;
}

static int read_pragma(struct cursor *c, struct strbuf *word, struct include_names *names)
{
	pass_blanks(c);
	read_word(c, word);
	if (word->error || strcmp(word->data, "GCC") != 0)
		return word->error;
	pass_blanks(c);
	read_word(c, word);
	return !word->error && strcmp(word->data, "dependency") == 0
		       ? read_operand(c, USE_ASK, names)
		       : word->error;
}

/* What stands behind a '#' that begins a directive. */
static int read_directive(struct cursor c, void *ctx)
{
	static const struct {
		const char *word;
		enum include_use use;
	} directives[] = {
		{"include", USE_INCLUDE},
		{"import", USE_INCLUDE},
		{"include_next", USE_NEXT},
		{"embed", USE_EMBED},
	};
	struct include_names *names = ctx;
	cleanup_strbuf struct strbuf word = {0};

	pass_blanks(&c);
	read_word(&c, &word);
	if (word.error)
		return word.error;
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (strcmp(word.data, directives[i].word) == 0)
			return read_operand(&c, directives[i].use, names);
	if (strcmp(word.data, "if") == 0 || strcmp(word.data, "elif") == 0)
		return read_condition(&c, false, names);
	if (strcmp(word.data, "define") == 0)
		return read_condition(&c, true, names);
	return strcmp(word.data, "pragma") == 0 ? read_pragma(&c, &word, names) : 0;
}

/* Can a directive begin here? Before it in its line are blanks and comments alone: it is enough
 * that one ends here. */
static bool begins_line(const char *text, const char *at)
{
	while (at > text && is_blank(at[-1]))
		at--;
	if (at == text || is_newline(at[-1]) ||
	    (at - text == 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0))
		return true;
	return at[-1] == '/' && at - text > 1 && (at[-2] == '*' || is_newline(at[-2]));
}

/* Calls `each` with what stands behind every '#' and "%:" that may begin a directive. */
static int each_directive(const char *text, size_t len, int (*each)(struct cursor c, void *ctx),
			  void *ctx)
{
	const char *end = text + len;
	int r = 0;

	for (const char *at = text; r == 0 && at < end; at++) {
		at = memchr(at, '#', (size_t)(end - at));
		if (!at)
			break;
		if (begins_line(text, at))
			r = each((struct cursor){at + 1, end}, ctx);
	}
	for (const char *at = text; r == 0 && at < end; at++) {
		at = memchr(at, '%', (size_t)(end - at));
		if (!at)
			break;
		struct cursor c = {at + 1, end};
		if (peek(&c) == ':' && begins_line(text, at))
			r = each((struct cursor){c.at + 1, end}, ctx);
	}
	return r;
}

/* .incbin "name", with or without backslashes before the quotes; `c` is behind the word. */
static int read_assembly(struct cursor c, struct include_names *names)
{
	cleanup_strbuf struct strbuf text = {0};

	while (is_blank(peek(&c)))
		c.at++;
	/* In a string in a string. */
	bool escaped = peek(&c) == '\\';
	if (escaped)
		c.at++;
	if (peek(&c) != '"')
		return 0;
	for (c.at++; !at_line_end(&c) && peek(&c) != '"' && peek(&c) != '\\'; c.at++)
		strbuf_putc(&text, (char)peek(&c));
	if (text.error)
		return text.error;

	int r = text.len
			? add_name(names, (struct include_name){.use = USE_ASSEMBLE, .quote = true},
				   text.data, text.len)
			: 0;
	/* The string ends before the name does: macros make the rest. */
	if (r == 0 && (!escaped || peek(&c) != '\\' || text.len == 0))
		r = add_name(names, (struct include_name){.use = USE_ASSEMBLE, .computed = true},
			     "", 0);
	return r;
}

static int find_assembly(const char *text, size_t len, struct include_names *names)
{
	const char *end = text + len;
	int r = 0;

	for (const char *at = text; r == 0 && at < end; at++) {
		at = memchr(at, '.', (size_t)(end - at));
		if (!at)
			break;
		size_t left = (size_t)(end - at);
		if (left > 7 && memcmp(at, ".incbin", 7) == 0)
			r = read_assembly((struct cursor){at + 7, end}, names);
		else if (left > 8 && memcmp(at, ".include", 8) == 0)
			r = read_assembly((struct cursor){at + 8, end}, names);
	}
	return r;
}

int include_names_find(const char *text, size_t len, struct include_names *names)
{
	if (len == 0)
		return 0;
	int r = each_directive(text, len, read_directive, names);
	return r < 0 ? r : find_assembly(text, len, names);
}

void include_macros_free(struct include_macros *macros)
{
	for (size_t i = 0; i < macros->n; i++) {
		free(macros->v[i].name);
		free(macros->v[i].body);
	}
	free(macros->v);
	*macros = (struct include_macros){0};
}

static int add_macro(struct include_macros *macros, const char *name, size_t len, bool function,
		     const char *body)
{
	cleanup_free char *own_name = strndup(name, len), *own_body = strdup(body);
	void *v = macros->v;

	if (!own_name || !own_body)
		return -ENOMEM;
	struct include_macro *added = grow(&v, &macros->n, &macros->room, sizeof(*macros->v));
	macros->v = v;
	if (!added)
		return -ENOMEM;
	*added = (struct include_macro){TAKE_PTR(own_name), TAKE_PTR(own_body), function};
	return 0;
}

static int read_define(struct cursor c, void *ctx)
{
	cleanup_strbuf struct strbuf name = {0}, body = {0};

	pass_blanks(&c);
	read_word(&c, &name);
	if (name.error || strcmp(name.data, "define") != 0)
		return name.error;
	pass_blanks(&c);
	read_word(&c, &name);
	bool function = peek(&c) == '(';
	pass_blanks(&c);
	read_line(&c, CUT_LINE_COMMENTS, &body);
	if (name.error || body.error)
		return -ENOMEM;
	return name.len ? add_macro(ctx, name.data, name.len, function, body.data) : 0;
}

int include_macros_find(const char *text, size_t len, struct include_macros *macros)
{
	return len ? each_directive(text, len, read_define, macros) : 0;
}

int include_macros_add(const char *define, struct include_macros *macros)
{
	size_t len = strcspn(define, "=(");
	const char *value = strchr(define + len, '=');

	return add_macro(macros, define, len, define[len] == '(', value ? value + 1 : "1");
}

void include_strings_find(const char *text, size_t len, struct strv *strings)
{
	const char *end = text + len, *at = text, *open = NULL;

	for (; at < end && (at = memchr(at, '"', (size_t)(end - at))); at++) {
		if (open && at > open && !memchr(open, '\n', (size_t)(at - open)) &&
		    !memchr(open, '\0', (size_t)(at - open)))
			strv_take(strings, strndup(open, (size_t)(at - open)));
		open = at + 1;
	}
}
