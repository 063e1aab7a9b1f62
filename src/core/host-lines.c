/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "host-lines.h"
#include "object/object.h"
#include "shared/io.h"

enum { MAX_SOURCE = 64 << 20 };

struct checker {
	const char *dir;
	bool (*is_builders)(const void *ctx, const char *name);
	const void *ctx;
	struct strv *files;
	/* The file of the last line, for they come in turn; and where in it that line begins. */
	char *name;
	bool builders, exists;
	struct strbuf content;
	uint32_t line;
	size_t at;
};

static void checker_free(struct checker *c)
{
	free(c->name);
	strbuf_free(&c->content);
}

static int open_file(struct checker *c, const char *name)
{
	cleanup_free char *path = io_absolute(c->dir, name);

	free(c->name);
	strbuf_free(&c->content);
	c->name = strdup(name);
	c->line = 1;
	c->at = 0;
	if (!path || !c->name)
		return -ENOMEM;
	c->builders = c->is_builders(c->ctx, path);
	c->exists = false;
	if (c->builders)
		return 0;
	int r = io_read_file(path, MAX_SOURCE, &c->content);
	if (r == -ENOMEM)
		return r;
	c->exists = r == 0;
	if (c->exists)
		strv_add_once(c->files, path);
	return c->files->error;
}

/* As LLVM's line_iterator parts them. */
static void find_line(struct checker *c, uint32_t line, const char **ret_text, size_t *ret_len)
{
	const char *data = c->content.data ? c->content.data : "", *end;

	if (line < c->line) {
		c->line = 1;
		c->at = 0;
	}
	for (; c->line < line && c->at < c->content.len; c->line++) {
		end = memchr(data + c->at, '\n', c->content.len - c->at);
		c->at = end ? (size_t)(end - data) + 1 : c->content.len;
	}
	end = memchr(data + c->at, '\n', c->content.len - c->at);
	*ret_text = data + c->at;
	*ret_len = end ? (size_t)(end - data) - c->at : c->content.len - c->at;
	if (end && *ret_len && end[-1] == '\r')
		--*ret_len;
}

/* The text of a line that is not the builder's: nothing where there is none. */
static int read_line(struct checker *c, const struct object_line *line, const char **ret_text,
		     size_t *ret_len)
{
	int r = 0;

	*ret_text = "";
	*ret_len = 0;
	if (!c->name || strcmp(c->name, line->file) != 0)
		r = open_file(c, line->file);
	if (r < 0 || c->builders || line->line == 0 || !c->exists)
		return r;
	find_line(c, line->line, ret_text, ret_len);
	/* A NUL in a source ends the string. */
	*ret_len = strnlen(*ret_text, *ret_len);
	return 0;
}

/* 1: it is another. */
static int check_line(void *ctx, const struct object_line *line)
{
	struct checker *c = ctx;
	const char *text;
	size_t len;

	int r = read_line(c, line, &text, &len);
	if (r < 0 || c->builders || line->line == 0)
		return r;
	return strncmp(line->text, text, len) != 0 || line->text[len] != '\0';
}

static int add_file(void *ctx, const struct object_line *line)
{
	struct checker *c = ctx;

	return c->name && strcmp(c->name, line->file) == 0 ? 0 : open_file(c, line->file);
}

int host_lines_check(const void *object, size_t len, const char *dir,
		     bool (*is_builders)(const void *ctx, const char *name), const void *ctx,
		     struct strv *ret_files, bool *ret_same)
{
	CLEANUP(checker_free)
	struct checker c = {.dir = dir, .is_builders = is_builders, .ctx = ctx, .files = ret_files};
	const char *why;
	int r = object_each_line(object, len, check_line, &c, &why);

	*ret_same = r == 0;
	if (r <= 0)
		return r;
	/* The rest, for who compiles it again. */
	return object_each_line(object, len, add_file, &c, &why);
}

static int tell_line(void *ctx, const struct object_line *line, const char **ret_text,
		     size_t *ret_len)
{
	struct checker *c = ctx;
	int r = read_line(c, line, ret_text, ret_len);

	return r == 0 && c->builders ? -ENOTSUP : r;
}

int host_lines_set(const void *object, size_t len, const char *dir,
		   bool (*is_builders)(const void *ctx, const char *name), const void *ctx,
		   struct strbuf *ret_object, const char **why)
{
	cleanup_strv struct strv files = {0};
	CLEANUP(checker_free)
	struct checker c = {.dir = dir, .is_builders = is_builders, .ctx = ctx, .files = &files};

	*why = NULL;
	return object_set_texts(object, len, tell_line, &c, ret_object, why);
}
