/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "output.h"

#include <errno.h>
#include <string.h>

#include "cli/cli.h"

enum { ENOUGH = 1 << 16 };

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

void output_flush(struct output *o)
{
	const char *at = o->b.data;
	size_t left = o->b.len;

	while (left && !o->error) {
		ssize_t n = write(STDOUT_FILENO, at, left);
		if (n >= 0) {
			at += n;
			left -= (size_t)n;
		} else if (errno != EINTR || cli_is_interrupted()) {
			o->error = -errno;
		}
	}
	o->b.len = 0;
}
