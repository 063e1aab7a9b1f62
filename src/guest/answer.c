/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "answer.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "guest-protocol.h"
#include "shared/io.h"
#include "shared/strbuf.h"

/* Once that much was sent, texts are short: the host takes GUEST_ANSWER_MAX. */
enum { ENOUGH = GUEST_ANSWER_MAX / 2, SHORT_TEXT = 4096 };

int answer_open(struct answer *ret, int fd)
{
	void *spent = mmap(NULL, sizeof(*ret->spent), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (spent == MAP_FAILED)
		return -errno;
	*ret = (struct answer){.fd = fd, .spent = spent};
	return 0;
}

void answer_close(struct answer *a)
{
	if (a->spent)
		munmap(a->spent, sizeof(*a->spent));
}

static int add(const char *data, size_t len, void *ctx)
{
	struct strbuf *b = ctx;

	strbuf_add(b, data, len);
	return b->error;
}

int answer_line(struct answer *a, json_t *line)
{
	cleanup_strbuf struct strbuf b = {0};
	int r = line ? json_dump_callback(line, add, &b, JSON_COMPACT | JSON_REAL_PRECISION(9))
		     : -1;

	json_decref(line);
	strbuf_putc(&b, '\n');
	if (r < 0 || b.error)
		return -ENOMEM;
	if (b.len > GUEST_LINE_MAX)
		return -EMSGSIZE;
	*a->spent += b.len;
	return io_write_fd(a->fd, b.data, b.len);
}

/* Has no character that a terminal acts upon. */
static char visible(char c)
{
	return ((unsigned char)c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : c;
}

json_t *answer_text(const struct answer *a, const char *text, size_t len)
{
	size_t limit = *a->spent < ENOUGH ? GUEST_LOG_MAX : SHORT_TEXT;
	cleanup_strbuf struct strbuf mended = {0}, ascii = {0};

	if (len > limit) {
		text += len - limit;
		len = limit;
		/* Not from the middle of a character on. */
		for (; len && ((unsigned char)*text & 0xc0) == 0x80; len--)
			text++;
	}
	for (size_t i = 0; i < len; i++)
		strbuf_putc(&mended, visible(text[i]));
	json_t *json = json_stringn(mended.data ? mended.data : "", mended.len);
	if (json || mended.error)
		return json;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x80)
			strbuf_putc(&ascii, visible(text[i]));
		else
			strbuf_puts(&ascii, "\xef\xbf\xbd"); /* U+FFFD */
	return ascii.error ? NULL : json_stringn(ascii.data ? ascii.data : "", ascii.len);
}

void answer_set_text(const struct answer *a, json_t *line, const char *name, const char *text)
{
	if (text && text[0])
		json_object_set_new(line, name, answer_text(a, text, strlen(text)));
}
