/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that are pinned: of one program at one place. */
#ifndef CROSSBPF_LINKS_H
#define CROSSBPF_LINKS_H

#include <stddef.h>

#include "shared/cleanup.h"

struct links {
	int *fds; /* owned */
	size_t n;
	char *clsact; /* which filter it is instead; owned */
};

/* Opens those of the name "PROGRAM=PLACE". 0 or a negative errno; -ENOENT: it is not attached. */
int links_open(const char *dir, const char *name, struct links *ret);
void links_close(struct links *l);
#define cleanup_links CLEANUP(links_close)

/* Opens a link's program. 0 or a negative errno. */
int links_program(int link, int *ret_fd);

/* Takes a filter of clsact away, and its pins: links end with theirs. 0 or a negative errno. */
int links_remove(const char *dir, const char *name);

#endif
