/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "events.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "calls.h"
#include "cli/cli.h"
#include "shared/io.h"
#include "shared/nearest.h"
#include "value.h"

enum {
	PERF_PAGES = 64, /* of each processor's buffer */
	BATCH = 256,     /* so many records, and others have their turn */
	RING_HEADER = 8, /* before each record: include/uapi/linux/bpf.h, BPF_RINGBUF_HDR_SZ */
};

static const int64_t SECOND = 1000000000;

struct source {
	struct events *events;
	const char *name; /* the map's; borrowed */
	struct ring_buffer *ring;
	struct perf_buffer *perf;
	/* Of a ring buffer, as the kernel sees it: where it is read, where it is written. */
	unsigned long *positions; /* of two pages */
	size_t room;
	__u32 type; /* as the user says; 0: a guess by size */
	__u32 guess;
	size_t guessed_for; /* that size; 0: none yet */
	size_t left;        /* of this batch */
	bool hinted;
	__u64 lost;                   /* and not told yet */
	int64_t told_full, told_lost; /* when, by io_clock(); 0: never */
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void hint_type(struct source *s, size_t size)
{
	cleanup_free char *line = NULL;

	if (s->hinted)
		return;
	s->hinted = true;
	line = str_printf("hint: %s: no type, or more than one, is known for a record of %zu "
			  "bytes: --event '%s=struct NAME' says it",
			  s->name, size, s->name);
	if (line)
		cli_log(line);
}

static __u32 type_of(struct source *s, size_t size)
{
	if (s->type)
		return s->type;
	if (s->guessed_for != size || !size) {
		s->guess = record_types_guess(&s->events->types, size, s->perf != NULL);
		s->guessed_for = size;
	}
	if (!s->guess)
		hint_type(s, size);
	return s->guess;
}

/* What is behind the type's size, as of a record with a packet in it; not what only fills up. */
static size_t rest_of(const struct source *s, __u32 type, size_t size)
{
	long long known = type ? btf__resolve_size(s->events->types.btf, type) : (long long)size;

	if (known < 0 || (size_t)known >= size)
		return 0;
	size_t rest = size - (size_t)known;
	return s->perf && rest < 8 ? 0 : rest;
}

static void print_json(struct source *s, __u32 type, const unsigned char *data, size_t size,
		       size_t rest)
{
	const struct btf *btf = s->events->types.btf;
	json_t *line = json_pack("{s:s, s:o}", "map", s->name, "value",
				 value_json(btf, type, data, size - rest));

	if (line && rest)
		json_object_set_new(line, "rest", value_json(btf, 0, data + size - rest, rest));
	output_json(s->events->output, line);
}

static void print(struct source *s, const void *data, size_t size)
{
	struct output *o = s->events->output;
	const struct btf *btf = s->events->types.btf;
	__u32 type = type_of(s, size);
	size_t rest = rest_of(s, type, size);

	if (o->error)
		return;
	if (o->json) {
		print_json(s, type, data, size, rest);
		return;
	}
	strbuf_printf(&o->b, "%s ", s->name);
	value_text(btf, type, data, size - rest, &o->b);
	if (rest) {
		strbuf_puts(&o->b, " + ");
		value_text(btf, 0, (const unsigned char *)data + size - rest, rest, &o->b);
	}
	output_end_line(o);
}

/* Would a record of this size have found no room? The kernel does not say how often that was. */
static bool is_full(const struct source *s, size_t size)
{
	unsigned long read = __atomic_load_n(s->positions, __ATOMIC_ACQUIRE);
	unsigned long written =
		__atomic_load_n(s->positions + page_size() / sizeof(long), __ATOMIC_ACQUIRE);

	return s->room < written - read + RING_HEADER + (size + 7) / 8 * 8;
}

static void tell_full(struct source *s, size_t size)
{
	cleanup_free char *line = NULL;

	if (!is_full(s, size) || (s->told_full && io_clock() - s->told_full < SECOND))
		return;
	s->told_full = io_clock();
	line = str_printf("%s: the ring buffer is full: records may be lost; --map-size %s=BYTES "
			  "makes it larger",
			  s->name, s->name);
	if (line)
		cli_log(line);
}

static int take_ring(void *ctx, void *data, size_t size)
{
	struct source *s = ctx;

	tell_full(s, size);
	print(s, data, size);
	if (!--s->left || s->events->output->error)
		return -EAGAIN;
	return cli_is_interrupted() && !s->events->is_last ? -EAGAIN : 0;
}

static void take_perf(void *ctx, int cpu, void *data, __u32 size)
{
	(void)cpu;
	print(ctx, data, size);
}

static void take_lost(void *ctx, int cpu, __u64 n)
{
	struct source *s = ctx;

	(void)cpu;
	s->lost += n;
}

/* Where many are lost, that is told once a second, and at the end. */
static void tell_lost(struct source *s)
{
	cleanup_free char *line = NULL;

	if (!s->lost || (s->told_lost && io_clock() - s->told_lost < SECOND && !s->events->is_last))
		return;
	line = str_printf("%s: %llu record%s lost", s->name, (unsigned long long)s->lost,
			  s->lost == 1 ? "" : "s");
	if (line)
		cli_log(line);
	s->told_lost = io_clock();
	s->lost = 0;
}

static int open_ring(struct source *s, const struct bpf_map *map)
{
	struct bpf_map_info info = {0};
	unsigned len = sizeof(info);
	int fd = bpf_map__fd(map);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return -errno;
	s->room = info.max_entries;
	void *pages = mmap(NULL, 2 * page_size(), PROT_READ, MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED)
		return -errno;
	s->positions = pages;
	s->ring = ring_buffer__new(fd, take_ring, s, NULL);
	return s->ring ? 0 : -errno;
}

static int open_perf(struct source *s, const struct bpf_map *map)
{
	s->perf = perf_buffer__new(bpf_map__fd(map), PERF_PAGES, take_perf, take_lost, s, NULL);
	return s->perf ? 0 : -errno;
}

static int open_source(struct source *s, const struct bpf_map *map, struct crossbpf_error *e)
{
	bool is_ring = bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF;
	int r = is_ring ? open_ring(s, map) : open_perf(s, map);

	return r == 0 ? 0
		      : error_set(e, r, EXIT_STATUS_FAILED, NULL, "cannot read map '%s': %s",
				  s->name, strerror(-r));
}

/* Programs read counters by maps of that type, too: then it is not for events. */
static bool is_buffer(const struct bpf_map *map, bool perf_output)
{
	return bpf_map__fd(map) >= 0 &&
	       (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ||
		(bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY && perf_output));
}

static bool writes_perf(const struct opened *o)
{
	return calls_helper(o, BPF_FUNC_perf_event_output) ||
	       calls_helper(o, BPF_FUNC_skb_output) || calls_helper(o, BPF_FUNC_xdp_output);
}

static int say_type(struct events *v, const char *word, struct crossbpf_error *e)
{
	cleanup_free char *name = NULL, *hint = NULL;
	cleanup_strv struct strv names = {0};
	const char *type = opened_split(word, "--event", &name, e);

	if (!type)
		return -EINVAL;
	for (size_t i = 0; i < v->n; i++) {
		strv_add(&names, v->sources[i].name);
		if (strcmp(v->sources[i].name, name) != 0)
			continue;
		v->sources[i].type = record_types_named(&v->types, type, e);
		return v->sources[i].type ? 0 : -ENOENT;
	}
	if (names.n && !names.error)
		hint = nearest_hint(name, (const char *const *)names.v);
	return error_set(e, -ENOENT, EXIT_STATUS_USAGE, hint,
			 "--event %s: no ring buffer or perf buffer has that name", word);
}

int events_open(struct events *ret, const struct opened *o, const struct strv *words,
		struct output *output, struct crossbpf_error *e)
{
	bool perf_output = writes_perf(o);
	struct bpf_map *map;
	size_t n = 0;

	ret->output = output;
	int r = record_types_open(&ret->types, o, e);
	bpf_object__for_each_map(map, o->object)
		n += is_buffer(map, perf_output);
	ret->sources = r == 0 ? calloc(n + 1, sizeof(*ret->sources)) : NULL;
	if (r == 0 && !ret->sources)
		return error_no_memory(e);
	bpf_object__for_each_map(map, o->object) {
		if (r < 0 || !is_buffer(map, perf_output))
			continue;
		struct source *s = &ret->sources[ret->n++];
		*s = (struct source){.events = ret, .name = bpf_map__name(map)};
		r = open_source(s, map, e);
	}
	for (size_t i = 0; r == 0 && i < words->n; i++)
		r = say_type(ret, words->v[i], e);
	return r;
}

void events_close(struct events *v)
{
	for (size_t i = 0; i < v->n; i++) {
		struct source *s = &v->sources[i];
		ring_buffer__free(s->ring);
		perf_buffer__free(s->perf);
		if (s->positions)
			munmap(s->positions, 2 * page_size());
	}
	free(v->sources);
	record_types_close(&v->types);
}

int events_fd(const struct events *v, size_t n)
{
	const struct source *s = &v->sources[n];

	return s->ring ? ring_buffer__epoll_fd(s->ring) : perf_buffer__epoll_fd(s->perf);
}

static void print_source(struct source *s, size_t most)
{
	s->left = most;
	if (s->ring)
		(void)ring_buffer__consume(s->ring);
	else
		(void)perf_buffer__consume(s->perf);
	tell_lost(s);
}

void events_print(struct events *v, size_t n)
{
	print_source(&v->sources[n], BATCH);
	output_flush(v->output);
}

void events_print_rest(struct events *v)
{
	v->is_last = true;
	/* There are no more than that, unless others write to the same map. */
	for (size_t i = 0; i < v->n; i++)
		print_source(&v->sources[i], v->sources[i].room / RING_HEADER + 1);
	output_flush(v->output);
}
