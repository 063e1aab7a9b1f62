/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that are pinned: of one program at one place. */
#ifndef CROSSBPF_LINKS_H
#define CROSSBPF_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/cleanup.h"

struct links {
	int *fds; /* owned */
	size_t n;
	char *clsact; /* which filter it is instead; owned */
	char *at;     /* "TARGET NETNS" of when it was attached; NULL: unknown; owned */
};

/* Opens those of the name "PROGRAM=PLACE". 0 or a negative errno; -ENOENT: it is not attached. */
int links_open(const char *dir, const char *name, struct links *ret);
void links_close(struct links *l);
#define cleanup_links CLEANUP(links_close)

/* Is there nothing of it left, or is what it was attached to gone? */
bool links_are_gone(const struct links *l);

/* A link's number; 0: unknown. */
unsigned links_id(int fd);

/* Opens a link's program. 0 or a negative errno. */
int links_program(int link, int *ret_fd);

/* Ends them, and takes their pins away. 0 or a negative errno; -EXDEV: a filter that is in another
 * network namespace. */
int links_remove(const char *dir, const char *name);

/* Ends the links of a directory that are not in another one as well. */
void links_discard(const char *dir, const char *other);

#endif
