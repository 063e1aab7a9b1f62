/* SPDX-License-Identifier: BSD-2-Clause */
/* Child processes. */
#ifndef CROSSBPF_PROCESS_H
#define CROSSBPF_PROCESS_H

#include <sys/types.h>

struct process {
	const char *const *argv; /* argv[0] is looked up in PATH where it has no slash */
	const char *const *env;  /* whole environment */
	const char *dir;         /* NULL: the caller's */
	int fd[3];               /* the child's streams; stay open in the caller */
};

/*
 * Starts a child with SIGPIPE and an empty signal mask reset, in the caller's process group, so
 * that a terminal's ^C and ^Z reach it. 0 or a negative errno, -ENOENT where there is no such
 * program or directory.
 */
int process_start(const struct process *p, pid_t *ret_pid);

/*
 * Waits for a child; when `control` (-1: none) becomes readable with 'k' or at its end, the child
 * is sent SIGTERM, and SIGKILL two seconds later. *ret_status is the exit status or 128 + signal.
 */
int process_wait(pid_t pid, int control, int *ret_status);

#endif
