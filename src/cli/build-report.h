/* SPDX-License-Identifier: BSD-2-Clause */
/* What `crossbpf build` prints: diagnostics, progress, events. */
#ifndef CROSSBPF_BUILD_REPORT_H
#define CROSSBPF_BUILD_REPORT_H

#include "core/build.h"
#include "core/derive.h"

struct build_report {
	/* How; for the caller to set. */
	bool json, quiet, verbose, explain;
	int64_t began; /* nanoseconds since the epoch */

	const struct build_plan *plan;
	const char *root, *dir; /* of the project; in which the user is */
	const char *backend;
	const char *launcher; /* its program, or NULL */
	bool progress, colour;
	bool entered;                        /* it was said in which directory names are */
	uint64_t bytes_sent, bytes_received; /* to and from a builder that is elsewhere */
	bool *done; /* of each action of the plan; or NULL. Owned by the caller */
	size_t stale, begun, compiled, cached, failed, up_to_date, left, derived;
	int status;            /* of the first failure: the exit status that all amounts to */
	const char *uses_arch; /* the first source that does */
	size_t n_use_arch;
	bool launcher_told;  /* what it says was passed on once */
	bool hinted;         /* at the package of another architecture's headers */
	const char *vmlinux; /* where crossbpf.conf has it; NULL: it does not say */
	bool hinted_vmlinux;
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
void report_launch(void *ctx, const struct build_action *action, const struct launch_note *note);
/* The callbacks of struct derive. */
void report_derived(void *ctx, const struct derive_job *job, const uint8_t digest[DIGEST_SIZE],
		    size_t size);
void report_fail_derived(void *ctx, const struct derive_job *job,
			 const struct crossbpf_error *error);
/* One was removed that declared the same as one of these. */
void report_removed(void *ctx, const char *path);
void report_why_derived(void *ctx, const struct derived *derived, const char *why);
/* Where a compiler lacks the headers of an arch, says what has them. Did it? */
bool report_hint_at_asm(const struct build_action *action, const char *said);
void report_done(struct build_report *r);
/* Before anything else is written to the terminal. */
void report_clear_progress(const struct build_report *r);

#endif
