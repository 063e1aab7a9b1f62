/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The precompiled header of a command that runs on a builder which does not see the host's files.
 *
 * What it may be made of is found here, by the scan that says what is sent, and read here before it
 * is sent: all of it is the host's. The builder's workspace keeps it under a name that stands for
 * all of that, the command and the builder; so what is there by that name is right, and it is made
 * in the exchange that first wants it, which says as well what clang read for it.
 */
#ifndef CROSSBPF_PREFIX_REMOTE_H
#define CROSSBPF_PREFIX_REMOTE_H

#include "prefix.h"
#include "remote.h"

/* More than in the user's cache would be much: a workspace may lie in memory. */
#define PREFIX_REMOTE_LIMIT (UINT64_C(256) << 20)

struct prefix_remote {
	struct prefix prefix; /* its files as clang calls them, once the builder has told them */
	struct prefix_request request; /* what of it is asked later: its directory and rules */
	char key[DIGEST_HEX_SIZE], name[DIGEST_HEX_SIZE];
	char *store;                /* what is remembered of it is there */
	char *header;               /* as clang calls it */
	struct prefix_record files; /* that it may be made of, by their absolute names */
	bool known;                 /* it was made of these before */
	int lock;                   /* while it is made; -1: none */
	char *text;                 /* for the exchange: */
	struct strv list, make;
};

void prefix_remote_free(struct prefix_remote *p);
#define cleanup_prefix_remote CLEANUP(prefix_remote_free)

/* Appends a command of clang as it is there. 0 or -ENOMEM. */
typedef int prefix_map(const struct remote *r, const struct strv *argv, struct strv *ret_argv);

/*
 * The one for a request, whose `dir` must stay; `session` and `env` of it are of no account. As
 * prefix_get(), but nothing is made yet.
 */
int prefix_remote_find(const struct prefix_request *q, struct remote *r, prefix_map *map,
		       struct prefix_remote *ret_prefix, char **ret_why);

/* For the exchange: lives as long as the prefix. */
struct exchange_kept prefix_remote_kept(const struct prefix_remote *p);

/* What the exchange's on_kept() is told. 0 where it may be used: p->prefix is complete then; else
 * as prefix_get(). */
int prefix_remote_end(struct prefix_remote *p, bool is_there, const char *text, size_t len,
		      char **ret_why);

/* Are the host's files still what was sent? */
bool prefix_remote_holds(const struct prefix_remote *p);

#endif
