/* SPDX-License-Identifier: BSD-2-Clause */
/* A loaded object, in its directory of pins. */
#ifndef CROSSBPF_PINNED_H
#define CROSSBPF_PINNED_H

#include "opened.h"
#include "pins.h"

/* Before it is loaded: maps that are pinned there already are this object's as well, but for its
 * variables. A map that is declared otherwise than the one there is an error. */
int pinned_reuse_maps(const struct pins *p, struct opened *o, struct crossbpf_error *e);

/* Stages its programs and maps. */
int pinned_stage(struct pins *p, const struct opened *o, struct crossbpf_error *e);

#endif
