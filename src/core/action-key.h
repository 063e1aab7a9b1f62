/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key of an action of `crossbpf build`: what its object is made of, and nothing of where. Two
 * actions with one key make the same bytes; on any builder, in any directory, by any user.
 *
 *	identity   of the toolchain, and the files that it is made of
 *	command    what is compiled, and how; not where clang, headers, root and outputs are
 *	closure    each file that clang read, as the object calls it, its digest, and which of them
 *		   are one file: a header is read once by that
 *	search     which of the directories that the command names are one
 *	root       where it is, if a file in it was named absolutely
 *	asked      which of the files are there that the project asks for by __has_include
 */
#ifndef CROSSBPF_ACTION_KEY_H
#define CROSSBPF_ACTION_KEY_H

#include "build-plan.h"

/* A file that clang read, as it spelled it. */
struct action_file {
	const char *path;
	uint8_t digest[DIGEST_SIZE];
	const char *asks; /* as of asks.h, or NULL; the names of a builder's own have no effect */
};

struct action_file_id {
	uint64_t device, inode;
};

struct action_key_request {
	const struct build_plan *plan;
	const struct build_action *action;
	const struct toolchain *toolchain;
	const char *root;
	const char *header_dir; /* our own headers, or NULL */
	const struct action_file *files;
	size_t n;
	/* Is it known that no asm() names a file? Of what is to be looked up it is: nothing else is
	 * kept. */
	bool asm_is_clean;
	/* Is there a file with this name, relative to the root or absolute, where clang ran? */
	bool (*exists)(void *ctx, const char *path);
	/* What is one file or directory has one `ret_id`; false where that is not known. */
	bool (*identify)(void *ctx, const char *path, struct action_file_id *ret_id);
	void *ctx;
};

/* 0, -ENOMEM, or -ENODATA where the object is made of more than is known: a key would lie. -EAGAIN
 * where there is one once it is known that no asm() names a file. The order of files is of no
 * effect. */
int action_key(const struct action_key_request *request, uint8_t ret_key[DIGEST_SIZE]);

/* Why there can be no key, whatever it reads, as part of a sentence; NULL where there can. 0 or
 * -ENOMEM; the caller frees. */
int action_key_why_not(const struct action_key_request *request, char **ret_why);

/* A digest of the command alone: actions that have it in common may have read other files. */
void action_key_command(const struct action_key_request *request, uint8_t ret_digest[DIGEST_SIZE]);

/* A file's name in the key: what the object calls it, unless it never does; and the file that has
 * such a name here, or would have it. NULL where memory ran out; the caller frees. */
char *action_key_name(const struct action_key_request *request, const char *path);
char *action_key_path(const struct action_key_request *request, const char *name);

#endif
