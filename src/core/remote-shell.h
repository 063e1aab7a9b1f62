/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shell on a builder that does not see the host's files: copies of the project's are sent to a
 * place of its own, and what became of them there is listed, and brought back if wanted.
 */
#ifndef CROSSBPF_REMOTE_SHELL_H
#define CROSSBPF_REMOTE_SHELL_H

#include "bring-back.h"
#include "remote-place.h"

enum shell_change_kind {
	SHELL_CHANGED,
	SHELL_NEW,
	SHELL_REPLACES, /* new over there; the host has one of that name, which was not sent */
	SHELL_REMOVED,
	SHELL_SPECIAL, /* a link or a device */
	SHELL_FOREIGN, /* a name that may not be written: of .git, or out of the project */
};

struct shell_change {
	enum shell_change_kind kind;
	const char *name; /* in the list */
	bool is_program;
	const struct sent_file *sent; /* or NULL */
	/* Once it was to be brought back: */
	bool was_there; /* the builder still had it */
	int error;
	enum bring_back_result result;
};

struct shell_list; /* what there is over there */

struct shell {
	/* To be set. */
	struct session *session; /* loaded and not opened; shell_free() does not close it */
	const struct project *project;
	const char *module_dir; /* where exchange.so is */
	/* The rest begins as nothing. */
	struct place place;
	int64_t began;
	struct sent_file *sent; /* sorted by name */
	size_t n_sent;
	struct shell_list *before, *after;
	struct shell_change *changes;
	size_t n_changes;
};

/*
 * Opens the session, with a builder of its own where the backend can, and sends the project's
 * files. With `loads`, BPF programs can be loaded there: -EOPNOTSUPP where the backend cannot.
 */
int shell_begin(struct shell *s, bool loads, struct crossbpf_error *e);

/* Runs a command, or a shell where it is empty, in the directory that stands for project->dir; on
 * our streams, with `env` added to the environment. */
int shell_run(struct shell *s, const char *const *command, bool is_terminal, const char *const *env,
	      int *ret_status, struct crossbpf_error *e);

/* Fills s->changes, sorted by name. */
int shell_look(struct shell *s, struct crossbpf_error *e);

bool shell_can_bring_back(const struct shell_change *c);

/* Brings back what can be, and says of each in s->changes what came of it. */
int shell_bring_back(struct shell *s, struct crossbpf_error *e);

/* Removes what was sent. */
void shell_free(struct shell *s);
#define cleanup_shell CLEANUP(shell_free)

#endif
