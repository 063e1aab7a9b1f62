/* SPDX-License-Identifier: BSD-2-Clause */
/* What crossbpf.lock has of a project's vmlinux.h, of each arch: its digest, and what it was made
 * from, which is for people. */
#ifndef CROSSBPF_VMLINUX_LOCK_H
#define CROSSBPF_VMLINUX_LOCK_H

#include "lock-file.h"
#include "shared/strbuf.h"

/* Is a header of this content the one that was locked, or none was? *ret_was (or NULL) points into
 * the lock: what that was made from, or NULL where that is not known. 0, -EPERM, or -ENOMEM. */
int vmlinux_lock_compare(const struct lock_file *lock, const char *arch, const char *content,
			 size_t len, const char **ret_was);

/* Locks a header of this content; `of` is what it was made from, or NULL: not known. 0 or -ENOMEM.
 */
int vmlinux_lock_set(struct lock_file *lock, const char *arch, const char *content, size_t len,
		     const char *of);

/* Sets in `found` what the headers in a project are: `pattern` is of its conf. Of one that is not
 * there `found` has what `old` has. */
int vmlinux_lock_describe(struct lock_file *found, const struct lock_file *old, const char *root,
			  const char *pattern, const struct strv *archs, struct crossbpf_error *e);

/* Are the headers in a project those of its crossbpf.lock? -EPERM (status 3) names the first that
 * is not. */
int vmlinux_lock_check(const char *root, const char *pattern, const struct strv *archs,
		       struct crossbpf_error *e);

#endif
