/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads. */
#ifndef CROSSBPF_THREAD_H
#define CROSSBPF_THREAD_H

#include <pthread.h>

/* Starts one with every signal blocked: handlers run in the first thread. 0 or a negative errno. */
int thread_start(pthread_t *ret_thread, void *(*main)(void *arg), void *arg);

#endif
