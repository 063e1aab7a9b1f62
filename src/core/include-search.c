/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "include-search.h"

/* An absolute path without empty parts and "."; NULL: out of memory. */
static char *clean_path(const char *dir, const char *path)
{
	cleanup_strbuf struct strbuf clean = {0};
	char *result;

	if (path[0] != '/')
		include_path_add(&clean, dir, strlen(dir));
	include_path_add(&clean, path, strlen(path));
	return strbuf_finish(&clean, &result) < 0 ? NULL : result;
}

/* Takes ".." and what stands before it away, in place. */
static void take_up(char *path)
{
	char *out = path;

	for (const char *part = path; *part;) {
		size_t len = 1 + strcspn(part + 1, "/");
		if (len == 3 && memcmp(part, "/..", 3) == 0) {
			while (out > path && *--out != '/')
				;
		} else {
			memmove(out, part, len);
			out += len;
		}
		part += len;
	}
	*out = '\0';
}

static bool is_below(const char *path, const struct strv *dirs)
{
	for (size_t i = 0; i < dirs->n; i++) {
		size_t len = strlen(dirs->v[i]);
		if (strncmp(path, dirs->v[i], len) == 0 && (path[len] == '/' || !path[len]))
			return true;
	}
	return false;
}

/* By its name alone: a builder's directory may be a link here, or not be there. Without memory a
 * file is ours, which errs on the safe side. */
static bool is_own(const struct include_search *s, const char *path)
{
	if (!strstr(path, "/.."))
		return !is_below(path, &s->builder);
	cleanup_free char *plain = strdup(path);
	if (!plain)
		return true;
	take_up(plain);
	return !is_below(plain, &s->builder);
}

bool include_search_owns(const struct include_search *s, struct include_file *f)
{
	if (f->judged != s->generation) {
		f->own = is_own(s, f->path);
		f->judged = s->generation;
	}
	return f->own;
}

static void free_list(struct search_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].path);
	free(list->v);
	*list = (struct search_list){0};
}

void include_search_free(struct include_search *s)
{
	free_list(&s->quote);
	free_list(&s->embed);
	free_list(&s->angle);
	free_list(&s->unique);
	strv_free(&s->builder);
	free(s->key);
	free(s->dir);
	*s = (struct include_search){.generation = s->generation};
}

static int push(struct search_list *list, struct search_dir dir)
{
	struct search_dir *v = dir.path ? realloc(list->v, (list->n + 1) * sizeof(*v)) : NULL;

	if (!v) {
		free(dir.path);
		return -ENOMEM;
	}
	list->v = v;
	list->v[list->n++] = dir;
	return 0;
}

static int add_dirs(struct include_search *s, const struct strv *dirs, bool system,
		    struct search_list *list)
{
	for (size_t i = 0; dirs && i < dirs->n; i++) {
		struct search_dir dir = {.path = clean_path(s->dir, dirs->v[i]), .system = system};
		struct stat st;
		if (!dir.path)
			return -ENOMEM;
		dir.own = is_own(s, dir.path);
		if (stat(*dir.path ? dir.path : "/", &st) == 0 && S_ISDIR(st.st_mode)) {
			dir.present = true;
			dir.dev = st.st_dev;
			dir.ino = st.st_ino;
		}
		int r = push(list, dir);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_same(const struct search_dir *a, const struct search_dir *b)
{
	return a->present && b->present && a->dev == b->dev && a->ino == b->ino;
}

/* Is the directory at i forgotten for one at another place? Source: RemoveDuplicates() in
 * clang/lib/Frontend/InitHeaderSearch.cpp (clang/lib/Lex in later ones). */
static bool is_forgotten(const struct search_list *list, size_t i)
{
	const struct search_dir *dir = &list->v[i];

	for (size_t j = 0; j < i; j++)
		if (is_same(&list->v[j], dir) && (list->v[j].system || !dir->system))
			return true;
	for (size_t j = i + 1; j < list->n && !dir->system; j++)
		if (is_same(&list->v[j], dir) && list->v[j].system)
			return true;
	return false;
}

static int make_unique(struct include_search *s)
{
	bool moved = false;

	for (size_t i = 0; i < s->angle.n; i++) {
		struct search_dir dir = s->angle.v[i];
		if (is_forgotten(&s->angle, i)) {
			moved |= !dir.system;
			continue;
		}
		dir.path = strdup(dir.path);
		int r = push(&s->unique, dir);
		if (r < 0)
			return r;
	}
	if (!moved)
		free_list(&s->unique);
	return 0;
}

static int add_builder(struct include_search *s, const struct strv *dirs)
{
	for (size_t i = 0; dirs && i < dirs->n; i++) {
		char *path = clean_path(s->dir, dirs->v[i]);
		if (path)
			take_up(path);
		strv_take(&s->builder, path);
	}
	return s->builder.error;
}

static void add_to_key(struct strbuf *key, const struct strv *dirs)
{
	for (size_t i = 0; dirs && i < dirs->n; i++) {
		strbuf_puts(key, dirs->v[i]);
		strbuf_putc(key, '\n');
	}
	strbuf_putc(key, '\r');
}

static int make_key(const struct include_request *request, char **ret_key)
{
	const struct include_options *o = request->options;
	const struct strv *all[] = {request->builder, request->system, &o->quote, &o->angle,
				    &o->system,       &o->after,       &o->embed};
	cleanup_strbuf struct strbuf key = {0};

	strbuf_puts(&key, request->dir);
	strbuf_putc(&key, '\r');
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		add_to_key(&key, all[i]);
	return strbuf_finish(&key, ret_key);
}

static int set(struct include_search *s, const struct include_request *request)
{
	const struct include_options *o = request->options;

	s->dir = clean_path("", request->dir);
	if (!s->dir)
		return -ENOMEM;
	int r = add_builder(s, request->builder);
	if (r == 0)
		r = add_builder(s, request->system);
	if (r == 0)
		r = add_dirs(s, &o->quote, false, &s->quote);
	if (r == 0)
		r = add_dirs(s, &o->angle, false, &s->angle);
	if (r == 0)
		r = add_dirs(s, &o->system, true, &s->angle);
	if (r == 0)
		r = add_dirs(s, request->system, true, &s->angle);
	if (r == 0)
		r = add_dirs(s, &o->after, true, &s->angle);
	if (r == 0)
		r = add_dirs(s, &o->embed, false, &s->embed);
	return r < 0 ? r : make_unique(s);
}

int include_search_set(struct include_search *s, const struct include_request *request)
{
	cleanup_free char *key = NULL;

	int r = make_key(request, &key);
	if (r < 0 || (s->key && strcmp(s->key, key) == 0))
		return r;
	include_search_free(s);
	s->generation++;
	r = set(s, request);
	if (r < 0)
		include_search_free(s);
	else
		s->key = TAKE_PTR(key);
	return r;
}

struct finding {
	struct include_search *search;
	struct include_files *files;
	const struct include_lookup *lookup;
	int (*each)(void *ctx, struct include_file *f);
	void *ctx;
	int found;
	bool done;
};

static int look_in(struct finding *f, const char *dir, size_t len)
{
	struct include_file *file = include_files_get(f->files, dir, len, f->lookup->name);

	if (!file)
		return -ENOMEM;
	if (!file->there)
		return 0;
	f->found++;
	int r = f->each(f->ctx, file);
	enum include_use use = f->lookup->use;
	if (use != USE_NEXT && use != USE_ASK_NEXT && use != USE_EMBED)
		f->done = include_search_owns(f->search, file);
	return r;
}

static int look_in_all(struct finding *f, const struct search_list *list)
{
	int r = 0;

	for (size_t i = 0; i < list->n && r == 0 && !f->done; i++)
		if (list->v[i].present)
			r = look_in(f, list->v[i].path, strlen(list->v[i].path));
	return r;
}

static int look_beside(struct finding *f)
{
	int r = look_in(f, f->lookup->dir, f->lookup->dir_len);

	/* A builder's header finds its neighbour. */
	if (f->found && f->lookup->foreign)
		f->done = true;
	return r;
}

int include_search_find(struct include_search *s, struct include_files *files,
			const struct include_lookup *lookup,
			int (*each)(void *ctx, struct include_file *f), void *ctx)
{
	struct finding f = {s, files, lookup, each, ctx, 0, false};
	enum include_use use = lookup->use;
	int r = 0;

	if (lookup->name[0] == '/') {
		r = look_in(&f, "", 0);
		return r < 0 ? r : f.found;
	}
	if (use == USE_EMBED || use == USE_ASSEMBLE)
		r = look_in(&f, s->dir, strlen(s->dir));
	if (r == 0 && lookup->quote && use != USE_ASSEMBLE && !f.done)
		r = look_beside(&f);
	if (r == 0 && (use == USE_EMBED || use == USE_ASK))
		r = look_in_all(&f, &s->embed);
	if (r == 0 && lookup->quote)
		r = look_in_all(&f, &s->quote);
	if (f.done || r < 0)
		return r < 0 ? r : f.found;
	r = look_in_all(&f, &s->angle);
	f.done = false;
	if (r == 0)
		r = look_in_all(&f, &s->unique);
	return r < 0 ? r : f.found;
}

/* Calls `look` for each directory in which it may be, until that says that it is done. */
static int for_each_dir(struct include_search *s, const struct include_lookup *lookup,
			int (*look)(void *ctx, const char *dir, size_t len, bool foreign,
				    bool *ret_done),
			void *ctx)
{
	const struct search_list *lists[] = {lookup->quote ? &s->quote : NULL, &s->angle};
	bool done = false;
	int r = 0;

	if (lookup->name[0] == '/')
		return look(ctx, "", 0, false, &done);
	if (lookup->quote)
		r = look(ctx, lookup->dir, lookup->dir_len, lookup->foreign, &done);
	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
		for (size_t i = 0; lists[l] && i < lists[l]->n && r == 0 && !done; i++) {
			const struct search_dir *dir = &lists[l]->v[i];
			r = look(ctx, dir->path, strlen(dir->path), !dir->own, &done);
		}
	}
	return r;
}

struct asking {
	struct include_search *search;
	struct include_files *files;
	const struct include_lookup *lookup;
	bool (*has)(void *ctx, const char *path);
	void *ctx;
	bool found_own;
};

static int ask_in(void *ctx, const char *dir, size_t len, bool foreign, bool *ret_done)
{
	struct asking *a = ctx;
	struct include_file *f = include_files_get(a->files, dir, len, a->lookup->name);

	if (!f)
		return -ENOMEM;
	/* Out of a builder's directory ".." leads nowhere that is the host's. */
	*ret_done =
		foreign || !include_search_owns(a->search, f) ? a->has(a->ctx, f->path) : f->there;
	/* One of the directories is that of the file itself. */
	if (a->lookup->use == USE_NEXT || a->lookup->use == USE_ASK_NEXT)
		*ret_done = false;
	return 0;
}

int include_search_foreign(struct include_search *s, struct include_files *files,
			   const struct include_lookup *lookup,
			   bool (*has)(void *ctx, const char *path), void *ctx)
{
	struct asking a = {s, files, lookup, has, ctx, false};

	return for_each_dir(s, lookup, ask_in, &a);
}

static int find_own(void *ctx, const char *dir, size_t len, bool foreign, bool *ret_done)
{
	struct asking *a = ctx;
	struct include_file *f = include_files_get(a->files, dir, len, a->lookup->name);

	if (!f)
		return -ENOMEM;
	*ret_done = a->found_own = !foreign && f->there && include_search_owns(a->search, f);
	return 0;
}

int include_search_may_own(struct include_search *s, struct include_files *files,
			   const struct include_lookup *lookup)
{
	struct asking a = {.search = s, .files = files, .lookup = lookup};

	int r = for_each_dir(s, lookup, find_own, &a);
	return r < 0 ? r : a.found_own;
}
