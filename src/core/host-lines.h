/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Are the source lines in an object's BTF those that a clang on this host would find? It reads them
 * under the names that it writes. One on a builder, which is told to write other names than those
 * it reads, keeps the text as it was compiled: of another file where lines are said to come from
 * one
 * (#line, preprocessed input), where nothing would be found (standard input), and, clang 14, none
 * of a file of which the first thing with debug information is a macro's expansion (getSource() in
 * CGDebugInfo.cpp).
 */
#ifndef CROSSBPF_HOST_LINES_H
#define CROSSBPF_HOST_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/strbuf.h"
#include "shared/strv.h"

/* Names that are relative are in `dir`; is_builders() knows the builder's own files, which are not
 * looked at here. *ret_same: they are. The host's files among those named are added to ret_files.
 * 0, -ENOMEM, or -ENOEXEC for what is no object. */
int host_lines_check(const void *object, size_t len, const char *dir,
		     bool (*is_builders)(const void *ctx, const char *name), const void *ctx,
		     struct strv *ret_files, bool *ret_same);

/* Puts the object into ret_object, which is empty, with the text that a clang here would find. 0,
 * -ENOMEM, -ENOTSUP where a line is the builder's own, or -ENOEXEC with *why as object_set_texts().
 */
int host_lines_set(const void *object, size_t len, const char *dir,
		   bool (*is_builders)(const void *ctx, const char *name), const void *ctx,
		   struct strbuf *ret_object, const char **why);

#endif
