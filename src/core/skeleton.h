/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Skeletons of objects (bpftool-gen(8)), by bpftool: this host's, or where it has none that of the
 * builder. Objects are the host's files, and nothing is written here.
 */
#ifndef CROSSBPF_SKELETON_H
#define CROSSBPF_SKELETON_H

#include "remote.h"

struct skeleton {
	const char *object; /* absolute */
	const char *ident;
	/* What became of it; all begin as nothing: */
	struct strbuf text; /* what was made */
	int result;         /* or why not: a negative errno, */
	struct crossbpf_error error;
};

/* Where this host has bpftool, one that is not ours; *ret_path is NULL where it has none, else the
 * caller frees. 0 or -ENOMEM. */
int skeleton_find_bpftool(char **ret_path);

/* What it says of its version: it may be a script that calls another. */
int skeleton_ask_version(const char *bpftool, const char *const *env, int control,
			 struct strbuf *ret_said);

/* Makes one by that bpftool. `control` as in struct crossbpf_run. */
int skeleton_make_here(struct skeleton *s, const char *bpftool, const char *const *env, int control,
		       struct crossbpf_error *e);

/* There is none, and the builder is this host: -ENOENT. */
int skeleton_refuse_here(const char *builder, struct crossbpf_error *e);

/*
 * Makes them by the builder's, in one exchange: all, or up to one that it cannot make, as each then
 * says itself. Fails where this concerns all, such as a builder that was lost; what was made before
 * is there. -ESTALE as builder_connect().
 */
int skeleton_make_there(struct skeleton *all, size_t n, bool keep_going, struct remote *remote,
			struct crossbpf_error *e);

/* The first of them that could not be made: its result, with its error; else 0. */
int skeleton_take_failure(struct skeleton *all, size_t n, struct crossbpf_error *e);

void skeleton_free(struct skeleton *s);
#define cleanup_skeleton CLEANUP(skeleton_free)

#endif
