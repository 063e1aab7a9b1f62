/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's verifier says against a program, in terms of its source. */
#ifndef CROSSBPF_VERIFIER_H
#define CROSSBPF_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/strbuf.h"

struct verifier_request {
	const char *path;   /* of the object */
	const void *object; /* its bytes */
	size_t len;
	const char *program;     /* which was refused; NULL: libbpf does not say which */
	uint32_t n_instructions; /* as it was given to the kernel, with all that it calls; else 0 */
	const char *directory;   /* below which files are named from here; NULL: none */
	const char *log;         /* all that the verifier said */
	bool is_libbpf;          /* it did: the program did not get to the verifier */
	int error;               /* with which it was refused: a negative errno */
};

/* Appends lines without a newline at the end. 0 or -ENOMEM. */
int verifier_explain(const struct verifier_request *request, struct strbuf *report);

/* The same in pieces, for who says it otherwise. */
struct verifier_fault {
	char *said; /* owned; the messages on one line; NULL: there are none */
	char *file; /* owned; as a line of the report names it; NULL: not known */
	uint32_t line;
	bool is_beginning; /* the line is the program's first: that of the fault is not known */
};

/* What verifier_explain() does, and the pieces, into *ret, which is empty. 0 or -ENOMEM. */
int verifier_find(const struct verifier_request *request, struct strbuf *report,
		  struct verifier_fault *ret);
/* Where the program first calls this helper, without a word of what was said. The same. */
int verifier_find_call(const struct verifier_request *request, uint32_t helper,
		       struct verifier_fault *ret);
void verifier_fault_free(struct verifier_fault *f);
#define cleanup_verifier_fault CLEANUP(verifier_fault_free)

#endif
