/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions are known by their places in contents.programs. Calls may go in circles, which the
 * verifier refuses, and a hostile object has many functions with many calls: a walk from each
 * program ends where an old kernel would refuse the program, others go once over all calls.
 */
#include "config.h"

#include <errno.h>

#include "call-graph.h"

/* A walk over functions: those that are still to be looked at, and those that were seen. */
struct walk {
	const struct inspection *in;
	uint32_t *seen; /* by function: the number of the walk that was there last; owned */
	uint32_t *left; /* owned */
	size_t n_left;
	uint32_t number; /* of this walk, from 1 on */
};

static void walk_free(struct walk *w)
{
	free(w->seen);
	free(w->left);
}
#define cleanup_walk CLEANUP(walk_free)

static int walk_init(struct walk *w, const struct inspection *in)
{
	size_t n = in->contents.n_programs + 1;

	*w = (struct walk){.in = in};
	w->seen = calloc(n, sizeof(*w->seen));
	w->left = calloc(n, sizeof(*w->left));
	return w->seen && w->left ? 0 : -ENOMEM;
}

static void walk_begin(struct walk *w)
{
	w->number++;
	w->n_left = 0;
}

static void walk_add(struct walk *w, uint32_t function)
{
	if (w->seen[function] == w->number)
		return;
	w->seen[function] = w->number;
	w->left[w->n_left++] = function;
}

static void walk_add_all(struct walk *w, const uint32_t *functions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		walk_add(w, functions[i]);
}

/* Who calls each function: that of function i from start[i] on, up to start[i + 1]. */
struct callers {
	uint32_t *v;   /* owned */
	size_t *start; /* owned */
};

static void callers_free(struct callers *c)
{
	free(c->v);
	free(c->start);
}
#define cleanup_callers CLEANUP(callers_free)

static int callers_init(struct callers *c, const struct inspection *in)
{
	size_t n = in->contents.n_programs, total = 0;

	for (size_t i = 0; i < n; i++)
		total += in->programs[i].code.callees.n;
	c->v = calloc(total + 1, sizeof(*c->v));
	c->start = calloc(n + 2, sizeof(*c->start));
	if (!c->v || !c->start)
		return -ENOMEM;
	/* One place further on: each becomes the start of its own while they are filled in. */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < in->programs[i].code.callees.n; k++)
			c->start[in->programs[i].code.callees.v[k] + 2]++;
	for (size_t i = 2; i < n + 2; i++)
		c->start[i] += c->start[i - 1];
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < in->programs[i].code.callees.n; k++)
			c->v[c->start[in->programs[i].code.callees.v[k] + 1]++] = (uint32_t)i;
	return 0;
}

/* A program of several functions, one of which makes a tail call. */
static int find_mixed_tail_calls(struct inspection *in, struct walk *w)
{
	cleanup_callers struct callers callers = {0};

	if (callers_init(&callers, in) < 0)
		return -ENOMEM;
	walk_begin(w);
	for (uint32_t i = 0; i < in->contents.n_programs; i++)
		if (code_calls(&in->programs[i].code, CODE_HELPER_TAIL_CALL))
			walk_add(w, i);
	while (w->n_left) {
		uint32_t i = w->left[--w->n_left];
		struct code *code = &in->programs[i].code;
		if (code->callees.n && !in->contents.programs[i].is_subprogram)
			code->features[FEATURE_TAIL_CALL_MIXED] = true;
		walk_add_all(w, callers.v + callers.start[i],
			     callers.start[i + 1] - callers.start[i]);
	}
	return 0;
}

/* Has it more instructions than old kernels took, with all functions that it reaches? Each has one
 * instruction and as many calls at most, so that the walk is short. */
static bool is_large(struct walk *w, uint32_t program)
{
	uint64_t n = 0;

	walk_begin(w);
	walk_add(w, program);
	while (w->n_left) {
		uint32_t i = w->left[--w->n_left];
		const struct code_numbers *callees = &w->in->programs[i].code.callees;
		n += w->in->contents.programs[i].n_instructions;
		if (n > CODE_INSTRUCTIONS_OLD)
			return true;
		walk_add_all(w, callees->v, callees->n);
	}
	return false;
}

/* What libbpf loads of itself: programs of struct_ops with the structures that have them. */
static bool is_loaded_first(const struct inspection *in, uint32_t i)
{
	const struct contents_program *p = &in->contents.programs[i];
	const struct inspection_program *more = &in->programs[i];

	if (more->meaning.program_type == PROGRAM_STRUCT_OPS && more->is_operation)
		return more->is_made_use_of;
	return p->autoload && !p->is_subprogram;
}

static void find_loaded(struct inspection *in, struct walk *w)
{
	walk_begin(w);
	for (uint32_t i = 0; i < in->contents.n_programs; i++)
		if (is_loaded_first(in, i))
			walk_add(w, i);
	while (w->n_left) {
		struct inspection_program *p = &in->programs[w->left[--w->n_left]];
		p->is_loaded = true;
		walk_add_all(w, p->code.callees.v, p->code.callees.n);
	}
}

int call_graph_read(struct inspection *in)
{
	const struct contents *c = &in->contents;
	cleanup_walk struct walk walk = {0};
	int r = walk_init(&walk, in);

	if (r == 0)
		find_loaded(in, &walk);
	if (r == 0)
		r = find_mixed_tail_calls(in, &walk);
	for (uint32_t i = 0; r == 0 && i < c->n_programs; i++)
		if (!c->programs[i].is_subprogram && is_large(&walk, i))
			in->programs[i].code.features[FEATURE_LARGE] = true;
	return r;
}
