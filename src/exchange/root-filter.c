/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "root-filter.h"

enum { N_SPELLINGS = 3, MAX_LINE = 1 << 20 };

/* Source: PrintFilename() in clang/lib/Frontend/DependencyFile.cpp. */
static char *spell_for_make(const char *root)
{
	cleanup_strbuf struct strbuf b = {0};
	char *result;

	for (const char *at = root; *at; at++) {
		if (*at == ' ' || *at == '#')
			strbuf_putc(&b, '\\');
		else if (*at == '$')
			strbuf_putc(&b, '$');
		strbuf_putc(&b, *at);
	}
	return strbuf_finish(&b, &result) < 0 ? NULL : result;
}

/* In line markers. */
static char *spell_for_c(const char *root)
{
	cleanup_strbuf struct strbuf b = {0};
	char *result;

	for (const char *at = root; *at; at++) {
		if (*at == '"' || *at == '\\')
			strbuf_putc(&b, '\\');
		strbuf_putc(&b, *at);
	}
	return strbuf_finish(&b, &result) < 0 ? NULL : result;
}

int root_filter_init(struct root_filter *f, const char *root)
{
	*f = (struct root_filter){0};
	if (!root[0])
		return 0;
	f->spellings[0] = strdup(root);
	f->spellings[1] = spell_for_make(root);
	f->spellings[2] = spell_for_c(root);
	for (size_t i = 0; i < N_SPELLINGS; i++)
		if (!f->spellings[i])
			return -ENOMEM;
	return 0;
}

void root_filter_free(struct root_filter *f)
{
	for (size_t i = 0; i < N_SPELLINGS; i++)
		freep(&f->spellings[i]);
	strbuf_free(&f->line);
	*f = (struct root_filter){0};
}

/* How long the root is that stands at this place: before a slash, or the end of a name. */
static size_t root_at(const struct root_filter *f, const char *at, const char *end)
{
	for (size_t i = 0; i < N_SPELLINGS; i++) {
		size_t len = strlen(f->spellings[i]);
		if ((size_t)(end - at) > len && memcmp(at, f->spellings[i], len) == 0 &&
		    at[len] == '/')
			return len;
	}
	return 0;
}

void root_filter_text(const struct root_filter *f, const char *data, size_t len,
		      struct strbuf *ret_text)
{
	const char *at = data, *end = data + len, *done = data;

	if (!len)
		return;
	if (!f->spellings[0] || memchr(data, '\0', len)) {
		strbuf_add(ret_text, data, len);
		return;
	}
	while ((at = memchr(at, '/', (size_t)(end - at)))) {
		size_t root = root_at(f, at, end);
		if (!root) {
			at++;
			continue;
		}
		strbuf_add(ret_text, done, (size_t)(at - done));
		at = done = at + root;
		at++;
	}
	strbuf_add(ret_text, done, (size_t)(end - done));
}

void root_filter_stream(struct root_filter *f, const char *data, size_t len,
			struct strbuf *ret_text)
{
	size_t whole = len;

	while (whole && data[whole - 1] != '\n')
		whole--;
	if (len && !whole && f->line.len < MAX_LINE) {
		strbuf_add(&f->line, data, len);
		return;
	}
	if (!whole)
		whole = len; /* the end, or a line without one */
	strbuf_add(&f->line, data, whole);
	root_filter_text(f, f->line.data, f->line.len, ret_text);
	f->line.len = 0;
	strbuf_add(&f->line, data + whole, len - whole);
}
