/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns a project and a toolchain into actions: commands with their outputs. */
#ifndef CROSSBPF_PLAN_H
#define CROSSBPF_PLAN_H

#include "project.h"
#include "toolchain.h"

/* A file that an action writes, and the option that says so to clang. */
struct output {
	const char *option; /* "-o" or "-MF" */
	char *path;
};

struct action {
	struct strv argv; /* the command; it names no output that stands in `outputs` last */
	size_t insert;    /* index in argv before which options may be inserted */
	struct output outputs[2]; /* what the executor places: an object, a dependency file */
	size_t n_outputs;
	char *deps_target;   /* what the dependency file must call the object, or NULL */
	char *without_debug; /* the source, where it is compiled to BPF without -g; or NULL */
};

struct plan {
	struct action *actions;
	size_t n;
};

/*
 * The actions of a clang command line: one an input where it compiles BPF and all that it writes
 * is known, else one that is the command line itself. `header_dir` (or NULL) is searched for
 * headers last of all.
 */
int plan_make(const struct project *project, const struct toolchain *toolchain,
	      const char *header_dir, struct plan *ret_plan, struct crossbpf_error *e);
void plan_free(struct plan *p);
#define cleanup_plan CLEANUP(plan_free)

#endif
