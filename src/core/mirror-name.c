/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mirror-name.h"
#include "shared/strbuf.h"

static int compare(const void *name, const void *other)
{
	return strcmp(name, *(char *const *)other);
}

bool mirror_names_have(const struct strv *sorted, const char *name)
{
	return sorted->n && bsearch(name, sorted->v, sorted->n, sizeof(*sorted->v), compare);
}

void mirror_names_unique(struct strv *names)
{
	size_t n = 0;

	strv_sort(names);
	for (size_t i = 0; i < names->n; i++) {
		if (n && strcmp(names->v[n - 1], names->v[i]) == 0)
			free(names->v[i]);
		else
			names->v[n++] = names->v[i];
	}
	if (names->v)
		names->v[n] = NULL;
	names->n = n;
}

bool mirror_name_is_odd(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f || *name == '\\')
			return true;
	return false;
}

int mirror_name_clean(const char *name, const struct strv *links, char **ret_clean)
{
	cleanup_strbuf struct strbuf clean = {0};

	if (name[0] != '/' || mirror_name_is_odd(name))
		return -EINVAL;
	for (const char *part = name; *part;) {
		size_t len = strcspn(++part, "/");
		if (len == 2 && strncmp(part, "..", 2) == 0) {
			if (!clean.len)
				return -EINVAL;
			if (links && mirror_names_have(links, clean.data))
				return -ELOOP;
			while (clean.data[--clean.len] != '/')
				;
			clean.data[clean.len] = '\0';
		} else if (len && !(len == 1 && *part == '.')) {
			strbuf_putc(&clean, '/');
			strbuf_add(&clean, part, len);
		}
		part += len;
	}
	return clean.len ? strbuf_finish(&clean, ret_clean) : -EINVAL;
}
