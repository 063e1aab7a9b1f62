/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place of one's own on a builder that does not see the host's files, for `crossbpf shell` and
 * `crossbpf exec`: shell.sh is what is run there, and says what it does.
 *
 * Never a build's workspace: of that the host remembers what it holds, and nothing but an exchange
 * may change it.
 */
#ifndef CROSSBPF_REMOTE_PLACE_H
#define CROSSBPF_REMOTE_PLACE_H

#include "remote.h"
#include "session-stream.h"
#include "shared/strv.h"

struct place {
	/* To be set. */
	struct session *session; /* loaded; place_free() does not close it */
	const char *root;        /* of the host, whose files lie at the same path there */
	const char *module_dir;  /* where exchange.so is */
	bool loads;              /* BPF programs can be loaded there */
	/* The rest begins as nothing. */
	struct remote remote; /* for its module alone */
	uint32_t flags;
	char token[33]; /* names the directory of its own there; "": the host's paths are */
};

/* Decides where it is, and opens nothing: with a builder of its own where the backend can.
 * -EOPNOTSUPP where BPF programs cannot be loaded there. */
int place_plan(struct place *p, struct crossbpf_error *e);
/* Opens the session, unless another place of the same kind did. */
int place_open(struct place *p, struct crossbpf_error *e);

/* For what is sent: as remote_module(). */
const struct exchange_module *place_module(struct place *p, struct crossbpf_error *e);

/* Begins the script's arguments. */
void place_argv(const struct place *p, const char *mode, struct strv *ret_argv);

/* Starts the script there: `argv` must outlive it; it reads from the file `in`, or nothing (-1). */
int place_start(struct place *p, const struct strv *argv, int in, struct session_stream *ret_stream,
		struct crossbpf_error *e);

/* Runs one, and collects its output: -EFBIG past `limit` bytes. */
int place_call(struct place *p, const struct strv *argv, int in, size_t limit,
	       struct strbuf *ret_answer, int *ret_status, struct crossbpf_error *e);

/* Runs a command in the directory that stands for `dir`, on these streams, with `env` added to the
 * environment. */
int place_run(struct place *p, const char *dir, const char *const *command, const int fd[3],
	      bool is_terminal, const char *const *env, int *ret_status, struct crossbpf_error *e);

/* Removes what is there. */
void place_free(struct place *p);

#endif
