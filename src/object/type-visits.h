/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In which steps LLVM made the types of BTF: it numbers them as it comes to them, by functions and
 * by the structures that CO-RE looks into (BTFDebug.cpp, visitTypeEntry()). That is followed here
 * on the types that there are; where a number is not the one that should come next, nothing is
 * known.
 */
#ifndef CROSSBPF_TYPE_VISITS_H
#define CROSSBPF_TYPE_VISITS_H

#include "btf.h"

struct type_visits {
	const struct btf *btf;
	uint32_t *places;  /* of each type, by number, in btf->types; owned */
	uint32_t n;        /* of them; the first has the number 1 */
	uint32_t sections; /* the last DATASEC: what stands behind it was made in the end; or 0 */
	uint32_t call;     /* the next function, once looked for */
	uint32_t made;     /* the number that comes next */
	unsigned depth;
};

/* 0, -ENOMEM or -ENOEXEC. */
int type_visits_init(struct type_visits *ret, const struct btf *b, const char **why);
void type_visits_free(struct type_visits *v);

/* A function begins that has this type: v->made is behind all that are made then. */
void type_visits_function(struct type_visits *v, uint32_t type);
/* The same of a type into which an instruction looks. False: nothing is known. */
bool type_visits_root(struct type_visits *v, uint32_t type);

#endif
