/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/derived.h"
#include "core/go-module.h"

static const struct build_variant little = {.target = "bpfel", .arch = "arm64"};

static void place(struct build_action *a, const char *object, const struct settings *s)
{
	*a = (struct build_action){
		.source = (char *)"x.bpf.c", .object = (char *)object, .variant = &little};
	ck_assert_int_eq(derived_place(a, s), 0);
}

static void settings_of(struct settings *s, const char *outdir, bool named)
{
	*s = (struct settings){.outdir = (char *)outdir,
			       .emit_skeleton = true,
			       .emit_go = true,
			       .emit_c = true,
			       .arch_is_default = !named};
	go_dialect_of(GO_DIALECT_OLDEST, &s->dialect);
}

TEST(places)
{
	static const struct {
		const char *outdir, *output, *object;
		bool named;
		const char *skeleton, *go, *embed, *c;
	} table[] = {
		{"out", NULL, "out/x.bpf.o", false, "out/x.skel.h", "out/x_bpfel.go", "x.bpf.o",
		 "out/x.embed.h"},
		{"out", NULL, "out/arm64/x.bpf.o", true, "out/arm64/x.skel.h",
		 "out/x_bpfel_arm64.go", "arm64/x.bpf.o", "out/arm64/x.embed.h"},
		{".", NULL, "X.o", false, "X.skel.h", "x_bpfel.go", "X.o", "X.embed.h"},
		{".", NULL, "arm64/X.o", true, "arm64/X.skel.h", "x_bpfel_arm64.go", "arm64/X.o",
		 "arm64/X.embed.h"},
		{".", "/tmp/d/y.o", "/tmp/d/y.o", false, "/tmp/d/y.skel.h", "/tmp/d/y_bpfel.go",
		 "y.o", "/tmp/d/y.embed.h"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		struct build_action a;
		struct settings s;
		settings_of(&s, table[i].outdir, table[i].named);
		s.output = (char *)table[i].output;
		place(&a, table[i].object, &s);
		ck_assert_uint_eq(a.n_derived, 3);
		ck_assert_int_eq(a.derived[0].kind, DERIVED_SKELETON);
		ck_assert_str_eq(a.derived[0].path, table[i].skeleton);
		ck_assert_str_eq(a.derived[1].path, table[i].go);
		ck_assert_str_eq(a.derived[1].embed, table[i].embed);
		ck_assert_str_eq(a.derived[2].path, table[i].c);
		derived_free(a.derived, a.n_derived);
	}
}

TEST(nothing)
{
	struct settings s = {.outdir = (char *)"out"};
	struct build_action a;

	place(&a, "out/x.bpf.o", &s);
	ck_assert_uint_eq(a.n_derived, 0);
	ck_assert_ptr_eq(a.derived, NULL);
}

/* What is said of a plan of these objects. */
static void assert_refused(const char *one, const char *two, const char *part)
{
	cleanup_error struct crossbpf_error e = {0};
	struct build_action actions[2];
	struct build_plan p = {.actions = actions, .n = two ? 2 : 1};
	struct settings s;

	settings_of(&s, "out", false);
	s.emit_skeleton = s.emit_c = false;
	place(&actions[0], one, &s);
	if (two)
		place(&actions[1], two, &s);
	int r = derived_check(&p, &s, &e);
	for (size_t i = 0; i < p.n; i++)
		derived_free(actions[i].derived, actions[i].n_derived);
	ck_assert_int_eq(r, part ? -EINVAL : 0);
	if (part) {
		ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
		ck_assert_msg(strstr(e.message, part), "%s", e.message);
	}
}

TEST(refuses)
{
	assert_refused("out/x.bpf.o", "out/y.bpf.o", NULL);
	assert_refused("out/1.bpf.o", NULL, "'1' is no identifier in Go");
	assert_refused("out/func.bpf.o", NULL, "'func' is no identifier in Go");
	assert_refused("out/a b.bpf.o", NULL, "Go cannot embed");
	assert_refused("out/a*.bpf.o", NULL, "Go cannot embed");
	assert_refused("out/a;b.bpf.o", NULL, "Go cannot embed");
	assert_refused("out/x.bpf.o", "out/X.bpf.o", "would both become out/x_bpfel.go");
	assert_refused("out/a-b.bpf.o", "out/a_b.bpf.o", "would both become out/a_b_bpfel.go");
}

static void assert_machine(const char *target, const char *arch, unsigned version, const char *hint)
{
	cleanup_error struct crossbpf_error e = {0};
	struct build_variant variant = {.target = target, .arch = arch};
	struct build_action action;
	struct build_plan p = {.actions = &action, .n = 1};
	struct settings s;

	settings_of(&s, "out", true);
	s.emit_skeleton = s.emit_c = false;
	go_dialect_of(version, &s.dialect);
	place(&action, "out/x.bpf.o", &s);
	action.variant = &variant;
	int r = derived_check(&p, &s, &e);
	derived_free(action.derived, action.n_derived);
	ck_assert_int_eq(r, hint ? -EINVAL : 0);
	if (hint) {
		ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
		assert_contains(e.message, "x.bpf.c: Go has no ");
		assert_contains(e.hint, hint);
	}
}

/* What no machine of Go's could load is not compiled first. */
TEST(machines)
{
	assert_machine("bpfel", "x86", 9001, NULL);
	assert_machine("bpfel", "mips", 9001, "--target bpfeb");
	assert_machine("bpfeb", "mips", 9001, NULL);
	assert_machine("bpfeb", "x86", 9001, "--target bpfel");
	assert_machine("bpfel", "loongarch", 9001, "a version of cilium/ebpf");
	assert_machine("bpfel", "loongarch", 11000, NULL);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, places);
	tcase_add_test(c, nothing);
	tcase_add_test(c, refuses);
	tcase_add_test(c, machines);
}

int main(void)
{
	return suite_run("derived", add_tests);
}
