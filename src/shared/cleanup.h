/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scope cleanup and explicit ownership transfer.
 *
 * `cleanup_free char *s = …` frees s where its scope ends; TAKE_PTR(s) hands the pointer on
 * and leaves NULL behind, so that exactly one owner is left. Every destructor takes NULL.
 */
#ifndef CROSSBPF_CLEANUP_H
#define CROSSBPF_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define cleanup_free CLEANUP(freep)
#define cleanup_close CLEANUP(closep)
#define cleanup_fclose CLEANUP(fclosep)
#define cleanup_closedir CLEANUP(closedirp)

#define TAKE_PTR(p)                         \
	__extension__({                     \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

#define TAKE_FD(fd)                \
	__extension__({            \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

#endif
