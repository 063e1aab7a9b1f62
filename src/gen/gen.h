/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that carries a BPF object, the same on any host. Errors: -ENOMEM, -EINVAL for a name that
 * cannot be had, -ENOEXEC and -ENODATA for what is wrong with the object, each of the latter with
 * *ret_why, a part of a sentence about the object that the caller frees.
 */
#ifndef CROSSBPF_GEN_H
#define CROSSBPF_GEN_H

#include <stdbool.h>
#include <stddef.h>

#include "go-dialect.h"
#include "shared/strbuf.h"

struct gen_go {
	const struct go_dialect *dialect;
	const char *ident;        /* ident_is_go() */
	const char *package;      /* ident_is_package() */
	const char *embed;        /* the object's name, from the directory of the Go file */
	const char *target;       /* "bpfel", "bpfeb" */
	const char *arch;         /* it is for this one; NULL: for all of the target */
	const char *const *tags;  /* build tags that must hold too, NULL-terminated; or NULL */
	const char *const *types; /* further ones that are declared, NULL-terminated; or NULL */
	bool no_global_types;     /* those alone */
};

/* Appends the Go file that is to lie beside the object. */
int gen_go(const struct gen_go *g, const void *data, size_t len, struct strbuf *text,
	   char **ret_why);

/* May the object be named by //go:embed? */
bool gen_go_embeds(const char *path);

struct gen_c {
	const char *ident;  /* ident_is_c() */
	const char *target; /* "bpfel", "bpfeb" */
	const char *arch;   /* as above */
};

/* Appends a header with the object's bytes. 0 or -ENOMEM. */
int gen_c(const struct gen_c *g, const void *data, size_t len, struct strbuf *text);

#endif
