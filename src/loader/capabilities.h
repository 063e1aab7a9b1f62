/* SPDX-License-Identifier: BSD-2-Clause */
/* Which capabilities are missing where the kernel says EPERM. */
#ifndef CROSSBPF_CAPABILITIES_H
#define CROSSBPF_CAPABILITIES_H

struct bpf_object;

/* "CAP_BPF and CAP_NET_ADMIN": what loading the object's programs takes and this process has not;
 * NULL: nothing, or memory ran out. The caller frees. */
char *capabilities_missing(struct bpf_object *object);

#endif
