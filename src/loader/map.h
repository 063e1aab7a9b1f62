/* SPDX-License-Identifier: BSD-2-Clause */
/* A map of the kernel's, with its keys and values as text. */
#ifndef CROSSBPF_MAP_H
#define CROSSBPF_MAP_H

#include <bpf/bpf.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/error.h"
#include "shared/strbuf.h"

/* What a map of a type is like. */
enum map_is {
	MAP_IS_ARRAY = 1 << 0,   /* keys are 0 to max_entries - 1 */
	MAP_IS_HASH = 1 << 1,    /* the kernel tells of many at once, each once */
	MAP_IS_PER_CPU = 1 << 2, /* a value for each processor */
	MAP_IS_KEYLESS = 1 << 3, /* queues, stacks */
	MAP_IS_SET = 1 << 4,     /* keyless too, and one can ask for a value alone: bloom filters */
	MAP_HAS_MAPS = 1 << 5,   /* a value is a map */
	MAP_HAS_PROGRAMS = 1 << 6 /* a value is a program */
};

struct map {
	const char *word; /* as the user names it; borrowed */
	int fd;
	struct bpf_map_info info;
	const struct btf *btf;     /* of one of the next two; NULL: there are no types */
	struct btf *own_btf;       /* the kernel's; owned */
	struct bpf_object *object; /* or that of which the map is; owned */
	unsigned is;               /* enum map_is */
	unsigned cpus;             /* how many values a key has */
	size_t stride;             /* from one of these to the next */
	size_t value_bytes;        /* of all of them, as the kernel copies them */
};

/* `flags` as of pins_open_map(). A map that can have no keys and values of text is an error. */
int map_open(struct map *ret, const char *word, unsigned flags, struct crossbpf_error *e);
/* The same of one that is open, whose types are for the caller to say. map_close() closes the
 * descriptor, in any case. */
int map_take(struct map *ret, const char *word, int fd, struct crossbpf_error *e);
void map_close(struct map *m);
#define cleanup_map CLEANUP(map_close)

/* Where it is keyless there is no key: no byte is written. */
int map_read_key(const struct map *m, const char *text, void *ret, struct crossbpf_error *e);
/* One value; text NULL is zeroes. Of a map that has maps or programs it is a descriptor, which the
 * caller closes. */
int map_read_value(const struct map *m, const char *text, void *ret, struct crossbpf_error *e);
/* One value becomes those of all processors. */
void map_spread_value(const struct map *m, const void *value, void *ret);

/* {"key": …, "value": …}, where there are several values {"key": …, "sum": …, "cpus": […]}; `key`
 * may be NULL. NULL: memory ran out. */
json_t *map_entry_json(const struct map *m, const void *key, const void *values);
/* Appends them as text. */
void map_key_text(const struct map *m, const void *key, struct strbuf *to);
void map_values_text(const struct map *m, const void *values, struct strbuf *to);

/* What the kernel said when it was to read or change the map: `what` is "read", "changed". */
int map_error(const struct map *m, int r, const char *what, struct crossbpf_error *e);

/* All entries to standard output, each on a line. */
int map_list(const struct map *m, bool json, struct crossbpf_error *e);
/* Of a file, "-" is standard input. */
int map_import(const struct map *m, const char *path, struct crossbpf_error *e);

#endif
