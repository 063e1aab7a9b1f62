/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "cli.h"

/* Names of other people's files are in messages. */
void cli_add_visible(struct strbuf *b, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text, next = (unsigned char)text[1];
		bool is_c1 = c == 0xc2 && next >= 0x80 && next < 0xa0; /* in UTF-8 */
		if (is_c1) { /* whole: its second byte alone is the same to some terminals */
			strbuf_printf(b, "\\x%02x\\x%02x", c, next);
			text++;
		} else if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f) {
			strbuf_printf(b, "\\x%02x", c);
		} else {
			strbuf_putc(b, (char)c);
		}
	}
}
