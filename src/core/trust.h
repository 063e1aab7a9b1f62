/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a project's crossbpf.conf has started on the user's machine: a backend's settings, a
 * launcher, a clang, flags that load code into clang; and the cache from which objects are taken.
 * It comes with the project, so it counts only once the user has looked at it: as it is, in the
 * directory where it is, with the content of the files that it names. What only says what is built,
 * and from what, needs no trust.
 *
 * The user's list is a directory, $XDG_CONFIG_HOME/crossbpf/trusted: a file for each, whose name is
 * the digest of all that, and whose content is the path of the conf.
 */
#ifndef CROSSBPF_TRUST_H
#define CROSSBPF_TRUST_H

#include <stdbool.h>

#include "conf.h"
#include "shared/error.h"

struct trust_choice {
	char *what; /* "backend box: engine" */
	char *value;
	char *file; /* the file of the project that it names, whose content counts too; or NULL */
	unsigned line;
};

struct trust {
	char *path;                   /* of the conf, without links in its directory */
	struct trust_choice *choices; /* by line; none: it needs no trust */
	size_t n;
	char digest[DIGEST_HEX_SIZE];
};

/* What the conf at `path` chooses, as it was read. */
int trust_find(const char *path, const struct conf *conf, struct trust *ret_trust,
	       struct crossbpf_error *e);
void trust_free(struct trust *t);
#define cleanup_trust CLEANUP(trust_free)

/* 0 where all may be started: nothing is, or the user trusts it. -EACCES (status 2) where that is
 * not so, -EPERM where the list is not the user's own. */
int trust_check(const struct trust *t, struct crossbpf_error *e);

/* In words: "what is run". */
const char *trust_chosen(const struct trust *t);

int trust_record(const struct trust *t, struct crossbpf_error *e);

/* One of the user's list. */
struct trust_record {
	char *path;
	char digest[DIGEST_HEX_SIZE];
};

struct trust_list {
	struct trust_record *records; /* by path */
	size_t n;
};

int trust_list(struct trust_list *ret_list, struct crossbpf_error *e);
void trust_list_free(struct trust_list *list);
#define cleanup_trust_list CLEANUP(trust_list_free)

/* Takes all out of the list that was recorded for the conf at `path`, which need not be there any
 * more. */
int trust_revoke(const char *path, size_t *ret_n, struct crossbpf_error *e);

/* The path by which a conf is recorded; NULL where memory ran out. The caller frees. */
char *trust_path(const char *path);

/* Do these flags for clang load code into it, or say which programs it runs? *ret_flag is the first
 * one that does, or NULL; the caller frees. 0 or -ENOMEM. */
int trust_find_flag(const struct strv *flags, char **ret_flag);

#endif
