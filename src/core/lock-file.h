/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crossbpf.lock, in the project's root: the builder that the project was pinned to. Text, `KEY =
 * VALUE` a line, sorted; a line that begins with # is a comment. The same struct holds what a
 * builder tells of itself, to be compared or written.
 */
#ifndef CROSSBPF_LOCK_FILE_H
#define CROSSBPF_LOCK_FILE_H

#include <stdbool.h>

#include "shared/error.h"
#include "toolchain.h"

struct lock_entry {
	char *key, *value;
};

struct lock_file {
	struct lock_entry *entries; /* by key */
	size_t n;
};

/* ROOT/crossbpf.lock; NULL where memory ran out. The caller frees. */
char *lock_file_path(const char *root);

/* -ENOENT, with `e` untouched, where there is none; -EINVAL (status 2) with file and line. */
int lock_file_read(const char *path, struct lock_file *ret_lock, struct crossbpf_error *e);
/* The text of it; the caller frees. 0 or -ENOMEM. */
int lock_file_text(const struct lock_file *lock, char **ret_text);
void lock_file_free(struct lock_file *lock);
#define cleanup_lock_file CLEANUP(lock_file_free)

const char *lock_file_get(const struct lock_file *lock, const char *key);
/* Sets or replaces. What cannot be told is left out: a value that is NULL, empty, or no line. 0 or
 * -ENOMEM. */
int lock_file_set(struct lock_file *lock, const char *key, const char *value);

/* Sets what the toolchain tells without asking its builder; `image` (or NULL, or "") is what its
 * backend says of that. */
int lock_file_describe(struct lock_file *lock, const char *backend, const struct toolchain *t,
		       const char *image);
/* Asks the builder for the versions of the kernel's headers and of libbpf's. */
int lock_file_ask_headers(struct lock_file *lock, struct session *s, const struct toolchain *t,
			  const char *const *env, struct crossbpf_error *e);

/* Appends the keys whose values differ. One that is not in both, or says who wrote the lock, is not
 * compared. Errors are sticky in `keys`. */
void lock_file_compare(const struct lock_file *lock, const struct lock_file *builder,
		       struct strv *keys);

/* Is the builder the one that was locked? -EPERM (status 3) names the first key that differs. */
int lock_file_check(const struct lock_file *lock, const char *backend, const char *where,
		    const struct toolchain *t, const char *image, struct crossbpf_error *e);

/* Of backends: "backend.NAME." begins the keys of one. */
bool lock_file_is_of_other_backend(const char *key, const char *backend);

#endif
