/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of the host's files a compile may read, found without a compiler: no file that clang would
 * open is missing, and few are too many. Both branches of every conditional are followed.
 *
 * What a builder's headers include is not known here. Where the host has directories of the same
 * names, their headers stand in for the builder's: they are read, never listed. Where it has none,
 * the headers are listed that bear a system header's name in a directory of the search path, as
 * linux/stddef.h of the kernel's tools/include/uapi does. The builder's headers may still differ:
 * what a compile read there (its dependency file) tells whether another was meant (lookups.h).
 */
#ifndef CROSSBPF_INCLUDE_SCAN_H
#define CROSSBPF_INCLUDE_SCAN_H

#include <stdbool.h>

#include "include-options.h"

struct include_request {
	const char *dir; /* absolute: where the command runs */
	const struct include_options *options;
	/* Directories that mean the builder's own, even where the host has them: nothing below them
	 * is listed. May be NULL. */
	const struct strv *builder;
	/* Directories in which the builder's clang looks by itself, in its order: builder's too.
	 * May be NULL. */
	const struct strv *system;
	/* Are the builder's directories here, with all that its headers need? Then nothing is
	 * listed that was guessed. */
	bool is_complete;
};

/* Where no macro can be found that an #include names, all headers are listed that are in a
 * directory of the search path or beside the including file, or in a directory there; no more. */
enum { INCLUDE_SCAN_GUESSES = 2000 };

/* Remembers files, so that many compiles of one project can be scanned; a file that changes in the
 * meantime goes unseen. One thread at a time. */
struct include_scan;

struct include_scan *include_scan_new(void); /* NULL: out of memory */
void include_scan_free(struct include_scan *s);
static inline void include_scan_freep(struct include_scan **s)
{
	include_scan_free(*s);
}
#define cleanup_include_scan CLEANUP(include_scan_freep)

/* Appends each of them once, by the absolute path by which the compiler opens it ("/p/bpf/../a.h"
 * stays, "/p/./a.h" is /p/a.h), the sources first; also files that cannot be read, and pipes. 0 or
 * -ENOMEM. */
int include_scan_files(struct include_scan *s, const struct include_request *request,
		       struct strv *ret_files);

/*
 * Of the last scan, whose request and options are still there: under which names the builder's
 * directories are looked in, before any file of the host's is found, for what the host's files and
 * -include name, for what any file asks for by __has_include, for an arch's headers (asm/) that
 * others include, and for what the host has a file of that name for, too. `has` is asked for each,
 * until it says that the file is there. Names that macros make and that cannot be told go to
 * `unknown`: as they stand in the host's file. 0 or -ENOMEM.
 */
struct include_foreign {
	bool (*has)(void *ctx, const char *path);
	void (*unknown)(void *ctx, const char *file, const char *text);
	void *ctx;
};
int include_scan_foreign(struct include_scan *s, const struct include_foreign *ask);

#endif
