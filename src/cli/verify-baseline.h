/* SPDX-License-Identifier: BSD-2-Clause */
/* Did programs get dearer since an earlier `crossbpf verify --json`? */
#ifndef CROSSBPF_VERIFY_BASELINE_H
#define CROSSBPF_VERIFY_BASELINE_H

#include "core/verify.h"
#include "shared/strbuf.h"

/* What the file at `path` says of programs. */
struct verify_baseline {
	struct verify_before {
		char *key; /* owned */
		bool loaded;
		uint64_t instructions; /* 0: not known */
	} * v;                         /* sorted by key; owned */
	size_t n, room;
};

/* Its content, which may be anything; `path` is for messages. 0 or a negative errno. */
int verify_baseline_read(struct verify_baseline *ret, const char *content, size_t len,
			 const char *path, struct crossbpf_error *e);
/* All of the file: before anything boots. */
int verify_baseline_open(struct verify_baseline *ret, const char *path, struct crossbpf_error *e);
void verify_baseline_free(struct verify_baseline *b);
#define cleanup_verify_baseline CLEANUP(verify_baseline_free)

struct verify_comparison {
	size_t n, known; /* programs that the report tells of, and of these those compared */
	unsigned dearer;
};

/* Appends a line for each program that is dearer by more than so many percent, or was loaded by a
 * kernel of that name and is refused now. 0 or -ENOMEM. */
int verify_baseline_compare(const struct verify_baseline *b, const struct verify_report *r,
			    const char *path, double percent, struct strbuf *to,
			    struct verify_comparison *ret);

/* The same; the lines go to standard error. -ENOENT where nothing could be compared. */
int verify_baseline_check(const struct verify_baseline *b, const struct verify_report *r,
			  const char *path, double percent, unsigned *ret_dearer,
			  struct crossbpf_error *e);

#endif
