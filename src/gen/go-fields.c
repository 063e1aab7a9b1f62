/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "go-fields.h"

void go_fields_take(struct go_fields *f, char *name, char *text)
{
	if (name && text && f->n == f->room) {
		size_t room = f->room ? 2 * f->room : 16;
		struct go_field *v = realloc(f->v, room * sizeof(*v));
		if (v) {
			f->v = v;
			f->room = room;
		}
	}
	if (!name || !text || f->n == f->room) {
		free(name);
		free(text);
		f->error = -ENOMEM;
		return;
	}
	f->v[f->n++] = (struct go_field){name, text};
}

static bool has_name(const struct go_fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0)
			return true;
	return false;
}

void go_fields_take_unique(struct go_fields *f, char *name, char *text)
{
	for (unsigned i = 2; name && has_name(f, name); i++) {
		char *numbered = str_printf("%s_%u", name, i);
		if (!numbered || !has_name(f, numbered)) {
			free(name);
			name = numbered;
			break;
		}
		free(numbered);
	}
	go_fields_take(f, name, text);
}

static int compare(const void *a, const void *b)
{
	const struct go_field *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->text, y->text);
}

const struct go_field *go_fields_find_twins(struct go_fields *f)
{
	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare);
	for (size_t i = 1; i < f->n; i++)
		if (strcmp(f->v[i - 1].name, f->v[i].name) == 0)
			return &f->v[i - 1];
	return NULL;
}

/* How many of them, from one on, gofmt aligns: up to the first of several lines. */
static size_t find_section(const struct go_fields *f, size_t from, size_t *ret_width)
{
	size_t i = from;

	*ret_width = 0;
	while (i < f->n) {
		size_t width = strlen(f->v[i].name);
		if (width > *ret_width)
			*ret_width = width;
		if (strchr(f->v[i++].text, '\n'))
			break;
	}
	return i;
}

void go_fields_write(const struct go_fields *f, unsigned tabs, struct strbuf *text)
{
	size_t width;

	for (size_t i = 0; i < f->n;)
		for (size_t end = find_section(f, i, &width); i < end; i++) {
			for (unsigned tab = 0; tab < tabs; tab++)
				strbuf_putc(text, '\t');
			strbuf_printf(text, "%-*s %s\n", (int)width, f->v[i].name, f->v[i].text);
		}
	if (f->error)
		text->error = f->error;
}

void go_fields_free(struct go_fields *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].text);
	}
	free(f->v);
	*f = (struct go_fields){0};
}
