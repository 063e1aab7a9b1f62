/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiles of a build by way of a launcher, which has another machine do them: distcc, icecc and
 * their like, a command that is put before clang's.
 *
 * That machine gets a source with its headers as one text (launch.sh). It lacks the files, and what
 * clang would have read of them once more, for the source lines in BTF, is put into the object
 * here. An object that could be another than clang's is none: then clang compiles it here.
 */
#ifndef CROSSBPF_LAUNCHER_H
#define CROSSBPF_LAUNCHER_H

#include <pthread.h>

#include "build-plan.h"
#include "shared/strbuf.h"

struct launcher {
	const struct strv *words; /* its command; borrowed */
	pthread_mutex_t lock;     /* guards what follows */
	struct strv plain;        /* files that say nothing of lines, */
	struct strv marked;       /* and those that do */
	struct strv refused;      /* objects that were not what they should be */
};

void launcher_init(struct launcher *l, const struct strv *words);
void launcher_free(struct launcher *l);

/* Why an action is none for other machines, as part of a sentence; NULL: it is one. The caller
 * frees. 0 or -ENOMEM. */
int launcher_why_not(struct launcher *l, const struct build_plan *p, const char *root,
		     const struct build_action *a, char **ret_why);

/* A variable that has to be in the environment of the command: the script. */
extern const char *const launcher_variable;

/* Appends the command for a compile by way of the launcher. `command` is clang's, without outputs,
 * and `source` which of its words is the source. Before the word *ret_insert have to go
 * "-o OBJECT -MF DEPS". 0 or -ENOMEM. */
int launcher_argv(const struct launcher *l, const struct build_action *a,
		  const struct strv *command, size_t source, struct strv *ret_argv,
		  size_t *ret_insert);

/* What the command says of itself. */
enum launch_end {
	LAUNCH_DONE,
	LAUNCH_PLAIN,   /* clang compiled it alone, for what `why` says */
	LAUNCH_FAILED,  /* so it did, as the launcher failed */
	LAUNCH_MISSING, /* nothing was compiled: it is not there */
};

struct launch_note {
	enum launch_end end;
	char *why;        /* as part of a sentence; or NULL */
	const char *said; /* what the launcher said; in the output, which ends with a NUL */
};

/* 0 or -ENOMEM. */
int launch_note_read(const char *output, struct launch_note *ret_note);
void launch_note_free(struct launch_note *n);
#define cleanup_launch_note CLEANUP(launch_note_free)

/* There is no such program where compilers run: -ENOENT, and `e` says so. */
int launcher_refuse_missing(const struct launcher *l, const struct build_action *a,
			    struct crossbpf_error *e);

/* Where a launched action ran. */
struct launch_place {
	const char *root;
	const char *version; /* of clang there, as DWARF has it; of no matter where NULL */
	/* Which files are those of a builder that is elsewhere. */
	bool (*is_builders)(const void *ctx, const char *name);
	const void *ctx;
};

/* Puts into ret_object, which is empty, what clang would have made here in the place of this
 * object: 1. 0 where that is not known, with why in `note`, and from now on the action is none for
 * the launcher; or -ENOMEM. */
int launcher_take(struct launcher *l, const struct launch_place *place,
		  const struct build_action *a, const struct strbuf *object,
		  const struct strbuf *dep, struct strbuf *ret_object, struct launch_note *note);

#endif
