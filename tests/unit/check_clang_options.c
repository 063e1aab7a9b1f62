/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/clang-options.h"

struct row {
	const char *arg;
	enum clang_option_id id;
	const char *value;
	size_t more;
};

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct clang_option option = clang_option_find(rows[i].arg);
		const char *value = option.value ? option.value : "(none)";
		const char *expected = rows[i].value ? rows[i].value : "(none)";

		ck_assert_msg(option.id == rows[i].id && option.more == rows[i].more &&
				      strcmp(value, expected) == 0,
			      "%s: id %d, value %s, %zu more; expected id %d, value %s, %zu more",
			      rows[i].arg, option.id, value, option.more, rows[i].id, expected,
			      rows[i].more);
	}
}

/* A value that is joined to the name, or in the next argument, or either. */
TEST(values)
{
	static const struct row rows[] = {
		{"-o", OPT_OUTPUT, NULL, 1},
		{"-ofile.o", OPT_OUTPUT, "file.o", 0},
		{"--output", OPT_OUTPUT, NULL, 1},
		{"--output=file.o", OPT_OUTPUT, "file.o", 0},
		{"-target", OPT_TARGET, NULL, 1},
		{"--target=bpf", OPT_TARGET, "bpf", 0},
		{"-x", OPT_LANGUAGE, NULL, 1},
		{"-xc", OPT_LANGUAGE, "c", 0},
		{"--language=c", OPT_LANGUAGE, "c", 0},
		{"--language", OPT_LANGUAGE, NULL, 1},
		{"-D", OPT_DEFINE, NULL, 1},
		{"-DX=1", OPT_DEFINE, "X=1", 0},
		{"--define-macro", OPT_DEFINE, NULL, 1},
		{"--define-macro=X", OPT_DEFINE, "X", 0},
		{"-MF", OPT_DEPS_FILE, NULL, 1},
		{"-MF/dev/fd/3", OPT_DEPS_FILE, "/dev/fd/3", 0},
		{"-MT", OPT_DEPS_TARGET, NULL, 1},
		{"-MTx.o", OPT_DEPS_TARGET, "x.o", 0},
		{"-MQ", OPT_DEPS_TARGET, NULL, 1},
		{"-MQx.o", OPT_DEPS_TARGET, "x.o", 0},
		{"-Wp,-MD,x.d", OPT_WP, "-MD,x.d", 0},
		{"-Xpreprocessor", OPT_WP, NULL, 1},
		{"-Xclang", OPT_XCLANG, NULL, 1},
		{"-Xclang=-v", OPT_XCLANG, "-v", 0},
	};

	assert_rows(rows, LENGTH(rows));
}

TEST(include_directories)
{
	static const struct row rows[] = {
		{"-I", OPT_INCLUDE_DIR, NULL, 1},
		{"-Idir", OPT_INCLUDE_DIR, "dir", 0},
		{"-I.", OPT_INCLUDE_DIR, ".", 0},
		{"--include-directory", OPT_INCLUDE_DIR, NULL, 1},
		{"--include-directory=dir", OPT_INCLUDE_DIR, "dir", 0},
		{"-iquote", OPT_INCLUDE_DIR, NULL, 1},
		{"-iquotedir", OPT_INCLUDE_DIR, "dir", 0},
		{"-isystem", OPT_INCLUDE_DIR, NULL, 1},
		{"-isystem/usr/include", OPT_INCLUDE_DIR, "/usr/include", 0},
		{"-isystem-after", OPT_INCLUDE_DIR, NULL, 1},
		{"-isystem-afterdir", OPT_INCLUDE_DIR, "dir", 0},
		{"-idirafter", OPT_INCLUDE_DIR, NULL, 1},
		{"-idirafterdir", OPT_INCLUDE_DIR, "dir", 0},
		{"--include-directory-after", OPT_INCLUDE_DIR, NULL, 1},
		{"--include-directory-after=d", OPT_INCLUDE_DIR, "d", 0},
	};

	assert_rows(rows, LENGTH(rows));
}

TEST(phases)
{
	static const struct row rows[] = {
		{"-E", OPT_PREPROCESS, NULL, 0},
		{"--preprocess", OPT_PREPROCESS, NULL, 0},
		{"-S", OPT_ASSEMBLY, NULL, 0},
		{"--assemble", OPT_ASSEMBLY, NULL, 0},
		{"-c", OPT_OBJECT, NULL, 0},
		{"--compile", OPT_OBJECT, NULL, 0},
		{"-fsyntax-only", OPT_SYNTAX_ONLY, NULL, 0},
		{"-emit-llvm", OPT_EMIT_LLVM, NULL, 0},
		{"-M", OPT_DEPS_ONLY, NULL, 0},
		{"--dependencies", OPT_DEPS_ONLY, NULL, 0},
		{"-MM", OPT_DEPS_ONLY, NULL, 0},
		{"--user-dependencies", OPT_DEPS_ONLY, NULL, 0},
		{"-MD", OPT_DEPS, NULL, 0},
		{"--write-dependencies", OPT_DEPS, NULL, 0},
		{"-MMD", OPT_DEPS, NULL, 0},
		{"--write-user-dependencies", OPT_DEPS, NULL, 0},
		{"-nostdinc", OPT_NO_SYSTEM, NULL, 0},
		{"-nostdlibinc", OPT_NO_SYSTEM, NULL, 0},
		{"--sysroot", OPT_NO_SYSTEM, NULL, 1},
		{"--sysroot=/x", OPT_NO_SYSTEM, "/x", 0},
		{"-isysroot", OPT_NO_SYSTEM, NULL, 1},
		{"-isysroot/x", OPT_NO_SYSTEM, "/x", 0},
		{"--driver-mode=cl", OPT_VERBATIM, "cl", 0},
		{"-flto", OPT_MORE_OUTPUTS, NULL, 0},
		{"-flto=thin", OPT_MORE_OUTPUTS, "=thin", 0},
		{"-fproc-stat-report=f", OPT_MORE_OUTPUTS, "=f", 0},
		{"--no-standard-includes", OPT_NO_SYSTEM, NULL, 0},
		{"--", OPT_END_OF_OPTIONS, NULL, 0},
		/* No value, no meaning. */
		{"-MP", OPT_OTHER, NULL, 0},
		{"-MV", OPT_OTHER, NULL, 0},
		{"-P", OPT_OTHER, NULL, 0},
		{"-C", OPT_OTHER, NULL, 0},
	};

	assert_rows(rows, LENGTH(rows));
}

static void assert_ids(enum clang_option_id id, const char *const *args)
{
	for (; *args; args++) {
		struct clang_option option = clang_option_find(*args);
		ck_assert_msg(option.id == id && option.more == 0, "%s: id %d, %zu more", *args,
			      option.id, option.more);
	}
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST(debug)
{
	assert_ids(OPT_DEBUG, ARGS("-g", "-g1", "-g2", "-g3", "-ggdb", "-ggdb3", "-gdwarf",
				   "-gdwarf-4", "-gdwarf-5", "-gline-tables-only", "-gmodules",
				   "--debug", "-gfull", "-gbtf"));
	assert_ids(OPT_NO_DEBUG, ARGS("-g0", "-ggdb0"));
	assert_ids(OPT_OTHER,
		   ARGS("-gcolumn-info", "-gno-column-info", "-gz", "-gz=zlib", "-gstrict-dwarf",
			"-gno-strict-dwarf", "-gpubnames", "-gno-pubnames", "-gembed-source",
			"-gdwarf-aranges", "-gcc-toolchain=/usr", "-gcodeview-ghash",
			"-ginline-line-tables", "-gsimple-template-names=simple"));
	assert_ids(OPT_MORE_OUTPUTS, ARGS("-gsplit-dwarf", "-gsplit-dwarf=single"));
}

/* A question, or a command line that is itself part of an output. */
TEST(verbatim)
{
	assert_ids(OPT_VERBATIM,
		   ARGS("-###", "--version", "-help", "--help", "--help-hidden", "-dumpmachine",
			"-dumpversion", "-print-search-dirs", "-print-file-name=libc.a",
			"--print-target-triple", "-print-resource-dir", "-ccc-print-phases",
			"-ccc-print-bindings", "-cc1", "-cc1as", "--autocomplete=-f", "-MG",
			"-frecord-command-line", "-frecord-gcc-switches", "-grecord-command-line",
			"-grecord-gcc-switches"));
	for (const char *const *arg = ARGS("--print-file-name", "--print-prog-name"); *arg; arg++) {
		ck_assert_msg(clang_option_find(*arg).id == OPT_VERBATIM, "%s", *arg);
		ck_assert_msg(clang_option_find(*arg).more == 1, "%s", *arg);
	}
	assert_ids(OPT_COMMANDS, ARGS("-MJf"));
	ck_assert_int_eq(clang_option_find("-MJ").id, OPT_COMMANDS);
	ck_assert_int_eq(clang_option_find("-MJ").more, 1);
	assert_ids(OPT_VERBOSE, ARGS("-v", "--verbose"));
	/* These are none. */
	assert_ids(OPT_OTHER, ARGS("-w", "-print", "-dumpx", "--versionx", "-vx"));
}

TEST(more_outputs)
{
	assert_ids(OPT_MORE_OUTPUTS,
		   ARGS("-save-temps", "-save-temps=obj", "--save-temps", "-save-stats",
			"--analyze", "--coverage", "-coverage", "-fprofile-arcs", "-ftest-coverage",
			"-ftime-trace", "-ftime-trace=f", "-fsave-optimization-record",
			"-foptimization-record-file=f", "-fstack-usage", "-fmodules",
			"-fmodules-cache-path=x", "--config=f", "-emit-ast",
			"-emit-interface-stubs", "-extract-api", "--precompile", "-rewrite-objc",
			"-gen-reproducer=always", "-working-directory=d", "-object-file-name=f",
			"-fdriver-only", "-ccc-x"));
	for (const char *const *arg =
		     ARGS("--config", "-arch", "-dependency-file", "-dependency-dot", "-dumpdir",
			  "-working-directory", "-object-file-name", "-gen-cdb-fragment-path",
			  "-serialize-diagnostics", "--serialize-diagnostics");
	     *arg; arg++) {
		ck_assert_msg(clang_option_find(*arg).id == OPT_MORE_OUTPUTS, "%s", *arg);
		ck_assert_msg(clang_option_find(*arg).more == 1, "%s", *arg);
	}
}

/* Options of no meaning that take the next argument, which is no input then. */
TEST(skipped_with_a_value)
{
	for (const char *const *arg =
		     ARGS("-include", "-imacros", "-iprefix", "-iwithprefix", "-U", "-L", "-l",
			  "-u", "-T", "-e", "-B", "-F", "-A", "-G", "-b", "-z", "-mllvm", "-init",
			  "-framework", "-rpath", "-Xlinker", "-Xassembler", "-Xanalyzer",
			  "-include-pch", "--param", "--std", "--prefix", "--include", "--imacros",
			  "-resource-dir", "-specs", "--specs", "-ivfsoverlay",
			  "-fdebug-compilation-dir", "-Xopenmp-target", "-cxx-isystem",
			  "-undefined", "-mthread-model", "-meabi", "-ccc-gcc-name", "-Xarch_host");
	     *arg; arg++) {
		struct clang_option option = clang_option_find(*arg);
		ck_assert_msg(option.id == OPT_OTHER && option.more == 1, "%s: id %d, %zu more",
			      *arg, option.id, option.more);
	}
}

TEST(skipped_with_a_joined_value)
{
	assert_ids(OPT_OTHER,
		   ARGS("-includefile.h", "-imacrosfile.h", "-UX", "-Ldir", "-lc", "-Tscript",
			"-Bdir", "--std=c99", "-std=gnu17", "-mcpu=v3", "-O2", "-Wall", "-Wno-x",
			"-Wa,x", "-Wl,x", "-fPIC", "-ffile-prefix-map=a=b",
			"-fdebug-compilation-dir=x", "-fdebug-prefix-map=a=b", "--param=x",
			"-resource-dir=x", "-march=bpf", "-nologo", "-pipe", "-Werror",
			"-ferror-limit=3", "-fcolor-diagnostics"));
}

TEST(skipped_with_several_values)
{
	static const struct row rows[] = {
		{"-sectcreate", OPT_OTHER, NULL, 3},        {"-sectalign", OPT_OTHER, NULL, 3},
		{"-sectorder", OPT_OTHER, NULL, 3},         {"-segcreate", OPT_OTHER, NULL, 3},
		{"-segprot", OPT_OTHER, NULL, 3},           {"-segaddr", OPT_OTHER, NULL, 2},
		{"-sectobjectsymbols", OPT_OTHER, NULL, 2},
	};

	assert_rows(rows, LENGTH(rows));
}

/* A joined value and the next argument. */
TEST(skipped_with_both)
{
	struct clang_option option = clang_option_find("-Xarch_arm64");

	ck_assert_int_eq(option.id, OPT_OTHER);
	ck_assert_uint_eq(option.more, 1);
}

/* Flags and joined options whose names begin like one with a joined value; the longest wins. */
TEST(look_alikes)
{
	assert_ids(OPT_OTHER, ARGS("-object",                          /* -o */
				   "-objcmt-migrate-all", "-undef",    /* -u */
				   "-unwindlib=none", "-bundle",       /* -b */
				   "-bind_at_load", "-export-dynamic", /* -e */
				   "-I-"));                            /* -I */
	assert_ids(OPT_EMIT_LLVM, ARGS("-emit-llvm"));
	/* -include-pch takes a value and is no -include with "-pch". */
	ck_assert_uint_eq(clang_option_find("-include-pch").more, 1);
	ck_assert_uint_eq(clang_option_find("-includepch").more, 0);
}

/* A name that is only the beginning of one, or one with more behind it, is another option. */
TEST(whole_names)
{
	assert_ids(OPT_OTHER, ARGS("-targetx", "-cx", "-Ex", "-Sx", "-fsyntax-onlyx", "-MDx",
				   "-MMDx", "--targe", "--outputx", "-emit", "-nostdin", "-Xclangx",
				   "-MPx", "--compilex", "--x"));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, values);
	tcase_add_test(c, include_directories);
	tcase_add_test(c, phases);
	tcase_add_test(c, debug);
	tcase_add_test(c, verbatim);
	tcase_add_test(c, more_outputs);
	tcase_add_test(c, skipped_with_a_value);
	tcase_add_test(c, skipped_with_a_joined_value);
	tcase_add_test(c, skipped_with_several_values);
	tcase_add_test(c, skipped_with_both);
	tcase_add_test(c, look_alikes);
	tcase_add_test(c, whole_names);
}

int main(void)
{
	return suite_run("clang_options", add_tests);
}
