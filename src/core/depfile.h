/* SPDX-License-Identifier: BSD-2-Clause */
/* The dependency files that clang writes with -MD, -MF: what a compile read. */
#ifndef CROSSBPF_DEPFILE_H
#define CROSSBPF_DEPFILE_H

#include <stddef.h>

#include "shared/strv.h"

/*
 * Appends the prerequisites of the one rule in `text`, as clang spelled them. 0, -ENOMEM, or
 * -EINVAL for what is no rule, or more than one, or broken by a newline in a name, which clang has
 * no way to write. A backslash in a name has become a slash: LLVM's path::native() does that.
 * Source: DFGImpl::OutputDependencyFile() and PrintFilename() in
 * clang/lib/Frontend/DependencyFile.cpp.
 */
int depfile_parse(const char *text, size_t len, struct strv *ret_files);

#endif
