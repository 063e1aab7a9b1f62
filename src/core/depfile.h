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
/* The same of the first rule of those that -MP makes. */
int depfile_parse_first(const char *text, size_t len, struct strv *ret_files);

/* Appends each of the names that clang lists for CC_PRINT_HEADERS_FILE, one on a line, once. Unlike
 * in a rule they are whole: a "./" stays. 0 or -ENOMEM. */
int depfile_parse_list(const char *text, size_t len, struct strv *ret_files);

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
 * Where -MP made a rule of each but the first behind it, those are written too. */
int depfile_rewrite(const struct strbuf *text, const struct strv *files, struct strbuf *ret_text);

/* Appends the text of a rule that clang wrote for one target with further targets. 0, -ENOMEM, or
 * -EINVAL as above. */
int depfile_add_targets(const char *text, size_t len, const struct strv *targets,
			struct strbuf *ret_text);

#endif
