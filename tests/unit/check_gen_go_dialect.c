/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/go-module.h"
#include "gen/go-dialect.h"

static struct go_dialect dialect;

TEST(versions)
{
	static const struct {
		const char *text;
		unsigned version;
	} table[] = {
		{"v0.17.3", 17003},
		{"0.9.1", 9001},
		{"v0.12", 12000},
		{"v1.0.0", 999999},
		{"v0.19.1-0.20250101-abcdef", 19001},
		{"v0.11.0+incompatible", 11000},
		{"v0.99999.1", 999001},
	};
	static const char *const none[] = {"",     "v",       "v0",     "0.",     "v0.1.",   "=>",
					   "v0.x", "v0.1.2x", "latest", "v0.1 2", "0.17.3/x"};

	for (size_t i = 0; i < LENGTH(table); i++) {
		ck_assert(go_dialect_parse(table[i].text, &dialect));
		ck_assert_uint_eq(dialect.version, table[i].version);
	}
	for (size_t i = 0; i < LENGTH(none); i++)
		ck_assert_msg(!go_dialect_parse(none[i], &dialect), "%s", none[i]);
}

TEST(what_versions_have)
{
	static const unsigned steps[] = {9001,  9002,  11000, 13000, 17000,
					 19000, 21000, 22000, 999999};

	for (size_t i = 0; i < LENGTH(steps); i++) {
		go_dialect_of(steps[i], &dialect);
		size_t n = (size_t)dialect.unsigned_enums + dialect.build_only +
			   dialect.arch_first + dialect.variables + dialect.host_layout +
			   dialect.struct_ops + dialect.constants;
		ck_assert_uint_eq(n, i < 7 ? i : 7);
	}
}

TEST(modules)
{
	static const struct {
		const char *text;
		unsigned version; /* 0: it does not say */
	} table[] = {
		{"module x\nrequire github.com/cilium/ebpf v0.11.0\n", 11000},
		{"require (\n\tgithub.com/cilium/ebpf/other v0.1.0\n\tgithub.com/cilium/ebpf "
		 "v0.17.3 // "
		 "indirect\n)",
		 17003},
		{"require (\r\n\tgithub.com/cilium/ebpf v0.16.0\r\n)", 16000},
		{"replace github.com/cilium/ebpf => ../ebpf\nrequire github.com/cilium/ebpf "
		 "v0.15.0",
		 15000},
		{"replace github.com/cilium/ebpf => ../ebpf\n", 0},
		{"// github.com/cilium/ebpf v0.15.0\nmodule github.com/cilium/ebpf\n", 0},
		{"require github.com/cilium/ebpfx v0.15.0", 0},
		{"require github.com/cilium/ebpf", 0},
		{"exclude (\n\tgithub.com/cilium/ebpf v0.10.0\n)\nrequire "
		 "(\n\tgithub.com/cilium/ebpf "
		 "v0.17.0\n)\n",
		 17000},
		{"replace ( // some\n\tgithub.com/cilium/ebpf v0.9.0 => ../x\n)\n", 0},
		{"// see (\nrequire github.com/cilium/ebpf v0.12.0 // (\n", 12000},
		{"require example.com/x v1.0.0 // (\nrequire github.com/cilium/ebpf v0.12.0\n",
		 12000},
		{"require (\n)\n\tgithub.com/cilium/ebpf v0.12.0\n", 0},
		{")", 0},
		{"", 0},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		bool said = go_dialect_of_module(table[i].text, strlen(table[i].text), &dialect);
		ck_assert_msg(said == (table[i].version != 0), "%s", table[i].text);
		if (said)
			ck_assert_uint_eq(dialect.version, table[i].version);
	}
}

static void assert_suffix(const char *target, const char *arch, const char *want)
{
	cleanup_free char *suffix = go_dialect_suffix(&dialect, target, arch);

	ck_assert_str_eq(suffix, want);
}

static const char *const *tags;

static void assert_constraint(const char *target, const char *arch, const char *want)
{
	cleanup_strbuf struct strbuf text = {0};

	ck_assert(go_dialect_constraint(&dialect, target, arch, tags, &text));
	ck_assert_str_eq(text.data, want);
}

TEST(machines)
{
	cleanup_strbuf struct strbuf text = {0};

	go_dialect_of(9001, &dialect);
	assert_suffix("bpfel", NULL, "_bpfel");
	assert_suffix("bpfel", "x86", "_bpfel_x86");
	assert_suffix("bpfeb", "s390", "_bpfeb_s390");
	assert_suffix("bpfel", "riscv", "_riscv_bpfel"); /* Go takes no other name */
	dialect.assumed = true;
	assert_suffix("bpfel", "x86", "_bpfel_x86");
	assert_suffix("bpfeb", "s390", "_s390_bpfeb");
	assert_constraint("bpfel", "x86", "//go:build 386 || amd64\n// +build 386 amd64\n");
	assert_constraint("bpfeb", "arm64", "//go:build arm64be\n// +build arm64be\n");
	go_dialect_of(17000, &dialect);
	assert_suffix("bpfel", "arm64", "_arm64_bpfel");
	assert_constraint("bpfel", "riscv", "//go:build riscv64\n");
	assert_constraint("bpfeb", NULL, "//go:build mips || mips64 || ppc64 || s390x\n");
	ck_assert(!go_dialect_constraint(&dialect, "bpfeb", "x86", NULL, &text));
	ck_assert(!go_dialect_constraint(&dialect, "bpfel", "s390", NULL, &text));
	ck_assert_uint_eq(text.len, 0);
	ck_assert_str_eq(go_dialect_arch("amd64"), "x86");
	ck_assert_str_eq(go_dialect_arch("s390x"), "s390");
	ck_assert_ptr_eq(go_dialect_arch("x86"), NULL);
	ck_assert_ptr_eq(go_dialect_arch("mips64"), NULL);
	ck_assert_ptr_eq(go_dialect_arch(""), NULL);
}

TEST(siblings)
{
	static const char *const some[] = {"_bpfel", "_arm64_bpfel", "_bpfel_arm64"};
	static const char *const all[] = {"_bpfeb", "_x86_bpfeb", "_bpfeb_mips", "_bpfeb_s390"};
	cleanup_strv struct strv one = {0}, each = {0};

	go_dialect_siblings("bpfel", "arm64", &one);
	ck_assert_uint_eq(one.n, LENGTH(some));
	for (size_t i = 0; i < LENGTH(some); i++)
		ck_assert(strv_contains(&one, some[i]));
	go_dialect_siblings("bpfeb", NULL, &each);
	for (size_t i = 0; i < LENGTH(all); i++)
		ck_assert(strv_contains(&each, all[i]));
	ck_assert(!strv_contains(&each, "_bpfel"));
	ck_assert(!strv_contains(&each, "__bpfeb"));
}

TEST(build_tags)
{
	static const char *const two[] = {"linux", "!cgo", NULL}, *const none[] = {NULL};

	tags = two;
	go_dialect_of(9001, &dialect);
	assert_constraint("bpfel", "x86",
			  "//go:build (386 || amd64) && linux && !cgo\n"
			  "// +build 386 amd64\n// +build linux\n// +build !cgo\n");
	assert_constraint("bpfel", "arm64",
			  "//go:build arm64 && linux && !cgo\n// +build arm64,linux,!cgo\n");
	go_dialect_of(13000, &dialect);
	assert_constraint("bpfel", "arm64", "//go:build arm64 && linux && !cgo\n");
	tags = none;
	assert_constraint("bpfel", "arm64", "//go:build arm64\n");
	tags = NULL;
	ck_assert(go_dialect_is_tag("linux") && go_dialect_is_tag("!go1.21"));
	ck_assert(!go_dialect_is_tag("") && !go_dialect_is_tag("!") && !go_dialect_is_tag("a b") &&
		  !go_dialect_is_tag("a||b") && !go_dialect_is_tag("a\n"));
}

TEST(where_files_are)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *dir = getcwd(NULL, 0), *package = NULL, *other = NULL;

	ck_assert_int_eq(mkdir("a", 0700) | mkdir("a/b", 0700), 0);
	write_text("a/go.mod", "module x\nrequire github.com/cilium/ebpf v0.18.0\n");
	cleanup_free char *below = str_printf("%s/a/b/not/yet", dir);
	ck_assert_int_eq(go_module_dialect(below, NULL, &dialect, &e), 0);
	ck_assert_uint_eq(dialect.version, 18000);
	ck_assert(!dialect.assumed);
	cleanup_free char *told = go_module_tell(&dialect, NULL);
	ck_assert_str_eq(told, "Go files are for cilium/ebpf as of v0.18.0, which go.mod requires");
	ck_assert_int_eq(go_module_dialect(below, "v0.12.3", &dialect, &e), 0);
	ck_assert_uint_eq(dialect.version, 12003);
	ck_assert_int_eq(go_module_dialect("/", NULL, &dialect, &e), 0);
	ck_assert_uint_eq(dialect.version, GO_DIALECT_OLDEST);
	ck_assert(dialect.assumed);
	cleanup_free char *assumed = go_module_tell(&dialect, NULL);
	ck_assert_str_eq(assumed,
			 "Go files are for cilium/ebpf v0.9.1 and newer, as no go.mod there "
			 "requires one");
	ck_assert_int_eq(go_module_dialect(below, "x", &dialect, &e), -EINVAL);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);

	unsetenv("GOPACKAGE");
	ck_assert_int_eq(go_module_package("/p/probe/.", NULL, &package, &e), 0);
	ck_assert_str_eq(package, "probe");
	ck_assert_int_eq(go_module_package("/p/x", "main", &other, &e), 0);
	ck_assert_str_eq(other, "main");
	cleanup_error struct crossbpf_error bad = {0}, said = {0};
	ck_assert_int_eq(go_module_package("/p/my-dir", NULL, &other, &bad), -EINVAL);
	ck_assert_ptr_ne(strstr(bad.message, "'my-dir'"), NULL);
	ck_assert_int_eq(go_module_package("/p/x", "a b", &other, &said), -EINVAL);
	cleanup_error struct crossbpf_error root = {0};
	ck_assert_int_eq(go_module_package("/", NULL, &other, &root), -EINVAL);
}

/* It may say another version than the oldest, which would be taken without a word. */
TEST(a_module_that_cannot_be_read)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *dir = getcwd(NULL, 0);

	ck_assert_int_eq(mkdir("go.mod", 0700), 0);
	ck_assert_int_eq(go_module_dialect(dir, NULL, &dialect, &e), -EISDIR);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	assert_contains(e.message, "cannot read go.mod in ");
	ck_assert_int_eq(go_module_dialect(dir, "v0.17.0", &dialect, &e), 0);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, versions);
	tcase_add_test(c, what_versions_have);
	tcase_add_test(c, modules);
	tcase_add_test(c, machines);
	tcase_add_test(c, siblings);
	tcase_add_test(c, build_tags);
	tcase_add_test(c, where_files_are);
	tcase_add_test(c, a_module_that_cannot_be_read);
}

int main(void)
{
	return suite_run("gen_go_dialect", add_tests);
}
