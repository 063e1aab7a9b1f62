/* SPDX-License-Identifier: BSD-2-Clause */
/* Child processes. */
#ifndef CROSSBPF_PROCESS_H
#define CROSSBPF_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct process;

/* Starts a child of this process: the leader of a group of its own, with SIGTTOU blocked, where
 * asked for. 0 or a negative errno. */
typedef int process_start_fn(void *ctx, const struct process *p, bool own_group, pid_t *ret_pid);

struct process {
	const char *const *argv; /* argv[0] is looked up in PATH where it has no slash */
	const char *const *env;  /* whole environment */
	const char *dir;         /* NULL: the caller's */
	int fd[3];               /* the child's streams; stay open in the caller */
	int control;             /* readable with 'k', or at its end: end it; -1: none */
	bool keeps_group;        /* it stays in the caller's group also with a control descriptor */
	bool alone;              /* it outlives us: it gets no descriptor but its streams */
	bool *ret_ended;         /* or NULL: set where the child was told to end */
	/* Or NULL: is asked to start the child; where it says -ENOSYS, it is spawned. */
	process_start_fn *start;
	void *start_ctx;
};

/* This program's own environment, which a module cannot name everywhere. */
const char *const *process_environment(void);

/*
 * Runs a child, with SIGPIPE reset and no signal blocked but SIGTTOU below, and waits for it.
 * *ret_status is its exit status, or 128 + N where signal N ended it. 0 or a negative errno,
 * -ENOENT where there is no such program or directory.
 *
 * With a control descriptor the child leads a process group of its own, all of which is sent
 * SIGTERM on that order, and SIGKILL once the child ended or two seconds passed: a compiler driver
 * does not take its compilers along. Where its input is a terminal it stays in the caller's group,
 * or it could not read there; the terminal's ^C then reaches all of them by itself.
 */
int process_run(const struct process *p, int *ret_status);

/* Of a control descriptor that is readable: does whoever holds its other end want the child ended?
 * Takes one order. */
bool process_is_told(int control);

/* A process_start_fn, which spawns it. The caller waits for it. */
int process_start(void *ctx, const struct process *p, bool own_group, pid_t *ret_pid);

#endif
