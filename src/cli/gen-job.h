/* SPDX-License-Identifier: BSD-2-Clause */
/* What crossbpf gen reads and writes: nothing is written before all of it is made. */
#ifndef CROSSBPF_GEN_JOB_H
#define CROSSBPF_GEN_JOB_H

#include "core/binding.h"
#include "shared/strv.h"

struct gen_input {
	char *path; /* absolute */
	struct strbuf content;
	struct binding_object object; /* its file is as the user named it */
};

struct gen_output {
	char *path;
	struct strbuf content;
	const char *of; /* the object, as the user named it */
};

struct gen_job {
	char *outdir; /* absolute */
	struct gen_input *inputs;
	size_t n_inputs;
	struct gen_output *outputs;
	size_t n_outputs, room;
	struct strv obsolete; /* files that are to be gone, where they are none of these */
};

/* Reads the objects; `outdir` is NULL for the working directory. */
int gen_job_open(struct gen_job *j, const char *outdir, const char *const *objects,
		 struct crossbpf_error *e);

/* Adds a file in the output directory; its name and content are taken over. Another one of that
 * name and another content is refused (status 2). */
int gen_job_take(struct gen_job *j, char *name, struct strbuf *content, const char *of,
		 struct crossbpf_error *e);

/* Writes them: each new or as it was, never a part. Then removes what is obsolete, which is always
 * said; `say` (or NULL) is told each that was written. */
int gen_job_write(const struct gen_job *j, void (*say)(const char *message),
		  struct crossbpf_error *e);

void gen_job_free(struct gen_job *j);
#define cleanup_gen_job CLEANUP(gen_job_free)

#endif
