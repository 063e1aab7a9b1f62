/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second stage of a build: code that is made of its objects. Each file is up to date or not for
 * itself, as the object that it is made of is one of its inputs.
 */
#ifndef CROSSBPF_DERIVED_H
#define CROSSBPF_DERIVED_H

#include "build-plan.h"

enum derived_kind { DERIVED_SKELETON, DERIVED_GO, DERIVED_C };

struct derived {
	enum derived_kind kind;
	char *path;  /* as an action's */
	char *ident; /* what its names begin with */
	char *embed; /* of Go: the object's name from the file's directory; else NULL */
};

/* Says what is made of an action's object. 0 or -ENOMEM. */
int derived_place(struct build_action *a, const struct settings *settings);
/* Names that cannot be, or would be those of two files (status 2). */
int derived_check(const struct build_plan *p, const struct settings *settings,
		  struct crossbpf_error *e);
void derived_free(struct derived *derived, size_t n);

#endif
