/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "depfile.h"
#include "shared/strbuf.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_all_blank(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at == end;
}

/* Where the rule's target ends: a colon before a blank; NULL where there is none. */
static const char *find_colon(const char *at, const char *end)
{
	for (; at < end; at++)
		if (*at == ':' && (at + 1 == end || is_blank(at[1]) || at[1] == '\\'))
			return at;
	return NULL;
}

/* One name that begins at *at; *at moves behind it. */
static int read_name(const char **at, const char *end, char **ret_name)
{
	cleanup_strbuf struct strbuf name = {0};

	for (; *at < end && !is_blank(**at); (*at)++) {
		const char *next = *at + 1;

		if (**at == '\\' && next < end && (*next == '\n' || *next == '\r'))
			break;
		/* A backslash before a blank or a # is make's; any other is its own. Those before
		 * one that is make's are doubled. */
		if (**at == '\\' && next < end) {
			size_t n = 0;
			while (*at + n < end && (*at)[n] == '\\')
				n++;
			char behind = *at + n < end ? (*at)[n] : '\0';
			if (behind == '#') { /* the last alone is make's */
				for (size_t i = 0; i + 1 < n; i++)
					strbuf_putc(&name, '\\');
				*at += n;
			} else if (behind == ' ') {
				for (size_t i = 0; i < n / 2; i++)
					strbuf_putc(&name, '\\');
				if (n % 2 == 0) {
					*at += n - 1;
					continue;
				}
				*at += n;
			}
		} else if (**at == '$' && next < end && *next == '$') {
			(*at)++;
		}
		strbuf_putc(&name, **at);
	}
	return strbuf_finish(&name, ret_name);
}

int depfile_parse(const char *text, size_t len, struct strv *ret_files)
{
	const char *end = text + len, *at = find_colon(text, end);

	if (!at)
		return -EINVAL;
	for (at++;;) {
		while (at < end &&
		       (is_blank(*at) || (*at == '\\' && at + 1 < end && is_blank(at[1]) &&
					  at[1] != ' ' && at[1] != '\t'))) {
			/* An unescaped newline ends the rule. */
			if (*at == '\n' && at[-1] != '\\' && !(at[-1] == '\r' && at[-2] == '\\'))
				return is_all_blank(at, end) ? ret_files->error : -EINVAL;
			at++;
		}
		if (at == end)
			return ret_files->error;

		char *name;
		int r = read_name(&at, end, &name);
		if (r < 0)
			return r;
		strv_take(ret_files, name);
	}
}

/* Behind the newline that ends the first rule. */
static const char *first_end(const char *text, size_t len)
{
	const char *end = text + len, *at = text;

	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		const char *before = at > text && at[-1] == '\r' ? at - 1 : at;
		at++;
		if (before == text || before[-1] != '\\')
			return at;
	}
	return end;
}

int depfile_parse_first(const char *text, size_t len, struct strv *ret_files)
{
	return depfile_parse(text, (size_t)(first_end(text, len) - text), ret_files);
}

/* Without the dots by which -H shows what includes what: Source: PrintHeaderInfo() in
 * clang/lib/Frontend/HeaderIncludeGen.cpp. */
int depfile_parse_list(const char *text, size_t len, struct strv *ret_files)
{
	const char *end = text + len;

	while (text < end && !ret_files->error) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = newline ? (size_t)(newline - text) : (size_t)(end - text);
		cleanup_free char *name = strndup(text, n);
		if (!name)
			return -ENOMEM;
		if (*name)
			strv_add_once(ret_files, name);
		text += n + (newline ? 1 : 0);
	}
	return ret_files->error;
}

/* As clang spells it. Source: PrintFilename() in clang/lib/Frontend/DependencyFile.cpp. */
static void write_name(struct strbuf *b, const char *name)
{
	for (const char *at = name; *at; at++) {
		if (*at == ' ') {
			for (const char *back = at; back > name && back[-1] == '\\'; back--)
				strbuf_putc(b, '\\');
			strbuf_putc(b, '\\');
		} else if (*at == '#') {
			strbuf_putc(b, '\\');
		} else if (*at == '$') {
			strbuf_putc(b, '$');
		}
		strbuf_putc(b, *at);
	}
}

static int write_files(const struct strv *files, size_t column, struct strbuf *ret_text)
{
	enum { MAX_COLUMNS = 75 };

	for (size_t i = 0; i < files->n; i++) {
		size_t len = strlen(files->v[i]);
		if (column + len + 1 + 2 > MAX_COLUMNS) {
			strbuf_puts(ret_text, " \\\n ");
			column = 2;
		}
		strbuf_putc(ret_text, ' ');
		write_name(ret_text, files->v[i]);
		column += len + 1;
	}
	strbuf_putc(ret_text, '\n');
	return ret_text->error;
}

int depfile_write(const char *target, const struct strv *files, struct strbuf *ret_text)
{
	write_name(ret_text, target);
	strbuf_putc(ret_text, ':');
	return write_files(files, strlen(target) + 1, ret_text);
}

int depfile_rewrite(const struct strbuf *text, const struct strv *files, struct strbuf *ret_text)
{
	const char *end = text->data + text->len, *colon = find_colon(text->data, end);
	size_t len = colon ? (size_t)(colon - text->data) + 1 : 0;

	if (!colon || memchr(text->data, '\n', len))
		return -EINVAL;
	strbuf_add(ret_text, text->data, len);
	int r = write_files(files, len, ret_text);
	const char *phony = first_end(text->data, text->len);
	for (size_t i = 1; phony < end && i < files->n; i++) {
		strbuf_puts(ret_text, *phony == '\n' ? "\n" : ""); /* by clang's version */
		write_name(ret_text, files->v[i]);
		strbuf_puts(ret_text, ":\n");
	}
	return r < 0 ? r : ret_text->error;
}

int depfile_add_targets(const char *text, size_t len, const struct strv *targets,
			struct strbuf *ret_text)
{
	const char *end = text + len, *colon = find_colon(text, end);
	size_t n = colon ? (size_t)(colon - text) : 0;

	if (!colon || memchr(text, '\n', n))
		return -EINVAL;
	strbuf_add(ret_text, text, n);
	for (size_t i = 0; i < targets->n; i++) {
		strbuf_putc(ret_text, ' ');
		write_name(ret_text, targets->v[i]);
	}
	strbuf_add(ret_text, colon, (size_t)(end - colon));
	return ret_text->error;
}

/* Is something there that separates names: a blank, or a backslash at a line's end? */
static bool is_between(const char *at, const char *end)
{
	return is_blank(*at) || (*at == '\\' && at + 1 < end && (at[1] == '\n' || at[1] == '\r'));
}

int depfile_replace(const char *text, size_t len,
		    bool (*is_theirs)(const void *ctx, const char *name), const void *ctx,
		    const char *stamp, struct strbuf *ret_text)
{
	const char *end = text + len, *between = text, *named = NULL;

	for (const char *at = text; at < end;) {
		if (is_between(at, end)) {
			at++;
			continue;
		}
		const char *begin = at;
		cleanup_free char *name = NULL;
		int r = read_name(&at, end, &name);
		if (r < 0)
			return r;
		size_t n = strlen(name);
		bool target = n && name[n - 1] == ':';
		if (target)
			name[n - 1] = '\0';
		bool theirs = is_theirs(ctx, name);
		if (!theirs) {
			strbuf_add(ret_text, between, (size_t)(at - between));
		} else if (!target && stamp) {
			strbuf_add(ret_text, between, (size_t)(begin - between));
			write_name(ret_text, stamp);
			named = stamp;
			stamp = NULL;
		}
		between = at; /* of what is left out, what stands before it too */
	}
	strbuf_add(ret_text, between, (size_t)(end - between));
	/* As -MP has it: without the file make is to make the target, not to stop. */
	if (named) {
		strbuf_puts(ret_text, end > text && end[-1] == '\n' ? "" : "\n");
		write_name(ret_text, named);
		strbuf_puts(ret_text, ":\n");
	}
	return ret_text->error;
}
