/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "object/call-graph.h"

/* Functions, and what each calls. */
enum { FUNCTIONS = 6, CALLS = 4 };

struct graph {
	struct contents_program functions[FUNCTIONS];
	struct inspection_program programs[FUNCTIONS];
	uint32_t callees[FUNCTIONS][CALLS];
	struct inspection in;
};

/* Function 0 is a program, and so is 1; others are what programs call. */
static void make_graph(struct graph *g)
{
	*g = (struct graph){.in.contents = {.programs = g->functions, .n_programs = FUNCTIONS},
			    .in.programs = g->programs};
	for (size_t i = 0; i < FUNCTIONS; i++) {
		g->functions[i] = (struct contents_program){
			.n_instructions = 10, .autoload = true, .is_subprogram = i > 1};
		g->programs[i].code.callees.v = g->callees[i];
	}
}

static void call(struct graph *g, size_t caller, uint32_t callee)
{
	struct code_numbers *callees = &g->programs[caller].code.callees;

	ck_assert_uint_lt(callees->n, CALLS);
	callees->v[callees->n++] = callee;
}

static void call_tail(struct graph *g, size_t caller)
{
	g->programs[caller].code.helpers[CODE_HELPER_TAIL_CALL / 8] |= 1
								       << CODE_HELPER_TAIL_CALL % 8;
}

static bool has(const struct graph *g, size_t i, enum kernel_feature feature)
{
	return g->programs[i].code.features[feature];
}

TEST(finds_tail_calls_behind_calls)
{
	struct graph g;

	make_graph(&g);
	call(&g, 0, 2);
	call(&g, 2, 3);
	call(&g, 1, 4);
	call_tail(&g, 3);
	ck_assert_int_eq(call_graph_read(&g.in), 0);
	ck_assert(has(&g, 0, FEATURE_TAIL_CALL_MIXED) && !has(&g, 1, FEATURE_TAIL_CALL_MIXED));

	/* The program makes the tail call, and the function it calls none. */
	make_graph(&g);
	call(&g, 1, 2);
	call_tail(&g, 1);
	call_tail(&g, 0);
	ck_assert_int_eq(call_graph_read(&g.in), 0);
	ck_assert(!has(&g, 0, FEATURE_TAIL_CALL_MIXED) && has(&g, 1, FEATURE_TAIL_CALL_MIXED));
}

TEST(counts_what_is_called)
{
	struct graph g;

	make_graph(&g);
	for (uint32_t i = 2; i < FUNCTIONS; i++) {
		call(&g, 0, i); /* each once, however often it is called */
		call(&g, i, 2);
		g.functions[i].n_instructions = 1020;
	}
	call(&g, 1, 2);
	g.functions[0].n_instructions = 17;
	ck_assert_int_eq(call_graph_read(&g.in), 0);
	ck_assert(has(&g, 0, FEATURE_LARGE) && !has(&g, 1, FEATURE_LARGE));
	g.programs[0].code.features[FEATURE_LARGE] = false;
	g.functions[0].n_instructions = 16;
	ck_assert_int_eq(call_graph_read(&g.in), 0);
	ck_assert(!has(&g, 0, FEATURE_LARGE));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, finds_tail_calls_behind_calls);
	tcase_add_test(c, counts_what_is_called);
}

int main(void)
{
	return suite_run("call_graph", add_tests);
}
