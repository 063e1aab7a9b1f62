/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One command on a builder that does not see the host's files, in an empty directory of its own, to
 * which named files are sent, and from which named ones are fetched.
 */
#ifndef CROSSBPF_REMOTE_EXEC_H
#define CROSSBPF_REMOTE_EXEC_H

#include "remote-place.h"

enum exec_output_result {
	EXEC_OUTPUT_UNKNOWN, /* something failed before */
	EXEC_OUTPUT_DONE,
	EXEC_OUTPUT_MISSING,
	EXEC_OUTPUT_DIRECTORY,
	EXEC_OUTPUT_SPECIAL, /* a link, a device, a pipe */
	EXEC_OUTPUT_UNREADABLE,
	EXEC_OUTPUT_BIG,    /* more than EXEC_OUTPUT_MAX_GIB */
	EXEC_OUTPUT_FAILED, /* it is there, and could not be written here */
};
enum { EXEC_OUTPUT_MAX_GIB = 4 };

struct remote_exec {
	/* To be set. */
	struct place place;                 /* what is to be set there but its root */
	const char *dir;                    /* of the host, absolute: names are from there on */
	const struct strv *in;              /* as exec_name() has them, "" is `dir` itself */
	const struct strv *out;             /* the same */
	void (*warn)(const char *sentence); /* of what is not sent; or NULL */
	void (*log)(const char *sentence);  /* of what is done; or NULL */
	/* The rest begins as nothing. */
	size_t n_sent; /* files and links */
	struct exec_output {
		enum exec_output_result result;
		int error; /* of EXEC_OUTPUT_FAILED: -ELOOP where it leads through a link, or is
			    * one, or no regular file, on the host */
	} * outputs;       /* of each in `out`, once fetched */
};

/* A name from a directory on, the same on both sides: without "." and doubled slashes; "" is the
 * directory itself. -EINVAL where it leads out of it. The caller frees. */
int exec_name(const char *given, char **ret_name);

/* Packs what is to be sent, opens the session, and sends it. */
int exec_begin(struct remote_exec *x, struct crossbpf_error *e);

/* As place_run(). */
int exec_run(struct remote_exec *x, const char *const *command, const int fd[3], bool is_terminal,
	     const char *const *env, int *ret_status, struct crossbpf_error *e);

/* Fetches the outputs, and fills x->outputs; removes all that is over there. -EPROTO where the
 * builder cannot be trusted: what was fetched before it showed is there. */
int exec_fetch(struct remote_exec *x, struct crossbpf_error *e);

/* Removes what is over there. */
void exec_free(struct remote_exec *x);
#define cleanup_exec CLEANUP(exec_free)

#endif
