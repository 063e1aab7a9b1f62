/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "run-maps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "value.h"

enum { ENTRIES_MAX = 64 };

/* A map that is printed, and room for one of its entries. */
struct printed {
	const char *name;
	const struct btf *btf;
	__u32 key_type, value_type, value_size;
	size_t step;                              /* from one processor's value to the next one's */
	int fd, n;                                /* n: of values of each entry */
	unsigned char *key, *next, *values, *sum; /* owned */
};

static bool has_entries(enum bpf_map_type type, bool *ret_per_cpu)
{
	switch (type) {
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		*ret_per_cpu = true;
		return true;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
		*ret_per_cpu = false;
		return true;
	default:
		return false;
	}
}

static bool open_map(struct printed *p, const struct opened *o, const struct bpf_map *map)
{
	bool per_cpu = false;

	if (bpf_map__fd(map) < 0 || bpf_map__is_internal(map) ||
	    !has_entries(bpf_map__type(map), &per_cpu))
		return false;
	int n = per_cpu ? libbpf_num_possible_cpus() : 1;
	*p = (struct printed){
		.name = bpf_map__name(map),
		.btf = bpf_object__btf(o->object),
		.key_type = bpf_map__btf_key_type_id(map),
		.value_type = bpf_map__btf_value_type_id(map),
		.value_size = bpf_map__value_size(map),
		.fd = bpf_map__fd(map),
		.n = n > 0 ? n : 1,
	};
	p->step = ((size_t)p->value_size + 7) / 8 * 8; /* as the kernel has it for several */
	p->key = calloc(1, bpf_map__key_size(map));
	p->next = calloc(1, bpf_map__key_size(map));
	p->values = calloc((size_t)p->n, p->step);
	p->sum = calloc(1, p->step);
	return true;
}

static void close_map(struct printed *p)
{
	free(p->key);
	free(p->next);
	free(p->values);
	free(p->sum);
}

/* Counters are of use as a sum. NULL: memory ran out. */
static json_t *value_of(struct printed *p)
{
	bool sums = p->n > 1;

	memset(p->sum, 0, p->step);
	for (int i = 0; sums && i < p->n; i++)
		sums = value_add(p->btf, p->value_type, p->sum, p->values + (size_t)i * p->step,
				 p->value_size);
	if (sums || p->n == 1)
		return value_json(p->btf, p->value_type, sums ? p->sum : p->values, p->value_size);
	json_t *all = json_array();
	for (int i = 0; i < p->n; i++)
		json_array_append_new(all,
				      value_json(p->btf, p->value_type,
						 p->values + (size_t)i * p->step, p->value_size));
	return all;
}

static void print_entry(struct printed *p, struct output *to, size_t key_size)
{
	json_t *key = value_json(p->btf, p->key_type, p->key, key_size), *value = value_of(p);

	if (!key || !value) {
		to->error = to->error ? to->error : -ENOMEM;
	} else if (to->json) {
		output_json(to, json_pack("{s:s, s:O, s:O}", "map", p->name, "key", key, "value",
					  value));
	} else {
		strbuf_printf(&to->b, "%s ", p->name);
		value_text_json(key, &to->b);
		strbuf_puts(&to->b, ": ");
		value_text_json(value, &to->b);
		output_end_line(to);
	}
	json_decref(key);
	json_decref(value);
}

static void tell_more(const char *name, size_t n)
{
	cleanup_free char *line = str_printf("%s: %zu more entr%s", name, n, n == 1 ? "y" : "ies");

	if (n && line)
		cli_log(line);
}

static void print_map(struct printed *p, const struct bpf_map *map, struct output *to)
{
	size_t key_size = bpf_map__key_size(map), n = 0, printed = 0;
	/* What others change meanwhile may have it begin anew. */
	size_t most = bpf_map__max_entries(map);
	const unsigned char *last = NULL;

	if (!p->key || !p->next || !p->values || !p->sum) {
		to->error = to->error ? to->error : -ENOMEM;
		return;
	}
	for (; n < most && !to->error && bpf_map_get_next_key(p->fd, last, p->next) == 0; n++) {
		memcpy(p->key, p->next, key_size);
		last = p->key;
		if (printed == ENTRIES_MAX || bpf_map_lookup_elem(p->fd, p->key, p->values) < 0)
			continue;
		print_entry(p, to, key_size);
		printed++;
	}
	output_flush(to);
	if (printed == ENTRIES_MAX)
		tell_more(p->name, n - printed);
}

void run_print_maps(const struct opened *o, struct output *to)
{
	struct printed p;
	struct bpf_map *map;

	bpf_object__for_each_map(map, o->object) {
		if (!open_map(&p, o, map))
			continue;
		print_map(&p, map, to);
		close_map(&p);
	}
}
