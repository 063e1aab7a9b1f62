/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "strtab.h"

enum { UNUSED = 0, USED = 1 };

/* The longest used one of the strings that share a NUL in the old table. They do not overlap, so
 * that to sort them takes bounded time even in a table made to make it slow. */
struct string {
	const char *start;
	uint32_t len; /* never 0 */
	uint32_t place;
	uint32_t common; /* of the bytes at its end, how many the next one in order has too */
};

int strtab_init(struct strtab *ret, const void *old, uint32_t len, const char *added)
{
	size_t more = strlen(added) + 1;

	*ret = (struct strtab){
		.old = malloc(len + more),
		.old_len = (uint32_t)(len + more),
		.places = calloc(len + more, sizeof(*ret->places)),
	};
	if (!ret->old || !ret->places) {
		strtab_free(ret);
		return -ENOMEM;
	}
	memcpy(ret->old, old, len);
	memcpy(ret->old + len, added, more);
	return 0;
}

void strtab_free(struct strtab *t)
{
	free(t->old);
	free(t->places);
	free(t->data);
	*t = (struct strtab){0};
}

void strtab_use(struct strtab *t, uint32_t offset)
{
	t->places[offset] = USED;
}

uint32_t strtab_place(const struct strtab *t, uint32_t offset)
{
	return t->places[offset];
}

/* The next string at or behind *at, which moves behind it. */
static int next_string(const struct strtab *t, uint32_t *at, struct string *ret)
{
	while (*at < t->old_len && (t->places[*at] == UNUSED || t->old[*at] == '\0')) {
		t->places[*at] = 0; /* an empty string stands at the table's begin */
		(*at)++;
	}
	if (*at == t->old_len)
		return 0;
	ret->start = t->old + *at;
	ret->len = (uint32_t)strlen(ret->start);
	*at += ret->len;
	return 1;
}

static uint32_t count_strings(const struct strtab *t)
{
	struct string s;
	uint32_t n = 0;

	for (uint32_t at = 0; next_string(t, &at, &s);)
		n++;
	return n;
}

/* By their last bytes, then those before; of two where one ends in the other, the longer first. */
static int compare_ends(const void *first, const void *second)
{
	const struct string *a = first, *b = second;
	const unsigned char *x = (const unsigned char *)a->start + a->len;
	const unsigned char *y = (const unsigned char *)b->start + b->len;

	for (uint32_t n = a->len < b->len ? a->len : b->len; n; n--)
		if (*--x != *--y)
			return *x < *y ? -1 : 1;
	return a->len > b->len ? -1 : a->len < b->len;
}

static int ends_in(const struct string *s, const struct string *end)
{
	return s->len >= end->len &&
	       memcmp(s->start + (s->len - end->len), end->start, end->len) == 0;
}

/* In this order each string stands behind the ones that end in it. */
static void place_strings(struct strtab *t, struct string *strings, uint32_t n)
{
	t->len = 1; /* the empty string */
	for (uint32_t i = 0; i < n; i++) {
		struct string *s = &strings[i], *last = s - 1;

		if (i && ends_in(last, s)) {
			s->place = last->place + (last->len - s->len);
			continue;
		}
		s->place = t->len;
		memcpy(t->data + t->len, s->start, s->len + 1);
		t->len += s->len + 1;
	}
}

static uint32_t common_end(const struct string *a, const struct string *b)
{
	uint32_t n = 0, most = a->len < b->len ? a->len : b->len;

	while (n < most && a->start[a->len - n - 1] == b->start[b->len - n - 1])
		n++;
	return n;
}

/* Of the strings added so far, from the last in order on: those whose `common` is less than that of
 * all that were added since. */
struct ladder {
	uint32_t *steps;
	uint32_t n;
};

static void ladder_add(struct ladder *l, const struct string *strings, uint32_t i)
{
	while (l->n && strings[l->steps[l->n - 1]].common >= strings[i].common)
		l->n--;
	l->steps[l->n++] = i;
}

/* The last in a row that end in the same `len` bytes as the one that was added last. */
static uint32_t ladder_last(const struct ladder *l, const struct string *strings, uint32_t len)
{
	uint32_t low = 0, high = l->n - 1; /* of the lowest step, less than any `len` is common */

	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;
		if (strings[l->steps[middle]].common < len)
			low = middle;
		else
			high = middle - 1;
	}
	return l->steps[low];
}

/* Where an end of a string stands that is used too: within the last of all that end so, whichever
 * it stood within in the old table. */
static void place_ends(struct strtab *t, struct string *strings, uint32_t n, uint32_t *steps)
{
	struct ladder l = {.steps = steps};

	for (uint32_t i = 0; i + 1 < n; i++)
		strings[i].common = common_end(&strings[i], &strings[i + 1]);
	for (uint32_t i = n; i-- > 0;) {
		uint32_t *places = t->places + (strings[i].start - t->old);

		ladder_add(&l, strings, i);
		places[0] = strings[i].place;
		for (uint32_t k = 1; k < strings[i].len; k++) {
			uint32_t len = strings[i].len - k;
			if (places[k] == UNUSED)
				continue;
			const struct string *in = &strings[ladder_last(&l, strings, len)];
			places[k] = in->place + (in->len - len);
		}
	}
}

int strtab_build(struct strtab *t)
{
	uint32_t n = count_strings(t), at = 0;
	cleanup_free struct string *strings = calloc(n ? n : 1, sizeof(*strings));
	cleanup_free uint32_t *steps = calloc(n ? n : 1, sizeof(*steps));

	t->data = calloc(1, t->old_len + 1);
	if (!strings || !steps || !t->data)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		next_string(t, &at, &strings[i]);
	qsort(strings, n, sizeof(*strings), compare_ends);
	place_strings(t, strings, n);
	place_ends(t, strings, n, steps);
	return 0;
}
