/* SPDX-License-Identifier: BSD-2-Clause */
/* What follows a compile, wherever the compiler ran. */
#ifndef CROSSBPF_BUILD_FINISH_H
#define CROSSBPF_BUILD_FINISH_H

#include "build.h"
#include "shared/strbuf.h"

/* What the compiler wrote. */
struct build_made {
	const struct strbuf *object, *dep;
	int64_t began; /* when, in nanoseconds since the epoch */
	/* Preprocesses the source once more, into `ret_text`; false where that cannot be done. NULL
	 * where it is not known how. */
	bool (*preprocess)(void *ctx, const struct build_action *action, struct strbuf *ret_text);
	void *ctx;
};

/* Makes the action's outputs of it, remembers the action, keeps the object in the cache, and fills
 * in ret_result, of which what was said is known already. */
int build_finish(const struct build *b, const struct build_made *made,
		 struct build_result *ret_result, struct crossbpf_error *e);

/* What was written, for who asked for it. */
void build_tell_outputs(const struct state_output *outputs, struct build_result *ret_result);

/* The dependency file for make: clang's, with what is made of the object, and the stamp for what is
 * a builder's own. 0 or -ENOMEM. */
int build_dep_text(const struct build *b, const struct build_action *a, const struct strbuf *dep,
		   struct strbuf *ret_text);
/* Writes it. */
int build_emit_dep(const struct build *b, const struct build_action *a, const struct strbuf *dep,
		   struct state_output *ret_output, struct crossbpf_error *e);

/* What the state is to know of an action that read `read`. */
struct build_record {
	struct strv inputs, own, lookups; /* that `done` points to */
	struct state_done done;           /* `began` is the caller's to set */
};

/* It may not move in memory. 0 or -ENOMEM. */
int build_record_make(struct build_record *r, const struct build *b, const struct build_action *a,
		      const struct strv *read);
/* It was done: its object, and where it has one its dependency file, are in place. 0 or -ENOMEM. */
int build_record_end(struct build_record *r, const struct build *b,
		     const struct state_output *outputs, struct build_result *ret_result);
void build_record_free(struct build_record *r);
#define cleanup_build_record CLEANUP(build_record_free)

#endif
