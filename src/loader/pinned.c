/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "pinned.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

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

int pinned_reuse_maps(const struct pins *p, struct opened *o, struct crossbpf_error *e)
{
	struct bpf_map *map;
	int r = 0;

	bpf_object__for_each_map(map, o->object) {
		if (r < 0 || bpf_map__is_internal(map) || bpf_map__fd(map) >= 0)
			continue;
		cleanup_free char *path = pins_path(p->dir, "maps", bpf_map__name(map));
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
			r = pins_add(p, "maps", bpf_map__name(map), -1, bpf_map__fd(map), e);
	return r;
}
