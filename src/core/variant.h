/* SPDX-License-Identifier: BSD-2-Clause */
/* For which machine a program is: the names of libbpf's __TARGET_ARCH_ macros (bpf_tracing.h). */
#ifndef CROSSBPF_VARIANT_H
#define CROSSBPF_VARIANT_H

/* The arch of a machine as `uname -m` names it, "x86" for "x86_64"; NULL for an unknown one. */
const char *variant_arch_of_machine(const char *machine);

/* The arch of this host, or NULL. */
const char *variant_host_arch(void);

#endif
