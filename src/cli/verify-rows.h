/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs of a report, each once, and what is the same in all that shows one. */
#ifndef CROSSBPF_VERIFY_ROWS_H
#define CROSSBPF_VERIFY_ROWS_H

#include "core/verify.h"
#include "shared/strbuf.h"

enum { VERIFY_LIMIT = 1000000 }; /* instructions that the verifier goes through at most */

struct verify_row {
	size_t object;       /* in the report's */
	const char *program; /* of the report's; NULL: no kernel told of any */
	const char *section; /* or NULL */
};

struct verify_rows {
	struct verify_row *v; /* by objects, in the order in which kernels told of them; owned */
	size_t n;
};

/* 0 or -ENOMEM. */
int verify_rows_make(const struct verify_report *r, struct verify_rows *ret);
void verify_rows_free(struct verify_rows *rows);
#define cleanup_verify_rows CLEANUP(verify_rows_free)

/* What a kernel made of it; *ret_program, which may be NULL, is all that it told. */
enum verify_verdict verify_row_verdict(const struct verify_kernel *k, const struct verify_row *row,
				       const struct verify_program **ret_program);

/* "loaded", "refused", "not loaded", "no answer" */
const char *verify_verdict_name(enum verify_verdict verdict);

/* Was the object refused, and none of its programs by itself? */
bool verify_is_object_refused(const struct verify_object *o);

struct verify_counts {
	size_t loaded, refused; /* programs; and objects that were refused as a whole */
	size_t unattached;      /* programs that were to be, whose place is known */
	size_t lost;            /* kernels */
};
struct verify_counts verify_count(const struct verify_report *r);

/* "1,234", "0.1 %" of the limit, "3 ms" */
void verify_add_count(struct strbuf *to, uint64_t n);
void verify_add_share(struct strbuf *to, uint64_t instructions);
void verify_add_seconds(struct strbuf *to, double seconds);

/* "attached, ran 12 times", "not attached: ...", "3 packets: XDP_PASS 3" as far as that was asked
 * for, joined by "; ". */
void verify_add_use(struct strbuf *to, const struct verify_program *p);

/* On one line, with what a terminal would obey written out. */
void verify_add_line(struct strbuf *to, const char *text);

/* The last line that is not empty, as above. */
void verify_add_last_line(struct strbuf *to, const char *text);

#endif
