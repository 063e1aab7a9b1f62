/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user's own ssh makes of its configuration, for one host: `ssh -G`. */
#ifndef CROSSBPF_SSH_RESOLVED_H
#define CROSSBPF_SSH_RESOLVED_H

#include "connection.h"

struct resolved {
	struct strv lines; /* "keyword value", the keyword in lower case */
	struct strv files; /* of the configuration that was read, also those that are included */
};

/* Asks ssh, which connects to nobody for that. complain() where it says no. -ENOENT, without a
 * word, where there is no ssh. */
int resolve(const struct connection *c, struct resolved *ret_resolved);
void resolved_free(struct resolved *r);
#define cleanup_resolved CLEANUP(resolved_free)

/* The first value of a keyword; "" where there is none. */
const char *resolved_value(const struct resolved *r, const char *keyword);
/* Is there one that says more than "none"? */
bool resolved_has(const struct resolved *r, const char *keyword);
/* All values, with ~ and %d made the home directory. */
void resolved_files(const struct resolved *r, const char *keyword, struct strv *list);

#endif
