/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "asks.h"
#include "lookups.h"
#include "shared/io.h"
#include "shared/strbuf.h"

/* What stands behind "DIR/" in a path, or NULL where it does not begin so. */
static const char *name_in(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 0 && dir[len - 1] == '/')
		len--;
	return strncmp(path, dir, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

static bool is_within(const char *path, const struct strv *dirs)
{
	for (size_t i = 0; i < dirs->n; i++)
		if (dirs->v[i][0] == '/' && name_in(path, dirs->v[i]))
			return true;
	return false;
}

/* A directory as clang spells it in a file's name. */
static const char *plain(const char *dir)
{
	while (dir[0] == '.' && dir[1] == '/')
		dir += 2 + strspn(dir + 2, "/");
	return *dir ? dir : ".";
}

/* Not the directories of headers of a system, which find each other. */
int lookups_dirs(const struct strv *inputs, const struct strv *search, const struct strv *system,
		 struct strv *ret_dirs)
{
	strv_add(ret_dirs, ".");
	for (size_t i = 0; i < search->n; i++)
		strv_add_once(ret_dirs, plain(search->v[i]));
	for (size_t i = 0; i < inputs->n; i++) {
		const char *path = inputs->v[i], *name = io_basename(path);
		if (name == path || (system && is_within(path, system)))
			continue;
		cleanup_free char *dir =
			strndup(path, name - path > 1 ? (size_t)(name - path - 1) : 1);
		if (!dir)
			return -ENOMEM;
		strv_add_once(ret_dirs, dir);
	}
	return ret_dirs->error;
}

static int each_dir(const char *name, size_t len, const char *found_in, const struct strv *dirs,
		    int (*each)(void *ctx, const char *path), void *ctx)
{
	cleanup_strbuf struct strbuf path = {0};

	for (size_t i = 0; i < dirs->n; i++) {
		if (found_in && strcmp(dirs->v[i], found_in) == 0)
			continue;
		path.len = 0;
		if (strcmp(dirs->v[i], ".") != 0) {
			strbuf_puts(&path, dirs->v[i]);
			strbuf_putc(&path, '/');
		}
		strbuf_add(&path, name, len);
		if (path.error)
			return path.error;
		int r = each(ctx, path.data);
		if (r < 0)
			return r;
	}
	return 0;
}

int lookups_of_input(const char *input, const struct strv *dirs,
		     int (*each)(void *ctx, const char *path), void *ctx)
{
	int r = 0;

	for (size_t i = 0; i < dirs->n && r == 0; i++) {
		const char *name = name_in(input, dirs->v[i]);
		if (name)
			r = each_dir(name, strlen(name), dirs->v[i], dirs, each, ctx);
	}
	/* Clang leaves a leading ./ out: it may have been found by -I . too. What leads upwards is
	 * named so by hardly an #include, and by very many -I. */
	if (r == 0 && input[0] != '/' && strncmp(input, "../", 3) != 0)
		r = each_dir(input, strlen(input), ".", dirs, each, ctx);
	return r;
}

struct asking {
	const struct strv *dirs;
	int (*each)(void *ctx, const char *path);
	void *ctx;
};

static int each_asked(void *ctx, const char *name, size_t len)
{
	const struct asking *a = ctx;

	if (name[0] != '/')
		return each_dir(name, len, NULL, a->dirs, a->each, a->ctx);
	cleanup_free char *path = strndup(name, len);
	return path ? a->each(a->ctx, path) : -ENOMEM;
}

int lookups_of_asked(const char *asks, const struct strv *dirs,
		     int (*each)(void *ctx, const char *path), void *ctx)
{
	struct asking a = {dirs, each, ctx};

	return asks_each_name(asks, each_asked, &a);
}
