/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tools that builds call beside clang: they are the builder's, those that belong to its clang.
 * Where it sees the host's files a tool runs in place. Elsewhere what its arguments name is sent,
 * it runs on copies, and what it wrote is brought back.
 */
#ifndef CROSSBPF_TOOL_H
#define CROSSBPF_TOOL_H

#include "remote.h"

enum tool_name {
	TOOL_LLVM_STRIP,
	TOOL_BPFTOOL,
};

struct tool {
	enum tool_name name;
	const char *const *args; /* without the program's name, NULL-terminated */
	struct remote *remote;   /* its builder and project; what it is to send is added here */
	const char *const *env;
	int output; /* where its standard output goes */
	int error;  /* and its standard error */
};

enum { TOOL_MISSING = 127 }; /* the status where the tool is not there */

/* What users call it. */
const char *tool_program(enum tool_name name);

/* Appends the command that finds and runs it on a builder: tool.sh, and all that this is told of
 * the tool in one of its modes. */
void tool_begin_argv(struct strv *argv, const char *mode, enum tool_name name,
		     const struct toolchain *t);
/* -ENOENT, with what installs it. */
int tool_fail_missing(enum tool_name name, const char *where, struct crossbpf_error *e);

/* Where it is; *ret_path is NULL where the builder has none, else the caller frees it. */
int tool_find(struct session *s, const struct toolchain *t, enum tool_name name,
	      const char *const *env, char **ret_path, struct crossbpf_error *e);

/* Connects the builder and runs it. -ESTALE as builder_connect(). Its standard input is ours. */
int tool_run(const struct tool *tool, int *ret_status, struct crossbpf_error *e);

#endif
