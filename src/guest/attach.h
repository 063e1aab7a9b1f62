/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of a loaded object, attached until this process ends. */
#ifndef CROSSBPF_GUEST_ATTACH_H
#define CROSSBPF_GUEST_ATTACH_H

#include <bpf/libbpf.h>

#include "examine.h"

struct attached {
	struct attached_program {
		const char *name; /* of the object's */
		int fd;           /* borrowed from the object */
		uint64_t before;  /* how often it had run */
	} * v;                    /* owned */
	size_t n;
};

/* Attaches each that is loaded, and answers whether that could be done. */
int attach_programs(struct attached *ret, const struct examine *x, size_t number,
		    struct bpf_object *object);

/* What they run from here on is counted. */
void attached_start(struct attached *a);
/* Answers how often each ran since then, where the kernel counts. */
int attached_count(const struct attached *a, const struct examine *x, size_t number);

void attached_free(struct attached *a);
#define cleanup_attached CLEANUP(attached_free)

#endif
