/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables hold every option of clang 14 to 19 that takes its value from the next argument, and
 * those that mean something to crossbpf. A flag or a joined option needs no row, unless its name
 * begins like another option that takes a joined value (-object is no -o). Source: the kinds in
 * clang/include/clang/Driver/Options.td; tests/integration/clang-grammar.test asks clang itself.
 */
#include "config.h"

#include <string.h>

#include "clang-options.h"

enum kind {
	KIND_FLAG,     /* the whole argument */
	KIND_JOINED,   /* begins with the name, the rest is its value */
	KIND_SEPARATE, /* the next argument is its value */
	KIND_EITHER,   /* joined or separate, whichever is there */
	KIND_BOTH      /* begins with the name, and the next argument is a value too */
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Options with a meaning. */
static const struct {
	const char *name;
	enum kind kind;
	enum clang_option_id id;
} known[] = {
	{"-target", KIND_SEPARATE, OPT_TARGET},
	{"--target=", KIND_JOINED, OPT_TARGET},

	{"-o", KIND_EITHER, OPT_OUTPUT},
	{"--output", KIND_SEPARATE, OPT_OUTPUT},
	{"--output=", KIND_JOINED, OPT_OUTPUT},
	{"-x", KIND_EITHER, OPT_LANGUAGE},
	{"--language", KIND_SEPARATE, OPT_LANGUAGE},
	{"--language=", KIND_JOINED, OPT_LANGUAGE},

	{"-D", KIND_EITHER, OPT_DEFINE},
	{"--define-macro", KIND_SEPARATE, OPT_DEFINE},
	{"--define-macro=", KIND_JOINED, OPT_DEFINE},

	{"-I", KIND_EITHER, OPT_INCLUDE_DIR},
	{"--include-directory", KIND_SEPARATE, OPT_INCLUDE_DIR},
	{"--include-directory=", KIND_JOINED, OPT_INCLUDE_DIR},
	{"-iquote", KIND_EITHER, OPT_INCLUDE_DIR},
	{"-isystem", KIND_EITHER, OPT_INCLUDE_DIR},
	{"-isystem-after", KIND_EITHER, OPT_INCLUDE_DIR},
	{"-idirafter", KIND_EITHER, OPT_INCLUDE_DIR},
	{"--include-directory-after", KIND_SEPARATE, OPT_INCLUDE_DIR},
	{"--include-directory-after=", KIND_JOINED, OPT_INCLUDE_DIR},

	{"-E", KIND_FLAG, OPT_PREPROCESS},
	{"--preprocess", KIND_FLAG, OPT_PREPROCESS},
	{"-S", KIND_FLAG, OPT_ASSEMBLY},
	{"--assemble", KIND_FLAG, OPT_ASSEMBLY},
	{"-c", KIND_FLAG, OPT_OBJECT},
	{"--compile", KIND_FLAG, OPT_OBJECT},
	{"-fsyntax-only", KIND_FLAG, OPT_SYNTAX_ONLY},
	{"-emit-llvm", KIND_FLAG, OPT_EMIT_LLVM},

	{"-M", KIND_FLAG, OPT_DEPS_ONLY},
	{"--dependencies", KIND_FLAG, OPT_DEPS_ONLY},
	{"-MM", KIND_FLAG, OPT_DEPS_ONLY},
	{"--user-dependencies", KIND_FLAG, OPT_DEPS_ONLY},
	{"-MD", KIND_FLAG, OPT_DEPS},
	{"--write-dependencies", KIND_FLAG, OPT_DEPS},
	{"-MMD", KIND_FLAG, OPT_DEPS},
	{"--write-user-dependencies", KIND_FLAG, OPT_DEPS},
	{"-MF", KIND_EITHER, OPT_DEPS_FILE},
	{"-MT", KIND_EITHER, OPT_DEPS_TARGET},
	{"-MQ", KIND_EITHER, OPT_DEPS_TARGET},
	{"-Wp,", KIND_JOINED, OPT_WP},
	{"-Xpreprocessor", KIND_SEPARATE, OPT_WP},
	{"-Xclang", KIND_SEPARATE, OPT_XCLANG},
	{"-Xclang=", KIND_JOINED, OPT_XCLANG},

	{"-g", KIND_JOINED, OPT_DEBUG},
	{"--debug", KIND_FLAG, OPT_DEBUG},
	{"-g0", KIND_FLAG, OPT_NO_DEBUG},
	{"-ggdb0", KIND_FLAG, OPT_NO_DEBUG},
	/* These begin with -g and ask for no debug information by themselves. */
	{"-gcc-toolchain", KIND_JOINED, OPT_OTHER},
	{"-gcodeview-", KIND_JOINED, OPT_OTHER},
	{"-gcolumn-info", KIND_FLAG, OPT_OTHER},
	{"-gdwarf-aranges", KIND_FLAG, OPT_OTHER},
	{"-gembed-source", KIND_FLAG, OPT_OTHER},
	{"-ginline-line-tables", KIND_FLAG, OPT_OTHER},
	{"-gno-", KIND_JOINED, OPT_OTHER},
	{"-gpubnames", KIND_FLAG, OPT_OTHER},
	{"-gsimple-template-names", KIND_JOINED, OPT_OTHER},
	{"-gstrict-dwarf", KIND_FLAG, OPT_OTHER},
	{"-gz", KIND_JOINED, OPT_OTHER},

	{"-nostdinc", KIND_FLAG, OPT_NO_SYSTEM},
	{"-nostdlibinc", KIND_FLAG, OPT_NO_SYSTEM},
	{"--no-standard-includes", KIND_FLAG, OPT_NO_SYSTEM},
	/* Another system's headers: none of the host's shall mix with them. */
	{"--sysroot", KIND_SEPARATE, OPT_NO_SYSTEM},
	{"--sysroot=", KIND_JOINED, OPT_NO_SYSTEM},
	{"-isysroot", KIND_EITHER, OPT_NO_SYSTEM},

	{"-###", KIND_FLAG, OPT_VERBATIM},
	{"-MG", KIND_FLAG, OPT_VERBATIM}, /* what is not found is a header to be made */
	{"-MJ", KIND_EITHER, OPT_COMMANDS},
	{"-V", KIND_EITHER, OPT_VERBATIM},
	{"--autocomplete=", KIND_JOINED, OPT_VERBATIM},
	{"-ccc-print-bindings", KIND_FLAG, OPT_VERBATIM},
	{"-ccc-print-phases", KIND_FLAG, OPT_VERBATIM},
	{"-cc1", KIND_JOINED, OPT_VERBATIM}, /* no driver command line at all; also -cc1as */
	{"--driver-mode=", KIND_JOINED, OPT_VERBATIM}, /* another grammar */
	{"-dumpmachine", KIND_FLAG, OPT_VERBATIM},
	{"-dumpversion", KIND_FLAG, OPT_VERBATIM},
	{"-frecord-command-line", KIND_FLAG, OPT_VERBATIM},
	{"-frecord-gcc-switches", KIND_FLAG, OPT_VERBATIM},
	{"-grecord-command-line", KIND_FLAG, OPT_VERBATIM},
	{"-grecord-gcc-switches", KIND_FLAG, OPT_VERBATIM},
	{"-help", KIND_JOINED, OPT_VERBATIM},
	{"--help", KIND_JOINED, OPT_VERBATIM},
	{"-print-", KIND_JOINED, OPT_VERBATIM},
	{"--print-", KIND_JOINED, OPT_VERBATIM},
	{"--print-file-name", KIND_SEPARATE, OPT_VERBATIM},
	{"--print-prog-name", KIND_SEPARATE, OPT_VERBATIM},
	{"--version", KIND_FLAG, OPT_VERBATIM},

	{"-v", KIND_FLAG, OPT_VERBOSE},
	{"--verbose", KIND_FLAG, OPT_VERBOSE},

	{"--analyze", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"--config", KIND_SEPARATE, OPT_MORE_OUTPUTS}, /* a file may say anything */
	{"--config=", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"--coverage", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-coverage", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-arch", KIND_SEPARATE, OPT_MORE_OUTPUTS},
	{"-ccc-", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-dependency-dot", KIND_SEPARATE, OPT_MORE_OUTPUTS},
	{"-dependency-file", KIND_SEPARATE, OPT_MORE_OUTPUTS},
	{"-dumpdir", KIND_SEPARATE, OPT_MORE_OUTPUTS},
	{"-emit-ast", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-emit-interface-stubs", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-extract-api", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-fcrash-diagnostics", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-fdriver-only", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-flto", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-fmodule", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-foptimization-record-file=", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-fproc-stat-report", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-fprofile-arcs", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-fsave-optimization-record", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-fstack-usage", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-ftest-coverage", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-ftime-trace", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-gen-cdb-fragment-path", KIND_SEPARATE, OPT_MORE_OUTPUTS},
	{"-gen-reproducer", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-gsplit-dwarf", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-module-file-info", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-object", KIND_FLAG, OPT_OTHER},
	{"-object-file-name", KIND_SEPARATE, OPT_MORE_OUTPUTS},
	{"-object-file-name=", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"--precompile", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-rewrite-", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-save-stats", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"--save-stats", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-save-temps", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"--save-temps", KIND_JOINED, OPT_MORE_OUTPUTS},
	{"-serialize-diagnostics", KIND_SEPARATE, OPT_MORE_OUTPUTS},
	{"--serialize-diagnostics", KIND_SEPARATE, OPT_MORE_OUTPUTS},
	{"-verify-pch", KIND_FLAG, OPT_MORE_OUTPUTS},
	{"-working-directory", KIND_EITHER, OPT_MORE_OUTPUTS},
	{"-working-directory=", KIND_JOINED, OPT_MORE_OUTPUTS},

	{"--", KIND_FLAG, OPT_END_OF_OPTIONS},
};

/* Options that are only skipped, with the next argument. */
static const char *const separate[] = {"--CLASSPATH",
				       "--assert",
				       "--bootclasspath",
				       "--classpath",
				       "--dyld-prefix",
				       "--encoding",
				       "--extdirs",
				       "--for-linker",
				       "--force-link",
				       "--include-prefix",
				       "--include-with-prefix",
				       "--include-with-prefix-after",
				       "--include-with-prefix-before",
				       "--library-directory",
				       "--mhwdiv",
				       "--no-system-header-prefix",
				       "--output-class-directory",
				       "--param",
				       "--prefix",
				       "--resource",
				       "--rtlib",
				       "--specs",
				       "--std",
				       "--stdlib",
				       "--system-header-prefix",
				       "--undefine-macro",
				       "-Xanalyzer",
				       "-Xarch_device",
				       "-Xarch_host",
				       "-Xassembler",
				       "-Xcuda-fatbinary",
				       "-Xcuda-ptxas",
				       "-Xflang",
				       "-Xlinker",
				       "-Xoffload-linker",
				       "-Xopenmp-target",
				       "-Zlinker-input",
				       "-alias_list",
				       "-allowable_client",
				       "-arch_only",
				       "-arcmt-migrate-report-output",
				       "-bundle_loader",
				       "-ccc-arcmt-migrate",
				       "-ccc-gcc-name",
				       "-ccc-install-dir",
				       "-ccc-objcmt-migrate",
				       "-darwin-target-variant",
				       "-darwin-target-variant-triple",
				       "-dylib_file",
				       "-exported_symbols_list",
				       "-fdebug-compilation-dir",
				       "-fexperimental-openacc-macro-override",
				       "-filelist",
				       "-fintrinsic-modules-path",
				       "-fmodule-implementation-of",
				       "-fmodules-user-build-path",
				       "-fnew-alignment",
				       "-force_load",
				       "-framework",
				       "-ftrapv-handler",
				       "-hlsl-entry",
				       "-image_base",
				       "-imultilib",
				       "-include-pch",
				       "-init",
				       "-install_name",
				       "-lazy_framework",
				       "-lazy_library",
				       "-meabi",
				       "-mllvm",
				       "-mmlir",
				       "-module-dependency-dir",
				       "-module-suffix",
				       "-mthread-model",
				       "-multiply_defined",
				       "-multiply_defined_unused",
				       "-read_only_relocs",
				       "-reexport_framework",
				       "-resource-dir",
				       "-rpath",
				       "-seg_addr_table",
				       "-seg_addr_table_filename",
				       "-segs_read_only_addr",
				       "-segs_read_write_addr",
				       "-specs",
				       "-umbrella",
				       "-unexported_symbols_list",
				       "-validator-version",
				       "-weak_framework",
				       "-weak_library",
				       "-weak_reference_mismatches",
				       "-z"};

/* Options that are only skipped, with a value joined or next. */
static const char *const either[] = {"--analyzer-output",
				     "--imacros",
				     "--include",
				     "--vfsoverlay",
				     "-A",
				     "-B",
				     "-F",
				     "-G",
				     "-L",
				     "-T",
				     "-Tbss",
				     "-Tdata",
				     "-Ttext",
				     "-U",
				     "-b",
				     "-client_name",
				     "-compatibility_version",
				     "-current_version",
				     "-cxx-isystem",
				     "-dsym-dir",
				     "-dylinker_install_name",
				     "-e",
				     "-fxray-always-instrument=",
				     "-fxray-attr-list=",
				     "-fxray-instruction-threshold",
				     "-fxray-instruction-threshold=",
				     "-fxray-instrumentation-bundle=",
				     "-fxray-modes=",
				     "-fxray-never-instrument=",
				     "-iapinotes-modules",
				     "-iframework",
				     "-iframeworkwithsysroot",
				     "-imacros",
				     "-include",
				     "-interface-stub-version=",
				     "-iprefix",
				     "-ivfsoverlay",
				     "-iwithprefix",
				     "-iwithprefixbefore",
				     "-iwithsysroot",
				     "-l",
				     "-module-dir",
				     "-pagezero_size",
				     "-reexport_library",
				     "-reference",
				     "-seg1addr",
				     "-stdlib++-isystem",
				     "-sub_library",
				     "-sub_umbrella",
				     "-u",
				     "-undefined",
				     "-vfsoverlay"};

/* Options with a value joined and another one next. */
static const char *const both[] = {"-Xarch_", "-Xopenmp-target="};

/* Options with several values next: all of Darwin's linker. */
static const struct {
	const char *name;
	size_t values;
} several[] = {
	{"-sectalign", 3}, {"-sectcreate", 3}, {"-sectobjectsymbols", 2}, {"-sectorder", 3},
	{"-segaddr", 2},   {"-segcreate", 3},  {"-segprot", 3},
};

/* Flags and joined options whose names begin like one that takes a joined value. */
static const char *const look_alikes[] = {"--embed-dir=",
					  "--imacros=",
					  "--include=",
					  "--include-prefix=",
					  "--include-with-prefix=",
					  "--include-with-prefix-after=",
					  "--include-with-prefix-before=",
					  "--include-",
					  "-I-",
					  "-bind_at_load",
					  "-bundle",
					  "-emit-",
					  "-enable-",
					  "-export",
					  "-include-",
					  "-isystem-",
					  "-objcmt-",
					  "-openmp",
					  "-undef",
					  "-unwindlib"};

struct match {
	struct clang_option option;
	size_t len; /* of the name that fitted; 0: none */
};

static void consider(struct match *best, const char *arg, const char *name, enum kind kind,
		     enum clang_option_id id)
{
	if (name[1] != arg[1]) /* most do: there are hundreds of names */
		return;
	size_t len = strlen(name);

	if (len <= best->len || strncmp(arg, name, len) != 0)
		return;

	const char *joined = arg[len] ? arg + len : NULL;
	if (joined && (kind == KIND_FLAG || kind == KIND_SEPARATE))
		return;
	best->len = len;
	best->option = (struct clang_option){
		.id = id,
		.value = joined,
		.more = kind == KIND_SEPARATE || kind == KIND_BOTH ||
			(kind == KIND_EITHER && !joined),
		.name = name,
	};
}

struct clang_option clang_option_find(const char *arg)
{
	struct match best = {{OPT_OTHER, NULL, 0, ""}, 0};

	if (arg[0] != '-')
		return best.option;
	for (size_t i = 0; i < LENGTH(known); i++)
		consider(&best, arg, known[i].name, known[i].kind, known[i].id);
	for (size_t i = 0; i < LENGTH(separate); i++)
		consider(&best, arg, separate[i], KIND_SEPARATE, OPT_OTHER);
	for (size_t i = 0; i < LENGTH(either); i++)
		consider(&best, arg, either[i], KIND_EITHER, OPT_OTHER);
	for (size_t i = 0; i < LENGTH(both); i++)
		consider(&best, arg, both[i], KIND_BOTH, OPT_OTHER);
	for (size_t i = 0; i < LENGTH(look_alikes); i++)
		consider(&best, arg, look_alikes[i], KIND_JOINED, OPT_OTHER);
	for (size_t i = 0; i < LENGTH(several); i++)
		if (strcmp(arg, several[i].name) == 0)
			best.option = (struct clang_option){OPT_OTHER, NULL, several[i].values,
							    several[i].name};
	return best.option;
}
