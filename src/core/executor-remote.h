/* SPDX-License-Identifier: BSD-2-Clause */
/* executor_run() on a builder that does not see the host's files. */
#ifndef CROSSBPF_EXECUTOR_REMOTE_H
#define CROSSBPF_EXECUTOR_REMOTE_H

#include "clang-record.h"
#include "plan.h"
#include "prefix-clang.h"
#include "remote.h"

struct executor_remote {
	struct remote *remote;
	bool colour; /* in diagnostics, where the command line does not say */
	void (*log)(const char *message);
	struct clang_record *record; /* of what is to be kept, begun; or NULL */
	const struct prefix_clang_place
		*prefixes; /* where precompiled headers are, or NULL: none */
};

/* Adds what the plan's actions may read, before remote_connect(). */
int executor_remote_add(const struct executor_remote *x, const struct plan *plan,
			struct crossbpf_error *e);

/* As executor_run(). Diagnostics go to standard error as they come. */
int executor_remote_run(const struct executor_remote *x, const struct plan *plan, int *ret_status,
			struct crossbpf_error *e);

#endif
