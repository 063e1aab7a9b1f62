/* SPDX-License-Identifier: BSD-2-Clause */
/* What follows a compile of `crossbpf build`: its object is stripped and stamped, and put in place.
 */
#ifndef CROSSBPF_EMIT_H
#define CROSSBPF_EMIT_H

#include "build-plan.h"
#include "shared/strbuf.h"
#include "state.h"

struct emit {
	bool keep_debug;
	const struct build_action *action;
	const char *root; /* of the project */
	const struct toolchain *toolchain;
	const struct strv *inputs; /* what the compiler read; NULL: that is not known */
};

/* Makes the action's object of what the compiler wrote. *ret_uses_arch: it depends on the
 * architecture. -ENOEXEC (status 1) where the compiler wrote no BPF object. */
int emit_object(const struct emit *emit, const struct strbuf *compiled, struct strbuf *ret_object,
		bool *ret_uses_arch, struct crossbpf_error *e);

/* Writes a file, relative to the root: by a temporary name and rename, or in place where it is no
 * regular file. Its directory is made where there is none. Errors have status 5. */
int emit_file(const char *root, const char *path, const struct strbuf *content,
	      struct state_output *ret_output, struct crossbpf_error *e);

#endif
