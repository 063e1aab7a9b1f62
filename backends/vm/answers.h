/* SPDX-License-Identifier: BSD-2-Clause */
/* Does an sshd listen there? */
#ifndef CROSSBPF_VM_ANSWERS_H
#define CROSSBPF_VM_ANSWERS_H

#include <stdbool.h>

/* True where one greets us within a second or two. `host` is an address, or a name. */
bool answers(const char *host, const char *port);

/* A port of 127.0.0.1 that nobody listens on now; 0 where there is none. */
unsigned short answers_free_port(void);

#endif
