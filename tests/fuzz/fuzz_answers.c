/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anything as what a guest of crossbpf verify answers: it becomes part of a report, or is refused
 * with a word; in one piece and byte by byte the same. Under libFuzzer, or run-once.c.
 */
#include "config.h"

#include <errno.h>

#include "core/guest-answers.h"
#include "target.h"

enum { OBJECTS = 2 };

struct trial {
	struct verify_kernel kernel;
	struct guest_answers answers;
	int r;
};

static void begin(struct trial *t)
{
	static const size_t order[OBJECTS] = {1, 0};

	*t = (struct trial){.r = 0};
	CHECK(verify_kernel_init(&t->kernel, "6.1", OBJECTS) == 0);
	t->answers = (struct guest_answers){
		.kernel = &t->kernel, .objects = order, .n_objects = OBJECTS};
}

static void take(struct trial *t, const uint8_t *data, size_t len)
{
	if (t->r == 0 && !t->answers.done)
		t->r = guest_answers_take(&t->answers, (const char *)data, len);
}

static void end(struct trial *t)
{
	guest_answers_free(&t->answers);
	verify_kernel_free(&t->kernel, OBJECTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct trial whole, parts;

	begin(&whole);
	begin(&parts);
	take(&whole, data, len);
	for (size_t i = 0; i < len; i++)
		take(&parts, data + i, 1);
	CHECK(whole.r == 0 || ((whole.r == -EPROTO || whole.r == -EFBIG) && whole.answers.why[0]));
	CHECK(whole.r == parts.r && whole.answers.done == parts.answers.done);
	for (size_t i = 0; i < OBJECTS; i++)
		CHECK(whole.kernel.objects[i].n_programs == parts.kernel.objects[i].n_programs);
	end(&whole);
	end(&parts);
	return 0;
}
