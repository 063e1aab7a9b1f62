/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "cli/cli.h"

enum { ENOUGH = 1 << 16, PATIENCE_MS = 1000 };

void output_free(struct output *o)
{
	strbuf_free(&o->b);
}

static int add(const char *data, size_t len, void *ctx)
{
	struct strbuf *b = ctx;

	strbuf_add(b, data, len);
	return b->error;
}

void output_json(struct output *o, json_t *line)
{
	if (!line ||
	    json_dump_callback(line, add, &o->b, JSON_COMPACT | JSON_REAL_PRECISION(15)) < 0)
		o->error = o->error ? o->error : -ENOMEM;
	json_decref(line);
	output_end_line(o);
}

void output_end_line(struct output *o)
{
	strbuf_putc(&o->b, '\n');
	if (o->b.error)
		o->error = o->b.error;
	if (o->b.len >= ENOUGH)
		output_flush(o);
}

/* Until there is room for PIPE_BUF bytes, so that a write does not block. 0 or a negative errno. */
static int wait_for_reader(const struct output *o)
{
	for (;;) {
		bool over = cli_is_interrupted();
		struct pollfd fds[] = {
			{.fd = STDOUT_FILENO, .events = POLLOUT},
			{.fd = over ? -1 : o->interrupts, .events = POLLIN},
		};
		int r = poll(fds, 2, over ? PATIENCE_MS : -1);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0 && fds[0].revents)
			return 0;
		if (over)
			return -EINTR;
	}
}

void output_flush(struct output *o)
{
	const char *at = o->b.data;
	size_t left = o->b.len;

	while (left && !o->error) {
		o->error = wait_for_reader(o);
		ssize_t n =
			o->error ? 0 : write(STDOUT_FILENO, at, left < PIPE_BUF ? left : PIPE_BUF);
		if (n >= 0) {
			at += n;
			left -= (size_t)n;
		} else if (errno != EINTR && errno != EAGAIN) {
			o->error = -errno;
		}
	}
	o->b.len = 0;
}

json_t *output_text_json(const char *text, size_t len)
{
	json_t *json = json_stringn(text, len);
	cleanup_strbuf struct strbuf mended = {0};

	for (size_t i = 0; !json && i < len; i++)
		if ((unsigned char)text[i] < 0x80)
			strbuf_putc(&mended, text[i]);
		else
			strbuf_puts(&mended, "\xef\xbf\xbd"); /* U+FFFD */
	return json ? json : json_stringn(mended.data ? mended.data : "", mended.len);
}
