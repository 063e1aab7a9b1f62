/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key of an action of `crossbpf build`: what its object is made of, and nothing of where. Two
 * actions with one key make the same bytes; on any builder, in any directory, by any user.
 *
 *	identity   of the toolchain
 *	command    what is compiled, and how; not where clang, headers, root and outputs are
 *	closure    each file that clang read, as the object calls it, and its digest
 *	asked      which of the files are there that the project asks for by __has_include
 */
#ifndef CROSSBPF_ACTION_KEY_H
#define CROSSBPF_ACTION_KEY_H

#include "build-plan.h"

/* A file that clang read, as it spelled it. */
struct action_file {
	const char *path;
	uint8_t digest[DIGEST_SIZE];
	const char *asks; /* as of lookups.h, or NULL; of a builder's own file without effect */
};

struct action_key_request {
	const struct build_plan *plan;
	const struct build_action *action;
	const struct toolchain *toolchain;
	const char *root;
	const char *header_dir; /* our own headers, or NULL */
	const struct action_file *files;
	size_t n;
	/* Is there a file with this name, relative to the root or absolute, where clang ran? */
	bool (*exists)(void *ctx, const char *path);
	void *ctx;
};

/* 0, -ENOMEM, or -ENODATA where the object is made of more than is known: a key would lie. The
 * order of files is of no effect. */
int action_key(const struct action_key_request *request, uint8_t ret_key[DIGEST_SIZE]);

/* A digest of the command alone: actions that have it in common may have read other files. */
void action_key_command(const struct action_key_request *request, uint8_t ret_digest[DIGEST_SIZE]);

/* A file's name in the key: what the object calls it, unless it never does; and the file that has
 * such a name here, or would have it. NULL where memory ran out; the caller frees. */
char *action_key_name(const struct action_key_request *request, const char *path);
char *action_key_path(const struct action_key_request *request, const char *name);

#endif
