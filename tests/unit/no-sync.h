/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CROSSBPF_TESTS_NO_SYNC_H
#define CROSSBPF_TESTS_NO_SYNC_H

#include <unistd.h>

#ifdef __linux__
/* Taken by SQLite for the C library's: nothing here is of a power failure, so nobody waits for the
 * disk. */
__attribute__((visibility("default"))) int fsync(int fd)
{
	(void)fd;
	return 0;
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	(void)fd;
	return 0;
}
#endif

#endif
