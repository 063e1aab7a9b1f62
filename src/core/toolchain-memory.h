/* SPDX-License-Identifier: BSD-2-Clause */
/* Remembers a toolchain between runs: CACHE/toolchain/DIGEST.json. */
#ifndef CROSSBPF_TOOLCHAIN_MEMORY_H
#define CROSSBPF_TOOLCHAIN_MEMORY_H

#include <stdbool.h>
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
	bool builder; /* no file of the host is a witness */
};

/*
 * The memory for one backend and request, where the session sees the host's files; where clang is
 * not named by a path, the directories of PATH are its first witnesses.
 */
int toolchain_memory_open(const struct toolchain_request *request, const char *backend,
			  struct toolchain_memory *ret_memory);
/* The same for a builder that is elsewhere, and is known by toolchain.builder. */
int toolchain_memory_open_builder(const struct toolchain_request *request, const char *backend,
				  struct toolchain_memory *ret_memory);
void toolchain_memory_free(struct toolchain_memory *m);
#define cleanup_toolchain_memory CLEANUP(toolchain_memory_free)

/* 0, or -ENOENT where nothing is remembered that still holds. */
int toolchain_memory_load(const struct toolchain_memory *m, struct toolchain *ret_toolchain);

/* Remembers. What goes wrong costs the next run a probe, and is no error. */
void toolchain_memory_save(struct toolchain_memory *m, const struct toolchain *t);

#endif
