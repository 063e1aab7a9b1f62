/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that a scan for includes came by, and that are not there: each is asked for and read once.
 */
#ifndef CROSSBPF_INCLUDE_FILES_H
#define CROSSBPF_INCLUDE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "include-names.h"
#include "shared/strbuf.h"

struct include_edge {
	struct include_file *file;
	bool follow; /* it is read, not only asked for */
};

struct include_file {
	char *path;     /* absolute, without empty parts and "." */
	size_t dir_len; /* of path, up to its last slash */
	bool there;     /* and no directory */
	bool regular;
	dev_t dev;
	ino_t ino;
	struct include_file *same; /* the next of the names of this file: a ring */

	bool names_read;
	struct include_names names;
	bool macros_read;
	struct include_macros macros;

	/* What include-search found, in that generation of it. */
	unsigned judged;
	bool own; /* the host's, no builder's */
	unsigned resolved;
	bool missing; /* includes what was not found */
	struct include_edge *edges;
	size_t n_edges, room_edges;

	/* The last scan in which it was. */
	unsigned listed, followed;
};

struct include_files {
	struct include_file **by_path, **by_id; /* open hashing; room is a power of two */
	size_t n, room;
	struct strbuf path; /* the last that was asked for */
};

void include_files_free(struct include_files *files);

/* Appends a path without its empty parts and ".": "/a" for "//./a/". */
void include_path_add(struct strbuf *path, const char *more, size_t len);

/* The file `name` in `dir`, an absolute path; NULL: out of memory. */
struct include_file *include_files_get(struct include_files *files, const char *dir, size_t dir_len,
				       const char *name);

/* 0 or -ENOMEM: of an unreadable file there is nothing. */
int include_file_read_names(struct include_file *f);
int include_file_read_macros(struct include_file *f);
int include_file_read(const struct include_file *f, struct strbuf *ret_text);

int include_file_add_edge(struct include_file *f, struct include_file *to, bool follow);

#endif
