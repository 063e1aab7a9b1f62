/* SPDX-License-Identifier: BSD-2-Clause */
/* What crossbpf verify is asked to do. */
#ifndef CROSSBPF_VERIFY_OPTIONS_H
#define CROSSBPF_VERIFY_OPTIONS_H

#include "core/verify-run.h"

struct verify_options {
	struct strv kernels, objects;
	const char *on; /* NAME[:WHERE], or NULL */
	const char *command, *packets, *btf;
	const char *html, *baseline;
	struct guest_file *files;
	size_t n_files;
	enum guest_accel accel;
	unsigned timeout, memory, jobs;
	double threshold; /* percent */
	bool attach, json, quiet, help;
};

int verify_options_parse(int argc, char **argv, struct verify_options *o, struct crossbpf_error *e);
void verify_options_print_help(void);
void verify_options_free(struct verify_options *o);
#define cleanup_verify_options CLEANUP(verify_options_free)

#endif
