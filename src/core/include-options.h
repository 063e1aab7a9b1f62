/* SPDX-License-Identifier: BSD-2-Clause */
/* What a clang command line says about includes. */
#ifndef CROSSBPF_INCLUDE_OPTIONS_H
#define CROSSBPF_INCLUDE_OPTIONS_H

#include "shared/strv.h"

/* As on the command line, in clang's order. */
struct include_options {
	struct strv sources; /* what it compiles */
	struct strv first;   /* files of -include and -imacros */
	struct strv pch;     /* files of -include-pch */
	struct strv quote;   /* -iquote */
	struct strv angle;   /* -I and CPATH, all but the system's */
	struct strv system;  /* -isystem, C_INCLUDE_PATH: as angle, behind it */
	struct strv after;   /* -idirafter: behind the compiler's own directories */
	struct strv embed;   /* --embed-dir */
	struct strv defines; /* values of -D: "NAME", "NAME=VALUE" */
};

struct include_environment {
	const char *cpath;          /* of CPATH, or NULL */
	const char *c_include_path; /* of C_INCLUDE_PATH, or NULL */
};

/*
 * Reads clang's arguments: without the program's name, response files expanded, as in struct
 * clang_argv. 0 or -ENOMEM. Not looked at: frameworks, modules, -ivfsoverlay, -working-directory,
 * and options that read a file which is no source (-fprofile-use= and its like).
 */
int include_options_read(const struct strv *args, const struct include_environment *environment,
			 struct include_options *ret_options);
void include_options_free(struct include_options *o);
#define cleanup_include_options CLEANUP(include_options_free)

#endif
