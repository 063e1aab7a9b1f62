/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of the host, and what crossbpf is installed with. */
#ifndef CROSSBPF_COMMON_FIND_H
#define CROSSBPF_COMMON_FIND_H

#include <stdbool.h>

/* Is it in PATH, as io_find_program() has it? */
bool find_in_path(const char *program);

/* The name of a file of crossbpf's own: in the directory that this variable names, which what runs
 * with rights of others does not heed, else where it was installed. The caller frees; NULL where
 * memory ran out. */
char *find_installed(const char *variable, const char *dir, const char *name);

#endif
