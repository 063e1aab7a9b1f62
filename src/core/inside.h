/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes files below a directory of the host's, and nowhere else: no link is followed, whenever it
 * was made, and each file is written under a temporary name and renamed.
 */
#ifndef CROSSBPF_INSIDE_H
#define CROSSBPF_INSIDE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Opens the directory that holds `name`, which is from `root` on, and has no part that is "..";
 * directories that are missing are made. *ret_base is the last part of the name. -ELOOP where it
 * leads through a link. */
int inside_open_parent(const char *root, const char *name, const char **ret_base);

/* An empty file in `dir` under a name of its own, which the caller frees. */
int inside_open_temporary(int dir, const char *base, bool is_program, char **ret_name);

/* Gives it the owner and mode of the file that it is to replace. */
int inside_take_mode(int fd, const struct stat *replaced, bool is_program);

/* Was all written? NFS tells at a close only that there was no room. */
int inside_check_written(int fd);

#endif
