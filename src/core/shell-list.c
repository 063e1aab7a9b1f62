/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/cleanup.h"
#include "shell-list.h"

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct shell_entry *)a)->name, ((const struct shell_entry *)b)->name);
}

static int add(struct shell_list *l, size_t *room, const char *name, const char *content)
{
	if (l->n == *room) {
		size_t more = *room ? 2 * *room : 64;
		struct shell_entry *entries = realloc(l->entries, more * sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		l->entries = entries;
		*room = more;
	}
	l->entries[l->n++] = (struct shell_entry){.name = name, .content = content};
	return 0;
}

/* GNU's tools put a backslash before a line whose name has one, and double it. */
static void unescape(char *name)
{
	char *to = name;

	for (const char *from = name; *from; from++) {
		if (from[0] == '\\' && from[1]) {
			from++;
			*to++ = (char)(*from == 'r' ? '\r' : *from == 'n' ? '\n' : *from);
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

/* "DIGEST  ./NAME", or with a '*' before the name, or with the size behind the digest. */
static int add_file(struct shell_list *l, size_t *room, char *line)
{
	bool is_escaped = line[0] == '\\';
	char *content = line + is_escaped, *name = strstr(content, "./");

	if (!name || name == content)
		return -EPROTO;
	name[-1] = '\0';
	name += 2;
	if (is_escaped)
		unescape(name);
	return add(l, room, name, content);
}

static int take_line(struct shell_list *l, size_t *room, int part, char *line)
{
	if (part == 0)
		return add_file(l, room, line);
	if (strncmp(line, "./", 2) != 0)
		return -EPROTO;
	if (part == 2)
		return add(l, room, line + 2, NULL);
	/* The files are sorted by now. */
	struct shell_entry *found = (struct shell_entry *)shell_list_find(l, line + 2);
	if (found)
		found->is_program = true;
	return 0;
}

static void sort(struct shell_list *l)
{
	size_t kept = 0;

	if (!l->n)
		return;
	qsort(l->entries, l->n, sizeof(l->entries[0]), compare);
	for (size_t i = 1; i < l->n; i++)
		if (strcmp(l->entries[i].name, l->entries[kept].name) != 0)
			l->entries[++kept] = l->entries[i];
	l->n = kept + 1;
}

static int read_lines(struct shell_list *l)
{
	static const char *const ends[] = {"programs", "others", "end"};
	char *line = strstr(l->text, "crossbpf-shell 1\n"); /* a login shell may have said more */
	size_t room = 0;
	int part = 0;

	if (!line)
		return -EPROTO;
	for (line = strchr(line, '\n') + 1; *line && part < 3;) {
		char *end = strchr(line, '\n');
		if (!end)
			return -EPROTO;
		*end = '\0';
		int r = 0;
		if (strcmp(line, ends[part]) == 0) {
			sort(l);
			part++;
		} else {
			r = take_line(l, &room, part, line);
		}
		if (r < 0)
			return r;
		line = end + 1;
	}
	return part == 3 ? 0 : -EPROTO;
}

int shell_list_read(char *text, struct shell_list **ret_list)
{
	struct shell_list *l = calloc(1, sizeof(*l));

	if (!l) {
		free(text);
		return -ENOMEM;
	}
	l->text = text;
	int r = read_lines(l);
	if (r < 0)
		shell_list_free(l);
	else
		*ret_list = l;
	return r;
}

const struct shell_entry *shell_list_find(const struct shell_list *l, const char *name)
{
	const struct shell_entry wanted = {.name = name};

	return l->n ? bsearch(&wanted, l->entries, l->n, sizeof(l->entries[0]), compare) : NULL;
}

void shell_list_free(struct shell_list *l)
{
	if (!l)
		return;
	free(l->entries);
	free(l->text);
	free(l);
}
