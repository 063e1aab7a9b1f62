/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ending.h"

/* No other byte of the line is like its first, which hardly anything ends with: so nothing that is
 * written for somebody to read waits here for what follows. */
void ending_init(struct ending *e, const char *mark)
{
	*e = (struct ending){0};
	e->len = (size_t)snprintf(e->line, sizeof(e->line), "\036%s:%d\n", mark, ENDING_STATUS);
}

size_t ending_take(struct ending *e, const char *data, size_t len, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (data[i] != e->line[e->seen])
			n += ending_finish(e, to + n);
		if (data[i] == e->line[e->seen])
			e->seen++;
		else
			to[n++] = data[i];
		if (e->seen == e->len) {
			e->said = true;
			e->seen = 0;
		}
	}
	return n;
}

size_t ending_finish(struct ending *e, char *to)
{
	size_t n = e->seen;

	memcpy(to, e->line, n);
	e->seen = 0;
	return n;
}
