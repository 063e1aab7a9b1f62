/* SPDX-License-Identifier: BSD-2-Clause */
/* The actions of `crossbpf build`: each source for each variant. */
#ifndef CROSSBPF_BUILD_PLAN_H
#define CROSSBPF_BUILD_PLAN_H

#include "settings.h"
#include "shared/digest.h"
#include "toolchain.h"

/* How clang is called for one target and arch. */
struct build_variant {
	const char *target, *arch; /* point into the settings */
	bool has_asm;              /* the builder has asm/ headers for the arch */
	struct strv argv;          /* all but the source and the outputs */
	size_t n_own;    /* how many of argv say what is to be compiled how; behind them stands what
			  * says where things are */
	char *asks;      /* what its -D ask for (asks.h), or NULL */
	struct strv run; /* with a mirror: argv as it is run; else empty */
};

struct derived;

/* One object. Paths are relative to the root, or absolute. */
struct build_action {
	char *source;
	char *object;
	char *dep;               /* a dependency file for make, or NULL */
	struct derived *derived; /* what is made of the object (derived.h) */
	size_t n_derived;
	const struct build_variant *variant;
	uint8_t command[DIGEST_SIZE]; /* tells whether another command would be run */
};

struct build_plan {
	struct build_variant *variants;
	size_t n_variants;
	struct build_action *actions;
	size_t n;
	struct strv search; /* directories in which they look for headers */
	struct strv system; /* those of them that are the builder's own */
	struct strv kernel; /* and those in which a kernel's are (kernel-headers.h) */
	struct strv files;  /* that options name, and clang may read */
	struct strv beside; /* names of what clang reads in the place of a header, where that is
			       there */
	struct strv moved;  /* and those that objects give another name, */
	struct strv called; /* these */
	char *dir;          /* as in settings; NULL where it is the root */
	bool dirs_found;    /* `search` has some only because they are there */
	bool maps_root;     /* objects call the root "." */
	bool keep_debug;
	/* How clang names a file in the root to BTF: 14 puts a "./" before its path, 15 and later
	 * only where that was relative, which DWARF tells too. What is precompiled has none. */
	bool tells_relative;
	bool arch_is_default;
};

/*
 * The actions, sources first, then their variants. `header_dir` (or NULL) is searched for headers
 * last of all. Two actions with one output, an output that is a source, and -o with several actions
 * are wrong usage (status 2).
 */
int build_plan_make(const char *root, const struct settings *settings,
		    const struct toolchain *toolchain, const char *header_dir,
		    struct build_plan *ret_plan, struct crossbpf_error *e);
/* What an object calls a file that it is made of; NULL where memory ran out. The caller frees. */
char *build_plan_name(const struct build_plan *p, const char *root, const char *path);
/* The file in p->moved.v[i] that objects call `name`; NULL where there is none, or memory ran out.
 * The caller frees. */
char *build_plan_moved(const struct build_plan *p, size_t i, const char *name);
/* What a dependency file calls a file, so that a make in the working directory knows it, and by its
 * whole name where outputs were given so; NULL where memory ran out. The caller frees. */
char *build_plan_seen(const struct build_plan *p, const char *root, const char *path);
/* Appends the directories in which a variant's programs look for headers. Errors are sticky. */
void build_plan_search(const struct build_variant *v, const struct toolchain *toolchain,
		       struct strv *dirs);
/* Appends the compiler's command for an action, without its outputs. */
void build_plan_argv(const struct build_action *action, struct strv *ret_argv);
/* The same without the compiler. */
void build_plan_args(const struct build_action *action, struct strv *ret_args);

void build_plan_free(struct build_plan *p);
#define cleanup_build_plan CLEANUP(build_plan_free)

/* Appends the directories of -I for that arch: relative to the root where they lie in it. 0 or
 * -ENOMEM. */
int build_plan_include_dirs(const struct settings *settings, const char *arch,
			    struct strv *ret_dirs);

#endif
