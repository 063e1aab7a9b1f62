/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CROSSBPF_UNPINNED_H
#define CROSSBPF_UNPINNED_H

#include <bpf/libbpf.h>

/* Has libbpf pin none of an object's maps (LIBBPF_PIN_BY_NAME). One that is pinned already is
 * shared, as it would be, and stays. The object is not loaded yet. */
void unpinned_make(struct bpf_object *object);

#endif
