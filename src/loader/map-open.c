/* SPDX-License-Identifier: BSD-2-Clause */
/* What a map is, and text of its keys and values. */
#include "config.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "map.h"
#include "object/object.h"
#include "pins.h"
#include "shared/io.h"
#include "sound.h"
#include "value-form.h"

/* linux/bpf.h of Linux 6.2 and 6.9. */
enum { MAP_TYPE_CGRP_STORAGE = 32, MAP_TYPE_ARENA = 33 };

#define SOCKETS "it holds sockets, which their owner alone puts there"
#define STORAGE \
	"what is in it belongs to a socket, a task, a file or a cgroup, and has no key of text"
#define RECORDS "its records go to who reads it, and have no keys"

static const struct {
	unsigned type, is;
	const char *refused;
} kinds[] = {
	{BPF_MAP_TYPE_HASH, MAP_IS_HASH, NULL},
	{BPF_MAP_TYPE_LRU_HASH, MAP_IS_HASH, NULL},
	{BPF_MAP_TYPE_PERCPU_HASH, MAP_IS_HASH | MAP_IS_PER_CPU, NULL},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, MAP_IS_HASH | MAP_IS_PER_CPU, NULL},
	{BPF_MAP_TYPE_LPM_TRIE, 0, NULL},
	{BPF_MAP_TYPE_ARRAY, MAP_IS_ARRAY, NULL},
	{BPF_MAP_TYPE_PERCPU_ARRAY, MAP_IS_ARRAY | MAP_IS_PER_CPU, NULL},
	{BPF_MAP_TYPE_PROG_ARRAY, MAP_IS_ARRAY | MAP_HAS_PROGRAMS, NULL},
	{BPF_MAP_TYPE_ARRAY_OF_MAPS, MAP_IS_ARRAY | MAP_HAS_MAPS, NULL},
	{BPF_MAP_TYPE_HASH_OF_MAPS, MAP_HAS_MAPS, NULL},
	{BPF_MAP_TYPE_QUEUE, MAP_IS_KEYLESS, NULL},
	{BPF_MAP_TYPE_STACK, MAP_IS_KEYLESS, NULL},
	{BPF_MAP_TYPE_BLOOM_FILTER, MAP_IS_KEYLESS | MAP_IS_SET, NULL},
	{BPF_MAP_TYPE_DEVMAP, MAP_IS_ARRAY, NULL},
	{BPF_MAP_TYPE_CPUMAP, MAP_IS_ARRAY, NULL},
	{BPF_MAP_TYPE_DEVMAP_HASH, 0, NULL},
	{BPF_MAP_TYPE_STACK_TRACE, 0, NULL},
	{BPF_MAP_TYPE_RINGBUF, 0, RECORDS},
	{BPF_MAP_TYPE_USER_RINGBUF, 0, RECORDS},
	{BPF_MAP_TYPE_PERF_EVENT_ARRAY, 0, RECORDS},
	{BPF_MAP_TYPE_SOCKMAP, 0, SOCKETS},
	{BPF_MAP_TYPE_SOCKHASH, 0, SOCKETS},
	{BPF_MAP_TYPE_XSKMAP, 0, SOCKETS},
	{BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 0, SOCKETS},
	{BPF_MAP_TYPE_CGROUP_ARRAY, 0, "it holds cgroups, which have no text"},
	{BPF_MAP_TYPE_CGROUP_STORAGE, 0, STORAGE},
	{BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 0, STORAGE},
	{BPF_MAP_TYPE_SK_STORAGE, 0, STORAGE},
	{BPF_MAP_TYPE_INODE_STORAGE, 0, STORAGE},
	{BPF_MAP_TYPE_TASK_STORAGE, 0, STORAGE},
	{MAP_TYPE_CGRP_STORAGE, 0, STORAGE},
	{BPF_MAP_TYPE_STRUCT_OPS, 0, "it holds the kernel's functions, which are programs"},
	{MAP_TYPE_ARENA, 0, "it is memory, which is mapped and has no keys"},
};

static int find_kind(struct map *m, struct crossbpf_error *e)
{
	const char *type = libbpf_bpf_map_type_str(m->info.type);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == m->info.type && kinds[i].refused) {
			return error_set(e, -ENOTSUP, EXIT_STATUS_FAILED,
					 "crossbpf map is for maps with keys and values",
					 "%s is of type %s: %s", m->word, type ? type : "unknown",
					 kinds[i].refused);
		} else if (kinds[i].type == m->info.type) {
			m->is = kinds[i].is;
			return 0;
		}
	return 0; /* a new one: the kernel says whether it has keys */
}

/* What was loaded from there may be gone, and anything be in its place: a FIFO would be waited for,
 * and libbpf believes what it reads. NULL: it is no object. */
static struct bpf_object *open_recorded(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	cleanup_strbuf struct strbuf content = {0};
	struct stat st;
	const char *why;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    io_read_fd(fd, OBJECT_SIZE_MAX, &content) < 0 ||
	    sound_check(content.data, content.len, &why) < 0)
		return NULL;
	libbpf_set_print(NULL);
	return bpf_object__open_mem(content.data, content.len, NULL);
}

/* Of queues, maps of maps and some others the kernel takes no types; the object that is pinned with
 * one, and is as it was, has them. */
static void object_types(struct map *m)
{
	const char *slash = strrchr(m->word, '/');
	cleanup_free char *name = slash ? strndup(m->word, (size_t)(slash - m->word)) : NULL;
	cleanup_free char *dir = name && name[0] ? pins_dir(name, NULL) : NULL;
	cleanup_free char *path = dir ? str_printf("%s/object", dir) : NULL;

	m->object = path ? open_recorded(path) : NULL;
	struct bpf_map *map = m->object ? bpf_object__find_map_by_name(m->object, slash + 1) : NULL;
	if (!map || (unsigned)bpf_map__type(map) != m->info.type ||
	    bpf_map__key_size(map) != m->info.key_size ||
	    bpf_map__value_size(map) != m->info.value_size)
		return;
	m->btf = bpf_object__btf(m->object);
	m->info.btf_key_type_id = bpf_map__btf_key_type_id(map);
	m->info.btf_value_type_id = bpf_map__btf_value_type_id(map);
}

static int load_types(struct map *m, struct crossbpf_error *e)
{
	if (!m->info.btf_id) {
		object_types(m);
		return 0;
	}
	m->own_btf = btf__load_from_kernel_by_id(m->info.btf_id);
	m->btf = m->own_btf;
	return m->btf ? 0
		      : error_set(e, -errno, EXIT_STATUS_FAILED,
				  errno == EPERM ? "this needs CAP_SYS_ADMIN: run it as root"
						 : NULL,
				  "%s: cannot read the types of its keys and values: %s", m->word,
				  strerror(errno));
}

int map_take(struct map *ret, const char *word, int fd, struct crossbpf_error *e)
{
	unsigned len = sizeof(ret->info);

	*ret = (struct map){.word = word, .fd = fd, .cpus = 1};
	if (bpf_obj_get_info_by_fd(ret->fd, &ret->info, &len) < 0)
		return map_error(ret, -errno, "read", e);
	int r = find_kind(ret, e);
	if (r < 0)
		return r;
	if (ret->is & MAP_IS_PER_CPU) {
		int cpus = libbpf_num_possible_cpus();
		if (cpus < 0)
			return error_set(e, cpus, EXIT_STATUS_FAILED, NULL,
					 "cannot tell how many processors there are: %s",
					 strerror(-cpus));
		ret->cpus = (unsigned)cpus;
	}
	ret->stride = ret->cpus == 1 && !(ret->is & MAP_IS_PER_CPU)
			      ? ret->info.value_size
			      : ((size_t)ret->info.value_size + 7) / 8 * 8;
	ret->value_bytes = ret->stride * ret->cpus;
	return 0;
}

int map_open(struct map *ret, const char *word, unsigned flags, struct crossbpf_error *e)
{
	int fd = pins_open_map(word, flags, e);

	if (fd < 0)
		return fd;
	int r = map_take(ret, word, fd, e);
	return r < 0 ? r : load_types(ret, e);
}

void map_close(struct map *m)
{
	closep(&m->fd);
	btf__free(m->own_btf);
	bpf_object__close(m->object);
}

/* Of an array without types, as those of variables are: numbers all the same. */
static int read_index(const char *text, void *ret, struct crossbpf_error *e)
{
	static const struct value_form form = {.kind = VALUE_INT, .size = 4, .bits = 32};

	return value_scalar(NULL, &form, text, ret, NULL, e);
}

int map_read_key(const struct map *m, const char *text, void *ret, struct crossbpf_error *e)
{
	bool is_array = m->is & MAP_IS_ARRAY && m->info.key_size == sizeof(uint32_t);
	uint32_t index;

	if (m->is & MAP_IS_KEYLESS)
		return 0;
	int r = is_array && (!m->btf || !m->info.btf_key_type_id)
			? read_index(text, ret, e)
			: value_parse(m->btf, m->info.btf_key_type_id, text, ret, m->info.key_size,
				      e);
	if (r < 0 || !is_array)
		return r;
	memcpy(&index, ret, sizeof(index));
	if (index >= m->info.max_entries)
		return error_set(e, -ERANGE, EXIT_STATUS_USAGE, NULL,
				 "'%s' is out of range: 0 to %u", text, m->info.max_entries - 1);
	return 0;
}

static int open_program(const char *word, struct crossbpf_error *e)
{
	const char *slash = strrchr(word, '/');
	cleanup_free char *name = NULL, *dir = NULL, *path = NULL;
	char *end;
	int fd;

	if (str_begins(word, "id:")) {
		unsigned long id = strtoul(word + 3, &end, 10);
		if (!isdigit((unsigned char)word[3]) || *end || id > UINT32_MAX)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "a program's is id:N",
					 "'%s' is no number of a program", word);
		fd = bpf_prog_get_fd_by_id((unsigned)id);
	} else if (!slash) {
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "name it as OBJECT/PROGRAM, by its pin's path, or id:N",
				 "'%s' is no program", word);
	} else {
		name = strndup(word, (size_t)(slash - word));
		dir = name ? pins_dir(name, NULL) : NULL;
		path = word[0] == '/' ? strdup(word)
				      : (dir ? pins_path(dir, "programs", slash + 1) : NULL);
		if (!path)
			return error_no_memory(e);
		fd = bpf_obj_get(path);
	}
	return fd >= 0 ? fd
		       : error_set(e, -errno, EXIT_STATUS_FAILED,
				   "crossbpf list shows what is loaded",
				   "cannot open the program %s: %s", word, strerror(errno));
}

int map_read_value(const struct map *m, const char *text, void *ret, struct crossbpf_error *e)
{
	if (m->is & (MAP_HAS_MAPS | MAP_HAS_PROGRAMS)) {
		if (!text)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL, "no %s was named",
					 m->is & MAP_HAS_MAPS ? "map" : "program");
		int fd = m->is & MAP_HAS_MAPS ? pins_open_map(text, 0, e) : open_program(text, e);
		memcpy(ret, &fd, sizeof(fd));
		return fd < 0 ? fd : 0;
	}
	if (text)
		return value_parse(m->btf, m->info.btf_value_type_id, text, ret, m->info.value_size,
				   e);
	memset(ret, 0, m->info.value_size);
	return 0;
}

void map_spread_value(const struct map *m, const void *value, void *ret)
{
	memset(ret, 0, m->value_bytes);
	for (unsigned i = 0; i < m->cpus; i++)
		memcpy((unsigned char *)ret + i * m->stride, value, m->info.value_size);
}

static json_t *key_json(const struct map *m, const void *key)
{
	uint32_t index;

	if (!(m->is & MAP_IS_ARRAY) || (m->btf && m->info.btf_key_type_id) ||
	    m->info.key_size != sizeof(index))
		return value_json(m->btf, m->info.btf_key_type_id, key, m->info.key_size);
	memcpy(&index, key, sizeof(index));
	return json_integer(index);
}

static json_t *one_value_json(const struct map *m, const void *value)
{
	uint32_t id;

	if (!(m->is & (MAP_HAS_MAPS | MAP_HAS_PROGRAMS)))
		return value_json(m->btf, m->info.btf_value_type_id, value, m->info.value_size);
	memcpy(&id, value, sizeof(id));
	return json_sprintf("id:%" PRIu32, id);
}

/* Of all processors; NULL where they are nothing that can be added up. */
static json_t *sum_json(const struct map *m, const void *values)
{
	cleanup_free unsigned char *sum = calloc(1, (size_t)m->info.value_size + 1);

	for (unsigned i = 0; sum && i < m->cpus; i++)
		if (!value_add(m->btf, m->info.btf_value_type_id, sum,
			       (const unsigned char *)values + i * m->stride, m->info.value_size))
			return NULL;
	return sum ? one_value_json(m, sum) : NULL;
}

static json_t *cpus_json(const struct map *m, const void *values)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < m->cpus; i++)
		json_array_append_new(
			all, one_value_json(m, (const unsigned char *)values + i * m->stride));
	return all;
}

json_t *map_entry_json(const struct map *m, const void *key, const void *values)
{
	json_t *entry = json_object();

	if (key)
		json_object_set_new(entry, "key", key_json(m, key));
	if (!(m->is & MAP_IS_PER_CPU)) {
		json_object_set_new(entry, "value", one_value_json(m, values));
		return entry;
	}
	json_t *sum = sum_json(m, values);
	if (sum)
		json_object_set_new(entry, "sum", sum);
	json_object_set_new(entry, "cpus", cpus_json(m, values));
	return entry;
}

static void add_text(json_t *json, struct strbuf *to)
{
	if (json)
		value_text_json(json, to);
	else
		to->error = -ENOMEM;
	json_decref(json);
}

void map_key_text(const struct map *m, const void *key, struct strbuf *to)
{
	add_text(key_json(m, key), to);
}

void map_values_text(const struct map *m, const void *values, struct strbuf *to)
{
	json_t *json = m->is & MAP_IS_PER_CPU ? sum_json(m, values) : one_value_json(m, values);

	add_text(json || !(m->is & MAP_IS_PER_CPU) ? json : cpus_json(m, values), to);
}

/* Variables that are constants: libbpf has the kernel allow no more writes. */
static bool is_frozen(int fd)
{
	cleanup_free char *path = str_printf("/proc/self/fdinfo/%d", fd);
	cleanup_fclose FILE *f = path ? fopen(path, "re") : NULL;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (str_begins(line, "frozen:"))
			return strtoul(line + strlen("frozen:"), NULL, 10) != 0;
	return false;
}

int map_error(const struct map *m, int r, const char *what, struct crossbpf_error *e)
{
	if (r == -EPERM && is_frozen(m->fd))
		return error_set(e, r, EXIT_STATUS_FAILED,
				 "crossbpf load --set gives it values before it is loaded",
				 "%s cannot be %s: what is in it are constants", m->word, what);
	/* As it was made: BPF_F_WRONLY can only be written, BPF_F_RDONLY only be read. */
	if (r == -EPERM && m->info.map_flags & (BPF_F_RDONLY | BPF_F_WRONLY))
		return error_set(e, r, EXIT_STATUS_FAILED, NULL,
				 "%s cannot be %s: it was made for programs alone", m->word, what);
	/* ENOSPC: of LPM tries. */
	if ((r == -E2BIG || r == -ENOSPC) && !(m->is & MAP_IS_ARRAY))
		return error_set(
			e, r, EXIT_STATUS_FAILED, "crossbpf load --map-size gives it more room",
			"%s is full: it has room for %u entries", m->word, m->info.max_entries);
	return error_set(e, r, EXIT_STATUS_FAILED,
			 r == -EPERM || r == -EACCES ? "this needs CAP_BPF: run it as root" : NULL,
			 "%s cannot be %s: %s", m->word, what, strerror(-r));
}
