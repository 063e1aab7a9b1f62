/* SPDX-License-Identifier: BSD-2-Clause */
/* What to build: the first stage, which knows no backend and no toolchain. */
#ifndef CROSSBPF_PROJECT_H
#define CROSSBPF_PROJECT_H

#include "clang-argv.h"
#include "error.h"
#include "shared/digest.h"

struct project {
	char *root;               /* absolute path of the directory in which its actions run */
	char id[DIGEST_HEX_SIZE]; /* names it: the same for the same root */
	const char *const *args;  /* the command line of crossbpf-clang, as given; borrowed */
	struct clang_argv clang;  /* and what it means */
};

/* The project whose root is this absolute directory. */
int project_at(const char *root, struct project *ret_project, struct crossbpf_error *e);

/* A project from a clang command line, NULL-terminated and without the program's name; `args`
 * must outlive it. */
int project_from_clang(const char *const *args, struct project *ret_project,
		       struct crossbpf_error *e);
void project_free(struct project *p);
#define cleanup_project CLEANUP(project_free)

#endif
