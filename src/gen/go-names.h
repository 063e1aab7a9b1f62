/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs, maps or variables of an object, each with its Go name. */
#ifndef CROSSBPF_GEN_GO_NAMES_H
#define CROSSBPF_GEN_GO_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct go_name {
	const char *name; /* borrowed */
	char *go;
};

struct go_names {
	const char *what; /* "program", for a sentence */
	bool closes;      /* Close() is a method of the structures that they become fields of */
	struct go_name *v;
	size_t n, room;
};

/* 0, -ENOMEM, or -EINVAL with *ret_why, a sentence that the caller frees, for a name that Go or the
 * text of a Go file cannot have. */
int go_names_add(struct go_names *names, const char *name, char **ret_why);
/* Sorts them. The same, where two have one name in Go. */
int go_names_end(struct go_names *names, char **ret_why);
void go_names_free(struct go_names *names);
#define cleanup_go_names CLEANUP(go_names_free)

#endif
