/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "verify.h"

void verify_reason_free(struct verify_reason *r)
{
	free(r->file);
	free(r->text);
	free(r->explanation);
	*r = (struct verify_reason){0};
}

void verify_program_free(struct verify_program *p)
{
	free(p->name);
	free(p->section);
	free(p->log);
	free(p->attach_message);
	free(p->tallies);
	verify_reason_free(&p->reason);
}

int verify_kernel_init(struct verify_kernel *k, const char *name, size_t n_objects)
{
	*k = (struct verify_kernel){.name = strdup(name), .command_status = -1};
	k->objects = calloc(n_objects ? n_objects : 1, sizeof(*k->objects));
	return k->name && k->objects ? 0 : -ENOMEM;
}

void verify_kernel_free(struct verify_kernel *k, size_t n_objects)
{
	for (size_t i = 0; k->objects && i < n_objects; i++) {
		struct verify_object *o = &k->objects[i];
		for (size_t p = 0; p < o->n_programs; p++)
			verify_program_free(&o->programs[p]);
		free(o->programs);
		free(o->message);
		verify_reason_free(&o->reason);
	}
	free(k->objects);
	free(k->name);
	free(k->release);
	free(k->machine);
	free(k->failure);
	free(k->console);
	free(k->command_output);
	*k = (struct verify_kernel){0};
}

void verify_report_free(struct verify_report *r)
{
	for (size_t i = 0; r->kernels && i < r->n_kernels; i++)
		verify_kernel_free(&r->kernels[i], r->n_objects);
	for (size_t i = 0; r->objects && i < r->n_objects; i++)
		free(r->objects[i]);
	free(r->kernels);
	free(r->objects);
	*r = (struct verify_report){0};
}
