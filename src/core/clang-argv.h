/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a clang command line: what it compiles, to what, and what else it says. */
#ifndef CROSSBPF_CLANG_ARGV_H
#define CROSSBPF_CLANG_ARGV_H

#include <stdbool.h>

#include "shared/strv.h"

/* Where clang stops. The driver's order: -E beats -fsyntax-only beats -S beats -c. */
enum clang_phase {
	PHASE_LINK,
	PHASE_OBJECT,      /* -c */
	PHASE_ASSEMBLY,    /* -S */
	PHASE_SYNTAX,      /* -fsyntax-only */
	PHASE_PREPROCESS,  /* -E */
	PHASE_DEPENDENCIES /* -M, -MM */
};

enum clang_input_kind {
	INPUT_OTHER,       /* a header, object or library */
	INPUT_SOURCE,      /* goes through the preprocessor, and so has headers */
	INPUT_PREPROCESSED /* preprocessed C, assembly, IR */
};

struct clang_input {
	size_t arg; /* its index in args */
	enum clang_input_kind kind;
};

struct clang_argv {
	struct strv args; /* what follows the program's name, response files expanded */
	bool expanded;    /* whether there was a response file */
	size_t end; /* index in args before which options may be inserted: of "--", or args.n */

	enum clang_phase phase;
	bool bpf;           /* the target is bpf, bpfel or bpfeb */
	const char *arch;   /* NAME of -D__TARGET_ARCH_NAME; points into args; or NULL */
	bool debug;         /* -g */
	bool no_system;     /* -nostdinc, --sysroot */
	bool emit_llvm;     /* -emit-llvm */
	bool verbose;       /* -v */
	bool incomplete;    /* an option lacks its value: clang refuses all */
	bool verbatim;      /* to be run as it stands: a question, or it ends in an output */
	bool more_outputs;  /* writes files, or its output's name into one, that we do not follow */
	bool deps;          /* -MD, -MMD */
	bool deps_target;   /* -MT or -MQ names the target in it */
	const char *output; /* of -o; points into args; or NULL */
	const char *deps_output; /* of -MF or -Wp,-MD,FILE; points into args; or NULL */

	struct clang_input *inputs;
	size_t n_inputs;
};

/* What a file is to clang, by the ending of its name. */
enum clang_input_kind clang_input_kind(const char *name);

/* Parses `args`, NULL-terminated and without the program's name. 0 or -ENOMEM: what is wrong in a
 * command line is clang's to say. */
int clang_argv_parse(const char *const *args, struct clang_argv *ret_argv);
void clang_argv_free(struct clang_argv *c);
#define cleanup_clang_argv CLEANUP(clang_argv_free)

/* Does this compile BPF programs from sources? (Else it is clang's own affair.) */
bool clang_argv_compiles_bpf(const struct clang_argv *c);

/* The files that clang writes where it has one input; NULL: none, or standard output. 0 or -ENOMEM;
 * the caller frees. */
int clang_argv_output(const struct clang_argv *c, char **ret_output);
int clang_argv_deps_output(const struct clang_argv *c, char **ret_deps);

/* The target that clang names in that dependency file where no -MT does. */
int clang_argv_deps_target(const struct clang_argv *c, char **ret_target);

#endif
