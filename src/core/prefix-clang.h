/* SPDX-License-Identifier: BSD-2-Clause */
/* The precompiled header of one clang command line. */
#ifndef CROSSBPF_PREFIX_CLANG_H
#define CROSSBPF_PREFIX_CLANG_H

#include "placement.h"
#include "prefix.h"
#include "prefix-remote.h"
#include "prefix-source.h"

/* Where to look for one. */
struct prefix_clang_place {
	const char *cache_dir;
	const char *dir; /* absolute: where clang runs */
	const struct toolchain *toolchain;
	const char *const *env;           /* clang's, or what of it comes to clang */
	struct remote *remote;            /* where clang is on a builder elsewhere, or NULL */
	void (*log)(const char *message); /* why there is none; or NULL */
};

/* One that is used. */
struct prefix_clang {
	const struct prefix_clang_place *place;
	const struct action *action;
	struct prefix prefix;
	struct prefix_remote there; /* in the place of that */
	struct prefix_source source;
	bool user; /* the dependency file is without the system's headers */
};

void prefix_clang_free(struct prefix_clang *c);
#define cleanup_prefix_clang CLEANUP(prefix_clang_free)

/* Like prefix_get(), or prefix_remote_find(): 0, or -ENOENT or -ENOMEM, of which it tells. */
int prefix_clang_find(const struct prefix_clang_place *place, const struct action *action,
		      struct session *session, struct prefix_clang *ret_clang);

/* Appends the options that use it. */
void prefix_clang_options(const struct prefix_clang *c, struct strv *argv);

/* After a compile with it that was fine: is all that it was made of still so? */
bool prefix_clang_holds(const struct prefix_clang *c);
/* The dependency file as it is without. 0, or a negative errno where the compile is to be done
 * again without it. */
int prefix_clang_dep(const struct prefix_clang *c, const struct strbuf *dep,
		     struct strbuf *ret_dep);
/* Both, of what was placed. */
int prefix_clang_end(const struct prefix_clang *c, const struct placement *placement);

/* Appends what a compile without it would have listed, of what one with it listed: a dependency
 * file that is not among its outputs. 0 or a negative errno. */
int prefix_clang_inputs(const struct prefix_clang *c, const struct strbuf *dep,
			struct strv *ret_inputs);
/* Appends the names of what it was made of, as a compile without it has them. 0 or -ENOMEM. */
int prefix_clang_names(const struct prefix_clang *c, struct strv *ret_names);

#endif
