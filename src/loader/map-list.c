/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf map list: all entries, of maps that change meanwhile, too. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "map.h"
#include "shared/io.h"

enum {
	BATCH = 4096,
	BATCH_BYTES = 16 << 20,
	NOT_SUPPORTED = 524, /* the kernel's ENOTSUPP */
	STEPS = 16,          /* how often a map is walked through, all in all */
};

struct lister {
	const struct map *m;
	bool json;
	struct strbuf line;
};

static void lister_free(struct lister *l)
{
	strbuf_free(&l->line);
}

static int tell(struct lister *l, const void *key, const void *values, struct crossbpf_error *e)
{
	if (l->json) {
		json_t *entry = map_entry_json(l->m, key, values);
		int r = entry ? json_dumpf(entry, stdout, JSON_COMPACT) : -1;
		json_decref(entry);
		putchar('\n');
		/* That it was not written is seen at the end. */
		return r < 0 && !ferror(stdout) ? error_no_memory(e) : 0;
	}
	l->line.len = 0;
	map_key_text(l->m, key, &l->line);
	strbuf_putc(&l->line, '\t');
	map_values_text(l->m, values, &l->line);
	strbuf_putc(&l->line, '\n');
	if (l->line.error)
		return error_no_memory(e);
	fwrite(l->line.data, 1, l->line.len, stdout);
	return 0;
}

static int list_array(struct lister *l, struct crossbpf_error *e)
{
	cleanup_free unsigned char *values = calloc(1, l->m->value_bytes + 1);
	int r = values ? 0 : error_no_memory(e);

	for (uint32_t i = 0; r == 0 && i < l->m->info.max_entries; i++) {
		if (bpf_map_lookup_elem(l->m->fd, &i, values) == 0)
			r = tell(l, &i, values, e);
		else if (errno != ENOENT) /* no map, no program, no device there */
			r = map_error(l->m, -errno, "read", e);
	}
	return r;
}

struct batch {
	unsigned char *keys, *values;
	unsigned room;
};

static void batch_free(struct batch *b)
{
	free(b->keys);
	free(b->values);
}

static int batch_make(struct batch *b, const struct map *m, unsigned room)
{
	batch_free(b);
	*b = (struct batch){.keys = malloc((size_t)room * m->info.key_size),
			    .values = malloc((size_t)room * m->value_bytes),
			    .room = room};
	return b->keys && b->values ? 0 : -ENOMEM;
}

static int tell_all(struct lister *l, const struct batch *b, unsigned n, struct crossbpf_error *e)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < n; i++)
		r = tell(l, b->keys + (size_t)i * l->m->info.key_size,
			 b->values + i * l->m->value_bytes, e);
	return r;
}

/* Bucket after bucket: the kernel goes on behind the last one, whatever was changed. 1: it does
 * not tell of many at once, and nothing was told. */
static int list_hash(struct lister *l, struct batch *b, struct crossbpf_error *e)
{
	size_t bytes = l->m->info.key_size + l->m->value_bytes;
	unsigned room = bytes * BATCH > BATCH_BYTES ? (unsigned)(BATCH_BYTES / bytes) + 1 : BATCH;
	uint32_t at = 0;
	bool is_first = true;

	if (batch_make(b, l->m, room) < 0)
		return error_no_memory(e);
	for (;;) {
		unsigned n = b->room;
		uint32_t next = at;
		int r = bpf_map_lookup_batch(l->m->fd, is_first ? NULL : &at, &next, b->keys,
					     b->values, &n, NULL);
		int error = r < 0 ? errno : 0;
		/* A bucket holds more than there is room for. */
		if (error == ENOSPC && b->room <= UINT32_MAX / 2) {
			if (batch_make(b, l->m, 2 * b->room) < 0)
				return error_no_memory(e);
			continue;
		}
		if (error && error != ENOENT)
			return is_first && (error == EINVAL || error == EOPNOTSUPP ||
					    error == NOT_SUPPORTED)
				       ? 1
				       : map_error(l->m, -error, "read", e);
		r = tell_all(l, b, n, e);
		if (r < 0 || error == ENOENT)
			return r;
		at = next;
		is_first = false;
	}
}

/* Keys that were told of: where one is gone that the kernel is to go on behind, it begins again. */
struct seen {
	unsigned char *keys; /* n of them */
	size_t n, room, size;
	size_t *places; /* a hash table of their indices plus one */
	size_t n_places;
	uint64_t seed; /* who makes keys of a map cannot make them meet */
};

static void seen_free(struct seen *s)
{
	free(s->keys);
	free(s->places);
}

static size_t *find_place(const struct seen *s, const void *key)
{
	const unsigned char *bytes = key;
	uint64_t hash = s->seed;

	for (size_t i = 0; i < s->size; i++) {
		hash = (hash ^ bytes[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	for (size_t i = hash & (s->n_places - 1);; i = (i + 1) & (s->n_places - 1))
		if (!s->places[i] ||
		    memcmp(s->keys + (s->places[i] - 1) * s->size, key, s->size) == 0)
			return &s->places[i];
}

static int grow(struct seen *s)
{
	size_t room = s->room ? 2 * s->room : 1024;
	unsigned char *keys = realloc(s->keys, room * s->size);

	if (!keys)
		return -ENOMEM;
	s->keys = keys;
	s->room = room;
	free(s->places);
	s->n_places = 2 * room;
	s->places = calloc(s->n_places, sizeof(*s->places));
	if (!s->places)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		*find_place(s, s->keys + i * s->size) = i + 1;
	return 0;
}

/* 1: it is new; 0: it was seen; or -ENOMEM. */
static int seen_add(struct seen *s, const void *key)
{
	if (s->n == s->room && grow(s) < 0)
		return -ENOMEM;
	size_t *place = find_place(s, key);
	if (*place)
		return 0;
	memcpy(s->keys + s->n * s->size, key, s->size);
	*place = ++s->n;
	return 1;
}

static int tell_new(struct lister *l, struct seen *s, const void *key, void *values,
		    struct crossbpf_error *e)
{
	int is_new = seen_add(s, key);

	if (is_new < 0)
		return error_no_memory(e);
	if (!is_new)
		return 0;
	if (bpf_map_lookup_elem(l->m->fd, key, values) == 0)
		return tell(l, key, values, e);
	return errno == ENOENT ? 0 : map_error(l->m, -errno, "read", e);
}

static int walk(struct lister *l, struct seen *s, struct crossbpf_error *e)
{
	cleanup_free unsigned char *key = calloc(1, s->size + 1), *next = calloc(1, s->size + 1);
	cleanup_free unsigned char *values = calloc(1, l->m->value_bytes + 1);
	bool is_first = true;

	if (!key || !next || !values || io_random(&s->seed, sizeof(s->seed)) < 0)
		return error_no_memory(e);
	for (uint64_t steps = 0; steps / STEPS <= (uint64_t)l->m->info.max_entries + 1024;
	     steps++) {
		if (bpf_map_get_next_key(l->m->fd, is_first ? NULL : key, next) < 0)
			return errno == ENOENT ? 0 : map_error(l->m, -errno, "read", e);
		int r = tell_new(l, s, next, values, e);
		if (r < 0)
			return r;
		memcpy(key, next, s->size);
		is_first = false;
	}
	return error_set(
		e, -EAGAIN, EXIT_STATUS_FAILED, "list it once more",
		"%s changes faster than it can be listed: some of its entries are not here",
		l->m->word);
}

static int list_walking(struct lister *l, struct crossbpf_error *e)
{
	struct seen s = {.size = l->m->info.key_size};
	int r = walk(l, &s, e);

	seen_free(&s);
	return r;
}

int map_list(const struct map *m, bool json, struct crossbpf_error *e)
{
	struct lister l = {.m = m, .json = json};
	struct batch b = {0};
	int r = 1;

	if (m->is & MAP_IS_KEYLESS)
		return error_set(e, -ENOTSUP, EXIT_STATUS_USAGE,
				 m->is & MAP_IS_SET ? "crossbpf map get asks for one"
						    : "crossbpf map get shows the next one",
				 "%s cannot be listed: the kernel does not say what is in it",
				 m->word);
	if (m->is & MAP_IS_ARRAY)
		r = list_array(&l, e);
	else if (m->is & MAP_IS_HASH)
		r = list_hash(&l, &b, e);
	if (r > 0)
		r = list_walking(&l, e);
	batch_free(&b);
	lister_free(&l);
	return r;
}
