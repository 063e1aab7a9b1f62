/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "run-maps.h"

#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "map.h"

enum { ENTRIES_MAX = 64 };

/* Room for an entry. */
struct entry {
	unsigned char *key, *next, *values; /* owned */
};

static void entry_free(struct entry *entry)
{
	free(entry->key);
	free(entry->next);
	free(entry->values);
}
#define cleanup_entry CLEANUP(entry_free)

static bool is_printed(const struct bpf_map *map)
{
	if (bpf_map__fd(map) < 0 || bpf_map__is_internal(map))
		return false;
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LPM_TRIE:
		return true;
	default: /* buffers, and what a program looks other things up in */
		return false;
	}
}

static void print_entry(const struct map *m, const struct entry *entry, struct output *to)
{
	if (to->json) {
		json_t *line = json_pack("{s:s}", "map", m->word);
		json_t *rest = map_entry_json(m, entry->key, entry->values);
		json_object_update(line, rest);
		json_decref(rest);
		output_json(to, line);
		return;
	}
	strbuf_printf(&to->b, "%s ", m->word);
	map_key_text(m, entry->key, &to->b);
	strbuf_puts(&to->b, ": ");
	map_values_text(m, entry->values, &to->b);
	output_end_line(to);
}

static void tell_more(const char *name, size_t n)
{
	cleanup_free char *line = str_printf("%s: %zu more entr%s", name, n, n == 1 ? "y" : "ies");

	if (n && line)
		cli_log(line);
}

static void print_entries(const struct map *m, struct output *to)
{
	cleanup_entry struct entry entry = {
		.key = calloc(1, (size_t)m->info.key_size + 1),
		.next = calloc(1, (size_t)m->info.key_size + 1),
		.values = calloc(1, m->value_bytes + 1),
	};
	size_t n = 0, printed = 0;
	const unsigned char *last = NULL;

	if (!entry.key || !entry.next || !entry.values) {
		to->error = to->error ? to->error : -ENOMEM;
		return;
	}
	/* What others change meanwhile may have it begin anew: it is to end all the same. */
	for (; n < m->info.max_entries && !to->error &&
	       bpf_map_get_next_key(m->fd, last, entry.next) == 0;
	     n++) {
		memcpy(entry.key, entry.next, m->info.key_size);
		last = entry.key;
		if (printed == ENTRIES_MAX ||
		    bpf_map_lookup_elem(m->fd, entry.key, entry.values) < 0)
			continue;
		print_entry(m, &entry, to);
		printed++;
	}
	output_flush(to);
	if (printed == ENTRIES_MAX)
		tell_more(m->word, n - printed);
}

void run_print_maps(const struct opened *o, struct output *to)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, o->object) {
		cleanup_error struct crossbpf_error e = {0};
		struct map m;

		if (!is_printed(map) || map_take(&m, bpf_map__name(map), bpf_map__fd(map), &e) < 0)
			continue;
		/* As the object has them: the kernel tells of types to root alone. */
		m.btf = bpf_object__btf(o->object);
		m.info.btf_key_type_id = bpf_map__btf_key_type_id(map);
		m.info.btf_value_type_id = bpf_map__btf_value_type_id(map);
		print_entries(&m, to);
	}
}
