/* SPDX-License-Identifier: BSD-2-Clause */
/* The user's own container engine, by its command line: so contexts, DOCKER_HOST, Colima, OrbStack
 * and Podman machines work as they do for the user. */
#ifndef CROSSBPF_DOCKER_ENGINE_H
#define CROSSBPF_DOCKER_ENGINE_H

#include <stdbool.h>

#include "common/call.h"
#include "crossbpf-backend.h"
#include "shared/digest.h"
#include "shared/strv.h"

struct engine {
	const struct crossbpf_host *host;
	const char *name;  /* docker, podman or nerdctl, for messages; borrowed from `words` */
	struct strv words; /* what each command line begins with */
};

/* Takes the one of the section, else the first in PATH. -ENOENT where there is none, with the
 * reason in *ret_why, which the caller frees: nobody is told. */
int engine_find(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		struct engine *ret_engine, char **ret_why);
void engine_free(struct engine *e);
#define cleanup_engine CLEANUP(engine_free)

/* Adds all that says which engine it is: its words, and the variables it reads. */
void engine_digest(const struct engine *e, struct digest *d);

/* Runs one of its commands: `c` without argv. call_run()'s result. */
int engine_call(const struct engine *e, struct call *c, const struct strv *words);

/* The same with the words listed, up to a NULL; `answer` may be NULL. True where it ended with
 * status 0. */
bool engine_ask(const struct engine *e, struct strbuf *answer, const char *const *words);

/* complain() of a command that failed: what was wanted, and what the engine said last. `r` is what
 * engine_call() returned. Returns -EIO or the error of `r`. */
int engine_complain(const struct engine *e, const struct call *c, int r, const char *what);

#endif
