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
	char *deps_target;         /* what the dependency file must call the object, or NULL */
	struct strv without_debug; /* sources that it compiles to BPF without -g */
	bool compiles; /* BPF programs: it is no question and no other affair of clang's */
	/* What matters where the command does not see the host's files: */
	bool reads_input;  /* a source is standard input */
	bool makes_rules;  /* what it writes are rules for make: -M */
	bool more_outputs; /* it writes files that are not among `outputs`: */
	bool many_outputs; /* those of several sources */
};

struct plan {
	struct action *actions;
	size_t n;
};

/*
 * The action of a clang command line. Its outputs are known where it compiles one input to BPF and
 * has no option that writes further files. Several inputs stay one command, as the driver warns
 * once for all of them. `header_dir` (or NULL) is searched for headers last of all.
 */
int plan_make(const struct project *project, const struct toolchain *toolchain,
	      const char *header_dir, bool elsewhere, struct plan *ret_plan,
	      struct crossbpf_error *e);
void plan_free(struct plan *p);
#define cleanup_plan CLEANUP(plan_free)

#endif
