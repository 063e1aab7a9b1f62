/* SPDX-License-Identifier: BSD-2-Clause */
/* What builder.sh is told to do: a shell script of its own, which it reads. */
#ifndef CROSSBPF_SCRIPT_H
#define CROSSBPF_SCRIPT_H

#include "exchange.h"
#include "workspace.h"

enum { SCRIPT_BLOCK = 512 }; /* its length is a multiple of that */

/* That of an exchange which `token` names, and of what is to change in the workspace. 0 or -ENOMEM.
 */
int script_make(const struct exchange *x, const struct workspace *w, const char *token,
		const struct workspace_change *change, struct strbuf *ret_script);

#endif
