/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-object.h"
#include "object/code.h"

/* A function of these instructions: opcode, source, offset, number. */
struct insn {
	uint8_t code, source;
	int16_t offset;
	int32_t number;
};

#define NO_FEATURE FEATURE_MAX

static void read_code(const struct insn *insns, uint32_t n, bool big, struct code *ret)
{
	const struct made order = {.big = big};
	const struct contents contents = {.elf.big = big};
	const struct references none = {0};
	cleanup_free uint8_t *bytes = malloc((size_t)n * 8);
	struct contents_program p = {.instructions = bytes, .n_instructions = n};

	ck_assert_ptr_ne(bytes, NULL);
	for (uint32_t i = 0; i < n; i++) {
		bytes[i * 8] = insns[i].code;
		bytes[i * 8 + 1] = (uint8_t)(big ? insns[i].source : insns[i].source << 4);
		made_put(&order, bytes + i * 8 + 2, 2, (uint16_t)insns[i].offset);
		made_put(&order, bytes + i * 8 + 4, 4, (uint32_t)insns[i].number);
	}
	ck_assert_int_eq(code_read(ret, &contents, &none, &p), 0);
}

enum { EXIT = 0x95, CALL = 0x85, JA = 0x05, JEQ = 0x15 };

static void expect_one(struct insn i, unsigned cpu, enum kernel_feature feature)
{
	for (int order = 0; order < 2; order++) {
		const struct insn insns[] = {i, {.code = EXIT}, {.code = EXIT}};
		cleanup_code struct code code = {0};

		read_code(insns, LENGTH(insns), order, &code);
		ck_assert_msg(code.cpu == cpu, "%x: cpu %u, not %u", i.code, code.cpu, cpu);
		for (enum kernel_feature f = 0; f < FEATURE_MAX; f++)
			ck_assert_msg(code.features[f] == (f == feature), "%x: feature %d", i.code,
				      (int)f);
	}
}

TEST(levels)
{
	expect_one((struct insn){.code = 0xb7}, 1, NO_FEATURE);               /* r = 0 */
	expect_one((struct insn){.code = 0xdc, .number = 16}, 1, NO_FEATURE); /* be16 */
	expect_one((struct insn){.code = 0xdb}, 1, NO_FEATURE);               /* lock += */
	expect_one((struct insn){.code = JEQ, .offset = 1}, 1, NO_FEATURE);
	expect_one((struct insn){.code = 0xa5, .offset = 1}, 2, FEATURE_JUMP_LESS); /* if < */
	expect_one((struct insn){.code = 0xd5, .offset = 1}, 2, FEATURE_JUMP_LESS); /* if s<= */
	expect_one((struct insn){.code = 0x16, .offset = 1}, 3, FEATURE_JUMP32);
	expect_one((struct insn){.code = 0xb4}, 3, NO_FEATURE);                     /* w = 0 */
	expect_one((struct insn){.code = 0xdb, .number = 0xe1}, 3, FEATURE_ATOMIC); /* xchg */
	expect_one((struct insn){.code = 0xdb, .number = 0x01}, 3, FEATURE_ATOMIC); /* fetch */
	expect_one((struct insn){.code = 0xbf, .offset = 8}, 4, FEATURE_CPU4);      /* r = (s8)r */
	expect_one((struct insn){.code = 0xbc, .offset = 16}, 4, FEATURE_CPU4);
	expect_one((struct insn){.code = 0x3f, .offset = 1}, 4, FEATURE_CPU4);  /* s/= */
	expect_one((struct insn){.code = 0xd7, .number = 32}, 4, FEATURE_CPU4); /* bswap32 */
	expect_one((struct insn){.code = 0x91}, 4, FEATURE_CPU4);               /* *(s8 *) */
	expect_one((struct insn){.code = 0x06, .number = 1}, 4, FEATURE_CPU4);  /* gotol */
	expect_one((struct insn){.code = 0xdb, .number = 0x100}, 4, FEATURE_ACQUIRE);
	expect_one((struct insn){.code = 0xe5, .offset = 1}, 1, FEATURE_MAY_GOTO);
	expect_one((struct insn){.code = 0xbf, .offset = 1, .number = 1}, 1, FEATURE_ADDRESS_SPACE);
	expect_one((struct insn){.code = 0x0d}, 4, FEATURE_INDIRECT_JUMP); /* gotox */
}

static bool is_unknown(struct insn i)
{
	const struct insn insns[] = {i, {.code = EXIT}, {.code = EXIT}};
	cleanup_code struct code code = {0};

	read_code(insns, LENGTH(insns), false, &code);
	return code.has_unknown;
}

/* What is not in RFC 9669, or has come since, is not passed over. */
TEST(knows_what_it_does_not_know)
{
	static const struct insn known[] = {
		{.code = 0x18},
		{.code = 0x20}, /* r0 = *(u32 *)skb[] */
		{.code = 0x50},
		{.code = 0x61},
		{.code = 0x89}, /* *(s16 *) */
		{.code = 0x7a},
		{.code = 0x73},
		{.code = 0xc3, .number = 0x51},
		{.code = 0xd3, .number = 0x100},
		{.code = 0x87},
		{.code = 0xdc, .number = 16},
		{.code = 0x7d},
		{.code = 0xde},
	};
	static const struct insn unknown[] = {
		{.code = 0x00},
		{.code = 0x38}, /* there is no u64 of a packet */
		{.code = 0x99}, /* a sign needs no extension there */
		{.code = 0xa1},
		{.code = 0x82},
		{.code = 0xdb, .number = 0x02},
		{.code = 0xd3, .number = 0x01}, /* a byte, of which there is only a load */
		{.code = 0xe4},
		{.code = 0xf7},
		{.code = 0x0e},
		{.code = 0x86},
		{.code = 0x8d}, /* callx */
		{.code = 0x9d},
		{.code = 0xe6},
		{.code = 0xf5},
	};

	for (size_t i = 0; i < LENGTH(known); i++)
		ck_assert_msg(!is_unknown(known[i]), "%x", known[i].code);
	for (size_t i = 0; i < LENGTH(unknown); i++)
		ck_assert_msg(is_unknown(unknown[i]), "%x", unknown[i].code);
}

TEST(calls)
{
	const struct insn insns[] = {
		{.code = CALL, .number = 12},             /* tail_call */
		{.code = CALL, .source = 1, .number = 1}, /* a function */
		{.code = 0x18, .number = 1},              /* a constant, two wide */
		{.code = CALL, .number = 7},              /* its second half: no call */
		{.code = CALL, .number = 5},
		{.code = EXIT},
	};
	cleanup_code struct code code = {0};
	const struct insn unknown[] = {{.code = CALL, .number = -2}, {.code = EXIT}};

	read_code(insns, LENGTH(insns), false, &code);
	ck_assert(code_calls(&code, 12) && code_calls(&code, 5) && !code_calls(&code, 7));
	ck_assert(code.features[FEATURE_CALL] && code.features[FEATURE_TAIL_CALL_MIXED]);
	ck_assert(!code.features[FEATURE_LOOP] && !code.calls_unknown);
	read_code(unknown, LENGTH(unknown), false, &code);
	ck_assert(code.calls_unknown && !code_calls(&code, UINT32_MAX));
	ck_assert_uint_eq(code.unknown_helper, (uint32_t)-2);
}

static bool has_loop(const struct insn *insns, uint32_t n)
{
	cleanup_code struct code code = {0};

	read_code(insns, n, false, &code);
	return code.features[FEATURE_LOOP];
}

TEST(loops)
{
	const struct insn loop[] = {{.code = 0xb7}, {.code = JEQ, .offset = -2}, {.code = EXIT}};
	const struct insn itself[] = {{.code = JA, .offset = -1}, {.code = EXIT}};
	/* To an end that stands before: a compiler lays it out so. */
	const struct insn back[] = {{.code = JA, .offset = 1},
				    {.code = EXIT},
				    {.code = JEQ, .offset = -2},
				    {.code = JA, .offset = -3}};
	const struct insn dead[] = {{.code = EXIT}, {.code = JA, .offset = -1}};
	const struct insn outside[] = {{.code = JA, .offset = -100}, {.code = JA, .offset = 100}};
	/* Over the second half of a constant, which is no jump. */
	const struct insn wide[] = {{.code = 0x18}, {.code = JA, .offset = -2}, {.code = EXIT}};
	/* It does not lead to the next one. */
	const struct insn indirect[] = {{.code = 0x0d}, {.code = JA, .offset = -2}, {.code = EXIT}};

	ck_assert(has_loop(loop, LENGTH(loop)));
	ck_assert(has_loop(itself, LENGTH(itself)));
	ck_assert(!has_loop(back, LENGTH(back)));
	ck_assert(!has_loop(dead, LENGTH(dead)));
	ck_assert(!has_loop(outside, LENGTH(outside)));
	ck_assert(!has_loop(wide, LENGTH(wide)));
	ck_assert(!has_loop(indirect, LENGTH(indirect)));
}

TEST(large)
{
	enum { N = 4097 };
	static struct insn insns[N];
	cleanup_code struct code code = {0};

	for (unsigned i = 0; i < N; i++)
		insns[i].code = 0xb7;
	insns[N - 1].code = EXIT;
	read_code(insns, N, true, &code);
	ck_assert(code.features[FEATURE_LARGE]);
	read_code(insns, N - 1, true, &code);
	ck_assert(!code.features[FEATURE_LARGE]);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, levels);
	tcase_add_test(c, knows_what_it_does_not_know);
	tcase_add_test(c, calls);
	tcase_add_test(c, loops);
	tcase_add_test(c, large);
}

int main(void)
{
	return suite_run("code", add_tests);
}
