/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "asks-text.h"
#include "asks.h"
#include "shared/strbuf.h"

enum { MARK = '\001', MARK_COMPUTED = '?', MARK_PASTES = '#', MARK_PARTS = ':', MARK_ASM = 'a' };

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Words that ask, which macros can make by pasting: asm, clocks, and what asks for a header. */
static const char *const keywords[] = {
	"asm",      "_asm",          "__asm",       "__asm__",       "__TIME__",
	"__DATE__", "__TIMESTAMP__", "__has_embed", "__has_include", "__has_include_next",
};

enum { FIRST_CLOCK = 4, FIRST_NAME = 7, MAX_KEYWORD = 18 };

/* A word of a source, and what is there around it. */
struct word {
	const char *text, *end; /* of all */
	const char *at;
	size_t len;
};

static bool is(const struct word *w, const char *name)
{
	return w->len && w->at[0] == name[0] && strlen(name) == w->len &&
	       memcmp(w->at, name, w->len) == 0;
}

static bool is_any(const struct word *w, const char *const *names)
{
	for (; *names; names++)
		if (is(w, *names))
			return true;
	return false;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\f' || *at == '\v'))
		at++;
	return at;
}

/* The same over lines. */
static const char *skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\f' || *at == '\v' ||
			    *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* The word that ends before `at`, on the same line; without one its length is 0. */
static struct word word_before(const struct word *w, const char *at)
{
	struct word before = {w->text, w->end, at, 0};

	while (before.at > w->text && (before.at[-1] == ' ' || before.at[-1] == '\t'))
		before.at--;
	for (; before.at > w->text && is_word(before.at[-1]); before.at--)
		before.len++;
	return before;
}

/* Is it the name of a directive? */
static bool is_directive(const struct word *w)
{
	const char *at = w->at;

	while (at > w->text && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	if (at > w->text && at[-1] == '#')
		at--;
	else if (at - w->text >= 2 && at[-1] == ':' && at[-2] == '%')
		at -= 2;
	else
		return false;
	while (at > w->text && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return at == w->text || at[-1] == '\n' || at[-1] == '\r';
}

/* Is it only asked whether it is a macro, or made one? */
static bool is_only_named(const struct word *w)
{
	const char *at = w->at;

	while (at > w->text && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	bool open = at > w->text && at[-1] == '(';
	struct word before = word_before(w, open ? at - 1 : at);
	if (is(&before, "defined"))
		return true;
	return !open && is_directive(&before) &&
	       is_any(&before, NAMES("ifdef", "ifndef", "undef", "define", "elifdef", "elifndef"));
}

/* Does an operand stand at a word, of which its name may then be a part? The one number that has no
 * operand, %=, is of digits. */
static bool operand_makes_word(const char *template, const char *percent)
{
	const char *at = percent + 1;

	if (!is_word(*at) && *at != '[')
		return false;
	while (is_word(*at) && !(*at >= '0' && *at <= '9'))
		at++; /* what it is printed as */
	if (*at == '[') {
		at += strcspn(at, "]");
		at += *at == ']';
	} else {
		while (*at >= '0' && *at <= '9')
			at++;
	}
	return is_word(*at) || (percent > template && (is_word(percent[-1]) || percent[-1] == '.'));
}

/* What the text of asm() may not hold: names of files, and what makes other names of names. */
static bool asm_asks(const struct strbuf *template)
{
	static const char *const directives[] = {".incbin", ".include", ".macro",
						 ".irp",    ".rep",     ".altmacro"};

	for (const char *at = template->data; at && (at = strchr(at, '.')); at++) {
		for (size_t i = 0; i < LENGTH(directives); i++)
			if (strncmp(at, directives[i], strlen(directives[i])) == 0)
				return true;
		const char *behind = at + 1;
		while (is_word(*behind))
			behind++;
		if (*behind && strchr("%{|}\\", *behind))
			return true;
	}
	for (const char *at = template->data; at && (at = strchr(at, '%')); at++) {
		if (operand_makes_word(template->data, at))
			return true;
		at += at[1] == '%'; /* it stands for one */
	}
	return false;
}

/* Appends what stands in a string, in lower case: the assembler takes directives in any. False for
 * what may say more than is written. */
static bool add_string(const char **at, const char *end, struct strbuf *b)
{
	const char *c = *at + 1;

	for (; c < end && *c != '"' && *c != '\n'; c++) {
		if (!*c)
			return false;
		if (*c == '\\' && ++c < end) {
			/* Of others some name a character, and of the rest clang takes the letter.
			 */
			if (!*c || !strchr("abfnrtv\"'\\?\n", *c))
				return false;
			strbuf_putc(b, strchr("\"'\\?", *c) ? *c : ' ');
			continue;
		}
		strbuf_putc(b, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
	}
	*at = c < end ? c + 1 : c;
	return c < end && *c == '"';
}

/* Is this no asm (a directory's name), or one whose text is all here, and names no file? */
static bool is_clean_asm(const struct word *w)
{
	cleanup_strbuf struct strbuf template = {0};
	const char *at = w->at + w->len, *end = w->end;

	if (at < end && (*at == '-' || *at == '.' || *at == '/'))
		return true;
	for (;;) {
		at = skip_space(at, end);
		struct word next = {w->text, end, at, 0};
		while (at < end && is_word(*at)) {
			at++;
			next.len++;
		}
		if (next.len == 0)
			break;
		if (!is_any(&next, NAMES("volatile", "__volatile", "__volatile__", "goto", "inline",
					 "__inline", "__inline__")))
			return false;
	}
	if (at == end || *at++ != '(')
		return false;
	for (;;) {
		at = skip_space(at, end);
		if (at < end && (*at == ':' || *at == ')'))
			break;
		if (at == end || *at != '"' || !add_string(&at, end, &template))
			return false;
	}
	return !template.error && !asm_asks(&template);
}

/* Where an #include says no name: macros make it. */
static bool is_computed_include(const struct word *w)
{
	const char *at = skip_blanks(w->at + w->len, w->end);

	return at == w->end || (*at != '<' && *at != '"');
}

/* The list of what was read has another name of a file with a backslash in its name. */
static bool has_backslash(const struct word *w)
{
	const char *at = w->at + w->len;
	const char *newline = memchr(at, '\n', (size_t)(w->end - at));

	return memchr(at, '\\', (size_t)((newline ? newline : w->end) - at));
}

/* Are lines taken from a file that it names? The debug information then holds that file's text. */
static bool is_line(const struct word *w)
{
	return is(w, "line") || (w->at[0] >= '0' && w->at[0] <= '9');
}

/* The macro that a line defines. */
struct define {
	bool is;                     /* is there one at all? */
	const char *params, *behind; /* what stands between its parentheses; NULL: none */
};

static struct define find_define(const char *line, const char *end)
{
	const char *at = skip_blanks(line, end);

	if (at < end && *at == '#')
		at++;
	else if (end - at >= 2 && at[0] == '%' && at[1] == ':')
		at += 2;
	else
		return (struct define){0};
	at = skip_blanks(at, end);
	if (end - at < 7 || strncmp(at, "define", 6) != 0 || is_word(at[6]))
		return (struct define){0};
	for (at = skip_blanks(at + 6, end); at < end && is_word(*at);)
		at++;
	struct define d = {.is = true};
	if (at < end && *at == '(') {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		d.params = at + 1;
		d.behind = memchr(at, ')', (size_t)((newline ? newline : end) - at));
		if (!d.behind)
			d.params = NULL;
	}
	return d;
}

static bool is_parameter(const struct word *w, const struct define *d)
{
	if (d->params && w->len > 5 && strncmp(w->at, "__VA_", 5) == 0)
		return true;
	for (const char *at = d->params; at < d->behind;) {
		const char *begin = at;
		while (at < d->behind && is_word(*at))
			at++;
		if ((size_t)(at - begin) == w->len && memcmp(begin, w->at, w->len) == 0)
			return true;
		at += at == begin;
	}
	return false;
}

/* What one file asks for, as it is found. */
struct finding {
	struct strbuf names;
	struct asks_parts parts;
	bool open, asm_open, computed, pastes, has_parts;
	struct define define; /* that is being read */
	int balance;          /* of its parentheses */
	unsigned depth; /* of those outside of macros, as far as no directive stands in them */
	bool depth_unsure;
};

/* __has_include and what follows it. */
static void add_asked(struct finding *f, const struct word *w)
{
	const char *at = skip_blanks(w->at + w->len, w->end);

	if (at < w->end && *at == '(')
		at = skip_blanks(at + 1, w->end);
	else if (is_only_named(w))
		return;
	if (is_only_named(w)) /* #define __has_include(x) 0 */
		return;
	if (at == w->end || (*at != '<' && *at != '"')) {
		f->computed = true;
		return;
	}
	const char close = *at == '<' ? '>' : '"', *name = ++at;
	for (; at < w->end && *at != close && *at != '\n'; at++)
		if (*at == '\\' || *at == MARK)
			f->computed = true;
	if (at == w->end || *at != close || at == name) {
		f->computed = true;
		return;
	}
	strbuf_add(&f->names, name, (size_t)(at - name));
	strbuf_putc(&f->names, '\n');
}

/* Adds it where it is a part of a word that asks, with `only_begins` the first one. Is it one?
 * `parts` may be NULL. */
static bool add_part(const struct word *w, bool only_begins, struct asks_parts *parts)
{
	struct asks_parts *p = parts;
	size_t offset = 0;
	bool found = false;

	for (size_t i = 0; i < LENGTH(keywords); i++) {
		size_t len = strlen(keywords[i]);
		for (size_t at = 0; w->len && at + w->len <= len && (at == 0 || !only_begins); at++)
			if (memcmp(keywords[i] + at, w->at, w->len) == 0) {
				size_t bit = offset + at * len + w->len - 1;
				found = true;
				if (p)
					p->bits[bit / 8] |= (uint8_t)(1 << bit % 8);
			}
		offset += len * len;
	}
	return found;
}

/* Could pasting reach it? It takes what is at the edge of a macro's argument, or in a macro. */
static bool may_be_pasted(const struct word *w, const struct finding *f)
{
	const char *before = w->at, *behind = skip_space(w->at + w->len, w->end);

	if (f->define.is)
		return w->at >= f->define.behind && !is_parameter(w, &f->define);
	if (f->depth == 0 && !f->depth_unsure)
		return false;
	while (before > w->text && strchr(" \t\f\v\r\n", before[-1]))
		before--;
	return (before > w->text && strchr("(,#:", before[-1])) ||
	       (behind < w->end && strchr("),#%", *behind));
}

/* Of what follows a * in a macro's argument the * stays before it through every macro: pasting adds
 * to its end alone. So are the parameters of functions that headers declare: struct seq_file *m. */
static bool only_begins(const struct word *w, const struct finding *f)
{
	struct word before = word_before(w, w->at);

	return !f->define.is && before.len == 0 && before.at > w->text && before.at[-1] == '*';
}

static void add_directive(struct finding *f, const struct word *w)
{
	const char *line = w->at;

	if (is_any(w, NAMES("include", "include_next", "import"))) {
		f->open = f->open || is_computed_include(w);
		f->computed = f->computed || has_backslash(w);
	} else if (is(w, "embed") || is_line(w)) {
		f->open = true;
	}
	while (line > w->text && line[-1] != '\n')
		line--;
	f->define = find_define(line, w->end);
	if (f->depth && !f->define.is)
		f->depth_unsure = true;
}

static void add_word(struct finding *f, const struct word *w)
{
	if (is_directive(w)) {
		add_directive(f, w);
		return;
	}
	if (w->len > MAX_KEYWORD || (w->at[0] >= '0' && w->at[0] <= '9'))
		return;
	if (is_any(w, NAMES("__has_include", "__has_include_next"))) {
		add_asked(f, w);
		return;
	}
	if (is(w, "__has_embed") && is_only_named(w))
		return;
	if (is_any(w, NAMES("asm", "_asm", "__asm", "__asm__"))) {
		f->asm_open = f->asm_open || !is_clean_asm(w);
		return;
	}
	for (size_t i = FIRST_CLOCK; i < LENGTH(keywords); i++)
		if (is(w, keywords[i])) {
			f->open = true;
			return;
		}
	/* #pragma GCC dependency compares times. */
	struct word before = word_before(w, w->at);
	if (is(w, "dependency") && is_any(&before, NAMES("GCC", "clang")))
		f->open = true;
	if (may_be_pasted(w, f))
		f->has_parts = add_part(w, only_begins(w, f), &f->parts) || f->has_parts;
}

/* May what stands on one side of ## become a part of a word that asks? What is no word may not: a
 * comma, a number's point. */
static bool may_be_part(const struct word *w, const struct define *d)
{
	return w->len && (!d->is || add_part(w, false, NULL) || is_parameter(w, d));
}

static void add_paste(struct finding *f, const char *text, const char *end, const char *at,
		      size_t len)
{
	const char *behind = skip_blanks(at + len, end);
	struct word all = {text, end, at, 0}, right = {text, end, behind, 0};
	struct word left = word_before(&all, at);

	for (; behind < end && is_word(*behind); behind++)
		right.len++;
	/* The ) of __VA_OPT__(…) */
	bool left_is_open = left.at > text && left.len == 0 && left.at[-1] == ')';
	if ((left_is_open || may_be_part(&left, &f->define)) && may_be_part(&right, &f->define))
		f->pastes = true;
}

/* Of a macro that opens what another closes it is not seen what stands between. */
static void end_line(struct finding *f)
{
	f->open = f->open || (f->define.is && f->balance != 0);
	f->define = (struct define){0};
	f->balance = 0;
}

static void pass(struct finding *f, char c)
{
	if (c == '\n')
		end_line(f);
	else if (f->define.is)
		f->balance += (c == '(') - (c == ')');
	else if (c == '(')
		f->depth++;
	else if (c == ')' && f->depth)
		f->depth--;
}

static void scan(struct finding *f, const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *at = text; at < end;) {
		if (is_word(*at)) {
			struct word w = {text, end, at, 0};
			while (at < end && is_word(*at))
				at++;
			w.len = (size_t)(at - w.at);
			add_word(f, &w);
		} else if (*at == '"' || *at == '\'') {
			const char close = *at++;
			while (at < end && *at != close && *at != '\n')
				at += *at == '\\' && at + 1 < end && at[1] != '\n' ? 2 : 1;
			at += at < end && *at == close;
		} else if (*at == '#' && at + 1 < end && at[1] == '#') {
			add_paste(f, text, end, at, 2);
			at += 2;
		} else if (end - at >= 4 && memcmp(at, "%:%:", 4) == 0) {
			add_paste(f, text, end, at, 4);
			at += 4;
		} else {
			pass(f, *at++);
		}
	}
	end_line(f);
}

int asks_find(const char *text, size_t len, char **ret_asks)
{
	cleanup_strbuf struct strbuf plain = {0}, asks = {0};
	struct finding f = {0};

	*ret_asks = NULL;
	if (len == 0)
		return 0;
	f.open = !asks_text_plain(text, len, &plain);
	if (plain.len)
		scan(&f, plain.data, plain.len);
	if (f.open)
		strbuf_putc(&asks, '\n');
	if (f.computed)
		strbuf_printf(&asks, "%c%c\n", MARK, MARK_COMPUTED);
	if (f.asm_open)
		strbuf_printf(&asks, "%c%c\n", MARK, MARK_ASM);
	if (f.pastes)
		strbuf_printf(&asks, "%c%c\n", MARK, MARK_PASTES);
	if (f.has_parts) {
		strbuf_printf(&asks, "%c%c", MARK, MARK_PARTS);
		for (size_t i = 0; i < sizeof(f.parts.bits); i++)
			strbuf_printf(&asks, "%02x", f.parts.bits[i]);
		strbuf_putc(&asks, '\n');
	}
	if (f.names.len)
		strbuf_add(&asks, f.names.data, f.names.len);
	int r = plain.error     ? plain.error
		: f.names.error ? f.names.error
		: asks.error    ? asks.error
				: 0;
	strbuf_free(&f.names);
	return r < 0 || !asks.len ? r : strbuf_finish(&asks, ret_asks);
}

bool asks_asm_is_open(const char *preprocessed, size_t len)
{
	cleanup_strbuf struct strbuf plain = {0};
	struct finding f = {0};

	bool sure = asks_text_plain(preprocessed, len, &plain) && !plain.error;
	if (sure && plain.len)
		scan(&f, plain.data, plain.len);
	strbuf_free(&f.names);
	return !sure || f.asm_open;
}

bool asks_are_open(const char *asks)
{
	return asks && asks[0] == '\n';
}

bool asks_are_computed(const char *asks)
{
	if (asks_are_open(asks))
		asks++;
	return asks && asks[0] == MARK && asks[1] == MARK_COMPUTED;
}

int asks_each_name(const char *asks, int (*each)(void *ctx, const char *name, size_t len),
		   void *ctx)
{
	int r = 0;

	while (asks && *asks && r == 0) {
		size_t len = strcspn(asks, "\n");
		if (len && asks[0] != MARK)
			r = each(ctx, asks, len);
		asks += asks[len] ? len + 1 : len;
	}
	return r;
}

static int take_any(void *ctx, const char *name, size_t len)
{
	(void)ctx;
	(void)name;
	(void)len;
	return 1;
}

bool asks_are_for_headers(const char *asks)
{
	return asks_are_computed(asks) || asks_each_name(asks, take_any, NULL) != 0;
}

static unsigned digit(char c)
{
	return c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10) & 15;
}

void asks_sum_add(struct asks_sum *s, const char *asks, bool is_builders)
{
	if (asks_are_open(asks) || asks_are_computed(asks))
		s->open = true;
	while (asks && *asks) {
		size_t len = strcspn(asks, "\n");
		char mark = asks[0] == MARK ? asks[1] : '\0';
		if (mark == MARK_PASTES)
			s->pastes = true;
		/* A C library gives functions other names so. */
		if (mark == MARK_ASM && !is_builders)
			s->asm_open = true;
		for (size_t i = 0;
		     mark == MARK_PARTS && i < sizeof(s->parts.bits) && 2 * i + 3 < len; i++)
			s->parts.bits[i] |=
				(uint8_t)(digit(asks[2 * i + 2]) << 4 | digit(asks[2 * i + 3]));
		asks += asks[len] ? len + 1 : len;
	}
}

void asks_sum_add_known(struct asks_sum *s, const char *asks)
{
	struct asks_parts parts = s->parts;

	asks_sum_add(s, asks, true);
	s->parts = parts;
}

/* Can the parts be put together to that one? */
static bool can_be(const struct asks_parts *parts, size_t offset, size_t len)
{
	bool reached[MAX_KEYWORD + 1] = {true};

	for (size_t at = 0; at < len; at++)
		for (size_t n = 1; reached[at] && at + n <= len; n++) {
			size_t bit = offset + at * len + n - 1;
			if (n < len && parts->bits[bit / 8] & 1 << bit % 8)
				reached[at + n] = true;
		}
	return reached[len];
}

static bool can_be_any(const struct asks_sum *s, size_t from)
{
	size_t offset = 0;

	for (size_t i = 0; s->pastes && i < LENGTH(keywords); i++) {
		size_t len = strlen(keywords[i]);
		if (i >= from && can_be(&s->parts, offset, len))
			return true;
		offset += len * len;
	}
	return false;
}

bool asks_sum_is_open(const struct asks_sum *s)
{
	return s->open || s->asm_open || can_be_any(s, 0);
}

bool asks_sum_is_open_but_for_asm(const struct asks_sum *s)
{
	return s->open || can_be_any(s, FIRST_CLOCK);
}

bool asks_sum_hides_names(const struct asks_sum *s)
{
	return can_be_any(s, FIRST_NAME);
}
