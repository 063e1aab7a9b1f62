/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a kernel refused a program, in one sentence: "bpf_cgrp_storage_get() is not in Linux 6.1; it
 * came with 6.2". Where it is not the kernel's age, what the verifier or libbpf said.
 */
#ifndef CROSSBPF_VERIFY_REASON_H
#define CROSSBPF_VERIFY_REASON_H

#include "verify.h"

/* An object as it was given to the kernels. */
struct verify_source {
	const char *path;
	const void *object;    /* NULL: it cannot be read */
	size_t len;            /* of it */
	const char *directory; /* below which source files are named from here; NULL: none */
};

/* Each fills *ret, which is empty. 0 or -ENOMEM. */
int verify_reason_program(const struct verify_source *s, const struct verify_kernel *k,
			  const struct verify_program *p, struct verify_reason *ret);

/* Of an object that fell with no program to blame. */
int verify_reason_object(const struct verify_source *s, const struct verify_kernel *k,
			 const struct verify_object *o, struct verify_reason *ret);

/* "cgrp.bpf.c:12: bpf_cgrp_storage_get() is not in ..." */
struct strbuf;
void verify_reason_add(const struct verify_reason *r, struct strbuf *to);

/* Was a program of it refused by itself, so that the object needs no reason of its own? */
bool verify_object_has_culprit(const struct verify_object *o);

#endif
