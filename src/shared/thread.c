/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <signal.h>

#include "thread.h"

int thread_start(pthread_t *ret_thread, void *(*main)(void *arg), void *arg)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int r = -pthread_create(ret_thread, NULL, main, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}
