/* SPDX-License-Identifier: BSD-2-Clause */
/* Where objects are loaded: what they find of file systems, cgroups and networks. */
#ifndef CROSSBPF_GUEST_PLACE_H
#define CROSSBPF_GUEST_PLACE_H

#include <stdbool.h>

#include "shared/error.h"

#define PLACE_PINS "/sys/fs/bpf/crossbpf-guest" /* for programs that are pinned for a moment */

struct place {
	bool is_init; /* the machine is ours */
	char *cgroup; /* owned; where programs are attached to; NULL: nowhere */
	int stats;    /* keeps the kernel counting; 0: not by this */
	bool counts;  /* it counts how often programs run */
};

/* Of a machine that is not ours nothing is changed that others see: pins and the network are of
 * this process and its children, and the cgroup goes in the end. */
int place_prepare(struct place *p, bool attach, struct crossbpf_error *e);
void place_free(struct place *p);
#define cleanup_place CLEANUP(place_free)

/* From here on this process has a bpffs of its own, with nothing in it. 0 or a negative errno. */
int place_own_pins(void);

/* Does the kernel tell its types? */
bool place_has_btf(void);

/* As init: mounts what there is to mount. */
void place_mount(void);

#endif
