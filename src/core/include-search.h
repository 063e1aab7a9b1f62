/* SPDX-License-Identifier: BSD-2-Clause */
/* Where clang looks for an included file, as far as that is on the host. */
#ifndef CROSSBPF_INCLUDE_SEARCH_H
#define CROSSBPF_INCLUDE_SEARCH_H

#include "include-files.h"
#include "include-scan.h"

struct search_dir {
	char *path;   /* absolute, without empty parts and "."; "" is the root */
	bool present; /* is a directory here */
	bool own;     /* the host's, no builder's */
	bool system;  /* not of -I */
	dev_t dev;
	ino_t ino;
};

struct search_list {
	struct search_dir *v;
	size_t n;
};

struct include_search {
	char *key;           /* all of what the rest is made of */
	unsigned generation; /* another for each other key */
	char *dir;
	struct strv builder; /* directories, without ".." */
	struct search_list quote, embed;
	struct search_list angle; /* as it was given */
	/* As clang makes it, or empty where that is the same: of a directory named twice clang
	 * forgets the first place where the second is a system's. It tells by the inode, and the
	 * builder's copies may be one where the host has two, or the other way round. */
	struct search_list unique;
};

/* 0 or -ENOMEM. */
int include_search_set(struct include_search *s, const struct include_request *request);
void include_search_free(struct include_search *s);

/* Is that file the host's? */
bool include_search_owns(const struct include_search *s, struct include_file *f);

/* A name that is looked for. */
struct include_lookup {
	enum include_use use;
	bool quote;
	const char *name;
	const char *dir; /* of the file that names it */
	size_t dir_len;
	bool foreign; /* that file is a builder's */
};

/*
 * Calls `each` for the files that it may mean, until one is the host's: a builder's stands in for
 * what the builder has, or has not. Returns how many, or the negative errno of `each`.
 */
int include_search_find(struct include_search *s, struct include_files *files,
			const struct include_lookup *lookup,
			int (*each)(void *ctx, struct include_file *f), void *ctx);

/* Calls `has` for each name in a builder's directory that it may mean, or by a path of a builder's,
 * until that says that the file is there, or the host has one that comes before. 0 or -ENOMEM. */
int include_search_foreign(struct include_search *s, struct include_files *files,
			   const struct include_lookup *lookup,
			   bool (*has)(void *ctx, const char *path), void *ctx);

/* May it mean a file of the host's? Asked of a builder's header: where the builder's file is not
 * found it would be taken in its place. 1, 0 or -ENOMEM. */
int include_search_may_own(struct include_search *s, struct include_files *files,
			   const struct include_lookup *lookup);

#endif
