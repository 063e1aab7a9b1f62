/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files a project has: those that git would keep, or all where there is no git. */
#ifndef CROSSBPF_PROJECT_FILES_H
#define CROSSBPF_PROJECT_FILES_H

#include "shared/error.h"
#include "shared/strv.h"

enum {
	PROJECT_FILES_MAX = 100000,
	PROJECT_FILES_MAX_MIB = 512,
};

/*
 * The names, from `root` on, sorted, of regular files and links: in a tree of git, and in what it
 * has of other such trees, what is tracked or neither tracked nor ignored; else all but .git. Names
 * that have a newline are left out. -EFBIG where they are more than above.
 */
int project_files_list(const char *root, struct strv *ret_names, struct crossbpf_error *e);

#endif
