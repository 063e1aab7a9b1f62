/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message that a cache of Bazel's protocol keeps under an action's key: ActionResult, of
 * build/bazel/remote/execution/v2/remote_execution.proto in github.com/bazelbuild/remote-apis. Of
 * its fields these are written and read, all others passed over:
 *
 *	ActionResult  output_files = 2 (OutputFile, repeated), exit_code = 4
 *	OutputFile    path = 1, digest = 2 (Digest)
 *	Digest        hash = 1 (hexadecimal digits), size_bytes = 2
 */
#ifndef CROSSBPF_ACTION_RESULT_H
#define CROSSBPF_ACTION_RESULT_H

#include "shared/digest.h"
#include "shared/strbuf.h"

/* Appends the result of an action with one output file; `path` is relative. */
void action_result_write(struct strbuf *b, const char *path, const uint8_t digest[DIGEST_SIZE],
			 uint64_t size);

/* Finds the output file with this path. 0, -ENOENT where the action has no such file or failed, or
 * -EINVAL where this is no such message. Nothing is kept of `data`, which may be anything. */
int action_result_find(const void *data, size_t len, const char *path,
		       uint8_t ret_digest[DIGEST_SIZE], uint64_t *ret_size);

#endif
