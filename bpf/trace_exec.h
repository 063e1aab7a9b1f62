/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What trace_exec.bpf.c shares with user space: the records of its ring buffer, the map events.
 * The map lost is an array with one element, a __u64 for each CPU, that counts the records the
 * ring buffer had no room for. Everything is in host byte order.
 */
#ifndef TRACE_EXEC_H
#define TRACE_EXEC_H

#include <linux/types.h>

#define TRACE_EXEC_COMM_SIZE 16
#define TRACE_EXEC_FILENAME_SIZE 256

/* Bits of trace_exec_event.flags. */
enum trace_exec_flag {
	TRACE_EXEC_FILENAME_TRUNCATED = 1 << 0,
};

/*
 * A program was executed. Ids are those of the initial namespaces. Strings end with a NUL, and the
 * bytes after it are undefined.
 */
struct trace_exec_event {
	__u64 timestamp; /* in ns, CLOCK_MONOTONIC */
	__u32 pid;       /* of the process, not of a thread */
	__u32 ppid;      /* of its parent */
	__u32 uid;       /* real, not effective */
	__u32 gid;
	__u32 flags;        /* enum trace_exec_flag */
	__u32 filename_len; /* in bytes, without the NUL; 0 if it could not be read */
	char comm[TRACE_EXEC_COMM_SIZE];
	char filename[TRACE_EXEC_FILENAME_SIZE];
};

#endif /* TRACE_EXEC_H */
