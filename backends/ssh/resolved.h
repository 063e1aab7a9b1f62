/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user's own ssh makes of its configuration, for one host: `ssh -G`. */
#ifndef CROSSBPF_SSH_RESOLVED_H
#define CROSSBPF_SSH_RESOLVED_H

#include "connection.h"

struct resolved {
	const char *name;  /* that ssh was asked for; borrowed */
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
/* All values, which are names of files: with what ssh puts for ~, %d, %h, ${NAME} and the like. */
void resolved_files(const struct resolved *r, const char *keyword, struct strv *list);
/* All files of known hosts: several stand in one value, and ssh has put all but ~ already. */
void resolved_known_hosts(const struct resolved *r, const char *keyword, struct strv *list);
/* The socket of the agent; NULL where there is none, or none is to be asked. The caller frees. */
char *resolved_agent(const struct resolved *r);

#endif
