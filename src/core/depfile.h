/* SPDX-License-Identifier: BSD-2-Clause */
/* The dependency files that clang writes with -MD, -MF: what a compile read. */
#ifndef CROSSBPF_DEPFILE_H
#define CROSSBPF_DEPFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/strbuf.h"
#include "shared/strv.h"

/*
 * Appends the prerequisites of the one rule in `text`, as clang spelled them. 0, -ENOMEM, or
 * -EINVAL for what is no rule, or more than one, or broken by a newline in a name, which clang has
 * no way to write. A backslash in a name has become a slash: LLVM's path::native() does that.
 * Source: DFGImpl::OutputDependencyFile() and PrintFilename() in
 * clang/lib/Frontend/DependencyFile.cpp.
 */
int depfile_parse(const char *text, size_t len, struct strv *ret_files);

/*
 * Appends the text with the first of the names for which `is_theirs` holds replaced by `stamp` (or
 * NULL: left out), and the others left out, also where they are targets without prerequisites, as
 * -MP has them. A rule for the stamp keeps make going where that is gone. 0 or -ENOMEM.
 */
int depfile_replace(const char *text, size_t len,
		    bool (*is_theirs)(const void *ctx, const char *name), const void *ctx,
		    const char *stamp, struct strbuf *ret_text);

/* Appends the rule that clang would write. 0 or -ENOMEM. */
int depfile_write(const char *target, const struct strv *files, struct strbuf *ret_text);
/* The same with the target of a rule that clang wrote; -EINVAL where that is not all on one line.
 */
int depfile_rewrite(const struct strbuf *text, const struct strv *files, struct strbuf *ret_text);

#endif
