/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a clang command reads on this host, as it is now: which files, what is in them, and what
 * else is there under the names by which clang looks for them. What was read is remembered by what
 * the file was then, so that it is read once.
 *
 * Names are as clang has them, of the working directory.
 */
#ifndef CROSSBPF_CLANG_READS_H
#define CROSSBPF_CLANG_READS_H

#include "asks.h"
#include "cache.h"
#include "fingerprint.h"
#include "shared/strv.h"
#include "toolchain.h"

struct clang_file {
	const char *name;
	struct fingerprint seen;
	uint8_t digest[DIGEST_SIZE];
	const char *asks; /* "": nothing */
};

struct clang_reads {
	/* To be set. */
	struct cache *cache;               /* where that is remembered */
	const uint8_t *command;            /* a digest of it */
	const char *dir;                   /* where it runs */
	const struct toolchain *toolchain; /* what is of its directories is the builder's */
	const struct strv *search;         /* where headers are looked for */
	const struct strv *system;         /* those of them that are the system's */
	const char *asks;                  /* what its options ask for, or NULL */
	/* What is the builder's is there, and is known by `command`. */
	bool elsewhere;
	/* The rest begins as nothing. */
	struct clang_file *files;
	size_t n;
	struct strv names, texts; /* that they point to */
	struct strv others;       /* names of what else is there */
	struct clang_memory *memory;
	bool news; /* it was read what is not remembered */
};

/* Looks at files with these names, after which `files` and `others` are filled. 0, -ENOENT where
 * one is not there, is no regular file or cannot be read, or -ENOMEM. */
int clang_reads_look(struct clang_reads *r, const struct strv *names);
/* Adds to `d` what makes commands of one command line make other objects. -ENODATA where that is
 * not all known. */
int clang_reads_digest(const struct clang_reads *r, struct digest *d);
/* Was any of it changed, or put where it is, after `began`, or so shortly before that nobody can
 * tell? */
bool clang_reads_changed(const struct clang_reads *r, int64_t began);
/* Forgets files and others, not what is remembered. */
void clang_reads_clear(struct clang_reads *r);
/* Remembers them for the next time. 0 or -ENOMEM. */
int clang_reads_keep(struct clang_reads *r);
void clang_reads_free(struct clang_reads *r);
#define cleanup_clang_reads CLEANUP(clang_reads_free)

#endif
