/* SPDX-License-Identifier: BSD-2-Clause */
/* What to build: the first stage, which knows no backend and no toolchain. */
#ifndef CROSSBPF_PROJECT_H
#define CROSSBPF_PROJECT_H

#include "clang-argv.h"
#include "shared/error.h"
#include "shared/digest.h"

struct project {
	char *root;               /* absolute path of its directory */
	char *dir;                /* of a clang command line: where it runs */
	char *conf;               /* its crossbpf.conf, or NULL */
	char id[DIGEST_HEX_SIZE]; /* names it: the same for the same root */
	const char *const *args;  /* the command line of crossbpf-clang, as given; borrowed */
	struct clang_argv clang;  /* and what it means */
};

/*
 * The directory of a project, from `dir` on upwards: that of a crossbpf.conf, else `dir`; and that
 * file or NULL. Above `dir`, a directory that belongs to somebody else ends the search:
 * *ret_strangers is the crossbpf.conf that it holds, or NULL. The caller frees all three. 0 or
 * -ENOMEM.
 */
int project_find_root(const char *dir, char **ret_root, char **ret_conf, char **ret_strangers);

/* The project whose root is this absolute directory. */
int project_at(const char *root, struct project *ret_project, struct crossbpf_error *e);

/* The project of a command that takes another's place in a build: that of the nearest
 * crossbpf.conf, else of the tree of git in which it runs, else of its directory. */
int project_here(struct project *ret_project, struct crossbpf_error *e);

/* The same, from a clang command line. NULL-terminated and without the program's name; `args`
 * must outlive it. */
int project_from_clang(const char *const *args, struct project *ret_project,
		       struct crossbpf_error *e);
void project_free(struct project *p);
#define cleanup_project CLEANUP(project_free)

#endif
