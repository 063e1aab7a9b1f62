/* SPDX-License-Identifier: BSD-2-Clause */
/* The dependency files that clang writes with -MD, -MF: what a compile read. */
#ifndef CROSSBPF_DEPFILE_H
#define CROSSBPF_DEPFILE_H

#include <stddef.h>

#include "shared/strv.h"

/*
 * Appends the prerequisites of the first rule in `text`, as clang spelled them. A name that holds a
 * newline comes out in parts, which are no files: clang has no way to write it. 0, -EINVAL for what
 * is no rule, or -ENOMEM. Source: DFGImpl::OutputDependencyFile() and PrintFilename() in
 * clang/lib/Frontend/DependencyFile.cpp.
 */
int depfile_parse(const char *text, size_t len, struct strv *ret_files);

#endif
