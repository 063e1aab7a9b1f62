/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's absolute names in a command of clang, where the host's files lie below another
 * directory: in front of each stands EXCHANGE_ROOT. The builder's own names stay. */
#ifndef CROSSBPF_PATH_MAP_H
#define CROSSBPF_PATH_MAP_H

#include "toolchain.h"

/*
 * Appends what has clang keep the sources' lines beside their names, which DWARF 5 can: where names
 * are mapped it looks for the lines that BTF holds under the new ones.
 */
void path_map_embed_sources(struct strv *argv);

/* Appends clang's argv; the program is the builder's. Errors are sticky in `ret_argv`. */
void path_map_argv(const struct toolchain *t, const char *const *argv, struct strv *ret_argv);

/* The same of directories parted by colons; NULL where memory ran out. The caller frees. */
char *path_map_list(const struct toolchain *t, const char *list);

/* Appends a command of clang with the copies that are in the mirror for directories and files of
 * the builder: those that a command line names because the builder's clang looks there. */
void path_map_mirror(const struct toolchain *t, const char *const *argv, struct strv *ret_argv);

/* The same of CPATH and its like: directories between colons. NULL: out of memory; the caller
 * frees. */
char *path_map_mirror_list(const struct toolchain *t, const char *list);

#endif
