/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/stat.h>

#include "suite.h"

#include "core/cache-options.h"

#define MAX_ARGS 12

/* Why these may not be kept, "" for nothing. */
static char *why(const char *const *args)
{
	size_t n = 0;
	char *reason;

	while (args[n])
		n++;
	ck_assert_int_eq(cache_options_check(args, n, ".", &reason), 0);
	return reason;
}

/* What programs for BPF are compiled with: the kernel's selftests, libbpf-bootstrap, bpf2go,
 * clang's callers in Makefiles. */
TEST(allowed)
{
	static const char *const table[][MAX_ARGS] = {
		{"-g", "-O2", "-target", "bpf", "-mcpu=v3", "-D__TARGET_ARCH_x86", "-I.", "-Iinc"},
		{"-Wall", "-Werror", "-mlittle-endian", "-I", "inc", "-isystem", "inc"},
		{"-idirafter", "/usr/include", "-idirafter/usr/include", "-iquote", "inc"},
		{"-Wno-compare-distinct-pointer-types", "-Wno-unused-value", "-std=gnu11"},
		{"--target=bpfel", "-O2", "-g", "-c", "x.c", "-o", "x.o", "-MD", "-MP", "-MFx.d"},
		{"-MMD", "-MF", "x.d", "-MT", "x.o", "-MQ", "x.o", "-D", "X=1", "-UX", "-U", "Y"},
		{"-fno-jump-tables", "-fno-stack-protector", "-fno-asynchronous-unwind-tables"},
		{"-mllvm", "-bpf-stack-size=8192", "-mllvm", "-disable-bpf-peephole"},
		{"-Xclang", "-target-feature", "-Xclang", "+alu32", "-nostdinc", "-x", "c", "-xc"},
		{"-include", "inc/h.h", "-imacros", "inc/h.h", "-ftrivial-auto-var-init=zero"},
		{"-fdata-sections", "-ffunction-sections", "-fms-extensions", "-gdwarf-5", "-w"},
		{"-Ithere/is/none", "-fcolor-diagnostics", "-Os", "-pedantic", "-ferror-limit=1"},
	};

	mkdir("inc", 0777);
	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_free char *reason = why(table[i]);
		ck_assert_msg(!reason, "row %zu: %s", i, reason);
	}
}

TEST(refused)
{
	static const char *const table[][MAX_ARGS] = {
		{"-mcpu=probe"},
		{"-mcpu=native"},
		{"-Xclang", "-I", "-Xclang", "inc"},
		{"-Xclang", "-include-pch", "-Xclang", "x.pch"},
		{"-Xclang", "-load", "-Xclang", "x.so"},
		{"-Xclang"},
		{"-iprefix", "x"},
		{"-iwithprefix", "x"},
		{"-iwithprefixbefore", "x"},
		{"-iwithsysroot", "x"},
		{"--sysroot=x"},
		{"--sysroot", "x"},
		{"-isysroot", "x"},
		{"-resource-dir", "x"},
		{"-resource-dir=x"},
		{"-Fx"},
		{"-iframework", "x"},
		{"-B", "x"},
		{"-fprofile-sample-use=x"},
		{"-fprofile-use=x"},
		{"-fprofile-instr-use=x"},
		{"-fprofile-list=x"},
		{"-include-pch", "x"},
		{"-fplugin=x"},
		{"-fpass-plugin=x"},
		{"-fsanitize-ignorelist=x"},
		{"-fsanitize=address"},
		{"-fxray-attr-list=x"},
		{"-ivfsoverlay", "x"},
		{"--config", "x"},
		{"--config=x"},
		{"-fmodules"},
		{"-fmodule-map-file=x"},
		{"-mllvm", "-stats"},
		{"-mllvm", "-print-after-all"},
		{"-mllvm", "-load=x"},
		{"-Wp,-I,x"},
		{"-Wp,-D,X"},
		{"-Wa,-I,x"},
		{"-Xpreprocessor", "-Ix"},
		{"-Xassembler", "-Ix"},
		{"-fno-integrated-as"},
		{"-fintegrated-cc1"},
		{"-fdebug-prefix-map=a=b"},
		{"-ffile-prefix-map=a=b"},
		{"-frecord-command-line"},
		{"-fdebug-compilation-dir", "x"},
		{"-working-directory", "x"},
		{"-save-temps"},
		{"-emit-llvm"},
		{"-S"},
		{"-E"},
		{"-v"},
		{"-flto"},
		{"-gsplit-dwarf"},
		{"-x", "assembler-with-cpp"},
		{"-xc-header"},
		{"-target", "x86_64"},
		{"-Rpass=.*"},
		{"-march=native"},
		{"-mcpu"},
		{"-fsomething-new"},
		{"-I=x"},
		{"-I-"},
		{"-I", "a\\b"},
		{"-I", ""},
		{"-I", "map"},
		{"-include", "a\\b.h"},
		{"-include", "inc/pre.h"},
		{"-imacros", "inc/pre.h"},
	};

	mkdir("inc", 0777);
	write_text("map", "a header map");
	write_text("inc/pre.h.gch", "");
	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_free char *reason = why(table[i]);
		ck_assert_msg(reason != NULL, "%s %s", table[i][0], table[i][1]);
		ck_assert_msg(strstr(reason, table[i][0]) != NULL, "%s", reason);
	}
}

TEST(environment)
{
	static const char *const read[] = {
		"CPATH=x",         "C_INCLUDE_PATH=x", "CCC_OVERRIDE_OPTIONS=x",
		"COMPILER_PATH=x", "LD_PRELOAD=x",     "CLANG_NO_DEFAULT_CONFIG=1"};
	const char *harmless[] = {"PATH=/bin",   "CPATH=",   "SOURCE_DATE_EPOCH=1",
				  "CLANG=clang", "XCPATH=x", NULL};
	cleanup_free char *none = NULL;

	ck_assert_int_eq(cache_environment_check(harmless, &none), 0);
	ck_assert_ptr_eq(none, NULL);
	for (size_t i = 0; i < LENGTH(read); i++) {
		const char *env[] = {"PATH=/bin", read[i], NULL};
		cleanup_free char *reason = NULL;
		ck_assert_int_eq(cache_environment_check(env, &reason), 0);
		ck_assert_msg(reason != NULL, "%s", read[i]);
	}
}

TEST(source)
{
	static const struct {
		const char *name;
		bool allowed;
	} table[] = {{"x.c", true},  {"a b/$#.bpf.c", true}, {"a\\b.c", false}, {"x\n.c", false},
		     {"x.S", false}, {"x.i", false},         {"-", false},      {"x.c/y", false}};

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_free char *reason = NULL;
		ck_assert_int_eq(cache_source_check(table[i].name, &reason), 0);
		ck_assert_msg(!reason == table[i].allowed, "%s", table[i].name);
	}
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, allowed);
	tcase_add_test(tests, refused);
	tcase_add_test(tests, environment);
	tcase_add_test(tests, source);
}

int main(void)
{
	return suite_run("cache-options", add_tests);
}
