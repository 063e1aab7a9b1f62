/* SPDX-License-Identifier: BSD-2-Clause */
/* Has the guest program answer without a virtual machine: of the kernel that runs here, or on the
 * machine behind a session. */
#ifndef CROSSBPF_GUEST_HERE_H
#define CROSSBPF_GUEST_HERE_H

#include "guest-answers.h"
#include "guest-load.h"
#include "session.h"

struct guest_here {
	const struct guest_load *load;
	struct session *session; /* loaded, or open by guest_here_arch(); NULL: here */
	const char *module_dir;
	unsigned timeout;
	int control;
};

/* What `s` leads to, which is then open, as `uname -m` has it there: "x86". */
int guest_here_arch(struct session *s, const char *module_dir, const char **ret_arch,
		    struct crossbpf_error *e);

/* As guest_run(). */
int guest_here(const struct guest_here *h, struct guest_answers *a, struct crossbpf_error *e);

#endif
