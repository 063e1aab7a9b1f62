/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said between zygote.c and the module that is preloaded into the zygote. Messages of a
 * SOCK_SEQPACKET socket: an order, with the command's three streams, then words that each end with
 * a NUL: the directory ("": the zygote's own), the environment, the command. Each is answered with
 * an int32_t: the child's process ID, or a negative errno. The first of them says "ready". */
#ifndef CROSSBPF_NATIVE_ZYGOTE_PROTOCOL_H
#define CROSSBPF_NATIVE_ZYGOTE_PROTOCOL_H

#include <stdint.h>

/* DEVICE:INODE in decimal: the program that is to be the zygote. Others into which the module is
 * preloaded run as they are. */
#define ZYGOTE_VARIABLE "CROSSBPF_ZYGOTE"
#define ZYGOTE_VALUE(st) \
	"%llu:%llu", (unsigned long long)(st)->st_dev, (unsigned long long)(st)->st_ino
#define ZYGOTE_MODULE "native-zygote.so"

enum {
	ZYGOTE_SOCKET = 0, /* its standard input */
	ZYGOTE_READY = 0,
	ZYGOTE_VALUE_SIZE = 48,  /* of that text */
	ZYGOTE_MAX = 128 * 1024, /* of all words; a socket takes some more by default */
};

struct zygote_order {
	int32_t group; /* of processes, that the command joins; 0: it leads one of its own, with
			* SIGTTOU blocked */
	uint32_t n_env;
	uint32_t n_argv;
};

#endif
