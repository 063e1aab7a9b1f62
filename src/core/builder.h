/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses where to build: a backend's open session with a clang that compiles BPF. */
#ifndef CROSSBPF_BUILDER_H
#define CROSSBPF_BUILDER_H

#include <stdbool.h>

#include "conf.h"
#include "toolchain.h"

struct builder_request {
	const char *backend; /* NAME, NAME:WHERE, or "auto" */
	const char *order;   /* names parted by blanks, for auto */
	const char *dir;     /* absolute path of the plugins' directory */
	struct toolchain_request toolchain;
	void (*log)(const char *message);    /* or NULL */
	void (*inform)(const char *message); /* as in struct session; or NULL */
	int control;                         /* at its end every command is ended; -1: none */
	bool unlocked;                       /* crossbpf.lock in the project's root is not read */
	bool unmirrored;                     /* mirrored headers (mirror.h) will not do */
	bool elsewhere;                      /* for auto: none that sees the host's files */
	bool lazy; /* no session before builder_connect(), where it is remembered what is there */
	const char *const *dirs; /* further directories of the host that are named; or NULL */
	const struct conf *conf; /* has sections for backends; or NULL */
};

struct builder {
	struct session session;
	struct toolchain toolchain;
	char *name, *where; /* of the backend; where may be NULL */
	bool connected;
};

/*
 * Opens the backend that was named, or for "auto" the first in order that is installed, can work
 * here and has a clang for BPF. One whose clang finds no headers of a
 * kernel's, on the host or mirrored, is the last resort. The builder must not move in memory while
 * it is open. *ret_why is one line on what was chosen and why; the caller frees it.
 *
 * A builder that is not the one of the project's crossbpf.lock is refused (status 3); auto goes on
 * to the next one.
 */
int builder_open(struct builder *b, const struct builder_request *request,
		 const struct project *project, char **ret_why, struct crossbpf_error *e);
/* Opens the session of one that was opened lazily. -ESTALE, with `e` untouched, where the builder
 * is another by now than the one that was remembered: open it anew, and not lazily. */
int builder_connect(struct builder *b, const struct builder_request *request,
		    const struct project *project, struct crossbpf_error *e);
void builder_close(struct builder *b);
#define cleanup_builder CLEANUP(builder_close)

#endif
