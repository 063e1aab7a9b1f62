/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "pinned.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "links.h"

static void discard(const char *dir, const char *other)
{
	links_discard(dir, other);
	pins_remove(dir);
}

int pinned_open(struct pins *ret, char *dir, struct crossbpf_error *e)
{
	int r = pins_open(ret, dir, e);
	cleanup_free char *whole = r == 0 ? pins_object(ret->staged) : NULL;

	if (r == 0 && !ret->exists && whole)
		r = pins_finish(ret);
	if (r < 0)
		return e->message ? r
				  : error_set(e, r, EXIT_STATUS_FAILED, NULL,
					      "cannot rename %s to %s: %s", ret->staged, ret->dir,
					      strerror(-r));
	discard(ret->staged, ret->dir);
	discard(ret->old, ret->dir);
	return 0;
}

/* What is declared without a size has it from the kernel's processors, or from the one who loads.
 */
static int compare_entries(const struct bpf_map *map, int fd, struct crossbpf_error *e)
{
	struct bpf_map_info info = {0};
	unsigned len = sizeof(info), entries = bpf_map__max_entries(map);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return error_set(e, -errno, EXIT_STATUS_FAILED, NULL, "map '%s': %s",
				 bpf_map__name(map), strerror(errno));
	if (!entries || entries == info.max_entries)
		return 0;
	return error_set(e, -EINVAL, EXIT_STATUS_FAILED,
			 "crossbpf detach removes what is there, and its content",
			 "the map that is there for '%s' has room for %u entries, not %u",
			 bpf_map__name(map), info.max_entries, entries);
}

int pinned_reuse_maps(const struct pins *p, struct opened *o, bool same, struct crossbpf_error *e)
{
	struct bpf_map *map;
	int r = 0;

	bpf_object__for_each_map(map, o->object) {
		if (r < 0 || bpf_map__fd(map) >= 0 || (bpf_map__is_internal(map) && !same))
			continue;
		cleanup_free char *path = pins_path(p->dir, "maps", opened_map_name(o, map));
		cleanup_close int fd = path ? bpf_obj_get(path) : -1;
		if (!path)
			return error_no_memory(e);
		if (fd < 0)
			continue; /* it is new */
		r = compare_entries(map, fd, e);
		r = r < 0 ? r : opened_reuse(map, fd, e);
	}
	return r;
}

static int compare_tags(int a, int b)
{
	struct bpf_prog_info info_a = {0}, info_b = {0};
	unsigned len = sizeof(info_a);

	if (bpf_obj_get_info_by_fd(a, &info_a, &len) < 0)
		return -errno;
	len = sizeof(info_b);
	if (bpf_obj_get_info_by_fd(b, &info_b, &len) < 0)
		return -errno;
	return memcmp(info_a.tag, info_b.tag, sizeof(info_a.tag)) == 0;
}

int pinned_reuse_programs(const struct pins *p, struct opened *o, struct crossbpf_error *e)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, o->object) {
		if (bpf_program__fd(program) < 0)
			continue;
		cleanup_free char *path = pins_path(p->dir, "programs", bpf_program__name(program));
		cleanup_close int there = path ? bpf_obj_get(path) : -1;
		if (!path)
			return error_no_memory(e);
		if (there < 0)
			continue;
		if (compare_tags(there, bpf_program__fd(program)) != 1)
			return error_set(e, -EEXIST, EXIT_STATUS_FAILED,
					 "--replace puts this one in its place, everywhere",
					 "%s: '%s' is another program than the one that is loaded",
					 o->path, bpf_program__name(program));
		if (dup3(there, bpf_program__fd(program), O_CLOEXEC) < 0)
			return error_set(e, -errno, EXIT_STATUS_FAILED, NULL, "%s: %s", path,
					 strerror(errno));
	}
	return 0;
}

int pinned_stage(struct pins *p, const struct opened *o, struct crossbpf_error *e)
{
	struct bpf_program *program;
	struct bpf_map *map;
	int r = pins_stage(p, o->path, e);

	bpf_object__for_each_program(program, o->object)
		if (r == 0 && bpf_program__fd(program) >= 0)
			r = pins_add(p, "programs", bpf_program__name(program), -1,
				     bpf_program__fd(program), e);
	bpf_object__for_each_map(map, o->object)
		if (r == 0 && bpf_map__fd(map) >= 0)
			r = pins_add(p, "maps", opened_map_name(o, map), -1, bpf_map__fd(map), e);
	return r;
}

int pinned_stage_rest(struct pins *p, struct crossbpf_error *e)
{
	static const char *const kinds[] = {"programs", "maps"};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		cleanup_strv struct strv names = {0}, staged = {0};
		if (pins_list(p->dir, kinds[k], &names) < 0 ||
		    pins_list(p->staged, kinds[k], &staged) < 0)
			continue;
		for (size_t i = 0; i < names.n; i++) {
			cleanup_free char *path = pins_path(p->dir, kinds[k], names.v[i]);
			cleanup_close int fd = path ? bpf_obj_get(path) : -1;
			if (fd < 0 || strv_contains(&staged, names.v[i]))
				continue;
			int r = pins_add(p, kinds[k], names.v[i], -1, fd, e);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
