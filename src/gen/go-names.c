/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "go-names.h"
#include "ident.h"
#include "shared/strbuf.h"

static int refuse(char *why, char **ret_why)
{
	*ret_why = why;
	return why ? -EINVAL : -ENOMEM;
}

int go_names_add(struct go_names *names, const char *name, char **ret_why)
{
	if (!ident_is_symbol(name))
		return refuse(
			str_printf("a %s of it has a name that no Go file can hold", names->what),
			ret_why);
	cleanup_free char *go = ident_to_go(name);
	if (!go)
		return -ENOMEM;
	if (!ident_is_go(go) || (names->closes && strcmp(go, "Close") == 0))
		return refuse(str_printf("its %s %s cannot be called so in Go; rename it",
					 names->what, name),
			      ret_why);
	if (names->n == names->room) {
		size_t room = names->room ? 2 * names->room : 16;
		struct go_name *v = realloc(names->v, room * sizeof(*v));
		if (!v)
			return -ENOMEM;
		names->v = v;
		names->room = room;
	}
	names->v[names->n++] = (struct go_name){name, TAKE_PTR(go)};
	return 0;
}

static int compare_c(const void *a, const void *b)
{
	return strcmp(((const struct go_name *)a)->name, ((const struct go_name *)b)->name);
}

static int compare_go(const void *a, const void *b)
{
	int order = strcmp(((const struct go_name *)a)->go, ((const struct go_name *)b)->go);

	return order ? order : compare_c(a, b);
}

int go_names_end(struct go_names *names, char **ret_why)
{
	if (!names->n)
		return 0;
	qsort(names->v, names->n, sizeof(*names->v), compare_go);
	for (size_t i = 1; i < names->n; i++)
		if (strcmp(names->v[i - 1].go, names->v[i].go) == 0)
			return refuse(str_printf("its %ss %s and %s would both be called %s in Go; "
						 "rename one",
						 names->what, names->v[i - 1].name,
						 names->v[i].name, names->v[i].go),
				      ret_why);
	qsort(names->v, names->n, sizeof(*names->v), compare_c);
	return 0;
}

void go_names_free(struct go_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].go);
	free(names->v);
	*names = (struct go_names){0};
}
