/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the actions of a build, several at once, and makes their outputs. */
#ifndef CROSSBPF_BUILD_H
#define CROSSBPF_BUILD_H

#include <sys/types.h>

#include "build-plan.h"
#include "session.h"
#include "state.h"

/* How an action ended. */
struct build_result {
	const struct build_action *action;
	int status;       /* the compiler's */
	const char *said; /* all that it printed; NUL-terminated */
	size_t said_len;
	bool done;                          /* its outputs are in place */
	bool cached;                        /* they came from the cache */
	bool uses_arch;                     /* the object depends on the architecture */
	uint8_t digest[DIGEST_SIZE];        /* of the object, where done */
	char key[DIGEST_HEX_SIZE];          /* of the action, where it was asked for and is known */
	size_t size;                        /* of it, in bytes */
	int64_t duration;                   /* nanoseconds that the compiler took */
	const struct crossbpf_error *error; /* why not done, where it is not the compiler's doing */
};

struct cache;
struct cache_remote;
struct launcher;
struct launch_note;
struct remote;

struct build {
	struct session *session;
	struct remote *remote; /* where the session does not see the host's files; else NULL */
	struct state *state;
	const struct build_plan *plan;
	const char *root;
	const char *const *env;      /* of the compilers */
	unsigned lanes;              /* how many at once; 0, with `remote`: the builder's CPUs */
	bool keep_going;             /* behind a failure */
	bool colour;                 /* in diagnostics */
	bool keys;                   /* of the actions are asked for */
	struct cache *cache;         /* of objects, or NULL */
	struct cache_remote *shared; /* where more are that it has not, or NULL */
	const struct toolchain *toolchain;
	const char *header_dir;    /* our own headers, or NULL */
	const char *pch_dir;       /* the user's cache, for precompiled headers; or NULL: none */
	struct launcher *launcher; /* what compiles are handed to, or NULL; then pch_dir is too */
	void *ctx;
	/* One call at a time. What was begun ends, unless it was interrupted. */
	void (*on_start)(void *ctx, const struct build_action *action, const struct strv *argv);
	void (*on_end)(void *ctx, const struct build_result *result);
	/* What an action's first header is precompiled for, or why it is not; or NULL. */
	void (*on_prefix)(void *ctx, const struct build_action *action, const char *header,
			  const char *why_not);
	/* How an action went that there is a launcher for; or NULL. */
	void (*on_launch)(void *ctx, const struct build_action *action,
			  const struct launch_note *note);
	/* With `remote`: nothing is compiled, and this is told what each would read, as it is
	 * called there. NULL: all the rest. 0, or -ENOMEM. */
	int (*on_read)(void *ctx, const struct build_action *action, const struct strv *read);
};

/* Compilers are asked for colours where the terminal wants them, and for the cache: who is given
 * what it has may want them. */
static inline bool build_colours(const struct build *b)
{
	return b->colour || b->cache;
}

/* What the compiler said as on_end is told it; `plain` keeps it. 0 or -ENOMEM. */
int build_tell_said(const struct build *b, const struct strbuf *said, struct strbuf *plain,
		    struct build_result *ret_result);

/*
 * Does what the cache has the objects of, of these actions, and tells of each by on_end; *ret_n is
 * how many are left, which are the first then. No builder is asked. 0, or -ENOMEM with `e`.
 */
int build_restore(const struct build *b, const struct build_action **actions, size_t *ret_n,
		  struct crossbpf_error *e);

/*
 * Does these actions, the longest first. *ret_left is how many were not begun, for a failure or an
 * interruption. What concerns one action is told by on_end; 0, or a negative errno with `e` where
 * nothing could be done at all.
 */
int build_run(const struct build *b, const struct build_action **actions, size_t n,
	      size_t *ret_left, struct crossbpf_error *e);

#endif
