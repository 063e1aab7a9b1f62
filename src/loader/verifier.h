/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's verifier says against a program, in terms of its source. */
#ifndef CROSSBPF_VERIFIER_H
#define CROSSBPF_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/strbuf.h"

struct verifier_request {
	const char *path;   /* of the object */
	const void *object; /* its bytes */
	size_t len;
	const char *program; /* which was refused */
	const char *log;     /* all that the verifier said */
	bool whole;          /* show all of it */
};

/* Appends lines without a newline at the end. 0 or -ENOMEM. */
int verifier_explain(const struct verifier_request *request, struct strbuf *report);

#endif
