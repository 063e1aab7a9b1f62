/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header that a source begins with, precompiled: vmlinux.h takes clang 240 ms of the 300 that a
 * small program takes. What comes of it is what clang makes without, to the last byte: a compile
 * with it that says anything, or fails, is to be done again without.
 *
 * The header is precompiled as clang names it, and the source compiled with the bytes skipped that
 * the header stands for, as libclang does with a preamble; so all names and lines are what they
 * were. What a precompiled header was made of is known by content, not by clang's look at times.
 */
#ifndef CROSSBPF_PREFIX_H
#define CROSSBPF_PREFIX_H

#include "prefix-store.h"
#include "prefix-text.h"
#include "session.h"
#include "shared/strv.h"

/*
 * A header that is found in ".", as beside a source without a directory, is called "./x.h". From a
 * precompiled one it comes by its absolute name, and is to be given the other in the object.
 */
enum prefix_dots {
	PREFIX_DOTS_REFUSED, /* it cannot be */
	PREFIX_DOTS_EACH,    /* by a map of each */
	PREFIX_DOTS_ROOT, /* by one of the directory, where that is mapped to nothing otherwise */
};

struct prefix_request {
	const char *cache_dir;
	const char *dir;    /* absolute: where clang runs */
	const char *source; /* as clang is told */
	const struct prefix_include *include;
	const struct strv *argv;   /* clang and its options, without the source and outputs */
	size_t n_own;              /* how many of argv are not of our making: these are looked at */
	const char *version;       /* of clang */
	const char *content;       /* names what that is made of, or "" */
	const struct strv *search; /* where headers are looked for */
	const struct strv *system; /* those of these that are the system's, or NULL */
	struct session *session;   /* which sees the host's files */
	const char *const *env;
	bool absolute; /* names are to be: a relative one would be another in the object */
	enum prefix_dots dots;
	unsigned uses; /* that are known now */
	unsigned wait; /* for another process that makes it; milliseconds */
};

enum {
	PREFIX_MIN_TEXT =
		512 << 10, /* of the header and all that it includes: below, clang is as fast */
	PREFIX_MAKE_USES = 2,
};

/* Would clang give these files other names, coming from a precompiled header? */
bool prefix_names_differ(const struct prefix_request *q, const struct strv *names);

/* One that can be used. */
struct prefix {
	char *dir, *pch;
	enum prefix_dots dots;
	struct prefix_record record;
};

void prefix_free(struct prefix *p);
#define cleanup_prefix CLEANUP(prefix_free)

/* Compiles with one key can have one precompiled header. */
void prefix_key(const struct prefix_request *q, char ret_key[DIGEST_HEX_SIZE]);

/*
 * The precompiled header of a request, made where that pays: it is asked for a second time. 0 with
 * *ret_prefix; -ENOENT with *ret_why, as part of a sentence, where there is none (the caller frees
 * it); or -ENOMEM.
 */
int prefix_get(const struct prefix_request *q, struct prefix *ret_prefix, char **ret_why);

/* Is all that it was made of still as it was then? */
bool prefix_holds(const struct prefix *p);

/* Appends the options that use it for a source in which it stands for so many bytes. */
void prefix_options(const struct prefix *p, size_t end, struct strv *argv);

/* Appends the names of what it was made of, as a compile without it has them. 0 or -ENOMEM. */
int prefix_names(const struct prefix *p, struct strv *ret_names);

/* Appends what a compile without it would say that it read, of what the dependency file of one with
 * it says; `user` where that is to be without the system's headers (-MMD). 0, -EINVAL where the two
 * cannot be told from each other, or -ENOMEM. */
int prefix_inputs(const struct prefix *p, const char *source, const struct strbuf *dep, bool user,
		  struct strv *ret_inputs);

#endif
