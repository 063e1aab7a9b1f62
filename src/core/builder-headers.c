/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "builder-headers.h"
#include "shared/io.h"

enum {
	MAX_SIZE = 64 << 20,
	HEX = DIGEST_HEX_SIZE - 1,
	NAME = HEX + 2, /* two blanks, or a blank and a star, stand between */
};

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a + NAME, *(char *const *)b + NAME);
}

static int compare_name(const void *name, const void *line)
{
	return strcmp(name, *(char *const *)line + NAME);
}

/* A name with a newline or a backslash in it stands behind a backslash, and is no header's. */
static bool is_sound(const char *line)
{
	return strspn(line, "0123456789abcdef") == HEX && line[HEX] == ' ' && line[HEX + 1] &&
	       line[NAME];
}

/* A mirror's list is: it is read with each compile. */
static bool is_sorted(const struct builder_headers *h)
{
	for (size_t i = 1; i < h->n; i++)
		if (compare_lines(&h->lines[i - 1], &h->lines[i]) > 0)
			return false;
	return true;
}

/* Ends each line, and notes where the sound ones begin. */
static int split(struct builder_headers *h)
{
	size_t n = 1;

	for (const char *at = h->text.data; (at = strchr(at, '\n')); at++)
		n++;
	h->lines = calloc(n, sizeof(*h->lines));
	if (!h->lines)
		return -ENOMEM;
	for (char *line = h->text.data; line;) {
		char *end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (is_sound(line))
			h->lines[h->n++] = line;
		line = end;
	}
	return 0;
}

int builder_headers_load(const char *stamp, struct builder_headers *ret_headers)
{
	cleanup_builder_headers struct builder_headers h = {0};

	int r = io_read_file(stamp, MAX_SIZE, &h.text);
	if (r == 0 && h.text.len)
		r = split(&h);
	if (r == -ENOMEM)
		return r;
	if (!is_sorted(&h))
		qsort(h.lines, h.n, sizeof(*h.lines), compare_lines);
	*ret_headers = h;
	h = (struct builder_headers){0};
	return 0;
}

void builder_headers_free(struct builder_headers *h)
{
	strbuf_free(&h->text);
	free(h->lines);
	*h = (struct builder_headers){0};
}

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

bool builder_headers_find(const struct builder_headers *h, const char *path,
			  uint8_t ret_digest[DIGEST_SIZE])
{
	char *const *found =
		h->n ? bsearch(path, h->lines, h->n, sizeof(*h->lines), compare_name) : NULL;

	for (size_t i = 0; found && ret_digest && i < DIGEST_SIZE; i++)
		ret_digest[i] = (uint8_t)(digit((*found)[2 * i]) << 4 | digit((*found)[2 * i + 1]));
	return found;
}
