/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a crossbpf.conf; crossbpf.conf(5) says what it holds. Nothing is opened, looked up or
 * expanded but the file itself: paths, patterns and flags are as they were written, a ~ too.
 *
 * libConfuse does expand ${NAME} and ${NAME:-DEFAULT} from the environment, in double quotes and
 * bare, not in single quotes; a variable that is unset is empty.
 */
#ifndef CROSSBPF_CONF_H
#define CROSSBPF_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "crossbpf-backend.h"
#include "shared/error.h"
#include "shared/digest.h"
#include "shared/strv.h"

/* The section of one backend. */
struct conf_backend {
	char *name;
	unsigned line;          /* in which it begins */
	bool installed;         /* where not, the section was not read: kv is empty */
	struct crossbpf_kv *kv; /* ends with a NULL key; one for each value of a list */
	size_t n;               /* of kv, without the end */
};

/* Where a key is set: "launcher", "build: clang", "backend box: engine". */
struct conf_mark {
	char *key;
	unsigned line;
};

/* What is not set is NULL, 0 or empty; to set it to an empty list counts as not to set it. */
struct conf {
	/* build { } */
	struct strv sources; /* patterns, for sources_expand() */
	char *outdir;
	struct strv include;
	char *cflags; /* for words_split() */
	struct strv target, arch;
	char *cpu;
	struct strv emit;
	char *package;     /* of Go files */
	struct strv types; /* and what they declare further */
	char *vmlinux, *kernel_headers;
	char *clang; /* clang_constraint_is(), or a program */

	struct strv order; /* names of backends */
	struct conf_backend *backends;
	size_t n_backends;

	char *launcher; /* a command, for words_split() */
	/* cache { } */
	char *cache_dir;
	uint64_t cache_size;                    /* bytes */
	char *cache_remote;                     /* as of cache_url_check() */
	char *cache_write;                      /* "true" or "false" */
	char *cache_token_file, *cache_timeout; /* whole seconds */
	/* verify { } */
	struct strv kernels;

	struct conf_mark *marks; /* of all keys, in the file's order */
	size_t n_marks;
	char digest[DIGEST_HEX_SIZE]; /* of the bytes that all this was read from */
};

/*
 * Says what the section of backend `name` may hold: 0 and its keys, NULL for none, which stay where
 * they are until conf_read() returns; -ENOENT where that backend is not installed: its section is
 * then only checked for its braces and quotes. Any other error ends conf_read(), with `e` filled.
 */
typedef int (*conf_keys_fn)(void *ctx, const char *name, const struct crossbpf_key **ret_keys,
			    struct crossbpf_error *e);

/*
 * Reads the file. An error (status 2) names file and line, and in its hint the nearest name that is
 * known; nothing is printed. -EINVAL for what is wrong in the file, a file's errno where it cannot
 * be read, or -ENOMEM. libConfuse keeps its state in globals: one thread at a time.
 */
int conf_read(const char *path, conf_keys_fn keys, void *ctx, struct conf *ret_conf,
	      struct crossbpf_error *e);

/* "5G" in bytes; 0 for what is no size. */
uint64_t conf_parse_size(const char *text);

void conf_free(struct conf *c);
#define cleanup_conf CLEANUP(conf_free)

/* The settings of backend `name`, or NULL where it has no section. */
const struct conf_backend *conf_find_backend(const struct conf *c, const char *name);

/* The line in which a key is first set, by its name in struct conf_mark; 0: it is not. */
unsigned conf_line(const struct conf *c, const char *key);

#endif
