/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "strv.h"

void strv_free(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
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
	for (; *strings; strings++)
		strv_add(s, *strings);
}

bool strv_contains(const struct strv *s, const char *string)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], string) == 0)
			return true;
	return false;
}

void strv_add_once(struct strv *s, const char *string)
{
	if (!strv_contains(s, string))
		strv_add(s, string);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), compare);
}
