/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports of `crossbpf verify` made by hand. */
#ifndef CROSSBPF_TESTS_MAKE_REPORT_H
#define CROSSBPF_TESTS_MAKE_REPORT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/verify.h"

/* What cannot be had ends the test. */
static inline void *made_or_end(void *p)
{
	if (!p)
		abort();
	return p;
}

static inline char *made_text(const char *text)
{
	return text ? made_or_end(strdup(text)) : NULL;
}

/* Names end with NULL. */
static inline void report_make(struct verify_report *r, const char *const *objects,
			       const char *const *kernels)
{
	*r = (struct verify_report){0};
	while (objects[r->n_objects])
		r->n_objects++;
	while (kernels[r->n_kernels])
		r->n_kernels++;
	r->objects = made_or_end(calloc(r->n_objects + 1, sizeof(*r->objects)));
	r->kernels = made_or_end(calloc(r->n_kernels + 1, sizeof(*r->kernels)));
	for (size_t i = 0; i < r->n_objects; i++)
		r->objects[i] = made_text(objects[i]);
	for (size_t i = 0; i < r->n_kernels; i++) {
		struct verify_kernel *k = &r->kernels[i];
		if (verify_kernel_init(k, kernels[i], r->n_objects) < 0)
			abort();
		k->release = made_text(kernels[i]);
		k->machine = made_text("x86_64");
		k->has_btf = true;
		k->seconds = 1.5;
	}
}

static inline struct verify_program *report_add(struct verify_report *r, size_t kernel,
						size_t object, const char *name,
						uint64_t instructions)
{
	struct verify_object *o = &r->kernels[kernel].objects[object];

	o->programs = made_or_end(realloc(o->programs, (o->n_programs + 1) * sizeof(*o->programs)));
	struct verify_program *p = &o->programs[o->n_programs++];
	*p = (struct verify_program){.name = made_text(name),
				     .section = made_text("xdp"),
				     .verdict = VERIFY_LOADED,
				     .instructions = instructions,
				     .seconds = 0.003};
	if (o->verdict == VERIFY_NO_ANSWER)
		o->verdict = VERIFY_LOADED;
	return p;
}

static inline struct verify_program *report_refuse(struct verify_report *r, size_t kernel,
						   size_t object, const char *name, const char *log)
{
	struct verify_program *p = report_add(r, kernel, object, name, 0);

	p->verdict = VERIFY_REFUSED;
	p->error = -EINVAL;
	p->log = made_text(log);
	r->kernels[kernel].objects[object].verdict = VERIFY_REFUSED;
	r->kernels[kernel].objects[object].error = -EINVAL;
	return p;
}

static inline void report_lose(struct verify_report *r, size_t kernel, const char *failure,
			       const char *console)
{
	struct verify_kernel *k = &r->kernels[kernel];

	free(k->release);
	k->release = NULL;
	k->has_btf = false;
	k->error = -ETIMEDOUT;
	k->failure = made_text(failure);
	k->console = made_text(console);
}

#endif
