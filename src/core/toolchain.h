/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clang of a builder and the headers that clang does not find by itself.
 *
 * Found by one script that runs in a session, and remembered: on a session that sees the host's
 * files, for as long as the directories in PATH, the compiler and the header directories have the
 * modification times that they had.
 */
#ifndef CROSSBPF_TOOLCHAIN_H
#define CROSSBPF_TOOLCHAIN_H

#include <stdbool.h>

#include "session.h"
#include "shared/digest.h"
#include "shared/strv.h"

struct toolchain {
	char *clang;   /* absolute path on the builder */
	char *number;  /* "14.0.6" */
	char *version; /* the first line of clang --version */
	/* Names what of it can change an object's bytes, wherever it sits: its number and the
	 * target's predefined macros. */
	char identity[DIGEST_HEX_SIZE];
	/* Names the programs and libraries that it is made of, or "": two of one version may have
	 * been built of other sources. */
	char content[DIGEST_HEX_SIZE];
	/* Of these the scripts and files of settings, or "" where there are none: machine code is
	 * another for each machine, and then makes the same. */
	char scripts[DIGEST_HEX_SIZE];
	/* Names what its bpftool says of its version, where it does not see the host's files; or ""
	 */
	char bpftool[DIGEST_HEX_SIZE];
	struct strv search;   /* directories in which clang itself looks for headers */
	struct strv filled;   /* those of them that are not empty */
	struct strv asm_dirs; /* "ARCH:DIR"s with an asm/types.h each, by falling preference */
	struct strv looked;   /* directories in which headers were looked for */
	char *builder;        /* identity of where it is; NULL: on the host, or not known */
	char headers[DIGEST_HEX_SIZE]; /* of all headers there (toolchain_stamp()), or "" */
	char *libbpf_dir; /* holds bpf/bpf_helpers.h, or NULL where clang finds that itself */
	bool has_kernel;  /* linux/bpf.h is there */
	bool has_libbpf;  /* and bpf/bpf_helpers.h */
	/* Where the directories above hold copies of a builder's headers (mirror.h): */
	char *mirror;           /* in which they lie, each under its name there; or NULL */
	char *mirror_of;        /* that builder: NAME[:WHERE] */
	char *mirror_clang_dir; /* what clang's own headers are called there, or NULL */
};

struct toolchain_request {
	const char *clang;      /* a program's name or path, or NULL: the newest that will do */
	const char *const *env; /* environment of the commands that are run */
	const char *cache_dir;  /* where it is remembered, or NULL: nowhere */
	/* What the backend is told, so that two builders of one backend are two: */
	const char *where;
	const struct crossbpf_kv *settings; /* or NULL */
	bool fresh; /* what is remembered of a builder that is elsewhere will not do */
};

/* -ENOENT with `e` filled where the session has no clang that compiles BPF. */
int toolchain_find(struct session *s, const struct toolchain_request *request,
		   struct toolchain *ret_toolchain, struct crossbpf_error *e);
/* What is remembered of a backend, without a session on it: 0, or -ENOENT where nothing is that
 * still holds. */
int toolchain_recall(const char *backend, const struct toolchain_request *request,
		     struct toolchain *ret_toolchain);
void toolchain_free(struct toolchain *t);
#define cleanup_toolchain CLEANUP(toolchain_free)

/* A file of the host that stands for all of a builder's own headers: make and ninja see in it
 * whether they changed. It lists them with their digests. NULL where there is none, or memory ran
 * out; the caller frees. */
char *toolchain_stamp(const struct toolchain *t, const char *cache_dir);

/* Does the builder have asm/ headers for this arch? */
bool toolchain_has_asm(const struct toolchain *t, const char *arch);

/* That of clang's own headers, which come with it; NULL where it is not known. */
const char *toolchain_clang_dir(const struct toolchain *t);

/* Appends all directories of headers that are the builder's own. Errors are sticky. */
void toolchain_builder_dirs(const struct toolchain *t, struct strv *dirs);
/* Is this path in one of them? */
bool toolchain_is_builders(const struct toolchain *t, const char *path);

/* What a file of a mirror is called on its builder; any other file is called as it is. */
const char *toolchain_name_there(const struct toolchain *t, const char *path);

/* Is this path of a directory in that one? */
bool toolchain_is_below(const char *path, const char *dir);

/* Appends the directories in which clang is to look for headers last, for a program for `arch`
 * (or NULL). Errors are sticky in `dirs`. */
void toolchain_header_dirs(const struct toolchain *t, const char *arch, struct strv *dirs);

/* Appends the options by which clang looks there, and at last in `header_dir` (or NULL): what clang
 * finds by itself it still finds there. With a mirror it finds nothing by itself: all directories
 * that the builder's clang has are given, in that one's order. */
void toolchain_header_options(const struct toolchain *t, const char *arch, const char *header_dir,
			      struct strv *argv);

/* Are headers precompiled for it? From clang 15 on, BTF was seen to have its types in another order
 * with one than without. */
bool toolchain_precompiles(const struct toolchain *t);

/* Reads what the probe printed. 0, -ENOENT where it found no clang (`e` says why), -EINTR where it
 * was cut off, or -ENOMEM. */
int toolchain_parse(char *answer, const char *backend, struct toolchain *ret_toolchain,
		    struct crossbpf_error *e);

#endif
