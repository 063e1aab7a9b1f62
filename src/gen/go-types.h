/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An object's types in Go, field by field where C has them: what lies between is padding, bit
 * fields are padding too, of a union there is its first member, a pointer is a number. What Go puts
 * between fields by itself, in structures that are packed in C, is not for types to say.
 */
#ifndef CROSSBPF_GEN_GO_TYPES_H
#define CROSSBPF_GEN_GO_TYPES_H

#include "go-dialect.h"
#include "go-fields.h"
#include "object/types.h"

/* A type that is declared by a name. */
struct go_named {
	uint32_t id; /* without qualifiers */
	char *name;  /* in Go */
};

struct go_types {
	const struct types *types;
	const struct go_dialect *dialect;
	const char *ident; /* names begin with it */
	struct go_named *named;
	size_t n, room;
	/* Once written: */
	bool has_structs;          /* is the package structs asked for? */
	struct go_fields declared; /* all names that stand there, each with what it is of */
};

/* Has the type of a key, a value or a variable declared, or what it has elements of, where bpf2go
 * would. 0, -ENOMEM, or -EINVAL with *ret_why, a sentence that the caller frees. */
int go_types_add(struct go_types *t, uint32_t id, char **ret_why);

/* The type that C calls so. -ENOENT with *ret_why where there is none; else the same. */
int go_types_ask(struct go_types *t, const char *name, char **ret_why);

/* Appends all declarations, by name. 0, -ENOMEM, or -EINVAL with *ret_why for one that Go cannot
 * have. */
int go_types_write(struct go_types *t, struct strbuf *text, char **ret_why);

void go_types_free(struct go_types *t);
#define cleanup_go_types CLEANUP(go_types_free)

#endif
