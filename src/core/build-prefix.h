/* SPDX-License-Identifier: BSD-2-Clause */
/* Which actions of a build begin with a header that is precompiled, and its making. */
#ifndef CROSSBPF_BUILD_PREFIX_H
#define CROSSBPF_BUILD_PREFIX_H

#include "build.h"
#include "prefix.h"
#include "prefix-remote.h"
#include "prefix-source.h"

enum build_prefix_state {
	PREFIX_WANTED, /* nobody has asked for it yet */
	PREFIX_MAKING,
	PREFIX_READY,
	PREFIX_NONE, /* there is none, and `why` says why */
};

/* One header, for all actions that begin with it. */
struct build_prefix {
	char key[DIGEST_HEX_SIZE];
	struct prefix_request request;
	struct strv argv;
	enum build_prefix_state state;
	struct prefix prefix;
	struct prefix_remote remote; /* on a builder elsewhere, in the place of that */
	char *why;
};

/* What an action begins with. */
struct build_prefix_use {
	struct build_prefix *of; /* or NULL, and `why_not` */
	const char *why_not;
	struct prefix_source source;
};

struct build_prefixes {
	struct build_prefix_use *uses; /* of each action */
	size_t n_uses;
	struct build_prefix **v;
	size_t n;
};

/* Reads how the actions begin. 0 or -ENOMEM. */
int build_prefixes_find(const struct build *b, const struct build_action **actions, size_t n,
			struct build_prefixes *ret_prefixes);
void build_prefixes_free(struct build_prefixes *p);
#define cleanup_build_prefixes CLEANUP(build_prefixes_free)

/* Has it made, or found. The caller has set it to PREFIX_MAKING, and sets then what is returned:
 * PREFIX_READY or PREFIX_NONE. */
enum build_prefix_state build_prefix_make(struct build_prefix *p);

/* On a builder elsewhere: whether there is one the exchange tells, by prefix_remote_end(). */
enum build_prefix_state build_prefix_find(const struct build *b, struct build_prefix *p);

/* What the action's header is precompiled by, or NULL: `i` is which of those that were looked at.
 * Tells b->on_prefix. */
const struct build_prefix_use *build_prefix_of(const struct build *b,
					       const struct build_prefixes *p, size_t i,
					       const struct build_action *a);

/* Appends, to what is otherwise whole, options with which the compile takes less time. */
void build_prefix_cheapen(const struct build *b, const struct build_action *a, struct strv *argv);

/* Are the header and the source still what they were? */
bool build_prefix_holds(const struct build *b, const struct build_prefix_use *use,
			const struct build_action *a);

/* The dependency file that clang would have written without it. 0, or a negative errno. */
int build_prefix_dep(const struct build *b, const struct build_prefix_use *use,
		     const struct build_action *a, const struct strbuf *dep,
		     struct strbuf *ret_dep);

#endif
