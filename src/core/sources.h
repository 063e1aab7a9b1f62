/* SPDX-License-Identifier: BSD-2-Clause */
/* The sources that a project names by patterns. */
#ifndef CROSSBPF_SOURCES_H
#define CROSSBPF_SOURCES_H

#include "shared/error.h"
#include "shared/strv.h"

/*
 * Appends to ret_sources what `patterns` name, relative to the directory `root`; an absolute one
 * stays absolute. A name without any of * ? [ \ is taken as it is, there or not. Else it is a
 * pattern as in sh: a * matches no / and no leading dot, and what it matches comes in the order of
 * the bytes, directories left out. No name comes twice.
 *
 * A pattern that matches nothing is -ENOENT, a directory that it leads to and that cannot be read
 * -EACCES (status 2 both), or -ENOMEM.
 */
int sources_expand(const char *root, const struct strv *patterns, struct strv *ret_sources,
		   struct crossbpf_error *e);

#endif
