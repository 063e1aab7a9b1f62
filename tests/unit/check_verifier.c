/* SPDX-License-Identifier: BSD-2-Clause */
/* Logs as kernels of different ages write them, without the object: verifier.test has objects. */
#include "suite.h"

#include "object/verifier-log.h"
#include "object/verifier.h"

static char *explain(const char *log, int error)
{
	const struct verifier_request request = {
		.path = "a.bpf.o", .object = "", .program = "count", .log = log, .error = error};
	struct strbuf report = {0};
	char *text;

	ck_assert_int_eq(verifier_explain(&request, &report), 0);
	ck_assert_int_eq(strbuf_finish(&report, &text), 0);
	return text;
}

#define assert_explained(log, text)                                   \
	do {                                                          \
		cleanup_free char *explained = explain(log, -EACCES); \
		ck_assert_str_eq(explained, text);                    \
	} while (0)

#define assert_has(log, part)                                         \
	do {                                                          \
		cleanup_free char *explained = explain(log, -EACCES); \
		assert_contains(explained, part);                     \
	} while (0)

#define DONE                                                                                    \
	"processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 " \
	"mark_read 0\n"

#define NULL_MEANS                                                                         \
	"\n  A map lookup gives NULL where the key is not there: compare the pointer with" \
	"\n  NULL before it is used."

TEST(reads_logs_of_6_18)
{
	assert_explained(
		"0: R1=ctx() R10=fp0\n"
		"; __u64 *value = bpf_map_lookup_elem(&counters, &key); @ a.bpf.c:16\n"
		"4: (18) r1 = 0xffff88827ec41800       ; R1=map_ptr(map=counters,ks=4,vs=8)\n"
		"6: (85) call bpf_map_lookup_elem#1    ; "
		"R0=map_value_or_null(id=1,map=counters,ks=4,vs=8)\n"
		"; *value += 1; @ a.bpf.c:18\n"
		"7: (79) r1 = *(u64 *)(r0 +0)\n"
		"R0 invalid mem access 'map_value_or_null'\n" DONE,
		"a.bpf.o: the kernel refuses 'count': R0 invalid mem access 'map_value_or_null'\n"
		"  a.bpf.c:18:  *value += 1;\n"
		"  instruction 7: r1 = *(u64 *)(r0 +0)\n"
		"  R0 = map_value_or_null(id=1,map=counters,ks=4,vs=8)" NULL_MEANS);
}

TEST(reads_logs_of_6_1)
{
	assert_explained(
		"reg type unsupported for arg#0 function count#5\n"
		"0: R1=ctx(off=0,imm=0) R10=fp0\n"
		"; __u64 *value = bpf_map_lookup_elem(&counters, &key);\n"
		"6: (85) call bpf_map_lookup_elem#1    ; "
		"R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)\n"
		"; *value += 1;\n"
		"7: (79) r1 = *(u64 *)(r0 +0)\n"
		"R0 invalid mem access 'map_value_or_null'\n" DONE,
		"a.bpf.o: the kernel refuses 'count': R0 invalid mem access 'map_value_or_null'\n"
		"  *value += 1;\n"
		"  instruction 7: r1 = *(u64 *)(r0 +0)\n"
		"  R0 = map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)" NULL_MEANS);
}

/* Registers are on lines of their own, behind jumps and calls of functions alone. */
TEST(reads_logs_of_5_15)
{
	assert_explained(
		"func#0 @0\n"
		"0: R1=ctx(id=0,off=0,imm=0) R10=fp0\n"
		"; int len = ctx->len;\n"
		"0: (61) r2 = *(u32 *)(r1 +0)\n"
		"; if (len > 10)\n"
		"1: (65) if r2 s> 0xa goto pc+3\n"
		" R1=ctx(id=0,off=0,imm=0) R2_w=inv(id=0,smax_value=10,var_off=(0x0; 0xffffffff)) "
		"R10=fp0\n"
		"; memcpy(buffer, data, len);\n"
		"2: (85) call bpf_skb_load_bytes#26\n"
		"R2 min value is negative, either use unsigned or 'var &= const'\n" DONE,
		"a.bpf.o: the kernel refuses 'count': R2 min value is negative, either use "
		"unsigned or"
		" 'var &= const'\n"
		"  memcpy(buffer, data, len);\n"
		"  instruction 2: call bpf_skb_load_bytes#26\n"
		"  R2 = inv(id=0,smax_value=10,var_off=(0x0; 0xffffffff))\n"
		"  A size or an index must have limits that the verifier sees: make it\n"
		"  unsigned, and compare it with the limit, or mask it, right before it is\n"
		"  used.");
	/* What was told before the register changed is not told of it. */
	assert_explained(
		"; int len = ctx->len;\n"
		"1: (65) if r2 s> 0xa goto pc+3\n"
		" R1=ctx(id=0,off=0,imm=0) R2_w=inv(id=0,smax_value=10) R10=fp0\n"
		"2: (0f) r2 += r3\n"
		"3: (79) r0 = *(u64 *)(r2 +0)\n"
		"R2 invalid mem access 'inv'\n" DONE,
		"a.bpf.o: the kernel refuses 'count': R2 invalid mem access 'inv'\n"
		"  int len = ctx->len;\n"
		"  instruction 3: r0 = *(u64 *)(r2 +0)\n"
		"  To the verifier this is a number, not a pointer that it knows. Memory of the\n"
		"  kernel's is read by bpf_probe_read_kernel() or BPF_CORE_READ(), a process's\n"
		"  by bpf_probe_read_user().");
}

TEST(says_what_messages_mean)
{
	static const struct {
		const char *message, *meaning;
	} wordings[] = {
		{"R1 type=inv expected=fp", "another kind of pointer"},
		{"R1 type=scalar expected=fp, pkt, pkt_meta, map_key", "another kind of pointer"},
		{"R2 type=map_value_or_null expected=fp", "where the key is not there"},
		{"R1 type=ptr_or_null_ expected=ptr_", "may be NULL"},
		{"R3 invalid mem access 'mem_or_null'", "may be NULL"},
		{"Possibly NULL pointer passed to trusted arg0", "may be NULL"},
		{"invalid access to packet, off=0 size=8, R2(id=0,off=0,r=0)\n"
		 "R2 offset is outside of the packet",
		 "data_end first"},
		{"invalid access to map value, value_size=64 off=124 size=4\n"
		 "R0 max value is outside of the allowed memory range",
		 "how many there"},
		{"R2 unbounded memory access, use 'var &= const' or 'if (var < const)'",
		 "must have limits"},
		{"R5 !read_ok", "its one argument"},
		{"misaligned packet access off 0+14+1 size 4", "no multiple"},
		{"BPF program is too large. Processed 1000001 insn", "each turn of a loop anew"},
		{"The sequence of 8193 jumps is too complex.", "each turn of a loop anew"},
		{"combined stack size of 3 calls is 544. Too large", "512 bytes of stack"},
		{"invalid stack off=-520 size=8", "512 bytes of stack"},
		{"unknown func bpf_skb_load_bytes#26", "may not call it"},
		{"program of this type cannot use helper bpf_skb_load_bytes#26", "may not call it"},
		{"cannot call GPL-restricted function from non-GPL compatible program",
		 "licence goes with the GPL"},
		{"cannot call GPL only function from proprietary program",
		 "licence goes with the GPL"},
		{"R1 pointer arithmetic on map_value_or_null prohibited, null-check it first",
		 "may be NULL"},
		{"R1 pointer arithmetic with /= operator prohibited", "no other arithmetic"},
		{"R0 leaks addr as return value", "return a number"},
		{"R1 leaks addr into map", "where processes can read it"},
		{"math between pkt pointer and register with unbounded min value is not allowed",
		 "must have limits"},
		{"At program exit the register R0 has value (0x2; 0x0) should have been in (0x0; "
		 "0x1)",
		 "may return has limits"},
		{"invalid indirect read from stack R2 off -16+4 size 16", "never written"},
		{"invalid bpf_context access off=4 size=8", "of their context"},
		{"<invalid CO-RE relocation>\nfailed to resolve CO-RE relocation <byte_off>",
		 "bpf_core_field_exists()"},
		{"Unreleased reference id=2 alloc_insn=1", "released on each way"},
	};

	for (size_t i = 0; i < LENGTH(wordings); i++) {
		cleanup_free char *log =
			str_printf("; text\n1: (95) exit\n%s\n" DONE, wordings[i].message);
		cleanup_free char *text = explain(log, -EINVAL);
		for (char *at = text; *at; at++)
			if (strncmp(at, "\n  ", 3) == 0 && strncmp(at, "\n  instruction", 14) != 0)
				memmove(at + 1, at + 3, strlen(at + 2)), *at = ' ';
		assert_contains(text, wordings[i].meaning);
	}
}

TEST(names_another_instruction)
{
	static const char log[] =
		"; event = bpf_ringbuf_reserve(); @ a.bpf.c:5\n"
		"4: (85) call bpf_ringbuf_reserve#131          ; "
		"R0=ringbuf_mem_or_null(id=2,ref_obj_id=2,sz=8) refs=2\n"
		"; if (!event) @ a.bpf.c:6\n"
		"9: (15) if r0 == 0x1 goto pc+3 13: R0=1 R6=ringbuf_mem(ref_obj_id=2,sz=8) R10=fp0 "
		"refs=2\n"
		"; return 0; @ a.bpf.c:9\n"
		"14: (95) exit\n"
		"Unreleased reference id=2 alloc_insn=4\n"
		"BPF_EXIT instruction in main prog would lead to reference leak\n" DONE;

	assert_has(log, "alloc_insn=4; BPF_EXIT instruction");
	assert_has(log, "\n  a.bpf.c:5:  event = bpf_ringbuf_reserve();\n"
			"  instruction 4: call bpf_ringbuf_reserve#131\n");

	/* Where no instruction stands. */
	assert_has("unreachable insn 7\n" DONE, "\n  instruction 7\n");
	assert_has("back-edge from insn 9 to 2\n", "\n  instruction 9\n");
	assert_has("", "'count': Permission denied\n  its source line is not known");
	cleanup_free char *cut = explain("7: (bf) r1 = r2\n", -ENOSPC);
	assert_contains(cut, "'count': the verifier said more than there is room for");
}

TEST(says_what_libbpf_means)
{
	struct verifier_request request = {
		.path = "a.bpf.o",
		.object = "",
		.program = "count",
		.log = "failed to find kernel BTF type ID of 'no_such': -3",
		.is_libbpf = true,
		.error = -ESRCH,
	};
	cleanup_strbuf struct strbuf report = {0}, other = {0};

	ck_assert_int_eq(verifier_explain(&request, &report), 0);
	ck_assert_str_eq(
		report.data,
		"a.bpf.o: 'count' cannot be loaded: failed to find kernel BTF type ID of"
		" 'no_such': -3\n"
		"  What the program attaches to is not there, or not for a program of this\n"
		"  type: its section's name says it, SEC(\"fentry/FUNCTION\").");
	request.program = NULL;
	request.log = "";
	ck_assert_int_eq(verifier_explain(&request, &other), 0);
	ck_assert_str_eq(other.data, "a.bpf.o cannot be loaded: No such process");
}

TEST(knows_where_a_value_is_from)
{
	static const char text[] =
		"0: (85) call bpf_ktime_get_ns#5\n"
		"1: (bf) r6 = r0\n"
		"2: (07) r7 += 1\n"
		"3: (85) call pc+9\n"
		"13: (b7) r6 = 4\n"
		"14: (95) exit\n"
		"4: (bf) r8 = r6\n"
		"5: (7b) *(u64 *)(r10 -8) = r7\n"
		"6: (15) if r8 == 0x1 goto pc+3 \t; R8=1\n"
		"7: (0f) r9 += r8\n"
		"math between pkt pointer and register with unbounded min value is not allowed\n";
	const struct log_range function = {0, 12};
	struct log log;
	bool lost;

	log_open(&log, text);
	ck_assert_uint_eq(log.last.number, 7);
	ck_assert_uint_eq(log.n_messages, 1);
	/* Over copies, past another function's register of that name. */
	struct log_instruction i = log_origin(&log, log.last.at, 8, function, &lost);
	ck_assert(i.at && !lost);
	ck_assert_uint_eq(i.number, 0);
	i = log_origin(&log, log.last.at, 7, function, &lost);
	ck_assert_uint_eq(i.number, 2);
	i = log_origin(&log, log.last.at, 3, function, &lost);
	ck_assert_uint_eq(i.number, 3);
	ck_assert(lost);
	ck_assert_ptr_eq(log_origin(&log, log.last.at, 9, function, &lost).at, NULL);

	struct span state = log_register(&log, log.last.at, 8);
	ck_assert(state.len == 1 && *state.at == '1');
	ck_assert_uint_eq(log_register(&log, log.last.at, 9).len, 0);
}

TEST(finds_loops)
{
	static const char text[] = "0: (b7) r1 = 0\n"
				   "1: (07) r1 += 1\n"
				   "2: (85) call pc+7\n"
				   "10: (95) exit\n"
				   "3: (a5) if r1 < 0x5 goto pc-3\n"
				   "infinite loop detected at insn 1\n"
				   "cur state: R1=0 R10=fp0\n"
				   "old state: R1=0 R10=fp0\n" DONE;
	const struct log_range function = {0, 9};
	struct log_range loop;
	struct log log;

	log_open(&log, text);
	ck_assert_uint_eq(log.n_messages, 1);
	ck_assert(log_loop(&log, 1, function, &loop));
	ck_assert_uint_eq(loop.first, 1);
	ck_assert_uint_eq(loop.last, 3);
	ck_assert(!log_loop(&log, 3, function, &loop));
	ck_assert(!log_loop(&log, 7, function, &loop));
}

/* A log is at times cut, at either end, and has whatever stands in an object. */
TEST(takes_anything)
{
	static const char whole[] =
		"; x \033[31m @ a:b @ a.c:7\n"
		"from 1 to 4: frame1: R1_w=inv(id=0,var_off=(0x0; 0xff)) R10=fp0\n"
		"7: (79) r1 = *(u64 *)(r0 +0) ; R1=((((\n"
		"99999999999999999999: (79) r1 = 1\n"
		"8: (\n"
		"R99999999999 !read_ok R\n"
		"R R1\n"
		"invalid at insn 4294967296 alloc_insn=\n" DONE;

	for (size_t begin = 0; begin < sizeof(whole); begin++)
		for (size_t len = 0; begin + len < sizeof(whole); len += 3) {
			cleanup_free char *log = strndup(whole + begin, len);
			cleanup_free char *text = explain(log, -EINVAL);
			ck_assert_ptr_ne(strstr(text, "a.bpf.o: the kernel refuses 'count': "),
					 NULL);
		}
}

/* In time that grows with it. */
TEST(takes_long_logs)
{
	enum { SIZE = 16 << 20 };
	static const char end[] = "\n1: (07) r2 += 1\ninfinite loop detected at insn 1";
	static const char *const pieces[] = {"\n", "1: (07) r1 += 1\n", "; x @ a.c:1\n", "R1=(",
					     "a"};

	for (size_t i = 0; i < LENGTH(pieces); i++) {
		cleanup_free char *log = malloc(SIZE + 1);
		size_t len = strlen(pieces[i]);
		ck_assert_ptr_ne(log, NULL);
		for (size_t at = 0; at < SIZE; at++)
			log[at] = pieces[i][at % len];
		memcpy(log + SIZE - strlen(end), end, strlen(end));
		log[SIZE] = '\0';
		cleanup_free char *text = explain(log, -EINVAL);
		ck_assert_uint_lt(strlen(text), 10000);
	}
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, reads_logs_of_6_18);
	tcase_add_test(tests, reads_logs_of_6_1);
	tcase_add_test(tests, reads_logs_of_5_15);
	tcase_add_test(tests, says_what_messages_mean);
	tcase_add_test(tests, names_another_instruction);
	tcase_add_test(tests, says_what_libbpf_means);
	tcase_add_test(tests, knows_where_a_value_is_from);
	tcase_add_test(tests, finds_loops);
	tcase_add_test(tests, takes_anything);
	tcase_add_test(tests, takes_long_logs);
}

int main(void)
{
	return suite_run("verifier", add_tests);
}
