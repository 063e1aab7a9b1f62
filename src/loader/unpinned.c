/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "unpinned.h"

#include <unistd.h>

void unpinned_make(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		const char *path = bpf_map__pin_path(map);
		if (path && access(path, F_OK) < 0)
			(void)bpf_map__set_pin_path(map, NULL);
	}
}
