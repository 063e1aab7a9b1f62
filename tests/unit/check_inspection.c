/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-definition.h"
#include "object/core-relocation.h"
#include "object/inspection.h"

static const char *why;

static int open_object(struct inspection *in, struct made *m)
{
	made_finish(m);
	why = NULL;
	return inspection_open(in, m->data, m->len, &why);
}

/* .BTF.ext with one CO-RE relocation of "prog". */
static void add_relocation(struct made *m, uint32_t section, uint32_t type, uint32_t access,
			   uint32_t kind)
{
	const uint32_t words[] = {
		0,  0,       0, 0, 0,    4 + 8 + 16, /* the three parts: offset and length */
		16, section, 1, 0, type, access,     kind,
	};
	unsigned ext = made_section(m, ".BTF.ext", 1, 0);

	made_number(m, ext, 2, 0xeb9f);
	made_number(m, ext, 2, m->big ? 0x0100 : 1);
	made_number(m, ext, 4, 32);
	for (unsigned i = 0; i < LENGTH(words); i++)
		made_number(m, ext, 4, words[i]);
}

/* Opens an object with a relocation whose section and access have these strings. */
static int open_with_relocation(const char *section, const char *access)
{
	static struct definition d;
	static struct made m;
	cleanup_inspection struct inspection in = {0};

	define_begin(&d, false);
	uint32_t section_at = btf_string(&d.b, section), access_at = btf_string(&d.b, access);
	made_object_of(&m, &d.b);
	add_relocation(&m, section_at, d.integer, access_at, 0);
	int r = open_object(&in, &m);
	if (r == 0)
		ck_assert_uint_eq(in.n_relocations, 1);
	return r;
}

/* All relocations may have the same string, and each is told of. */
TEST(refuses_long_relocations)
{
	static char name[TYPES_NAME_MAX + 2], access[64 * 11 + 2];

	memset(name, 'a', TYPES_NAME_MAX + 1);
	memset(access, '1', 64 * 11 + 1);
	ck_assert_int_eq(open_with_relocation("xdp", "0:1"), 0);
	ck_assert_int_eq(open_with_relocation("xdp", access), -ENOEXEC);
	assert_contains(why, "CO-RE");
	ck_assert_int_eq(open_with_relocation("xdp", access + 1), 0);
	ck_assert_int_eq(open_with_relocation(name, "0:1"), -ENOEXEC);
	assert_contains(why, "CO-RE");
	ck_assert_int_eq(open_with_relocation(name + 1, "0:1"), 0);
}

/* Code */

struct insn {
	uint8_t code, source;
	int16_t offset;
	int32_t number;
};

enum { EXIT = 0x95, CALL = 0x85, TAIL_CALL = 12, LOAD_64 = 0x18 };

/* The number of a function, whose symbol it gets, at the end of a section. */
static uint32_t add_function(struct made *m, unsigned section, const char *name,
			     const struct insn *insns, size_t n)
{
	struct made_section *symtab = &m->sections[MADE_SYMTAB];
	uint32_t symbol = (uint32_t)(symtab->size / 24);

	made_symbol(m, name, 0x12, (uint16_t)section, m->sections[section].size);
	made_put(m, symtab->data + symtab->size - 8, 8, n * 8);
	for (size_t i = 0; i < n; i++) {
		made_number(m, section, 1, insns[i].code);
		made_number(m, section, 1,
			    (uint8_t)(m->big ? insns[i].source : insns[i].source << 4));
		made_number(m, section, 2, (uint16_t)insns[i].offset);
		made_number(m, section, 4, (uint32_t)insns[i].number);
	}
	return symbol;
}

/* Relocations of a section. */
static unsigned add_references(struct made *m, unsigned section)
{
	unsigned rel = made_section(m, ".rel", 9, 0);

	m->sections[rel].link = MADE_SYMTAB;
	m->sections[rel].info = section;
	return rel;
}

/* An object without functions, and with an empty .text. */
static void begin_code(struct made *m, struct definition *d)
{
	made_object_of(m, &d->b);
	m->sections[MADE_TEXT].name = ".text";
	m->sections[MADE_TEXT].size = m->sections[MADE_REL_TEXT].size = 0;
	m->sections[MADE_ADDRSIG].size = m->sections[MADE_GROUP].size = 0;
	m->sections[MADE_SYMTAB].size = (SYM_DEBUG + 1) * 24;
	m->sections[MADE_SYMTAB].info = SYM_DEBUG + 1;
	m->sections[MADE_REL_DEBUG_INFO].size = 0;
}

static const struct need *find_need(const struct inspection *in, enum need_kind kind,
				    const char *name)
{
	for (size_t i = 0; i < in->n_needs; i++)
		if (in->needs[i].kind == kind && in->needs[i].name &&
		    strcmp(in->needs[i].name, name) == 0)
			return &in->needs[i];
	return NULL;
}

static void expect_need(const struct inspection *in, enum need_kind kind, const char *name,
			uint16_t since, bool is_optional)
{
	const struct need *need = find_need(in, kind, name);

	ck_assert_msg(need, "it does not need %s", name);
	ck_assert_msg(need->since == since && need->is_optional == is_optional, "%s: since %d.%d%s",
		      name, need->since >> 8, need->since & 0xff,
		      need->is_optional ? ", optional" : "");
}

/* A static function is known by its section and the call's number, a global one by its symbol. */
TEST(follows_calls)
{
	static const struct insn tail[] = {{.code = CALL, .number = TAIL_CALL}, {.code = EXIT}};
	static const struct insn local[] = {{.code = CALL, .source = 1, .number = 1},
					    {.code = EXIT}};
	static const struct insn global[] = {{.code = CALL, .source = 1, .number = -1},
					     {.code = EXIT}};
	static const struct insn within[] = {{.code = CALL, .source = 1, .number = 1},
					     {.code = EXIT},
					     {.code = CALL, .number = 5},
					     {.code = EXIT}};
	static const struct insn given[] = {
		{.code = LOAD_64, .source = 4, .number = 16}, {0}, {.code = EXIT}};
	static struct definition d;
	static struct made m;

	for (int big = 0; big < 2; big++) {
		cleanup_inspection struct inspection in = {0};
		define_begin(&d, big);
		begin_code(&m, &d);
		unsigned programs = made_section(&m, "xdp", 1, 6);
		unsigned references = add_references(&m, programs);
		add_function(&m, MADE_TEXT, "within", within, 2);
		add_function(&m, MADE_TEXT, "called", within + 2, 2);
		uint32_t sub = add_function(&m, MADE_TEXT, "tail", tail, LENGTH(tail));
		add_function(&m, programs, "a", local, LENGTH(local));
		made_relocation(&m, references, 0, SYM_TEXT, 10);
		add_function(&m, programs, "b", global, LENGTH(global));
		made_relocation(&m, references, 16, sub, 10);
		add_function(&m, programs, "c", given, LENGTH(given));
		made_relocation(&m, references, 32, SYM_TEXT, 1);
		ck_assert_msg(open_object(&in, &m) == 0, "%s", why);

		static const char *const names[] = {"within", "called", "tail", "a", "b", "c"};
		static const uint32_t callees[] = {1, 0, 0, 1, 2, 1};
		ck_assert_uint_eq(in.contents.n_programs, LENGTH(names));
		for (size_t i = 0; i < LENGTH(names); i++) {
			const struct code *code = &in.programs[i].code;
			ck_assert_str_eq(in.contents.programs[i].name, names[i]);
			ck_assert_msg(code->callees.n == !!callees[i], "%s", names[i]);
			if (callees[i])
				ck_assert_msg(code->callees.v[0] == callees[i], "%s", names[i]);
			ck_assert_msg(code->features[FEATURE_TAIL_CALL_MIXED] == (i == 4), "%s",
				      names[i]);
		}
		expect_need(&in, NEED_FEATURE, "tail calls beside calls", KERNEL_VERSION_OF(5, 10),
			    false);
		ck_assert_str_eq(find_need(&in, NEED_FEATURE, "tail calls beside calls")->user,
				 "b");
	}
}

/* Opens an object of one program. */
static void open_program(struct inspection *in, const char *section, const struct insn *insns,
			 size_t n)
{
	static struct definition d;
	static struct made m;

	define_begin(&d, false);
	begin_code(&m, &d);
	add_function(&m, made_section(&m, section, 1, 6), "main", insns, n);
	ck_assert_msg(open_object(in, &m) == 0, "%s", why);
}

TEST(says_what_it_does_not_know)
{
	static const struct insn helper[] = {{.code = CALL, .number = 5000}, {.code = EXIT}};
	static const struct insn callx[] = {{.code = 0x8d}, {.code = EXIT}};
	static const struct insn known[] = {{.code = CALL, .number = 5}, {.code = EXIT}};
	cleanup_inspection struct inspection a = {0}, b = {0}, c = {0}, d = {0};

	open_program(&a, "xdp", helper, LENGTH(helper));
	ck_assert(a.has_unknown && a.needs[0].kind == NEED_HELPER && a.needs[0].number == 5000);
	open_program(&b, "xdp", callx, LENGTH(callx));
	ck_assert(b.has_unknown && b.needs[0].kind == NEED_FEATURE && !b.needs[0].since);
	assert_contains(b.needs[0].name, "instructions");
	open_program(&c, "xdp", known, LENGTH(known));
	ck_assert(!c.has_unknown);
	open_program(&d, "mine", known, LENGTH(known));
	ck_assert(d.has_unknown && d.needs[0].kind == NEED_PROGRAM_TYPE && !d.needs[0].since);
	ck_assert_str_eq(d.needs[0].name, "mine");
}

/* Kinds of programs learned to sleep one after the other, and one is not known to. */
TEST(says_since_when_programs_sleep)
{
	static const struct insn insns[] = {{.code = EXIT}};
	static const struct {
		const char *section, *need;
		uint16_t since;
	} known[] = {
		{"fentry.s/f", "a sleepable program", KERNEL_VERSION_OF(5, 10)},
		{"lsm.s/f", "a sleepable program", KERNEL_VERSION_OF(5, 10)},
		{"iter.s/task", "a sleepable iterator", KERNEL_VERSION_OF(5, 18)},
		{"uprobe.s/f", "a sleepable uprobe", KERNEL_VERSION_OF(6, 0)},
		{"struct_ops.s/f", "a sleepable program of struct_ops", KERNEL_VERSION_OF(6, 3)},
		{"tp_btf.s/f", "a sleepable tracepoint", 0},
		{"tp.s/f/g", "a sleepable tracepoint", 0},
		{"raw_tp.s/f", "a sleepable tracepoint", 0},
	};

	for (size_t i = 0; i < LENGTH(known); i++) {
		cleanup_inspection struct inspection in = {0};
		open_program(&in, known[i].section, insns, LENGTH(insns));
		expect_need(&in, NEED_FEATURE, known[i].need, known[i].since, false);
	}
}

static const struct insn leave[] = {{.code = EXIT}};
static const struct insn call_first[] = {{.code = CALL, .source = 1, .number = -1}, {.code = EXIT}};

/* What only a program calls that is loaded on demand, or nobody, is not loaded either. */
TEST(loads_what_is_called)
{
	static const struct insn loads[] = {{.code = CALL, .number = 5}, {.code = EXIT}};
	static struct definition d;
	static struct made m;
	cleanup_inspection struct inspection in = {0};

	define_begin(&d, false);
	begin_code(&m, &d);
	unsigned now = made_section(&m, "xdp", 1, 6), later = made_section(&m, "?tc", 1, 6);
	uint32_t first = add_function(&m, MADE_TEXT, "first", loads, LENGTH(loads));
	uint32_t second = add_function(&m, MADE_TEXT, "second", loads, LENGTH(loads));
	add_function(&m, MADE_TEXT, "third", loads, LENGTH(loads));
	add_function(&m, now, "a", call_first, LENGTH(call_first));
	made_relocation(&m, add_references(&m, now), 0, first, 10);
	add_function(&m, later, "b", call_first, LENGTH(call_first));
	made_relocation(&m, add_references(&m, later), 0, second, 10);
	ck_assert_msg(open_object(&in, &m) == 0, "%s", why);

	static const char *const names[] = {"first", "second", "third", "a", "b"};
	ck_assert_uint_eq(in.contents.n_programs, LENGTH(names));
	for (size_t i = 0; i < LENGTH(names); i++) {
		ck_assert_str_eq(in.contents.programs[i].name, names[i]);
		ck_assert_msg(in.programs[i].is_loaded == (i == 0 || i == 3), "%s", names[i]);
	}
	expect_need(&in, NEED_PROGRAM_TYPE, "sched_cls", KERNEL_VERSION_OF(4, 1), true);
	ck_assert_str_eq(find_need(&in, NEED_HELPER, "bpf_ktime_get_ns")->user, "first");
}

/* Opens an object with a structure of this section and type that has program "init". */
static void open_struct_ops(struct inspection *in, const char *section, const char *type)
{
	static struct definition d;
	static struct made m;

	define_begin(&d, false);
	uint32_t pointer = pointer_to(&d, d.integer);
	uint32_t ops = btf_type(&d.b, type, 4, 1, 8);
	btf_member(&d.b, "init", pointer);
	btf_number(&d.b, 0);
	put_in(&d, section, "ops", ops, TYPE_LINKAGE_STATIC);
	begin_code(&m, &d);
	unsigned at = made_section(&m, section, 1, 3);
	made_number(&m, at, 8, 0);
	uint32_t init = add_function(&m, made_section(&m, "struct_ops/init", 1, 6), "init", leave,
				     LENGTH(leave));
	made_relocation(&m, add_references(&m, at), 0, init, 2);
	ck_assert_msg(open_object(in, &m) == 0, "%s", why);
	ck_assert_uint_eq(in->contents.n_maps, 2);
	ck_assert_str_eq(in->contents.maps[2].name, "ops");
}

TEST(reads_struct_ops)
{
	static const uint16_t link = KERNEL_VERSION_OF(6, 4), first = KERNEL_VERSION_OF(5, 6);
	cleanup_inspection struct inspection now = {0}, later = {0};

	open_struct_ops(&now, ".struct_ops.link", "tcp_congestion_ops");
	ck_assert_str_eq(now.programs[0].target, "tcp_congestion_ops.init");
	ck_assert(now.programs[0].is_loaded && !now.contents.maps[2].is_on_demand);
	expect_need(&now, NEED_MAP_FLAG, "BPF_F_LINK", link, false);
	expect_need(&now, NEED_STRUCT_OPS, "tcp_congestion_ops", first, false);

	/* On demand are the structure and with it its programs; its type is the kernel's all the
	 * same. */
	open_struct_ops(&later, "?.struct_ops.link", "tcp_congestion_ops___mine");
	ck_assert_str_eq(later.contents.maps[2].section, ".struct_ops.link");
	ck_assert_str_eq(later.programs[0].target, "tcp_congestion_ops___mine.init");
	ck_assert(!later.programs[0].is_loaded && later.contents.maps[2].is_on_demand);
	expect_need(&later, NEED_MAP_FLAG, "BPF_F_LINK", link, true);
	expect_need(&later, NEED_MAP_TYPE, "struct_ops", first, true);
	expect_need(&later, NEED_STRUCT_OPS, "tcp_congestion_ops___mine", first, true);
	expect_need(&later, NEED_PROGRAM_TYPE, "struct_ops", first, true);
	ck_assert_uint_eq(later.oldest, 0);
}

/* A function of the kernel's, by a name of the program's own for it. */
static void open_with_kfunc(struct inspection *in, const char *name)
{
	static struct definition d;
	static struct made m;

	define_begin(&d, false);
	uint32_t proto = btf_type(&d.b, "", 13, 0, 0);
	uint32_t func = btf_type(&d.b, name, 12, TYPE_LINKAGE_EXTERN, proto);
	btf_type(&d.b, ".ksyms", 15, 1, 0);
	btf_number(&d.b, func);
	btf_number(&d.b, 0);
	btf_number(&d.b, 0);
	begin_code(&m, &d);
	unsigned programs = made_section(&m, "tc", 1, 6);
	add_function(&m, programs, "main", call_first, LENGTH(call_first));
	uint32_t symbol = (uint32_t)(m.sections[MADE_SYMTAB].size / 24);
	made_symbol(&m, name, 0x10, 0, 0);
	made_relocation(&m, add_references(&m, programs), 0, symbol, 10);
	ck_assert_msg(open_object(in, &m) == 0, "%s", why);
}

TEST(knows_flavors)
{
	static const struct {
		const char *name;
		uint16_t since;
	} known[] = {
		{"bpf_task_acquire", KERNEL_VERSION_OF(6, 2)},
		{"bpf_task_acquire___mine", KERNEL_VERSION_OF(6, 2)},
		{"bpf_task_acquire___mine___too", 0},                  /* one is passed over */
		{"scx_bpf_dsq_insert___v2", KERNEL_VERSION_OF(6, 19)}, /* the kernel's own name */
		{"scx_bpf_dsq_insert___v2___mine", KERNEL_VERSION_OF(6, 19)},
		{"bpf_task_acquire____mine", 0}, /* no flavor: four */
		{"___mine", 0},
	};

	for (size_t i = 0; i < LENGTH(known); i++) {
		cleanup_inspection struct inspection in = {0};
		open_with_kfunc(&in, known[i].name);
		expect_need(&in, NEED_KFUNC, known[i].name, known[i].since, false);
		ck_assert(in.has_unknown == !known[i].since);
	}
}

/* A kernel that does not know the type loads the program all the same, where it does not look. */
TEST(tells_loading_from_attaching)
{
	static const struct {
		const char *section, *attach_type;
		uint16_t since, oldest;
		bool is_optional;
	} known[] = {
		{"tc/ingress", "tcx_ingress", KERNEL_VERSION_OF(6, 6), KERNEL_VERSION_OF(4, 17),
		 true},
		{"netkit/peer", "netkit_peer", KERNEL_VERSION_OF(6, 7), KERNEL_VERSION_OF(4, 17),
		 true},
		{"kprobe.multi/f", "trace_kprobe_multi", KERNEL_VERSION_OF(5, 18),
		 KERNEL_VERSION_OF(4, 17), true},
		{"xdp/devmap", "xdp_devmap", KERNEL_VERSION_OF(5, 8), KERNEL_VERSION_OF(4, 17),
		 true},
		{"cgroup/connect4", "cgroup_inet4_connect", KERNEL_VERSION_OF(4, 17),
		 KERNEL_VERSION_OF(4, 17), false},
		{"cgroup/sock_create", "cgroup_inet_sock_create", KERNEL_VERSION_OF(4, 17),
		 KERNEL_VERSION_OF(4, 17), false},
		{"cgroup/recvmsg_unix", "cgroup_unix_recvmsg", KERNEL_VERSION_OF(6, 7),
		 KERNEL_VERSION_OF(6, 7), false},
		{"lsm_cgroup/socket_bind", "lsm_cgroup", KERNEL_VERSION_OF(6, 0),
		 KERNEL_VERSION_OF(6, 0), false},
	};

	for (size_t i = 0; i < LENGTH(known); i++) {
		cleanup_inspection struct inspection in = {0};
		open_program(&in, known[i].section, leave, LENGTH(leave));
		expect_need(&in, NEED_ATTACH_TYPE, known[i].attach_type, known[i].since,
			    known[i].is_optional);
		ck_assert_msg(in.oldest == known[i].oldest, "%s", known[i].section);
	}
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, loads_what_is_called);
	tcase_add_test(c, reads_struct_ops);
	tcase_add_test(c, knows_flavors);
	tcase_add_test(c, tells_loading_from_attaching);
	tcase_add_test(c, follows_calls);
	tcase_add_test(c, says_what_it_does_not_know);
	tcase_add_test(c, says_since_when_programs_sleep);
	tcase_add_test(c, refuses_long_relocations);
}

int main(void)
{
	return suite_run("inspection", add_tests);
}
