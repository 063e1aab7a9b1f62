/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "shell.h"

void shell_quote(struct strbuf *b, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=./,:@%";

	if (word[0] && !word[strspn(word, plain)]) {
		strbuf_puts(b, word);
		return;
	}
	strbuf_putc(b, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			strbuf_puts(b, "'\\''");
		else
			strbuf_putc(b, *word);
	}
	strbuf_putc(b, '\'');
}

void shell_quote_all(struct strbuf *b, const char *const *argv)
{
	for (size_t i = 0; argv[i]; i++) {
		if (i)
			strbuf_putc(b, ' ');
		shell_quote(b, argv[i]);
	}
}
