/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A clang command as crossbpf-clang runs it: may its outputs be kept, and under which key? The same
 * rules as for an action of `crossbpf build` (action-key.h), but that we map nothing away: where
 * the user does not either, the object is of that directory alone.
 */
#ifndef CROSSBPF_CLANG_KEY_H
#define CROSSBPF_CLANG_KEY_H

#include "clang-argv.h"
#include "shared/digest.h"
#include "toolchain.h"

struct clang_key_request {
	const struct clang_argv *argv; /* as the user gave it */
	const struct toolchain *toolchain;
	const char *dir;        /* absolute: where it runs */
	const char *header_dir; /* our own headers, or NULL */
	const char *const *env;
	const char *builder; /* names one that is elsewhere, and its headers; NULL: it runs here */
	bool colour;         /* clang will say what it says in colours */
};

/* Why they may not be kept, as part of a sentence; NULL: they may. 0 or -ENOMEM; the caller frees.
 */
int clang_key_why_not(const struct clang_key_request *request, char **ret_why);

/* A digest of the command: with it in common, commands that read the same make the same outputs. */
void clang_key_command(const struct clang_key_request *request, uint8_t ret_digest[DIGEST_SIZE]);

/* Can the working directory's name stand in what is made? */
bool clang_key_names_dir(const struct clang_key_request *request);

#endif
