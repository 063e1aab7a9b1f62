/* SPDX-License-Identifier: BSD-2-Clause */
/* What `crossbpf build` is to build, and how: from options, the environment and crossbpf.conf. */
#ifndef CROSSBPF_SETTINGS_H
#define CROSSBPF_SETTINGS_H

#include <stdbool.h>

#include "conf.h"
#include "gen/go-dialect.h"
#include "shared/error.h"
#include "shared/strv.h"

/* As they were said: NULL or empty where they were not. Lists are parted by commas. */
struct settings_words {
	const char *output, *outdir, *cflags, *target, *arch, *cpu, *emit, *package, *types, *clang,
		*launcher, *kernel_headers;
	struct strv sources, include, define;
	bool debug;
};

/* Settled and checked. Paths are relative to the project's root where they lie in it. */
struct settings {
	struct strv sources;
	char *output; /* of a build with one action, or NULL */
	char *outdir; /* "." is the root itself */
	char *dir;    /* from where dependency files are seen: the working directory, likewise; "/"
			 where outputs were given by whole names */
	struct strv include, define, cflags;
	struct strv target; /* empty: each arch's own */
	struct strv arch;
	bool arch_is_default; /* nobody named one */
	bool no_system;       /* cflags keep the builder's headers out */
	char *cpu;
	bool emit_dep, emit_skeleton, emit_go, emit_c;
	/* Of Go files, with emit_go. */
	struct go_dialect dialect;
	char *package;
	struct strv types;      /* that they declare besides those of keys and values */
	char *vmlinux;          /* with {arch} in it */
	char *kernel_headers;   /* a kernel's build tree, with {arch} in it, or NULL */
	char *clang;            /* a program, or NULL */
	char *clang_constraint; /* or NULL */
	struct strv launcher;   /* the words of a command, or empty */
	bool debug;
};

/*
 * `words` wins over `conf` (or NULL). Paths in words are relative to `dir`, those in conf to
 * `root`. Errors are wrong usage (status 2), and name what was said.
 */
int settings_make(const char *root, const char *dir, const struct settings_words *words,
		  const struct conf *conf, struct settings *ret_settings, struct crossbpf_error *e);
/* The same without the sources. */
int settings_make_flags(const char *root, const char *dir, const struct settings_words *words,
			const struct conf *conf, struct settings *ret_settings,
			struct crossbpf_error *e);
void settings_free(struct settings *s);
#define cleanup_settings CLEANUP(settings_free)

#endif
