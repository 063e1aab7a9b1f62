/* SPDX-License-Identifier: BSD-2-Clause */
/* The grammar of clang's driver options, as far as it decides what is a value and what an input. */
#ifndef CROSSBPF_CLANG_OPTIONS_H
#define CROSSBPF_CLANG_OPTIONS_H

#include <stddef.h>

/* What an option means to crossbpf; all others are only skipped with their values. */
enum clang_option_id {
	OPT_OTHER,
	OPT_TARGET,        /* -target T, --target=T */
	OPT_OUTPUT,        /* -o FILE */
	OPT_LANGUAGE,      /* -x LANG */
	OPT_DEFINE,        /* -D NAME[=VALUE] */
	OPT_INCLUDE_DIR,   /* -I and its kin: a directory in which headers are looked for */
	OPT_PREPROCESS,    /* -E, -M, -MM, -dM and the like: no compile */
	OPT_ASSEMBLY,      /* -S */
	OPT_OBJECT,        /* -c */
	OPT_SYNTAX_ONLY,   /* -fsyntax-only */
	OPT_EMIT_LLVM,     /* -emit-llvm */
	OPT_DEPS,          /* -MD, -MMD: a dependency file beside the output */
	OPT_DEPS_FILE,     /* -MF FILE */
	OPT_DEPS_TARGET,   /* -MT, -MQ */
	OPT_DEPS_ONLY,     /* -M, -MM */
	OPT_WP,            /* -Wp,… */
	OPT_XCLANG,        /* -Xclang ARG */
	OPT_DEBUG,         /* -g…: debug information, and with it BTF */
	OPT_NO_DEBUG,      /* -g0 */
	OPT_NO_SYSTEM,     /* -nostdinc, --sysroot: the user wants no header of this system */
	OPT_VERBOSE,       /* -v */
	OPT_VERBATIM,      /* a question, or a command line that itself ends in an output */
	OPT_COMMANDS,      /* -MJ: like both that are beside it */
	OPT_MORE_OUTPUTS,  /* writes further files, or where they are into its output */
	OPT_END_OF_OPTIONS /* -- */
};

struct clang_option {
	enum clang_option_id id;
	const char *value; /* what is joined to the name in the argument itself, or NULL */
	size_t more;       /* how many of the arguments behind are values of this option */
	const char *name;  /* as it is in the table; "" where the option needs no row */
};

/*
 * What clang's driver makes of an argument that begins with '-': the longest option name that
 * fits it. A flag or joined option of no interest is OPT_OTHER with no values behind.
 */
struct clang_option clang_option_find(const char *arg);

#endif
