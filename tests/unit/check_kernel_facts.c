/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "object/kernel-facts.h"
#include "object/kernel-kfuncs.c" /* for its table */
#include "object/section-name.h"

/* The kernel's own header, where there is one. */
#ifdef __linux__
#include <linux/bpf.h>
#endif

static void expect_fact(const struct kernel_fact *fact, const char *name, unsigned major,
			unsigned minor)
{
	ck_assert_ptr_ne(fact, NULL);
	ck_assert_str_eq(fact->name, name);
	ck_assert_uint_eq(fact->since, KERNEL_VERSION_OF(major, minor));
}

TEST(knows_some)
{
	expect_fact(kernel_program_type(6), "xdp", 4, 8);
	expect_fact(kernel_program_type(PROGRAM_LSM), "lsm", 5, 7);
	expect_fact(kernel_map_type(27), "ringbuf", 5, 8);
	expect_fact(kernel_map_flag(1 << 10), "BPF_F_MMAPABLE", 5, 5);
	expect_fact(kernel_attach_type(ATTACH_TRACE_ITER), "trace_iter", 5, 8);
	expect_fact(kernel_helper(1), "bpf_map_lookup_elem", 3, 19);
	expect_fact(kernel_helper(181), "bpf_loop", 5, 17);
	expect_fact(kernel_struct_ops("tcp_congestion_ops"), "tcp_congestion_ops", 5, 6);
	expect_fact(kernel_kfunc("bpf_task_from_pid"), "bpf_task_from_pid", 6, 2);
	expect_fact(kernel_kfunc("bpf_sk_assign_tcp_reqsk"), "bpf_sk_assign_tcp_reqsk", 6, 9);
	expect_fact(kernel_map_flag(1 << 19), "BPF_F_RB_OVERWRITE", 6, 19);
	ck_assert_uint_eq(kernel_helper_replaced(113), KERNEL_VERSION_OF(4, 1));
	ck_assert_uint_eq(kernel_helper_replaced(1), 0);
}

TEST(knows_no_others)
{
	ck_assert_ptr_eq(kernel_program_type(1000), NULL);
	ck_assert_ptr_eq(kernel_map_type(UINT32_MAX), NULL);
	ck_assert_ptr_eq(kernel_map_flag(1u << 31), NULL);
	ck_assert_ptr_eq(kernel_map_flag(3), NULL);
	ck_assert_ptr_eq(kernel_helper(0), NULL);
	ck_assert_ptr_eq(kernel_helper(1023), NULL);
	ck_assert_ptr_eq(kernel_struct_ops("tcp"), NULL);
	ck_assert_ptr_eq(kernel_kfunc("bpf_"), NULL);
}

/* A kernel adds helpers behind those of its predecessors; so what is newer came not earlier. */
TEST(helpers_came_in_order)
{
	const struct kernel_fact *fact;
	uint16_t last = 0;

	for (uint32_t id = 1; (fact = kernel_helper(id)); id++) {
		ck_assert_msg(fact->since >= last, "%s", fact->name);
		last = fact->since;
	}
	ck_assert_uint_ge(last, KERNEL_VERSION_OF(6, 2));
}

/* The same of each enumeration that grows at its end; what is not known yet stands there. */
static void expect_order(const struct kernel_fact *(*get)(uint32_t), uint32_t first, unsigned least)
{
	const struct kernel_fact *fact;
	uint16_t last = 0;
	uint32_t i = first;

	for (; (fact = get(i)); i++) {
		ck_assert_msg(fact->since >= last || !fact->since, "%s", fact->name);
		last = fact->since ? fact->since : UINT16_MAX;
	}
	ck_assert_uint_ge(i, least);
}

static const struct kernel_fact *nth_map_flag(uint32_t i)
{
	return i < 32 ? kernel_map_flag(1u << i) : NULL;
}

TEST(types_and_flags_came_in_order)
{
	expect_order(kernel_program_type, 1, 33);
	expect_order(kernel_map_type, 1, 35);
	expect_order(kernel_attach_type, 0, 59);
	expect_order(nth_map_flag, 0, 20);
}

TEST(kfuncs_are_sorted)
{
	for (size_t i = 0; i < LENGTH(kfuncs); i++) {
		ck_assert(kfuncs[i].since >= KERNEL_VERSION_OF(5, 13));
		ck_assert_ptr_eq(kernel_kfunc(kfuncs[i].name), &kfuncs[i]);
	}
}

TEST(features_are_known)
{
	for (enum kernel_feature i = 0; i < FEATURE_MAX; i++)
		ck_assert(kernel_feature(i)->name &&
			  (kernel_feature(i)->since || i == FEATURE_SLEEPABLE_TRACEPOINT));
}

static void expect_feature(enum kernel_feature feature, const char *arch, unsigned major,
			   unsigned minor)
{
	const struct kernel_fact fact = kernel_feature_of(feature, arch);

	ck_assert_ptr_ne(fact.name, NULL);
	ck_assert_msg(fact.since == KERNEL_VERSION_OF(major, minor), "%s on %s", fact.name, arch);
}

TEST(arches_got_some_later)
{
	const struct kernel_fact fact = kernel_feature_of(FEATURE_TRAMPOLINE, "arm64");

	expect_fact(&fact, "BPF trampolines of arm64", 6, 0);
	expect_feature(FEATURE_TRAMPOLINE, "x86", 5, 5);
	expect_feature(FEATURE_TRAMPOLINE, NULL, 5, 5);
	expect_feature(FEATURE_TRAMPOLINE, "any", 5, 5);
	expect_feature(FEATURE_LOOP, "arm64", 5, 3);
	expect_feature(FEATURE_TRAMPOLINE, "powerpc", 6, 13);
	expect_feature(FEATURE_KFUNC, "arm64", 5, 18);
	expect_feature(FEATURE_KFUNC, "x86", 5, 13);
	expect_feature(FEATURE_TAIL_CALL_MIXED, "s390", 6, 3);
}

/* What a JIT compiler must do is not known of each, and then of none that is old. */
TEST(arches_may_not_have_some)
{
	static const enum kernel_feature features[] = {FEATURE_TRAMPOLINE, FEATURE_TAIL_CALL_MIXED,
						       FEATURE_KFUNC, FEATURE_INDIRECT_JUMP,
						       FEATURE_ADDRESS_SPACE};

	for (size_t i = 0; i < LENGTH(features); i++) {
		expect_feature(features[i], "mips", 0, 0);
		expect_feature(features[i], "arm", 0, 0);
	}
	expect_feature(FEATURE_TAIL_CALL_MIXED, "riscv", 0, 0);
	expect_fact(kernel_arch("loongarch"), "Linux on loongarch", 5, 19);
	ck_assert_ptr_eq(kernel_arch("x86"), NULL);
	ck_assert_ptr_eq(kernel_arch(NULL), NULL);
}

#ifdef __linux__
TEST(names_are_the_headers)
{
#define NAME(name) "bpf_" #name
	static const char *const names[] = {__BPF_FUNC_MAPPER(NAME)};

	for (uint32_t id = 1; id < LENGTH(names) && kernel_helper(id); id++)
		ck_assert_str_eq(kernel_helper(id)->name, names[id]);
	ck_assert_uint_gt(LENGTH(names), 100);
	ck_assert_int_eq(PROGRAM_SYSCALL, BPF_PROG_TYPE_SYSCALL);
	ck_assert_int_eq(ATTACH_XDP, BPF_XDP);
	ck_assert_int_eq(ATTACH_PERF_EVENT, BPF_PERF_EVENT);
	ck_assert_str_eq(kernel_map_type(BPF_MAP_TYPE_BLOOM_FILTER)->name, "bloom_filter");
}
#endif

static void expect_section(const char *name, uint32_t type, int attach_type, const char *target)
{
	struct section_meaning m;

	section_name_read(name, &m);
	ck_assert_msg(m.program_type == type, "%s", name);
	ck_assert_int_eq(m.attach_type, attach_type);
	if (target)
		ck_assert_str_eq(m.target, target);
	else
		ck_assert_ptr_eq(m.target, NULL);
}

TEST(section_names)
{
	struct section_meaning m;
	enum { NONE = SECTION_NO_ATTACH_TYPE };

	expect_section("xdp", PROGRAM_XDP, ATTACH_XDP, NULL);
	expect_section("xdp.frags/devmap", PROGRAM_XDP, ATTACH_XDP_DEVMAP, NULL);
	expect_section("xdp_pass", 0, NONE, NULL);
	expect_section("xdp/other", 0, NONE, NULL);
	expect_section("tc", PROGRAM_SCHED_CLS, NONE, NULL);
	expect_section("tcx/egress", PROGRAM_SCHED_CLS, ATTACH_TCX_EGRESS, NULL);
	expect_section("kprobe/do_unlinkat+8", PROGRAM_KPROBE, NONE, "do_unlinkat+8");
	expect_section("kprobe", PROGRAM_KPROBE, NONE, NULL);
	expect_section("kprobe/", PROGRAM_KPROBE, NONE, NULL);
	expect_section("kprobe.s/f", 0, NONE, NULL);
	expect_section("kprobe.multi/tcp_*", PROGRAM_KPROBE, ATTACH_TRACE_KPROBE_MULTI, "tcp_*");
	expect_section("tracepoint/sched/sched_switch", PROGRAM_TRACEPOINT, NONE,
		       "sched/sched_switch");
	expect_section("raw_tp.w/x", PROGRAM_RAW_TRACEPOINT_WRITABLE, NONE, "x");
	expect_section("cgroup/connect4", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET4_CONNECT,
		       NULL);
	expect_section("lsm_cgroup/socket_bind", PROGRAM_LSM, ATTACH_LSM_CGROUP, "socket_bind");
	expect_section("uprobe//bin/sh:main", PROGRAM_KPROBE, NONE, "/bin/sh:main");
	expect_section(".text", 0, NONE, NULL);
	expect_section("", 0, NONE, NULL);

	section_name_read("lsm.s/bprm_committed_creds", &m);
	ck_assert(m.is_sleepable && m.program_type == PROGRAM_LSM);
	section_name_read("uprobe.multi.s/x", &m);
	ck_assert(m.is_sleepable && m.attach_type == ATTACH_TRACE_UPROBE_MULTI);
	section_name_read("syscall", &m);
	ck_assert(m.is_sleepable);
	section_name_read("xdp.frags", &m);
	ck_assert(m.has_fragments && !m.is_sleepable);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, knows_some);
	tcase_add_test(c, knows_no_others);
	tcase_add_test(c, helpers_came_in_order);
	tcase_add_test(c, types_and_flags_came_in_order);
	tcase_add_test(c, kfuncs_are_sorted);
	tcase_add_test(c, features_are_known);
	tcase_add_test(c, arches_got_some_later);
	tcase_add_test(c, arches_may_not_have_some);
#ifdef __linux__
	tcase_add_test(c, names_are_the_headers);
#endif
	tcase_add_test(c, section_names);
}

int main(void)
{
	return suite_run("kernel_facts", add_tests);
}
