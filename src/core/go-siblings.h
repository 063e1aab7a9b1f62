/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Go files that earlier runs, or bpf2go, made of the same object under other names: cilium/ebpf
 * 0.13 puts the arch elsewhere, and one for an arch takes the place of one for all. Both would
 * declare the same, and the package would not build.
 */
#ifndef CROSSBPF_GO_SIBLINGS_H
#define CROSSBPF_GO_SIBLINGS_H

#include <stdbool.h>

#include "shared/strv.h"

/* Appends those that are there beside STEM_SUFFIX.go (absolute) for a target and arch (NULL: all),
 * and say in their first line that they were generated so. 0 or -ENOMEM. */
int go_siblings_find(const char *stem, const char *target, const char *arch,
		     struct strv *ret_files);

/* Removes one, and the object that lies beside it for it alone. */
void go_siblings_remove(const char *file);

#endif
