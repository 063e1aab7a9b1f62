/* SPDX-License-Identifier: BSD-2-Clause */
/* The key of an action of a build: of what it read, or would read. */
#ifndef CROSSBPF_BUILD_KEY_H
#define CROSSBPF_BUILD_KEY_H

#include "action-key.h"
#include "build.h"

/* All that is asked of the key of one action. */
struct build_key {
	const struct build *build;
	struct action_key_request request;
	/* Of a builder that is elsewhere, else NULL: its headers, and what stands for all of them.
	 */
	const struct builder_headers *headers;
	char *stamp;
	struct action_file *files;
	struct strv names, asks; /* that the files point to */
	size_t n, room;
};

/* 0 or -ENOMEM. The key may not move in memory. */
int build_key_init(struct build_key *k, const struct build *b, const struct build_action *a);
void build_key_free(struct build_key *k);
#define cleanup_build_key CLEANUP(build_key_free)

/* Adds a file that is read, but for the stamp: state_inputs() and state_look() call it so. */
int build_key_add(void *key, const char *path, const uint8_t digest[DIGEST_SIZE], const char *asks);

/* The key of an action that reads what was added and, of `read`, what is the builder's own. 0,
 * -ENODATA where there is none as not all is known, or -ENOMEM. */
int build_key_finish(struct build_key *k, const struct strv *read, uint8_t ret_key[DIGEST_SIZE]);

#endif
