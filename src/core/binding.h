/* SPDX-License-Identifier: BSD-2-Clause */
/* Code that carries an object: what src/gen makes of it, with errors that name its file. */
#ifndef CROSSBPF_BINDING_H
#define CROSSBPF_BINDING_H

#include "shared/error.h"
#include "gen/gen.h"
#include "object/object.h"
#include "shared/strbuf.h"

/* An object that code is made of. */
struct binding_object {
	const char *file; /* for messages */
	const void *data;
	size_t len;
	struct object_arch arch; /* points into data */
};

/* Reads what machines it is for. -ENOEXEC (status 1) where it is no BPF object. */
int binding_open(struct binding_object *o, struct crossbpf_error *e);

/* Is it for that arch and that target? Either may be NULL. -EXDEV (status 1) where it is for
 * others. */
int binding_check(const struct binding_object *o, const char *arch, const char *target,
		  struct crossbpf_error *e);

/* "bpfel" or "bpfeb", and what it is known to be for: NULL for all archs, or where nobody knows. */
const char *binding_target(const struct binding_object *o);
const char *binding_arch(const struct binding_object *o);

/* Append the code. Errors have status 1. */
int binding_go(const struct binding_object *o, const struct gen_go *gen, struct strbuf *text,
	       struct crossbpf_error *e);
int binding_c(const struct binding_object *o, const struct gen_c *gen, struct strbuf *text,
	      struct crossbpf_error *e);

/* May the code call it that? -EINVAL (status 2). */
int binding_check_go_ident(const char *ident, struct crossbpf_error *e);
int binding_check_c_ident(const char *ident, struct crossbpf_error *e);

#endif
