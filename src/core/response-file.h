/* SPDX-License-Identifier: BSD-2-Clause */
/* @FILE arguments, as LLVM expands them on every host but Windows. */
#ifndef CROSSBPF_RESPONSE_FILE_H
#define CROSSBPF_RESPONSE_FILE_H

#include <stdbool.h>

#include "shared/strv.h"

/*
 * Appends `args` to ret_args, each @FILE replaced by the words in FILE, and so on in these. A file
 * that cannot be read stays as it is, for clang to complain of. 0 or -ENOMEM.
 */
int response_files_expand(const char *const *args, struct strv *ret_args, bool *ret_expanded);

#endif
