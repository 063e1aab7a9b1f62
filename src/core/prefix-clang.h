/* SPDX-License-Identifier: BSD-2-Clause */
/* The precompiled header of one clang command line. */
#ifndef CROSSBPF_PREFIX_CLANG_H
#define CROSSBPF_PREFIX_CLANG_H

#include "placement.h"
#include "prefix.h"
#include "prefix-source.h"

/* Where to look for one. */
struct prefix_clang_place {
	const char *cache_dir;
	const char *dir; /* absolute: where clang runs */
	const struct toolchain *toolchain;
};

/* One that is used. */
struct prefix_clang {
	const struct prefix_clang_place *place;
	const struct action *action;
	struct prefix prefix;
	struct prefix_source source;
};

void prefix_clang_free(struct prefix_clang *c);
#define cleanup_prefix_clang CLEANUP(prefix_clang_free)

/* Like prefix_get(): 0, -ENOENT with *ret_why, which the caller frees, or -ENOMEM. */
int prefix_clang_find(const struct prefix_clang_place *place, const struct action *action,
		      struct session *session, const char *const *env,
		      struct prefix_clang *ret_clang, char **ret_why);

/* After a compile with it that was fine: makes the dependency file what it is without. 0, or a
 * negative errno where the compile is to be done again without it. */
int prefix_clang_end(const struct prefix_clang *c, const struct placement *placement);

#endif
