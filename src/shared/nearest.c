/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "nearest.h"
#include "strbuf.h"

enum { MAX_LENGTH = 64 }; /* nothing longer is a slip for a name of ours */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and exchanges of neighbours between two words ("optimal
 * string alignment"), by its table's last three rows. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][MAX_LENGTH + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		size_t *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_len];
}

const char *nearest(const char *word, const char *const *names)
{
	size_t len = strlen(word), best = MAX_LENGTH;
	const char *found = NULL;

	for (; len <= MAX_LENGTH && *names; names++) {
		size_t name_len = strlen(*names);
		if (name_len > MAX_LENGTH)
			continue;
		size_t d = distance(word, len, *names, name_len);
		if (d < best && 2 * d <= (len > name_len ? len : name_len)) {
			best = d;
			found = *names;
		}
	}
	return found;
}

char *nearest_hint(const char *word, const char *const *names)
{
	const char *name = nearest(word, names);
	cleanup_strbuf struct strbuf hint = {0};
	char *ret;

	if (name)
		return str_printf("did you mean '%s'?", name);
	strbuf_puts(&hint, *names ? "it takes" : "it takes none");
	for (size_t i = 0; names[i]; i++)
		strbuf_printf(&hint, "%s%s", i ? ", " : " ", names[i]);
	return strbuf_finish(&hint, &ret) == 0 ? ret : NULL;
}
