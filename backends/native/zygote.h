/* SPDX-License-Identifier: BSD-2-Clause */
/* A zygote: a program, which is a compiler, that is started once, waits before its main(), and
 * forks for each of its commands. What a compiler does before main(), to relocate a hundred
 * megabytes of LLVM and to register its options, is a fifth to a half of a small compile. The
 * commands are this process's own children, as if it had started them. With glibc on Linux alone:
 * elsewhere there is none. */
#ifndef CROSSBPF_NATIVE_ZYGOTE_H
#define CROSSBPF_NATIVE_ZYGOTE_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "shared/process.h"
#include "shared/strbuf.h"

struct zygote {
	const char *module; /* the path of ZYGOTE_MODULE, or NULL */
	pthread_mutex_t lock;
	struct strbuf program; /* what last ran: its name and environment */
	unsigned runs;         /* how often in a row */
	bool failed;           /* of this program there can be none */
	int socket;            /* -1: there is none yet */
	struct stat file;      /* of the program that it is */
	pid_t pid;
};

/* `module`, which may be NULL, must outlive it. */
void zygote_begin(struct zygote *z, const char *module);
/* Ends it; commands that run are left. */
void zygote_end(struct zygote *z);

/* A process_start_fn; `ctx` is a struct zygote. Any number of threads may call it. -ENOSYS where
 * the command is to be started otherwise: its program has not run often, or cannot be a zygote. */
int zygote_start(void *ctx, const struct process *p, bool own_group, pid_t *ret_pid);

#endif
