/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "strbuf.h"

void strbuf_free(struct strbuf *b)
{
	free(b->data);
	*b = (struct strbuf){0};
}

/* Makes room for `more` bytes and a NUL. */
static int strbuf_grow(struct strbuf *b, size_t more)
{
	if (b->error)
		return b->error;
	if (more >= SIZE_MAX / 2 - b->len)
		return b->error = -ENOMEM;

	size_t need = b->len + more + 1;
	if (need <= b->room)
		return 0;

	size_t room = need < 64 ? 64 : need * 2;
	char *data = realloc(b->data, room);
	if (!data)
		return b->error = -ENOMEM;
	b->data = data;
	b->room = room;
	return 0;
}

void strbuf_add(struct strbuf *b, const char *data, size_t len)
{
	if (strbuf_grow(b, len) < 0)
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_putc(struct strbuf *b, char c)
{
	strbuf_add(b, &c, 1);
}

void strbuf_vprintf(struct strbuf *b, const char *format, va_list args)
{
	char few[256];
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(few, sizeof(few), format, args);
	if (len >= 0 && (size_t)len < sizeof(few)) {
		strbuf_add(b, few, (size_t)len);
	} else if (len >= 0 && strbuf_grow(b, (size_t)len) == 0) {
		vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

void strbuf_printf(struct strbuf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	strbuf_vprintf(b, format, args);
	va_end(args);
}

int strbuf_finish(struct strbuf *b, char **ret_string)
{
	strbuf_add(b, "", 0); /* an empty buffer still gives a string */
	if (b->error)
		return b->error;
	*ret_string = TAKE_PTR(b->data);
	strbuf_free(b);
	return 0;
}

char *str_printf(const char *format, ...)
{
	cleanup_strbuf struct strbuf b = {0};
	char *string = NULL;
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&b, format, args);
	va_end(args);
	return strbuf_finish(&b, &string) < 0 ? NULL : string;
}

bool str_begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool str_is_on(const char *value)
{
	static const char *const off[] = {"", "0", "no", "false", "off"};

	for (size_t i = 0; value && i < sizeof(off) / sizeof(off[0]); i++)
		if (strcmp(value, off[i]) == 0)
			return false;
	return value;
}

const char *str_last_line(const char *text, size_t len, size_t *ret_len)
{
	while (len && text[len - 1] && strchr("\r\n \t", text[len - 1]))
		len--;
	size_t begin = len;
	while (begin && text[begin - 1] != '\n')
		begin--;
	*ret_len = len - begin;
	return text + begin;
}
