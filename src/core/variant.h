/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For which machine a program is, and what is made of it. The names of archs are those of libbpf's
 * __TARGET_ARCH_ macros (bpf_tracing.h).
 */
#ifndef CROSSBPF_VARIANT_H
#define CROSSBPF_VARIANT_H

#include "shared/error.h"

/* The arch of a machine as `uname -m` names it, "x86" for "x86_64"; NULL for an unknown one. */
const char *variant_arch_of_machine(const char *machine);

/* The arch of this host, or NULL. */
const char *variant_host_arch(void);

/* `text` with the arch for each {arch}; NULL where memory ran out. The caller frees. */
char *variant_expand(const char *text, const char *arch);

/*
 * Is this a name of a target (bpfel, bpfeb), an arch, an instruction set (v1 to v4), or something
 * that a build can emit (object, skeleton, go, c, dep)? 0, or -EINVAL (status 2) with the nearest
 * name in the hint; the same for crossbpf.conf, an option and a variable.
 */
int variant_check_target(const char *name, struct crossbpf_error *e);
int variant_check_arch(const char *name, struct crossbpf_error *e);
int variant_check_cpu(const char *name, struct crossbpf_error *e);
int variant_check_emit(const char *name, struct crossbpf_error *e);

/* The names that an option of a build takes ("target", "arch", "cpu", "emit"), up to a NULL; NULL
 * for another option. */
const char *const *variant_names(const char *option);

/* Could C call a type so? */
int variant_check_type(const char *name, struct crossbpf_error *e);

#endif
