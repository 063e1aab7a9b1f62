/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

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

int lookups_of_asked(const char *names, const struct strv *dirs,
		     int (*each)(void *ctx, const char *path), void *ctx)
{
	int r = 0;

	while (*names && r == 0) {
		size_t len = strcspn(names, "\n");
		if (len)
			r = each_dir(names, len, NULL, dirs, each, ctx);
		names += names[len] ? len + 1 : len;
	}
	return r;
}

bool lookups_are_open(const char *names)
{
	return names && names[0] == '\n';
}

static bool holds(const char *at, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - at) >= len && memcmp(at, word, len) == 0;
}

/* Words in comments count too: that costs time, and not the truth. */
static bool is_open(const char *text, const char *end)
{
	static const char *const clocks[] = {"__DATE__", "__TIME__", "__TIMESTAMP__"};
	static const char *const files[] = {".incbin", ".include"};

	for (const char *at = text; (at = memchr(at, '_', (size_t)(end - at))); at++)
		for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
			if (holds(at, end, clocks[i]))
				return true;
	for (const char *at = text; (at = memchr(at, '.', (size_t)(end - at))); at++)
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
			if (holds(at, end, files[i]))
				return true;
	return false;
}

int lookups_find_asked(const char *text, size_t len, char **ret_names)
{
	static const char keyword[] = "__has_include";
	cleanup_strbuf struct strbuf names = {0};
	const char *at = text, *end = text + len;

	*ret_names = NULL;
	if (len == 0)
		return 0;
	if (is_open(text, end))
		strbuf_putc(&names, '\n');

	while ((at = memchr(at, '_', (size_t)(end - at)))) {
		if ((size_t)(end - at) < sizeof(keyword) - 1 ||
		    memcmp(at, keyword, sizeof(keyword) - 1) != 0) {
			at++;
			continue;
		}
		at += sizeof(keyword) - 1;
		while (at < end && (*at == '_' || (*at >= 'a' && *at <= 'z') || *at == ' ' ||
				    *at == '(' || *at == '\t'))
			at++;
		if (at == end || (*at != '<' && *at != '"'))
			continue;
		const char close = *at == '<' ? '>' : '"', *name = ++at;
		while (at < end && *at != close && *at != '\n')
			at++;
		if (at < end && *at == close && at > name) {
			strbuf_add(&names, name, (size_t)(at - name));
			strbuf_putc(&names, '\n');
		}
	}
	*ret_names = NULL;
	return names.len ? strbuf_finish(&names, ret_names) : names.error;
}
