/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "console.h"
#include "shared/io.h"

enum { CONSOLE_LIMIT = 16 << 20, CONSOLE_LINES = 8 };

/* Whole, with a space for each byte that is neither printed nor ends a line. */
static int read_console(const char *path, struct strbuf *text)
{
	int r = path ? io_read_file(path, CONSOLE_LIMIT, text) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < text->len; i++)
		if (text->data[i] != '\n' && (text->data[i] < ' ' || text->data[i] > '~'))
			text->data[i] = ' ';
	return r;
}

char *console_tail(const char *path)
{
	cleanup_strbuf struct strbuf text = {0};
	unsigned lines = 0;

	if (read_console(path, &text) < 0 || !text.len)
		return strdup("it said nothing");
	char *at = text.data + text.len;
	while (at > text.data && lines < CONSOLE_LINES)
		if (*--at == '\n')
			lines++;
	return strdup(at);
}

bool console_has_spoken(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && st.st_size > 0;
}

bool console_has(const char *path, const char *wanted)
{
	cleanup_strbuf struct strbuf text = {0};

	return read_console(path, &text) == 0 && text.len && strstr(text.data, wanted);
}
