/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "prefix-source.h"
#include "shared/io.h"

void prefix_source_free(struct prefix_source *s)
{
	free(s->include.name);
	*s = (struct prefix_source){0};
}

/* Is a header that is included by quotes not beside the source? Then it is looked for as if it
 * stood in angle brackets, unless there is -iquote, and all such sources share one. */
static int find_quoted(const char *dir, const char *source, const struct strv *argv,
		       struct prefix_include *include)
{
	const char *base = io_basename(source);
	size_t len = strlen(include->name);
	cleanup_free char *path = NULL, *name = NULL;
	struct stat st;

	for (size_t i = 0; i < argv->n; i++)
		if (strncmp(argv->v[i], "-iquote", strlen("-iquote")) == 0)
			return 0;
	if (!include->quote || include->name[1] == '/' || strchr(include->name, '>'))
		return 0;
	name = str_printf("%.*s%.*s", (int)(base - source), source, (int)(len - 2),
			  include->name + 1);
	path = name ? io_absolute(dir, name) : NULL;
	if (!path)
		return -ENOMEM;
	if (lstat(path, &st) == 0 || errno != ENOENT)
		return 0;
	include->quote = false;
	include->name[0] = '<';
	include->name[len - 1] = '>';
	return 0;
}

int prefix_source_read(const char *dir, const char *source, const struct strv *argv,
		       struct prefix_source *ret_source, const char **ret_why)
{
	cleanup_free char *path = io_absolute(dir, source);
	cleanup_strbuf struct strbuf text = {0};
	size_t len = strlen(source);

	if (!path)
		return -ENOMEM;
	*ret_why = "it is no C source";
	if (len < 3 || strcmp(source + len - 2, ".c") != 0)
		return 0;
	*ret_why = "it cannot be read";
	int r = prefix_stamp_read(path, &ret_source->stamp, ret_source->digest, &text);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = prefix_find_include(text.data, text.len, &ret_source->include, ret_why);
	return r < 0 || *ret_why ? r : find_quoted(dir, source, argv, &ret_source->include);
}

bool prefix_source_holds(const char *dir, const char *source, const struct prefix_source *s)
{
	cleanup_free char *path = io_absolute(dir, source);
	uint8_t digest[DIGEST_SIZE];
	struct prefix_stamp stamp;
	struct stat st;

	if (!path)
		return false;
	if (stat(path, &st) == 0 && prefix_stamp_is(&s->stamp, &st))
		return true;
	return prefix_stamp_read(path, &stamp, digest, NULL) == 0 &&
	       memcmp(digest, s->digest, DIGEST_SIZE) == 0;
}
