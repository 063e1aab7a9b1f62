/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A compile by way of a launcher, which has another machine do it: distcc, icecc, sccache, recc.
 *
 * Such a machine gets the text of a source with its headers and not the files, in a directory of
 * its own; and clang reads there, under the names that it writes, the source lines that BTF holds.
 * So a command names files absolutely, which a machine that shares them can read, and the object
 * gets its relative names here. Where lines are missing still, the object is not what clang makes
 * here.
 */
#ifndef CROSSBPF_LAUNCHER_H
#define CROSSBPF_LAUNCHER_H

#include "shared/strbuf.h"
#include "shared/strv.h"

/* Appends the command of a build that runs in `root`, as the launcher, itself words, is told it.
 * -ENOTSUP where its options have a meaning for files that other machines lack; 0 or -ENOMEM. */
int launcher_argv(const struct strv *launcher, const struct strv *argv, const char *root,
		  struct strv *ret_argv);

/* The object of such a command as one made here, into ret_object, which is empty: 1; 0 where it
 * cannot be that; or -ENOMEM. */
int launcher_object(const char *root, const struct strbuf *object, struct strbuf *ret_object);

#endif
