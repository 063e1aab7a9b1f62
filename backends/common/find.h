/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of the host. */
#ifndef CROSSBPF_COMMON_FIND_H
#define CROSSBPF_COMMON_FIND_H

#include <stdbool.h>

/* Is it in PATH? An empty part of that is the working directory: nothing of the user's is run
 * there. */
bool find_in_path(const char *program);

#endif
