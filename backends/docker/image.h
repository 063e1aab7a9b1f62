/* SPDX-License-Identifier: BSD-2-Clause */
/* Which image a builder is made from, and its making. */
#ifndef CROSSBPF_DOCKER_IMAGE_H
#define CROSSBPF_DOCKER_IMAGE_H

#include "engine.h"

struct image {
	char *name;       /* as the engine knows it */
	char *dockerfile; /* what it is built from where it is missing; NULL: it is pulled */
	char *line;       /* one for all versions of the same: those replace one another */
};

int image_choose(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		 struct image *ret_image);
void image_free(struct image *i);

/* Builds it where it is to be built and is not there yet. */
int image_ensure(const struct engine *e, const struct crossbpf_kv *conf, const struct image *i);

#endif
