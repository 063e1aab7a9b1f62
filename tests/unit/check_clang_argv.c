/* SPDX-License-Identifier: BSD-2-Clause */
/* What clang 14 makes of each of these command lines was tried; the outputs are its. */
#include "suite.h"

#include "core/clang-argv.h"

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static struct clang_argv parse(const char *const *args)
{
	struct clang_argv c;

	ck_assert_int_eq(clang_argv_parse(args, &c), 0);
	return c;
}

#define assert_parsed(condition, ...)                                        \
	do {                                                                 \
		cleanup_clang_argv struct clang_argv c = PARSE(__VA_ARGS__); \
		ck_assert(condition);                                        \
	} while (0)

#define assert_compiles(...) assert_parsed(clang_argv_compiles_bpf(&c), __VA_ARGS__)
#define assert_passes(...) assert_parsed(!clang_argv_compiles_bpf(&c), __VA_ARGS__)
#define assert_phase(expected, ...) assert_parsed(c.phase == (expected), __VA_ARGS__)

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Its inputs are `names`, up to a NULL. */
static void assert_inputs(const struct clang_argv *c, const char *const *names)
{
	for (size_t i = 0; i < c->n_inputs && names[i]; i++)
		ck_assert_str_eq(c->args.v[c->inputs[i].arg], names[i]);
	size_t n = 0;
	while (names[n])
		n++;
	ck_assert_uint_eq(c->n_inputs, n);
}

#define INPUTS(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST(nothing)
{
	cleanup_clang_argv struct clang_argv c = parse((const char *const[]){NULL});

	ck_assert_uint_eq(c.args.n, 0);
	ck_assert_uint_eq(c.n_inputs, 0);
	ck_assert_uint_eq(c.end, 0);
	ck_assert(!clang_argv_compiles_bpf(&c));
}

TEST(typical)
{
	cleanup_clang_argv struct clang_argv c =
		PARSE("-target", "bpf", "-D__TARGET_ARCH_x86", "-O2", "-g", "-I", "inc", "-Iother",
		      "-MD", "-MF", "x.d", "-c", "x.bpf.c", "-o", "x.bpf.o");

	ck_assert(clang_argv_compiles_bpf(&c));
	ck_assert_int_eq(c.phase, PHASE_OBJECT);
	ck_assert(c.bpf);
	ck_assert_str_eq(c.arch, "x86");
	ck_assert(c.debug);
	ck_assert(c.deps);
	ck_assert(!c.deps_target);
	ck_assert(!c.no_system);
	ck_assert(!c.emit_llvm);
	ck_assert(!c.verbatim);
	ck_assert(!c.verbose);
	ck_assert(!c.more_outputs);
	ck_assert(!c.expanded);
	ck_assert_str_eq(c.output, "x.bpf.o");
	ck_assert_str_eq(c.deps_output, "x.d");
	ck_assert_uint_eq(c.args.n, 15);
	ck_assert_uint_eq(c.end, 15);
	assert_inputs(&c, INPUTS("x.bpf.c"));
	ck_assert_int_eq(c.inputs[0].kind, INPUT_SOURCE);
}

TEST(targets)
{
	assert_parsed(c.bpf, "-target", "bpf");
	assert_parsed(c.bpf, "--target=bpf");
	assert_parsed(c.bpf, "--target=bpfel");
	assert_parsed(c.bpf, "--target=bpfeb");
	assert_parsed(c.bpf, "--target=bpf_le");
	assert_parsed(c.bpf, "-target", "bpf_be");
	assert_parsed(c.bpf, "--target=bpf-unknown-none");
	assert_parsed(c.bpf, "-target", "bpfel-unknown-linux-gnu");
	assert_parsed(!c.bpf, "--target=x86_64-linux-gnu");
	assert_parsed(!c.bpf, "--target=bpfx");
	assert_parsed(!c.bpf, "--target=bp");
	assert_parsed(!c.bpf, "--target=");
	assert_parsed(!c.bpf, "--target=-bpf");
	assert_parsed(!c.bpf, "-c");
	/* The last one counts. */
	assert_parsed(c.bpf, "--target=x86_64", "-target", "bpf");
	assert_parsed(!c.bpf, "-target", "bpf", "--target=x86_64");
}

TEST(phases)
{
	assert_phase(PHASE_LINK, "a.c");
	assert_phase(PHASE_OBJECT, "-c", "a.c");
	assert_phase(PHASE_ASSEMBLY, "-S", "a.c");
	assert_phase(PHASE_SYNTAX, "-fsyntax-only", "a.c");
	assert_phase(PHASE_PREPROCESS, "-E", "a.c");
	assert_phase(PHASE_DEPENDENCIES, "-M", "a.c");
	assert_phase(PHASE_DEPENDENCIES, "-MM", "a.c");
	/* The earliest phase wins, in whatever order they come. */
	assert_phase(PHASE_ASSEMBLY, "-c", "-S");
	assert_phase(PHASE_ASSEMBLY, "-S", "-c");
	assert_phase(PHASE_SYNTAX, "-fsyntax-only", "-S", "-c");
	assert_phase(PHASE_SYNTAX, "-c", "-S", "-fsyntax-only");
	assert_phase(PHASE_PREPROCESS, "-E", "-fsyntax-only", "-S", "-c");
	assert_phase(PHASE_PREPROCESS, "-c", "-S", "-fsyntax-only", "-E");
	assert_phase(PHASE_DEPENDENCIES, "-M", "-E", "-c");
	assert_phase(PHASE_DEPENDENCIES, "-c", "-E", "-MM");
	/* -MD and -MMD are no phase. */
	assert_phase(PHASE_OBJECT, "-c", "-MD", "-MMD");
	assert_phase(PHASE_OBJECT, "--compile");
}

TEST(output)
{
	assert_parsed(!c.output, "-c", "a.c");
	assert_parsed(is_same(c.output, "x"), "-o", "x");
	assert_parsed(is_same(c.output, "x"), "-ox");
	assert_parsed(is_same(c.output, "-x"), "-o", "-x");
	assert_parsed(is_same(c.output, "-"), "-o-");
	assert_parsed(is_same(c.output, "x"), "--output=x");
	assert_parsed(is_same(c.output, "x"), "--output", "x");
	assert_parsed(is_same(c.output, ""), "-o", "");
	assert_parsed(is_same(c.output, "y"), "-o", "x", "-oy");
	assert_parsed(is_same(c.output, "-c") && c.phase == PHASE_LINK, "-o", "-c");
	/* -object is an option of its own. */
	assert_parsed(!c.output, "-object");
	assert_parsed(is_same(c.output, "object.o"), "-oobject.o");
}

TEST(inputs)
{
	cleanup_clang_argv struct clang_argv c =
		PARSE("a.c", "-I", "dir.c", "-include", "h.c", "-", "b.S", "-D", "c.c", "-MT",
		      "d.c", "-Xclang", "e.c", "-mllvm", "f.c", "-Xlinker", "g.c", "c.o");

	assert_inputs(&c, INPUTS("a.c", "-", "b.S", "c.o"));
	ck_assert_uint_eq(c.inputs[0].arg, 0);
	ck_assert_uint_eq(c.inputs[1].arg, 5);
	ck_assert_uint_eq(c.inputs[3].arg, 17);
	ck_assert_int_eq(c.inputs[0].kind, INPUT_SOURCE);
	ck_assert_int_eq(c.inputs[1].kind, INPUT_SOURCE);
	ck_assert_int_eq(c.inputs[2].kind, INPUT_SOURCE);
	ck_assert_int_eq(c.inputs[3].kind, INPUT_OTHER);
}

static enum clang_input_kind kind_of(const char *language, const char *input)
{
	const char *args[] = {"-x", language, input, NULL};
	cleanup_clang_argv struct clang_argv c = parse(language ? args : args + 2);

	ck_assert_uint_eq(c.n_inputs, 1);
	return c.inputs[0].kind;
}

TEST(kinds_by_ending)
{
	static const struct {
		const char *name;
		enum clang_input_kind kind;
	} table[] = {
		{"a.c", INPUT_SOURCE},        {"a.bpf.c", INPUT_SOURCE},
		{"dir.o/a.c", INPUT_SOURCE},  {"a.cc", INPUT_SOURCE},
		{"a.cpp", INPUT_SOURCE},      {"a.cxx", INPUT_SOURCE},
		{"a.C", INPUT_SOURCE},        {"a.S", INPUT_SOURCE},
		{".c", INPUT_SOURCE},         {"a.i", INPUT_PREPROCESSED},
		{"a.ii", INPUT_PREPROCESSED}, {"a.s", INPUT_PREPROCESSED},
		{"a.ll", INPUT_PREPROCESSED}, {"a.bc", INPUT_PREPROCESSED},
		{"a.h", INPUT_OTHER},         {"a.o", INPUT_OTHER},
		{"a.a", INPUT_OTHER},         {"a", INPUT_OTHER},
		{"dir.c/a", INPUT_OTHER},     {"a.", INPUT_OTHER},
		{"a.c.txt", INPUT_OTHER},     {"", INPUT_OTHER},
		{"a.cx", INPUT_OTHER},
	};

	for (size_t i = 0; i < LENGTH(table); i++)
		ck_assert_msg(kind_of(NULL, table[i].name) == table[i].kind, "%s", table[i].name);
}

TEST(kinds_by_language)
{
	ck_assert_int_eq(kind_of("c", "-"), INPUT_SOURCE);
	ck_assert_int_eq(kind_of("c", "a.o"), INPUT_SOURCE);
	ck_assert_int_eq(kind_of("c++", "a"), INPUT_SOURCE);
	ck_assert_int_eq(kind_of("assembler-with-cpp", "a"), INPUT_SOURCE);
	ck_assert_int_eq(kind_of("cpp-output", "a.c"), INPUT_PREPROCESSED);
	ck_assert_int_eq(kind_of("assembler", "a.c"), INPUT_PREPROCESSED);
	ck_assert_int_eq(kind_of("ir", "a.c"), INPUT_PREPROCESSED);
	ck_assert_int_eq(kind_of("c-header", "a.c"), INPUT_OTHER);
	ck_assert_int_eq(kind_of("cuda", "a.c"), INPUT_OTHER);
	ck_assert_int_eq(kind_of("none", "a.c"), INPUT_SOURCE);
	ck_assert_int_eq(kind_of("none", "a.o"), INPUT_OTHER);
}

TEST(language_holds_from_there)
{
	cleanup_clang_argv struct clang_argv c =
		PARSE("one.o", "-xc", "two.o", "-x", "none", "three.o", "--language=ir", "four.c");

	assert_inputs(&c, INPUTS("one.o", "two.o", "three.o", "four.c"));
	ck_assert_int_eq(c.inputs[0].kind, INPUT_OTHER);
	ck_assert_int_eq(c.inputs[1].kind, INPUT_SOURCE);
	ck_assert_int_eq(c.inputs[2].kind, INPUT_OTHER);
	ck_assert_int_eq(c.inputs[3].kind, INPUT_PREPROCESSED);
}

TEST(end_of_options)
{
	cleanup_clang_argv struct clang_argv argv =
		PARSE("-target", "bpf", "-c", "a.c", "--", "-g", "-o", "-x.c", "--", "@no");

	ck_assert_uint_eq(argv.end, 4);
	assert_inputs(&argv, INPUTS("a.c", "-g", "-o", "-x.c", "--", "@no"));
	ck_assert(!argv.debug);
	ck_assert_ptr_eq(argv.output, NULL);
	ck_assert_int_eq(argv.inputs[3].kind, INPUT_SOURCE);

	/* As the value of an option it ends nothing. */
	assert_parsed(c.end == c.args.n && c.debug, "-I", "--", "-g");
	/* Nor does it so behind itself. */
	assert_parsed(c.end == 0 && c.n_inputs == 1, "--", "--");
	/* The language holds behind it. */
	assert_parsed(c.inputs[0].kind == INPUT_SOURCE, "-xc", "--", "-");
}

TEST(arch)
{
	assert_parsed(!c.arch, "-DX", "-D__TARGET_ARCH");
	assert_parsed(is_same(c.arch, "arm64"), "-D__TARGET_ARCH_arm64");
	assert_parsed(is_same(c.arch, "arm64"), "-D", "__TARGET_ARCH_arm64");
	assert_parsed(is_same(c.arch, "s390"), "--define-macro=__TARGET_ARCH_s390");
	assert_parsed(is_same(c.arch, "x86"), "-D__TARGET_ARCH_arm", "-D__TARGET_ARCH_x86", "-DY");
	assert_parsed(!c.arch, "-I", "-D__TARGET_ARCH_x86");
	assert_parsed(!c.arch, "-U__TARGET_ARCH_x86");
}

TEST(debug)
{
	assert_parsed(!c.debug, "-c");
	assert_parsed(c.debug, "-g");
	assert_parsed(c.debug, "-g2");
	assert_parsed(c.debug, "-ggdb");
	assert_parsed(c.debug, "-gdwarf-5");
	assert_parsed(!c.debug, "-g0");
	/* The last one counts; those that only say how do not. */
	assert_parsed(!c.debug, "-g", "-g0");
	assert_parsed(c.debug, "-g0", "-g");
	assert_parsed(!c.debug, "-ggdb", "-ggdb0");
	assert_parsed(!c.debug, "-g0", "-gno-column-info", "-gz=zlib");
	assert_parsed(c.debug, "-g", "-gno-column-info");
	assert_parsed(!c.debug, "-MT", "-g", "-I", "-g");
}

/* A question, or a command line that is itself part of an output. */
TEST(verbatim)
{
	assert_parsed(c.verbatim, "-###", "-target", "bpf", "-c", "a.c");
	assert_parsed(c.verbatim, "--version");
	assert_parsed(c.verbatim, "-print-file-name=x");
	assert_parsed(c.verbatim, "-cc1", "-triple", "bpf");
	assert_parsed(c.verbatim && c.more_outputs, "-MJ", "f");
	assert_parsed(c.verbatim, "-frecord-command-line");
	assert_parsed(c.verbatim, "-MM", "-MG");
	assert_parsed(!c.verbatim, "-target", "bpf", "-c", "a.c", "-v");
	assert_parsed(!c.verbatim, "-o", "--version", "-MF", "-###");
}

/* The answer to "clang -v -E -" goes into Makefiles: it must be clang's own. */
TEST(search_path_is_asked_for)
{
	assert_parsed(c.verbose, "-v");
	assert_parsed(c.verbose, "--verbose");
	assert_passes("-target", "bpf", "-v", "-E", "-");
	assert_passes("-target", "bpf", "-E", "-xc", "--verbose", "/dev/null");
	assert_compiles("-target", "bpf", "-v", "-c", "a.c");
	assert_compiles("-target", "bpf", "-E", "-xc", "/dev/null");
}

/* Clang says that a value is missing, and compiles nothing. */
TEST(value_is_missing)
{
	assert_parsed(c.verbatim, "-target", "bpf", "-c", "a.c", "-o");
	assert_parsed(c.verbatim, "-target");
	assert_parsed(c.verbatim, "-I");
	assert_parsed(c.verbatim, "-Xclang");
	assert_parsed(c.verbatim, "-MF");
	assert_parsed(c.verbatim, "-include");
	assert_parsed(c.verbatim, "-sectcreate", "a", "b");
	assert_parsed(!c.verbatim, "-sectcreate", "a", "b", "c");
	assert_passes("-target", "bpf", "-c", "a.c", "-o");
	/* Joined and empty it is there. */
	assert_parsed(!c.verbatim && is_same(c.output, ""), "--output=");
}

TEST(dependency_options)
{
	assert_parsed(c.deps && !c.deps_output && !c.deps_target, "-MD");
	assert_parsed(c.deps && !c.deps_output, "-MMD", "-MP");
	assert_parsed(!c.deps && is_same(c.deps_output, "f"), "-MF", "f");
	assert_parsed(c.deps && is_same(c.deps_output, "/dev/fd/3"), "-MD", "-MF/dev/fd/3");
	assert_parsed(is_same(c.deps_output, "b"), "-MFa", "-MF", "b");
	assert_parsed(c.deps_target, "-MT", "t");
	assert_parsed(c.deps_target, "-MQt");
	assert_parsed(!c.deps, "-M");
}

TEST(kbuild_dependency_options)
{
	assert_parsed(c.deps && is_same(c.deps_output, "f.d") && !c.more_outputs, "-Wp,-MD,f.d");
	assert_parsed(c.deps && is_same(c.deps_output, "f.d") && !c.more_outputs, "-Wp,-MMD,f.d");
	assert_parsed(is_same(c.deps_output, "b"), "-Wp,-MD,a", "-MF", "b");
	assert_parsed(is_same(c.deps_output, "a"), "-MF", "b", "-Wp,-MD,a");
	/* What else is said to the preprocessor is not followed. */
	assert_parsed(c.more_outputs, "-Wp,-MD");
	assert_parsed(c.more_outputs, "-Wp,-MD,");
	assert_parsed(c.more_outputs, "-Wp,-MD,f,-MT,x");
	assert_parsed(c.more_outputs, "-Wp,-MT,x");
	assert_parsed(c.more_outputs, "-Wp,-DX,-MD,f");
	assert_parsed(c.more_outputs, "-Xpreprocessor", "-MD");
	assert_parsed(!c.more_outputs && !c.deps, "-Wp,-DX");
	assert_parsed(!c.more_outputs && !c.deps, "-Xpreprocessor", "-DX");
}

TEST(more_outputs)
{
	assert_parsed(c.more_outputs, "-save-temps");
	assert_parsed(c.more_outputs, "-gsplit-dwarf");
	assert_parsed(c.more_outputs, "-Xclang", "-o", "-Xclang", "f");
	assert_parsed(c.more_outputs, "-Xclang", "-emit-llvm");
	assert_parsed(c.more_outputs, "-Xclang", "-dependency-file");
	assert_parsed(c.more_outputs, "-Xclang=-E");
	assert_parsed(c.more_outputs, "-Xclang", "-fsyntax-only");
	assert_parsed(!c.more_outputs, "-Xclang", "-target-feature", "-Xclang", "+alu32");
	assert_parsed(!c.more_outputs, "-Xclang", "-disable-llvm-passes");
	assert_parsed(!c.more_outputs, "-o", "-save-temps");
}

TEST(other_flags)
{
	assert_parsed(c.no_system, "-nostdinc");
	assert_parsed(c.no_system, "-nostdlibinc");
	assert_parsed(!c.no_system, "-nostdlib");
	assert_parsed(c.emit_llvm, "-emit-llvm");
	assert_parsed(!c.emit_llvm, "-emit-ll");
}

TEST(response_files)
{
	write_text("outer", "-target bpf -c 'a b.c' @inner");
	write_text("inner", "-o \"x y.o\" -D__TARGET_ARCH_arm64");
	cleanup_clang_argv struct clang_argv argv = PARSE("-g", "@outer", "-MD");

	ck_assert(argv.expanded);
	ck_assert(clang_argv_compiles_bpf(&argv));
	assert_inputs(&argv, INPUTS("a b.c"));
	ck_assert_str_eq(argv.output, "x y.o");
	ck_assert_str_eq(argv.arch, "arm64");
	ck_assert(argv.debug && argv.deps);

	/* One that cannot be read is an input that is none. */
	assert_passes("-target", "bpf", "-c", "a.c", "@missing");
	/* It may be the value of an option, too. */
	write_text("name", "n.o");
	assert_parsed(is_same(c.output, "n.o"), "-o", "@name");
}

TEST(compiles_bpf)
{
	assert_compiles("-target", "bpf", "-c", "a.c");
	assert_compiles("-target", "bpf", "-S", "a.c", "b.c");
	assert_compiles("-target", "bpf", "-E", "a.c");
	assert_compiles("-target", "bpf", "-M", "a.c");
	assert_compiles("-target", "bpf", "-fsyntax-only", "a.c");
	assert_compiles("-target", "bpf", "-c", "a.i");
	assert_compiles("-target", "bpf", "-c", "a.S");
	assert_compiles("-target", "bpf", "-xc", "-c", "-");
	assert_passes("-c", "a.c");
	assert_passes("--target=x86_64", "-c", "a.c");
	assert_passes("-target", "bpf", "a.c");
	assert_passes("-target", "bpf", "-c");
	assert_passes("-target", "bpf", "-c", "-###", "a.c");
	assert_passes("-target", "bpf", "-c", "a.c", "--version");
	assert_passes("-target", "bpf", "-c", "a.c", "b.o");
	assert_passes("-target", "bpf", "-c", "a.h");
	assert_passes("-target", "bpf", "-c", "-xc-header", "a.c");
}

typedef int output_function(const struct clang_argv *c, char **ret_path);

/* NULL: there is no such output. */
static void assert_output(output_function *function, const char *expected, const char *const *args)
{
	cleanup_clang_argv struct clang_argv c = parse(args);
	cleanup_free char *path = NULL;

	ck_assert_uint_eq(c.n_inputs, 1);
	ck_assert_int_eq(function(&c, &path), 0);
	ck_assert_msg(is_same(path, expected), "%s, not %s", path ? path : "(none)",
		      expected ? expected : "(none)");
}

#define OUTPUT(expected, ...) \
	assert_output(clang_argv_output, expected, (const char *const[]){__VA_ARGS__, NULL})
#define DEPS(expected, ...) \
	assert_output(clang_argv_deps_output, expected, (const char *const[]){__VA_ARGS__, NULL})
#define TARGET(expected, ...) \
	assert_output(clang_argv_deps_target, expected, (const char *const[]){__VA_ARGS__, NULL})

TEST(output_names)
{
	OUTPUT("x.o", "-c", "a.c", "-o", "x.o");
	OUTPUT("dir/x", "-S", "a.c", "-odir/x");
	OUTPUT("a.o", "-c", "a.c");
	OUTPUT("a.bpf.o", "-c", "dir/a.bpf.c");
	OUTPUT("a.o", "-c", "../dir.d/a");
	OUTPUT(".o", "-c", ".c");
	OUTPUT("-.o", "-xc", "-c", "-");
	OUTPUT("a.s", "-S", "a.c");
	OUTPUT("a.bc", "-c", "-emit-llvm", "a.c");
	OUTPUT("a.ll", "-S", "-emit-llvm", "a.c");
	OUTPUT("a.o", "-c", "-flto", "a.c");
	OUTPUT("a.o", "-c", "a.i");
	OUTPUT("a.s", "-c", "-S", "a.c");
}

TEST(no_output)
{
	OUTPUT(NULL, "-E", "a.c");
	OUTPUT("a.i", "-E", "a.c", "-o", "a.i");
	OUTPUT(NULL, "-fsyntax-only", "-c", "a.c", "-o", "a.o");
	OUTPUT(NULL, "-c", "a.c", "-o", "-");
	OUTPUT(NULL, "-c", "a.c", "-o-");
	OUTPUT(NULL, "-M", "a.c", "-o", "a.d");
	OUTPUT(NULL, "-MM", "-c", "a.c");
}

TEST(dependency_file_names)
{
	DEPS("a.d", "-c", "-MD", "a.c");
	DEPS("a.d", "-c", "-MMD", "dir/a.c");
	DEPS("-.d", "-xc", "-c", "-MD", "-");
	DEPS("m.d", "-c", "-MD", "-MF", "m.d", "a.c", "-o", "x.o");
	DEPS("/dev/fd/3", "-c", "-MD", "-MF/dev/fd/3", "a.c");
	DEPS("w.d", "-c", "-Wp,-MD,w.d", "a.c");
	DEPS("w.d", "-c", "-Wp,-MMD,w.d", "a.c", "-o", "x.o");
	/* By the name of the output, where there is one. */
	DEPS("sub/x.d", "-c", "-MD", "-o", "sub/x.o", "a.c");
	DEPS("sub/x.y.d", "-c", "-MD", "-o", "sub/x.y.o", "a.c");
	DEPS("sub/x.d", "-c", "-MD", "-o", "sub/x", "a.c");
	DEPS("sub.d/x.d", "-c", "-MD", "-o", "sub.d/x", "a.c");
	DEPS("sub/.d", "-c", "-MD", "-o", "sub/.o", "a.c");
	DEPS("-.d", "-c", "-MD", "-o", "-", "a.c");
	DEPS("-.d", "-E", "-MD", "-o-", "a.c");
	DEPS("a.d", "-E", "-MD", "a.c");
	DEPS("sub/s.d", "-fsyntax-only", "-MD", "-o", "sub/s.o", "a.c");
}

TEST(no_dependency_file)
{
	DEPS(NULL, "-c", "a.c");
	DEPS(NULL, "-c", "-MF", "m.d", "a.c");
	DEPS(NULL, "-c", "-MT", "t", "a.c");
	DEPS(NULL, "-c", "-MD", "-MF", "-", "a.c");
	DEPS(NULL, "-c", "-MD", "a.i");
	DEPS(NULL, "-c", "-MD", "a.ll");
	DEPS("a.d", "-c", "-MD", "a.S");
}

TEST(dependency_targets)
{
	TARGET("a.o", "-c", "-MD", "a.c");
	TARGET("a.o", "-c", "-MD", "dir/a.c");
	TARGET("a.o", "-S", "-MD", "a.c");
	TARGET("a.o", "-E", "-MD", "a.c");
	TARGET("sub/x.y.o", "-c", "-MD", "-o", "sub/x.y.o", "a.c");
	TARGET("-", "-c", "-MD", "-o", "-", "a.c");
}

TEST(freed_twice)
{
	struct clang_argv c = PARSE("-c", "a.c");

	clang_argv_free(&c);
	ck_assert_uint_eq(c.n_inputs, 0);
	ck_assert_ptr_eq(c.inputs, NULL);
	clang_argv_free(&c);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, nothing);
	tcase_add_test(c, typical);
	tcase_add_test(c, targets);
	tcase_add_test(c, phases);
	tcase_add_test(c, output);
	tcase_add_test(c, inputs);
	tcase_add_test(c, kinds_by_ending);
	tcase_add_test(c, kinds_by_language);
	tcase_add_test(c, language_holds_from_there);
	tcase_add_test(c, end_of_options);
	tcase_add_test(c, arch);
	tcase_add_test(c, debug);
	tcase_add_test(c, verbatim);
	tcase_add_test(c, search_path_is_asked_for);
	tcase_add_test(c, value_is_missing);
	tcase_add_test(c, dependency_options);
	tcase_add_test(c, kbuild_dependency_options);
	tcase_add_test(c, more_outputs);
	tcase_add_test(c, other_flags);
	tcase_add_test(c, response_files);
	tcase_add_test(c, compiles_bpf);
	tcase_add_test(c, output_names);
	tcase_add_test(c, no_output);
	tcase_add_test(c, dependency_file_names);
	tcase_add_test(c, no_dependency_file);
	tcase_add_test(c, dependency_targets);
	tcase_add_test(c, freed_twice);
}

int main(void)
{
	return suite_run("clang_argv", add_tests);
}
