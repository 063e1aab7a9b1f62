/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "include-files.h"
#include "shared/io.h"

/* FNV-1a. */
static uint64_t hash(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

static uint64_t hash_id(dev_t dev, ino_t ino)
{
	const uint64_t id[] = {(uint64_t)dev, (uint64_t)ino};

	return hash(id, sizeof(id));
}

static struct include_file **find_path(const struct include_files *files, const char *path,
				       size_t len)
{
	size_t i = hash(path, len) & (files->room - 1);

	while (files->by_path[i] && strcmp(files->by_path[i]->path, path) != 0)
		i = (i + 1) & (files->room - 1);
	return &files->by_path[i];
}

static struct include_file **find_id(const struct include_files *files, dev_t dev, ino_t ino)
{
	size_t i = hash_id(dev, ino) & (files->room - 1);

	while (files->by_id[i] && (files->by_id[i]->dev != dev || files->by_id[i]->ino != ino))
		i = (i + 1) & (files->room - 1);
	return &files->by_id[i];
}

static void free_file(struct include_file *f)
{
	free(f->path);
	include_names_free(&f->names);
	include_macros_free(&f->macros);
	free(f->edges);
	free(f);
}

void include_files_free(struct include_files *files)
{
	for (size_t i = 0; i < files->room; i++)
		if (files->by_path[i])
			free_file(files->by_path[i]);
	free(files->by_path);
	free(files->by_id);
	strbuf_free(&files->path);
	*files = (struct include_files){0};
}

/* Keeps a third of the room free. */
static int make_room(struct include_files *files)
{
	if ((files->n + 1) * 3 < files->room * 2)
		return 0;

	struct include_files larger = {.room = files->room ? files->room * 2 : 1024};
	larger.by_path = calloc(larger.room, sizeof(struct include_file *));
	larger.by_id = calloc(larger.room, sizeof(struct include_file *));
	if (!larger.by_path || !larger.by_id) {
		free(larger.by_path);
		free(larger.by_id);
		return -ENOMEM;
	}
	for (size_t i = 0; i < files->room; i++) {
		struct include_file *f = files->by_path[i], *first = files->by_id[i];
		if (f)
			*find_path(&larger, f->path, strlen(f->path)) = f;
		if (first)
			*find_id(&larger, first->dev, first->ino) = first;
	}
	free(files->by_path);
	free(files->by_id);
	files->by_path = larger.by_path;
	files->by_id = larger.by_id;
	files->room = larger.room;
	return 0;
}

void include_path_add(struct strbuf *path, const char *more, size_t len)
{
	const char *end = more + len;

	while (more < end) {
		const char *slash = memchr(more, '/', (size_t)(end - more));
		size_t part = (size_t)((slash ? slash : end) - more);
		if (part > 1 || (part == 1 && *more != '.')) {
			strbuf_putc(path, '/');
			strbuf_add(path, more, part);
		}
		more += part + 1;
	}
}

/* Looks for it on the disk, as open() does: through symbolic links. */
static void look(struct include_files *files, struct include_file *f)
{
	struct stat st;

	f->same = f;
	if (stat(f->path, &st) < 0 || S_ISDIR(st.st_mode))
		return;
	f->there = true;
	f->regular = S_ISREG(st.st_mode);
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	struct include_file **first = find_id(files, f->dev, f->ino);
	if (*first) {
		f->same = (*first)->same;
		(*first)->same = f;
	} else {
		*first = f;
	}
}

static struct include_file *add_file(struct include_files *files)
{
	struct include_file *f = make_room(files) < 0 ? NULL : calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->path = strdup(files->path.data);
	if (!f->path) {
		free(f);
		return NULL;
	}
	f->dir_len = (size_t)(io_basename(f->path) - f->path);
	f->dir_len -= f->dir_len > 0;
	*find_path(files, f->path, files->path.len) = f;
	files->n++;
	look(files, f);
	return f;
}

struct include_file *include_files_get(struct include_files *files, const char *dir, size_t dir_len,
				       const char *name)
{
	files->path.len = 0;
	strbuf_add(&files->path, "", 0);
	if (name[0] != '/')
		strbuf_add(&files->path, dir, dir_len);
	include_path_add(&files->path, name, strlen(name));
	if (files->path.error)
		return NULL;
	if (files->room) {
		struct include_file *f = *find_path(files, files->path.data, files->path.len);
		if (f)
			return f;
	}
	return add_file(files);
}

int include_file_read(const struct include_file *f, struct strbuf *ret_text)
{
	/* To read from a pipe would take from it what is the compiler's; clang reads no more. */
	return f->regular ? io_read_file(f->path, INT_MAX, ret_text) : -EINVAL;
}

int include_file_read_names(struct include_file *f)
{
	cleanup_strbuf struct strbuf text = {0};

	if (f->names_read)
		return 0;
	f->names_read = true;
	int r = include_file_read(f, &text);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return include_names_find(text.data, text.len, &f->names);
}

int include_file_read_macros(struct include_file *f)
{
	cleanup_strbuf struct strbuf text = {0};

	if (f->macros_read)
		return 0;
	f->macros_read = true;
	int r = include_file_read(f, &text);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return include_macros_find(text.data, text.len, &f->macros);
}

int include_file_add_edge(struct include_file *f, struct include_file *to, bool follow)
{
	for (size_t i = 0; i < f->n_edges; i++)
		if (f->edges[i].file == to) {
			f->edges[i].follow |= follow;
			return 0;
		}
	if (f->n_edges == f->room_edges) {
		size_t room = f->room_edges ? f->room_edges * 2 : 8;
		struct include_edge *edges = realloc(f->edges, room * sizeof(*edges));
		if (!edges)
			return -ENOMEM;
		f->edges = edges;
		f->room_edges = room;
	}
	f->edges[f->n_edges++] = (struct include_edge){to, follow};
	return 0;
}
