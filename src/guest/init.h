/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest as process 1. */
#ifndef CROSSBPF_GUEST_INIT_H
#define CROSSBPF_GUEST_INIT_H

/* Never returns: it powers off. What goes wrong is said on the console. */
__attribute__((noreturn)) void init_run(void);

#endif
