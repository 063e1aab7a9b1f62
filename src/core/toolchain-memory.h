/* SPDX-License-Identifier: BSD-2-Clause */
/* Remembers a toolchain between runs: CACHE/toolchain/DIGEST.json. */
#ifndef CROSSBPF_TOOLCHAIN_MEMORY_H
#define CROSSBPF_TOOLCHAIN_MEMORY_H

#include <stdint.h>

#include "toolchain.h"

/* What must be as it was for a remembered toolchain to be right. */
struct toolchain_witness {
	char *path;
	int64_t mtime; /* nanoseconds; -1: there was no such file */
	int64_t inode, size;
};

struct toolchain_memory {
	char *file;
	int64_t began; /* when the probe began, nanoseconds since the epoch */
	struct toolchain_witness *witnesses;
	size_t n;
};

/*
 * The memory for one backend and request, whose probe would run with `env`; where clang is not
 * named by a path, the directories of env's PATH are its first witnesses.
 */
int toolchain_memory_open(const char *cache_dir, const char *backend, const char *clang,
			  const char *const *env, struct toolchain_memory *ret_memory);
void toolchain_memory_free(struct toolchain_memory *m);
#define cleanup_toolchain_memory CLEANUP(toolchain_memory_free)

/* 0, or -ENOENT where nothing is remembered that still holds. */
int toolchain_memory_load(const struct toolchain_memory *m, struct toolchain *ret_toolchain);

/* Remembers. What goes wrong costs the next run a probe, and is no error. */
void toolchain_memory_save(struct toolchain_memory *m, const struct toolchain *t);

#endif
