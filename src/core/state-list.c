/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <search.h>
#include <string.h>
#include <sys/mman.h>

#include "shared/cleanup.h"
#include "state-store.h"

/* What is in the lists begins with its name. */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_to_listed(const void *name, const void *listed)
{
	return strcmp(name, **(char **const *)listed);
}

/* What was loaded came in order; the index is of what was added since, and made when something is
 * first looked for. */
void *state_list_find(struct state_list *list, const char *name)
{
	if (list->next >= list->sorted)
		list->next = 0;
	if (list->sorted && strcmp(name, *(char **)list->v[list->next]) == 0)
		return list->v[list->next++];

	void **found = list->sorted ? bsearch(name, list->v, list->sorted, sizeof(*list->v),
					      compare_to_listed)
				    : NULL;

	if (found) {
		list->next = (size_t)(found - list->v) + 1;
		return *found;
	}
	if (list->indexed < list->sorted)
		list->indexed = list->sorted;
	for (; list->indexed < list->n; list->indexed++)
		if (!tsearch(list->v[list->indexed], &list->index, compare_names))
			break;
	found = tfind(&name, &list->index, compare_names);
	return found ? *found : NULL;
}

void *state_list_add(struct state_list *list, const char *name, size_t len, size_t size)
{
	cleanup_free char *copy = strndup(name, len);
	cleanup_free void *thing = calloc(1, size);

	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 256;
		void **v = realloc(list->v, room * sizeof(*v));
		if (!v)
			return NULL;
		list->v = v;
		list->room = room;
	}
	if (!copy || !thing)
		return NULL;
	memcpy(thing, &copy, sizeof(copy));
	copy = NULL;
	return list->v[list->n++] = TAKE_PTR(thing);
}

static void *list_get(struct state_list *list, const char *name, size_t size)
{
	void *thing = state_list_find(list, name);

	return thing ? thing : state_list_add(list, name, strlen(name), size);
}

struct state_path *state_store_path(struct state_store *s, const char *path)
{
	return list_get(&s->paths, path, sizeof(struct state_path));
}

struct state_dir *state_store_dir(struct state_store *s, const char *path)
{
	struct state_dir *dir = state_list_find(&s->dirs, path);

	if (!dir && (dir = state_list_add(&s->dirs, path, strlen(path), sizeof(*dir))))
		dir->dirty = true;
	return dir;
}

struct state_absent *state_store_absent(struct state_store *s, const char *path)
{
	return list_get(&s->absents, path, sizeof(struct state_absent));
}

struct state_row *state_store_row(struct state_store *s, const char *output)
{
	return list_get(&s->rows, output, sizeof(struct state_row));
}

struct state_row *state_store_find_row(struct state_store *s, const char *output)
{
	return state_list_find(&s->rows, output);
}

struct state_version *state_store_version(struct state_path *path,
					  const uint8_t digest[DIGEST_SIZE])
{
	struct state_version *v;

	for (v = path->versions; v; v = v->next)
		if (memcmp(v->digest, digest, DIGEST_SIZE) == 0)
			return v;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	memcpy(v->digest, digest, DIGEST_SIZE);
	v->path = path;
	v->next = path->versions;
	v->dirty = true;
	return path->versions = v;
}

void state_row_clear(struct state_row *row)
{
	if (!row->lent) {
		free(row->inputs);
		free(row->outputs);
	}
	free(row->absents.v);
	row->lent = row->has_key = false;
	row->inputs = row->outputs = NULL;
	row->absents = (struct state_absents){0};
	row->appeared = NULL;
	row->n_inputs = row->n_outputs = 0;
	row->kept = false;
}

void state_row_take(struct state_row *row, struct state_row *ret_before)
{
	*ret_before = *row;
	row->inputs = row->outputs = NULL;
	row->absents = (struct state_absents){0};
	state_row_clear(row);
}

int state_absents_add(struct state_absents *list, struct state_absent *absent)
{
	if (list->n == list->room) {
		uint32_t room = list->room ? 2 * list->room : 16;
		void *v = realloc(list->v, room * sizeof(struct state_absent *));
		if (!v)
			return -ENOMEM;
		list->v = v;
		list->room = room;
	}
	list->v[list->n++] = absent;
	return 0;
}

static void list_free(struct state_list *list)
{
	while (list->index) {
		void *thing = *(void **)list->index;
		tdelete(thing, &list->index, compare_names);
	}
	for (size_t i = list->n_lent; i < list->n; i++) {
		free(*(char **)list->v[i]);
		free(list->v[i]);
	}
	free(list->v);
	free(list->lent);
	*list = (struct state_list){0};
}

void state_store_clear(struct state_store *s)
{
	for (size_t i = 0; i < s->paths.n; i++) {
		struct state_path *path = s->paths.v[i];
		for (struct state_version *v = path->versions, *next; v; v = next) {
			next = v->next;
			if (v->lent)
				continue;
			free(v->asks);
			free(v);
		}
		free(path->lookups.v);
	}
	for (size_t i = 0; i < s->rows.n; i++)
		state_row_clear(s->rows.v[i]);
	list_free(&s->paths);
	list_free(&s->dirs);
	list_free(&s->places);
	list_free(&s->absents);
	list_free(&s->rows);
	free(TAKE_PTR(s->lent_versions));
	free(TAKE_PTR(s->lent_named));
	if (s->lent_image)
		munmap(s->lent_image, s->lent_size);
	s->lent_image = NULL;
	s->generation = s->last_id = 0;
}
