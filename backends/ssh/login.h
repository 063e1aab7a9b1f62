/* SPDX-License-Identifier: BSD-2-Clause */
/* Which host builds, by which way; and what is remembered of it, so that a command on it costs one
 * round trip. */
#ifndef CROSSBPF_SSH_LOGIN_H
#define CROSSBPF_SSH_LOGIN_H

#include <stdbool.h>

#include "connection.h"

struct builder {
	const struct crossbpf_host *host;
	const struct crossbpf_kv *conf;
	struct strv hosts; /* in the order in which they are tried */
	char *config;      /* file of ssh's configuration, or NULL */
	const struct transport *transport;
	const char *reason; /* why that one */
	unsigned persist;
	char *memory;   /* file that says which host took us, and by which socket; or NULL */
	char *identity; /* the same of the builder's identity */
	char *took;     /* file that is there where one of the hosts took us a while ago; or NULL */
	struct connection connection;
};

/* Reads the section, in which names of files are relative to `root`; nothing is started. */
int builder_plan(const struct crossbpf_host *host, const struct crossbpf_kv *conf, const char *root,
		 struct builder *ret_builder);
void builder_free(struct builder *b);
#define cleanup_builder CLEANUP(builder_free)

/* Has a connection, to the first of the hosts that takes us. */
int builder_connect(struct builder *b);

/* That one has no clang: has a connection to the next that takes us. -ENOENT where there is none.
 */
int builder_next(struct builder *b);

/* run() of the ABI. */
int builder_run(struct builder *b, const struct crossbpf_run *run, int *ret_status);

/* Names it, and all in it that a compile depends on. */
int builder_identity(struct builder *b, char *buf, size_t len);

/* Ends what connections are left of it. */
int builder_end(struct builder *b);

/* Tells of them; the caller frees. */
int builder_describe(struct builder *b, char **ret_text);

/* Could it work here? 0, or -ENOENT with the reason, which the caller frees. */
int builder_probe(const struct crossbpf_host *host, const struct crossbpf_kv *conf, char **ret_why);

#endif
