/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "verify.h"

void verify_reason_free(struct verify_reason *r)
{
	free(r->file);
	free(r->text);
	free(r->explanation);
	*r = (struct verify_reason){0};
}

static void program_free(struct verify_program *p)
{
	free(p->name);
	free(p->section);
	free(p->log);
	free(p->attach_message);
	free(p->tallies);
	verify_reason_free(&p->reason);
}

static void object_free(struct verify_object *o)
{
	for (size_t i = 0; i < o->n_programs; i++)
		program_free(&o->programs[i]);
	free(o->programs);
	free(o->message);
	verify_reason_free(&o->reason);
}

static void kernel_free(struct verify_kernel *k, size_t n_objects)
{
	for (size_t i = 0; k->objects && i < n_objects; i++)
		object_free(&k->objects[i]);
	free(k->objects);
	free(k->name);
	free(k->release);
	free(k->machine);
	free(k->failure);
	free(k->console);
	free(k->command_output);
}

void verify_report_free(struct verify_report *r)
{
	for (size_t i = 0; r->kernels && i < r->n_kernels; i++)
		kernel_free(&r->kernels[i], r->n_objects);
	free(r->kernels);
	for (size_t i = 0; r->objects && i < r->n_objects; i++)
		free(r->objects[i]);
	free(r->objects);
	*r = (struct verify_report){0};
}
