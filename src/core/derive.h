/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes what is derived of a build's objects, where it is not up to date. */
#ifndef CROSSBPF_DERIVE_H
#define CROSSBPF_DERIVE_H

#include "build.h"
#include "derived.h"

struct cache;

/* One file that is not up to date. */
struct derive_job {
	const struct build_action *action;
	const struct derived *derived;
	uint8_t command[DIGEST_SIZE];
};

struct derive {
	const struct build *build; /* with its state, plan and cache; its session is not asked */
	const struct settings *settings;
	const bool *done;       /* of each action of the plan: its object is as it should be */
	const char *const *env; /* of bpftool */
	int control;            /* as in struct crossbpf_run */
	void *ctx;
	/* One was made, of `size` bytes. */
	void (*on_end)(void *ctx, const struct derive_job *job, const uint8_t digest[DIGEST_SIZE],
		       size_t size);
	/* With keep_going: one cannot be made, and the others are. */
	bool keep_going;
	void (*on_fail)(void *ctx, const struct derive_job *job,
			const struct crossbpf_error *error);
	/* This file, which declares the same as one that was made, is removed. Or NULL. */
	void (*on_remove)(void *ctx, const char *path);
	/* Why one is made (NULL: it is up to date), where that is asked for; or NULL. */
	void (*on_why)(void *ctx, const struct derived *derived, const char *why);
	/* The rest begins as nothing. */
	char *bpftool; /* this host's, or NULL */
	struct derive_job *jobs;
	size_t n;
};

/* Finds what is not up to date. 0, or -ENOMEM with `e`. */
int derive_find(struct derive *d, struct crossbpf_error *e);
/* Makes it. -ESTALE as builder_connect(). */
int derive_make(struct derive *d, struct crossbpf_error *e);
void derive_free(struct derive *d);
#define cleanup_derive CLEANUP(derive_free)

#endif
