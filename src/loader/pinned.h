/* SPDX-License-Identifier: BSD-2-Clause */
/* A loaded object, in its directory of pins. */
#ifndef CROSSBPF_PINNED_H
#define CROSSBPF_PINNED_H

#include "opened.h"
#include "pins.h"

/* pins_open(), after which nothing is there of a command that was killed: what it had made whole is
 * finished, what it had begun is undone. */
int pinned_open(struct pins *ret, char *dir, struct crossbpf_error *e);

/* Before it is loaded: maps that are pinned there already are this object's as well; those of its
 * variables where it is the same program that is to run at another place too. A map that is
 * declared otherwise than the one there is an error. */
int pinned_reuse_maps(const struct pins *p, struct opened *o, bool same, struct crossbpf_error *e);

/* Once it is loaded: has its programs be those that are pinned there; an error where they differ.
 */
int pinned_reuse_programs(const struct pins *p, struct opened *o, struct crossbpf_error *e);

/* Stages what is there and the object did not load. */
int pinned_stage_rest(struct pins *p, struct crossbpf_error *e);

/* Stages its programs and maps. */
int pinned_stage(struct pins *p, const struct opened *o, struct crossbpf_error *e);

#endif
