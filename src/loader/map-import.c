/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crossbpf map import: a file of lines KEY [VALUE].
 *
 * All is read before anything is written, so that a bad line leaves the map as it was. A million
 * lines are nothing special: no memory and no look at a type for each.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"
#include "shared/io.h"
#include "value-form.h"

enum {
	FILE_MAX = 1 << 30,
	BATCH = 16384,
	BATCH_BYTES = 16 << 20,
	NOT_SUPPORTED = 524, /* the kernel's ENOTSUPP */
};

struct import {
	const struct map *m;
	const char *path;
	struct strbuf text;
	unsigned char *keys, *values; /* n of them, one value each; owned */
	uint32_t *lines;              /* where they stand; owned */
	size_t n;
	struct value_form key, value; /* where value_is_simple() */
	bool takes_entries;           /* lines as of list --json */
};

static void import_free(struct import *i)
{
	strbuf_free(&i->text);
	free(i->keys);
	free(i->values);
	free(i->lines);
}
#define cleanup_import CLEANUP(import_free)

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *skip_blanks(char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

static bool begins_json(char c)
{
	return c == '{' || c == '[' || c == '"';
}

/* Where JSON ends that begins here, or the line. */
static char *json_end(char *p)
{
	size_t depth = 0;
	bool in_string = false;

	for (; *p; p++) {
		if (in_string && *p == '\\' && p[1])
			p++;
		else if (*p == '"')
			in_string = !in_string;
		else if (!in_string && (*p == '{' || *p == '['))
			depth++;
		else if (!in_string && (*p == '}' || *p == ']') && depth)
			depth--;
		if (!depth && !in_string)
			return p + 1;
	}
	return p;
}

/* JSON; else up to the line's tab, where it has one; else up to a blank. */
static char *key_end(char *p)
{
	if (begins_json(*p))
		return json_end(p);
	char *tab = strchr(p, '\t');
	return tab ? tab : p + strcspn(p, " ");
}

static char *trim(char *p)
{
	size_t len = strlen(p);

	while (len && (is_blank(p[len - 1]) || p[len - 1] == '\r'))
		p[--len] = '\0';
	return p;
}

/* What stands last of a line: JSON, or anything up to a comment. -EINVAL: more follows. */
static int take_last(char *p, char **ret)
{
	*ret = *p && *p != '#' ? p : NULL;
	if (!*ret)
		return 0;
	if (begins_json(*p)) {
		char *end = json_end(p), *rest = skip_blanks(end);
		if (*rest && *rest != '#')
			return -EINVAL;
		*end = '\0';
		return 0;
	}
	for (char *c = p; *c; c++)
		if (*c == '#' && is_blank(c[-1]))
			*c = '\0';
	trim(p);
	return 0;
}

/* NULL for what the line does not have. */
static int split(const struct map *m, char *line, char **ret_key, char **ret_value)
{
	char *p = skip_blanks(trim(line));

	*ret_key = *ret_value = NULL;
	if (!*p || *p == '#')
		return 0;
	if (m->is & MAP_IS_KEYLESS)
		return take_last(p, ret_value);
	char *end = key_end(p);
	if (*end && !is_blank(*end))
		return -EINVAL;
	*ret_key = p;
	p = skip_blanks(end + (*end != '\0'));
	*end = '\0';
	trim(*ret_key);
	return take_last(p, ret_value);
}

static int bad_line(const struct import *i, uint32_t line, int r,
		    const struct crossbpf_error *wrong, struct crossbpf_error *e)
{
	return error_set(e, r, EXIT_STATUS_USAGE, wrong->hint, "%s:%u: %s; nothing was imported",
			 i->path, line, wrong->message ? wrong->message : "out of memory");
}

static int read_key(const struct import *i, const char *text, unsigned char *ret,
		    struct crossbpf_error *e)
{
	return value_is_simple(&i->key) && !begins_json(*text) && *text != 'h'
		       ? value_scalar(i->m->btf, &i->key, text, ret, NULL, e)
		       : map_read_key(i->m, text, ret, e);
}

static int read_one_value(const struct import *i, const char *text, unsigned char *ret,
			  struct crossbpf_error *e)
{
	return value_is_simple(&i->value) && !begins_json(*text) && *text != 'h'
		       ? value_scalar(i->m->btf, &i->value, text, ret, NULL, e)
		       : map_read_value(i->m, text, ret, e);
}

/* A key's member may be called "key". */
static bool can_take_entries(const struct map *m)
{
	struct value_form f;

	if (m->btf && m->info.btf_key_type_id) {
		value_form(m->btf, m->info.btf_key_type_id, NULL, true, &f);
		for (unsigned i = 0; f.kind == VALUE_STRUCT && i < btf_vlen(f.type); i++)
			if (strcmp(value_member(m->btf, f.type, i).name, "key") == 0)
				return false;
	}
	return !(m->is & MAP_IS_KEYLESS);
}

/* {"key": …, "value": …} becomes text of both, which the caller frees. */
static int split_entry(const char *line, char **ret_key, char **ret_value, struct crossbpf_error *e)
{
	json_error_t error;
	json_t *entry = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	const json_t *key = json_object_get(entry, "key"), *value = json_object_get(entry, "value");
	size_t n = json_object_size(entry);

	*ret_key = key ? json_dumps(key, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	*ret_value = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	json_decref(entry);
	if (!entry)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL, "it is no JSON: %s",
				 error.text);
	if (!key || n != 1 + (size_t)(value != NULL))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL,
				 "an entry has a key and a value, and nothing else");
	return *ret_key && (*ret_value || !value) ? 0 : error_no_memory(e);
}

/* Without a value it is zeroes, which are there. */
static int take_entry(struct import *i, const char *key, const char *value,
		      struct crossbpf_error *e)
{
	int r = 0;

	if (key)
		r = read_key(i, key, i->keys + i->n * i->m->info.key_size, e);
	if (r == 0 && value)
		r = read_one_value(i, value, i->values + i->n * i->m->info.value_size, e);
	return r;
}

static int read_line(struct import *i, char *line, uint32_t number, struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error wrong = {0};
	cleanup_free char *entry_key = NULL, *entry_value = NULL;
	char *key, *value;
	int r;

	if (i->takes_entries && str_begins(line, "{\"key\":")) {
		r = split_entry(line, &entry_key, &entry_value, &wrong);
		key = entry_key;
		value = entry_value;
	} else {
		r = split(i->m, line, &key, &value);
	}
	if (r < 0)
		error_set(&wrong, r, EXIT_STATUS_USAGE, "a line is KEY, or KEY and VALUE",
			  "more follows than a key and a value");
	else if (!key && !value)
		return 0;
	r = r < 0 ? r : take_entry(i, key, value, &wrong);
	if (r < 0)
		return bad_line(i, number, r, &wrong, e);
	i->lines[i->n++] = number;
	return 0;
}

static int make_room(struct import *i, struct crossbpf_error *e)
{
	size_t lines = 1;

	for (const char *p = i->text.data, *end = p + i->text.len;
	     (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	i->keys = calloc(lines, i->m->info.key_size + 1);
	i->values = calloc(lines, i->m->info.value_size);
	i->lines = calloc(lines, sizeof(*i->lines));
	return i->keys && i->values && i->lines ? 0 : error_no_memory(e);
}

static int read_lines(struct import *i, struct crossbpf_error *e)
{
	char *p = i->text.data, *end = p + i->text.len;
	uint32_t number = 0;

	while (p < end) {
		char *newline = memchr(p, '\n', (size_t)(end - p));
		char *after = newline ? newline + 1 : end;
		*(newline ? newline : end) = '\0';
		number++;
		if (strlen(p) != (size_t)((newline ? newline : end) - p))
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL,
					 "%s:%u: it is no text; nothing was imported", i->path,
					 number);
		int r = read_line(i, p, number, e);
		if (r < 0)
			return r;
		p = after;
	}
	return 0;
}

static int read_file(struct import *i, struct crossbpf_error *e)
{
	cleanup_close int opened = -1;
	bool is_input = strcmp(i->path, "-") == 0;
	int fd = is_input ? STDIN_FILENO : (opened = open(i->path, O_RDONLY | O_CLOEXEC));
	int r = fd < 0 ? -errno : io_read_fd(fd, FILE_MAX, &i->text);

	if (is_input)
		i->path = "standard input";
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, NULL, "cannot read %s: %s", i->path,
				 strerror(-r));
	strbuf_puts(&i->text, ""); /* it ends with a NUL, also where it is empty */
	if (i->text.error)
		return error_no_memory(e);
	/* What map_read_key() says more of is left to it. */
	if (i->m->btf && !(i->m->is & (MAP_IS_ARRAY | MAP_IS_KEYLESS)))
		value_form(i->m->btf, i->m->info.btf_key_type_id, NULL, false, &i->key);
	if (i->m->btf)
		value_form(i->m->btf, i->m->info.btf_value_type_id, NULL, false, &i->value);
	/* Types that are not of the map's sizes have their errors there, too. */
	if (i->key.size != i->m->info.key_size)
		i->key = (struct value_form){0};
	if (i->value.size != i->m->info.value_size)
		i->value = (struct value_form){0};
	i->takes_entries = can_take_entries(i->m);
	r = make_room(i, e);
	return r < 0 ? r : read_lines(i, e);
}

static int stopped(const struct import *i, size_t done, int r, struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error wrong = {0};

	map_error(i->m, r, "changed", &wrong);
	return error_set(e, r, EXIT_STATUS_FAILED, wrong.hint,
			 "%s:%u: %s; %zu of %zu entries were imported", i->path, i->lines[done],
			 wrong.message ? wrong.message : "out of memory", done, i->n);
}

static const unsigned char *values_of(const struct import *i, size_t first, size_t n,
				      unsigned char *spread)
{
	const unsigned char *values = i->values + first * i->m->info.value_size;

	if (!(i->m->is & MAP_IS_PER_CPU))
		return values;
	for (size_t j = 0; j < n; j++)
		map_spread_value(i->m, values + j * i->m->info.value_size,
				 spread + j * i->m->value_bytes);
	return spread;
}

static int write_singly(const struct import *i, size_t done, unsigned char *spread,
			struct crossbpf_error *e)
{
	bool has_key = !(i->m->is & MAP_IS_KEYLESS);

	for (; done < i->n; done++)
		if (bpf_map_update_elem(i->m->fd,
					has_key ? i->keys + done * i->m->info.key_size : NULL,
					values_of(i, done, 1, spread), BPF_ANY) < 0)
			return stopped(i, done, -errno, e);
	return 0;
}

/* How many a batch has: the kernel says of a batch that it refuses how many of it are written. */
static size_t batch_size(const struct map *m)
{
	size_t bytes = m->info.key_size + m->value_bytes;

	return bytes * BATCH > BATCH_BYTES ? BATCH_BYTES / bytes + 1 : BATCH;
}

static int write_all(const struct import *i, struct crossbpf_error *e)
{
	size_t size = batch_size(i->m), done = 0;
	cleanup_free unsigned char *spread =
		malloc(i->m->is & MAP_IS_PER_CPU ? size * i->m->value_bytes : 1);

	if (!spread)
		return error_no_memory(e);
	while (done < i->n && !(i->m->is & MAP_IS_KEYLESS)) {
		unsigned n = (unsigned)(i->n - done < size ? i->n - done : size), written = n;
		int r = bpf_map_update_batch(i->m->fd, i->keys + done * i->m->info.key_size,
					     values_of(i, done, n, spread), &written, NULL);
		int error = r < 0 ? errno : 0;
		/* Refused before it was begun, it says nothing of how many. */
		done += error && written == n ? 0 : written;
		if (error == EINVAL || error == EOPNOTSUPP || error == NOT_SUPPORTED)
			break; /* by type, or by an entry that is then found */
		if (error)
			return stopped(i, done, -error, e);
	}
	return write_singly(i, done, spread, e);
}

int map_import(const struct map *m, const char *path, struct crossbpf_error *e)
{
	cleanup_import struct import i = {.m = m, .path = path};

	if (m->is & (MAP_HAS_MAPS | MAP_HAS_PROGRAMS))
		return error_set(e, -ENOTSUP, EXIT_STATUS_USAGE,
				 "crossbpf map set takes one at a time",
				 "%s holds %s, which no file has", m->word,
				 m->is & MAP_HAS_MAPS ? "maps" : "programs");
	int r = read_file(&i, e);
	return r < 0 ? r : write_all(&i, e);
}
