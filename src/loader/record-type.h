/* SPDX-License-Identifier: BSD-2-Clause */
/* Which type in an object's BTF the records of a buffer have, where nothing but their size is
 * known. */
#ifndef CROSSBPF_RECORD_TYPE_H
#define CROSSBPF_RECORD_TYPE_H

#include "opened.h"

struct record_types {
	const struct btf *btf; /* the object's; NULL: it has none */
	unsigned char *marks;  /* of each type; owned */
};

int record_types_open(struct record_types *ret, const struct opened *o, struct crossbpf_error *e);
void record_types_close(struct record_types *t);

/* The type that a user calls "struct x", or "x"; 0 with an error where there is none. */
__u32 record_types_named(const struct record_types *t, const char *name, struct crossbpf_error *e);

/*
 * The type of a record of this size: a structure that a global variable is a pointer to; else the
 * only one of that size that is no key and no value of a map; else the only one. `padded`: it came
 * by a perf buffer, which adds up to seven bytes. 0: that cannot be told.
 */
__u32 record_types_guess(const struct record_types *t, size_t size, bool padded);

#endif
