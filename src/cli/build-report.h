/* SPDX-License-Identifier: BSD-2-Clause */
/* What `crossbpf build` prints: diagnostics, progress, events. */
#ifndef CROSSBPF_BUILD_REPORT_H
#define CROSSBPF_BUILD_REPORT_H

#include "core/build.h"

struct build_report {
	/* How; for the caller to set. */
	bool json, quiet, verbose;
	int64_t began; /* nanoseconds since the epoch */

	const struct build_plan *plan;
	const char *root, *dir; /* of the project; in which the user is */
	const char *backend;
	bool progress, colour;
	bool entered;                        /* it was said in which directory names are */
	uint64_t bytes_sent, bytes_received; /* to and from a builder that is elsewhere */
	size_t stale, begun, compiled, cached, failed, up_to_date, left;
	int status;            /* of the first failure: the exit status that all amounts to */
	const char *uses_arch; /* the first source that does */
	size_t n_use_arch;
	bool hinted; /* at the package of another architecture's headers */
};

void report_init(struct build_report *r, const struct build_plan *plan, const char *root,
		 const char *dir, const char *backend);
void report_explain(const struct build_action *action, bool fresh, const char *why);
/* Does it begin with a precompiled header, or why not? */
void report_prefix(void *ctx, const struct build_action *action, const char *header,
		   const char *why_not);
/* How many actions are about to be done. */
void report_plan(struct build_report *r, size_t n);
/* The callbacks of struct build; ctx is a struct build_report. */
void report_start(void *ctx, const struct build_action *action, const struct strv *argv);
void report_end_action(void *ctx, const struct build_result *result);
void report_done(struct build_report *r);
/* Before anything else is written to the terminal. */
void report_clear_progress(const struct build_report *r);

#endif
