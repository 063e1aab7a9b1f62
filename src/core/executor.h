/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a plan's actions in a session and puts their outputs in place. */
#ifndef CROSSBPF_EXECUTOR_H
#define CROSSBPF_EXECUTOR_H

#include "clang-record.h"
#include "plan.h"
#include "prefix-clang.h"
#include "session.h"

struct executor {
	struct session *session;
	const char *const *env;                    /* environment of the commands */
	void (*log)(const char *message);          /* each command as it is run, or NULL */
	const struct prefix_clang_place *prefixes; /* of precompiled headers; or NULL: none */
	struct clang_record *record; /* of what is to be kept, begun; or NULL: nothing */
};

/*
 * Runs the actions in order, also behind one that failed. *ret_status is the first status that is
 * not 0. An output appears whole or not at all; an
 * action that was interrupted (status over 128) leaves the old one.
 */
int executor_run(const struct executor *x, const struct plan *plan, int *ret_status,
		 struct crossbpf_error *e);

#endif
