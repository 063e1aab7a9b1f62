/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What there is to keep of a clang command that is run: all that it read, what it said, and its
 * outputs. For that clang is told to list what it reads, and what it says comes in the end.
 */
#ifndef CROSSBPF_CLANG_RECORD_H
#define CROSSBPF_CLANG_RECORD_H

#include "placement.h"
#include "prefix-clang.h"

struct clang_record {
	/* To be set. */
	const struct action *action;
	bool elsewhere; /* whoever runs it adds what it said and read */
	bool colour;    /* clang is to say what it says in colours */
	/* The rest begins as nothing. */
	int64_t began;
	char *list;      /* a file of our own, or NULL: the dependency file lists all */
	char *deps_file; /* of our own, where the dependency file is a pipe; or NULL */
	bool graph;      /* what the list is: a graph, or a dependency file */
	int said_fd;     /* where clang writes what it says */
	struct strbuf said, object, deps;
	struct strv read; /* as clang spelled it */
	bool whole;       /* all that is above is there */
};

/* Before the command, of which nothing may have been run yet. 0, or a negative errno where it is to
 * be run without. */
int clang_record_begin(struct clang_record *r);
/* Appends options: those that come before all others, and those behind the placement's. */
void clang_record_first_options(const struct clang_record *r, struct strv *argv);
void clang_record_options(const struct clang_record *r, struct strv *argv);
/* Behind a command that was fine, while its outputs are in their temporary places. With the
 * precompiled header it was run with, or NULL. What is not as expected leaves the record not
 * whole. */
void clang_record_take(struct clang_record *r, const struct placement *placement,
		       const struct prefix_clang *prefix);
/* The same of one that ran elsewhere, where its outputs are by now in their temporary places: what
 * it said, which is said on, and the list of headers that clang makes by CC_PRINT_HEADERS, without
 * those of the precompiled header it was run with, or NULL. Of one that failed only the first is of
 * use. */
void clang_record_add_said(struct clang_record *r, const char *said, size_t len);
void clang_record_add_headers(struct clang_record *r, const char *source, const char *list,
			      size_t len, const struct prefix_clang *prefix);
/* The dependency file, where that is written in place. */
void clang_record_add_deps(struct clang_record *r, const char *text, size_t len);
/* Behind any command that ran here: writes the dependency file to its pipe. */
void clang_record_pass_on(const struct clang_record *r);
/* Takes what was said, and says it. */
void clang_record_say(struct clang_record *r);
void clang_record_free(struct clang_record *r);
#define cleanup_clang_record CLEANUP(clang_record_free)

#endif
