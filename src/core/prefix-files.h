/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that a precompiled header is made of. */
#ifndef CROSSBPF_PREFIX_FILES_H
#define CROSSBPF_PREFIX_FILES_H

#include "prefix-store.h"
#include "shared/strv.h"

/* 0 where the file is what it was, also by its content: then *ret_new is set where its stamp is
 * not. -ESTALE where it is another, or -ENOMEM. */
int prefix_file_check(const char *dir, struct prefix_file *f, bool *ret_new);
int prefix_files_check(const char *dir, struct prefix_record *r, bool *ret_new);

/* Reads them into the record, with why they are not to be precompiled, if so; *ret_size is what all
 * have together. 0, or a negative errno: of a file that cannot be read, or -ESTALE where it
 * changes. */
int prefix_files_read(const char *dir, const struct strv *names, struct prefix_record *r,
		      uint64_t *ret_size);

#endif
