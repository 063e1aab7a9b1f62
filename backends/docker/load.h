/* SPDX-License-Identifier: BSD-2-Clause */
/* What a container is granted in which BPF programs are loaded. */
#ifndef CROSSBPF_DOCKER_LOAD_H
#define CROSSBPF_DOCKER_LOAD_H

#include "engine.h"

/* Sets of rights, the least first. */
struct load_rights {
	const char *caps[4]; /* NULL-terminated */
	const char *sentence;
};
extern const struct load_rights load_rights[];

/* Appends them, and the BPF file system, to the words of an engine's run. */
void load_add_rights(const struct load_rights *rights, struct strv *words);

/* Does the engine that failed so not know these, and is there a next set? */
bool load_is_unknown(const struct load_rights *rights, const struct call *call);

/* Says what was granted to the container that now runs; fails where that is not enough. */
int load_check(const struct engine *e, const char *container, const struct load_rights *rights);

#endif
