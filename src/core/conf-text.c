/* SPDX-License-Identifier: BSD-2-Clause */
/* The grammar is that of libConfuse's lexer.l, as far as it is let through. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "conf-text.h"
#include "shared/io.h"

enum { MAX_FILE_SIZE = 1 << 20 };

static const char digits[] = "0123456789";
static const char name_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

struct scanner {
	struct conf_text *t;
	char *at;
	unsigned line;
	struct crossbpf_error *e;
};

void conf_text_free(struct conf_text *t)
{
	free(t->text);
	free(t->words);
	*t = (struct conf_text){0};
}

int conf_error(struct crossbpf_error *e, const char *path, unsigned line, const char *hint,
	       const char *format, ...)
{
	cleanup_strbuf struct strbuf b = {0};
	cleanup_free char *message = NULL;
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&b, format, args);
	va_end(args);
	if (strbuf_finish(&b, &message) < 0)
		return error_no_memory(e);
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint, "%s:%u: %s", path, line, message);
}

static int fail(const struct scanner *s, unsigned line, const char *hint, const char *message)
{
	return conf_error(s->e, s->t->path, line, hint, "%s", message);
}

static int load(const char *path, struct conf_text *t, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf content = {0};

	int r = io_read_file(path, MAX_FILE_SIZE, &content);
	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r == -EFBIG)
		return error_set(e, r, EXIT_STATUS_USAGE, NULL, "%s is larger than %d bytes", path,
				 MAX_FILE_SIZE);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, NULL, "cannot read %s: %s", path,
				 strerror(-r));

	unsigned line = 1;
	struct digest digest;
	digest_init(&digest);
	digest_bytes(&digest, content.data, content.len);
	digest_finish(&digest, t->digest);
	for (size_t i = 0; i < content.len; i++) {
		unsigned char c = (unsigned char)content.data[i];
		line += c == '\n';
		if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
			return conf_error(e, path, line, "is this a text file?",
					  "there is a byte 0x%02x", c);
	}
	return strbuf_finish(&content, &t->text) < 0 ? error_no_memory(e) : 0;
}

/* Overwrites up to `end` by blanks, so that lines stay lines. */
static void blank(struct scanner *s, const char *end)
{
	for (; s->at < end; s->at++) {
		if (*s->at == '\n')
			s->line++;
		else
			*s->at = ' ';
	}
}

static int skip_blanks_and_comments(struct scanner *s)
{
	for (;;) {
		size_t blanks = strspn(s->at, " \t\r\n");
		if (blanks) {
			blank(s, s->at + blanks);
		} else if (*s->at == '#' || strncmp(s->at, "//", 2) == 0) {
			blank(s, s->at + strcspn(s->at, "\n"));
		} else if (strncmp(s->at, "/*", 2) == 0) {
			const char *end = strstr(s->at + 2, "*/");
			if (!end)
				return fail(s, s->line, NULL, "the comment has no end");
			blank(s, end + 2);
		} else {
			return 0;
		}
	}
}

/* s->at is at "${". A variable that libConfuse puts in has a name, and no brace or quote in what
 * stands in where it is unset. */
static int skip_variable(struct scanner *s)
{
	const char *at = s->at + 2;
	size_t len = strspn(at, name_letters);

	at += len;
	if (len && strncmp(at, ":-", 2) == 0)
		at += strcspn(at, "}\"'\\\n");
	if (!len || *at != '}')
		return fail(s, s->line,
			    "a variable of the environment is ${NAME} or ${NAME:-DEFAULT}; "
			    "single quotes keep a $ as it is",
			    "this is no variable after '$'");
	s->at += at + 1 - s->at;
	return 0;
}

/* s->at is at a backslash in double quotes. */
static int skip_escape(struct scanner *s)
{
	size_t len = strspn(s->at + 1, digits);
	unsigned long code = 1;

	if (len) {
		code = len > 3 || strspn(s->at + 1, "01234567") < len ? 0
								      : strtoul(s->at + 1, NULL, 8);
	} else if (s->at[1] == 'x') {
		char hex[3] = {0};
		strncpy(hex, s->at + 2, 2);
		if (strspn(hex, "0123456789abcdefABCDEF"))
			code = strtoul(hex, NULL, 16);
	}
	if (code == 0 || code > 0xff)
		return fail(s, s->line,
			    "a backslash is \\\\ in double quotes, or \\ in single ones",
			    "there is no such character as this backslash begins");
	s->line += s->at[1] == '\n';
	s->at += s->at[1] ? 2 + (len ? len - 1 : 0) : 1;
	return 0;
}

static int skip_quoted(struct scanner *s)
{
	unsigned line = s->line;
	char quote = *s->at++;
	int r = 0;

	while (r == 0 && *s->at && *s->at != quote) {
		if (*s->at == '\\' && quote == '"') {
			r = skip_escape(s);
		} else if (quote == '"' && strncmp(s->at, "${", 2) == 0) {
			r = skip_variable(s);
		} else {
			s->at += *s->at == '\\' && s->at[1] && s->at[1] != '\n';
			s->line += *s->at == '\n';
			s->at++;
		}
	}
	if (r == 0 && !*s->at)
		return fail(s, line, "is a quote missing here, or in a line before?",
			    "the quote that begins here has no end");
	s->at += r == 0;
	return r;
}

static int skip_bare(struct scanner *s)
{
	if (strncmp(s->at, "${", 2) == 0)
		return skip_variable(s);

	size_t len = strcspn(s->at, " #\"'\t\n\r={}()+,*");
	if (s->at[len] && strchr("()+*", s->at[len]) &&
	    (len == 0 || strncmp(s->at + len, "+=", 2) != 0))
		return conf_error(s->e, s->t->path, s->line, "put the value in double quotes",
				  "'%c' stands outside of quotes", s->at[len]);
	s->at += len;
	return 0;
}

/* Moves behind the word at s->at. */
static int skip_word(struct scanner *s, enum conf_word_kind *ret_kind)
{
	static const char signs[] = "{}=,";
	static const enum conf_word_kind kinds[] = {CONF_OPEN, CONF_CLOSE, CONF_SET, CONF_COMMA};
	const char *sign = *s->at ? strchr(signs, *s->at) : NULL;

	*ret_kind = CONF_STRING;
	if (*s->at == '\0') {
		*ret_kind = CONF_END;
	} else if (sign) {
		*ret_kind = kinds[sign - signs];
		s->at++;
	} else if (strncmp(s->at, "+=", 2) == 0) {
		*ret_kind = CONF_APPEND;
		s->at += 2;
	} else {
		return *s->at == '"' || *s->at == '\'' ? skip_quoted(s) : skip_bare(s);
	}
	return 0;
}

static int add_word(struct scanner *s)
{
	struct conf_text *t = s->t;

	if (t->n == t->room) {
		size_t room = t->room ? 2 * t->room : 64;
		struct conf_word *words = realloc(t->words, room * sizeof(*words));
		if (!words)
			return error_no_memory(s->e);
		t->words = words;
		t->room = room;
	}

	const char *begin = s->at;
	struct conf_word *word = &t->words[t->n];
	*word = (struct conf_word){.line = s->line, .at = (size_t)(begin - t->text)};
	int r = skip_word(s, &word->kind);
	word->len = (size_t)(s->at - begin);
	t->n += r == 0;
	return r;
}

int conf_text_read(const char *path, struct conf_text *ret_text, struct crossbpf_error *e)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	cleanup_conf_text struct conf_text t = {.path = path};

	int r = load(path, &t, e);
	if (r < 0)
		return r;

	struct scanner s = {&t, t.text, 1, e};
	if (strncmp(t.text, byte_order_mark, strlen(byte_order_mark)) == 0)
		blank(&s, t.text + strlen(byte_order_mark));
	do {
		r = skip_blanks_and_comments(&s);
		if (r == 0)
			r = add_word(&s);
		if (r < 0)
			return r;
	} while (t.words[t.n - 1].kind != CONF_END);

	*ret_text = t;
	t = (struct conf_text){0};
	return 0;
}
