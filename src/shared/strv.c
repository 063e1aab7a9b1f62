/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "strv.h"

void strv_free(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	free(s->places);
	*s = (struct strv){0};
}

void strv_take(struct strv *s, char *string)
{
	cleanup_free char *owned = string;

	if (!owned)
		s->error = -ENOMEM;
	if (s->error)
		return;
	if (s->n + 2 > s->room) {
		size_t room = s->room ? s->room * 2 : 16;
		char **v = realloc(s->v, room * sizeof(*v));
		if (!v) {
			s->error = -ENOMEM;
			return;
		}
		s->v = v;
		s->room = room;
	}
	s->v[s->n++] = TAKE_PTR(owned);
	s->v[s->n] = NULL;
}

void strv_add(struct strv *s, const char *string)
{
	strv_take(s, strdup(string));
}

void strv_add_all(struct strv *s, const char *const *strings)
{
	for (; strings && *strings; strings++)
		strv_add(s, *strings);
}

bool strv_contains(const struct strv *s, const char *string)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], string) == 0)
			return true;
	return false;
}

/* The place in the table of a string, or where it would be (FNV-1a, then one after the other). */
static size_t *find_place(const struct strv *s, const char *string)
{
	uint64_t hash = 0xcbf29ce484222325;
	size_t at;

	for (const char *c = string; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
	for (at = hash % s->n_places; s->places[at]; at = (at + 1) % s->n_places)
		if (strcmp(s->v[s->places[at] - 1], string) == 0)
			break;
	return &s->places[at];
}

static void drop_table(struct strv *s)
{
	free(TAKE_PTR(s->places));
	s->n_places = s->n_found = 0;
}

/* Makes the table hold all strings, at most half full. */
static bool fill_table(struct strv *s)
{
	if (s->n_found > s->n || s->n_places / 2 <= s->n) {
		drop_table(s);
		s->n_places = s->n * 4;
		s->places = calloc(s->n_places, sizeof(*s->places));
		if (!s->places) {
			s->n_places = 0;
			return false;
		}
	}
	for (; s->n_found < s->n; s->n_found++) {
		size_t *place = find_place(s, s->v[s->n_found]);
		if (!*place)
			*place = s->n_found + 1;
	}
	return true;
}

bool strv_add_once(struct strv *s, const char *string)
{
	enum { FEW = 16 }; /* are sooner looked through */

	if (s->n > FEW && fill_table(s) ? *find_place(s, string) != 0 : strv_contains(s, string))
		return false;
	strv_add(s, string);
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *s)
{
	drop_table(s);
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), compare);
}
