/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "asks.h"
#include "cache-options.h"
#include "clang-argv.h"
#include "clang-options.h"
#include "shared/io.h"
#include "shared/strbuf.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Whole arguments. */
static const char *const flags[] = {
	"-c",
	"-w",
	"-pipe",
	"-ansi",
	"-pedantic",
	"-pedantic-errors",
	"-undef",
	"-trigraphs",
	"-nostdinc",
	"-nostdlibinc",
	"-Qunused-arguments",
	"-mlittle-endian",
	"-mbig-endian",
	"-MD",
	"-MMD",
	"-MP",
	"-g",
	"-g0",
	"-g1",
	"-g2",
	"-g3",
	"-ggdb",
	"-ggdb0",
	"-ggdb1",
	"-ggdb2",
	"-ggdb3",
	"-gdwarf",
	"-gdwarf-2",
	"-gdwarf-3",
	"-gdwarf-4",
	"-gdwarf-5",
	"-gline-tables-only",
	"-gcolumn-info",
	"-gno-column-info",
	"-gstrict-dwarf",
	"-gno-strict-dwarf",
	"-O",
	"-O0",
	"-O1",
	"-O2",
	"-O3",
	"-Os",
	"-Oz",
	"-Og",
	"-Ofast",
	"-fPIC",
	"-fPIE",
	"-fpic",
	"-fpie",
	"-fno-PIC",
	"-fno-PIE",
	"-fno-pic",
	"-fno-pie",
	"-faddrsig",
	"-fno-addrsig",
	"-fno-asynchronous-unwind-tables",
	"-fno-unwind-tables",
	"-fbuiltin",
	"-fno-builtin",
	"-fcommon",
	"-fno-common",
	"-fdata-sections",
	"-fno-data-sections",
	"-ffunction-sections",
	"-fno-function-sections",
	"-fno-delete-null-pointer-checks",
	"-feliminate-unused-debug-types",
	"-fno-eliminate-unused-debug-types",
	"-fno-exceptions",
	"-ffreestanding",
	"-fhosted",
	"-fident",
	"-fno-ident",
	"-finline",
	"-finline-functions",
	"-finline-hint-functions",
	"-fno-inline",
	"-fno-inline-functions",
	"-fjump-tables",
	"-fno-jump-tables",
	"-flimit-debug-info",
	"-fno-limit-debug-info",
	"-fstandalone-debug",
	"-fno-standalone-debug",
	"-fno-lto",
	"-fmath-errno",
	"-fno-math-errno",
	"-fmerge-all-constants",
	"-fno-merge-all-constants",
	"-fms-extensions",
	"-fno-ms-extensions",
	"-fomit-frame-pointer",
	"-fno-omit-frame-pointer",
	"-foptimize-sibling-calls",
	"-fno-optimize-sibling-calls",
	"-fno-plt",
	"-fshort-enums",
	"-fno-short-enums",
	"-fsigned-char",
	"-funsigned-char",
	"-fno-signed-char",
	"-fno-unsigned-char",
	"-fslp-vectorize",
	"-fno-slp-vectorize",
	"-fvectorize",
	"-fno-vectorize",
	"-fno-stack-protector",
	"-fstrict-aliasing",
	"-fno-strict-aliasing",
	"-fstrict-enums",
	"-fno-strict-overflow",
	"-fstrict-overflow",
	"-funroll-loops",
	"-fno-unroll-loops",
	"-fwrapv",
	"-fno-wrapv",
	"-fno-trapping-math",
	"-fno-zero-initialized-in-bss",
	"-fcolor-diagnostics",
	"-fno-color-diagnostics",
	"-fdiagnostics-color",
	"-fno-diagnostics-color",
	"-fno-caret-diagnostics",
	"-fcaret-diagnostics",
	"-fdiagnostics-show-option",
	"-fno-diagnostics-show-option",
	"-fno-gnu-inline-asm",
	"-fno-gnu-keywords",
	"-fgnu-keywords",
	"-fgnu89-inline",
	"-fno-dollars-in-identifiers",
	"-fdollars-in-identifiers",
};

/* What begins so, with a value that is text alone. */
static const char *const texts[] = {
	"-std=",
	"--std=",
	"-mcpu=",
	"-fvisibility=",
	"-fdiagnostics-color=",
	"-ferror-limit=",
	"-fmacro-backtrace-limit=",
	"-fmessage-length=",
	"-ftrivial-auto-var-init=",
	"-fno-builtin-",
	"-fcf-protection=",
	"-fms-compatibility-version=",
	"-ftrivial-auto-var-init-stop-after=",
	"-fdiagnostics-format=clang",
};

/* Options of LLVM, behind -mllvm. */
static const char *const llvm_texts[] = {
	"-bpf-",    "-disable-bpf-",  "-inline-threshold=", "-inlinehint-threshold=",
	"-unroll-", "-disable-loop-", "-simplifycfg-",      "-mattr=",
};

static bool is_any(const char *text, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, names[i]) == 0)
			return true;
	return false;
}

static bool begins_with_any(const char *text, const char *const *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* A name that clang's dependency files can hold. */
static bool is_plain_name(const char *name)
{
	return name[0] && !strpbrk(name, "\\\n\r");
}

/* A directory, or what may become one: no header map, and none that clang looks for elsewhere. */
static bool is_dir(const char *dir, const char *name)
{
	cleanup_free char *path = io_absolute(dir, name);
	struct stat st;

	if (!path || !is_plain_name(name) || name[0] == '=' || strcmp(name, "-") == 0)
		return false;
	return stat(path, &st) < 0 ? errno == ENOENT || errno == ENOTDIR : S_ISDIR(st.st_mode);
}

/* A header of -include. Clang takes what was precompiled of it in its place. */
static bool is_header(const char *dir, const char *name)
{
	static const char *const endings[] = {".pch", ".gch"};

	for (size_t i = 0; i < LENGTH(endings); i++) {
		cleanup_free char *pch = str_printf("%s%s", name, endings[i]);
		cleanup_free char *path = pch ? io_absolute(dir, pch) : NULL;
		struct stat st;
		if (!path || lstat(path, &st) == 0)
			return false;
	}
	return is_plain_name(name);
}

/* What the processor here is called is another thing elsewhere, and after the next boot. */
static bool asks_for_host(const char *arg)
{
	static const char *const names[] = {"-mcpu=probe", "-mcpu=native"};

	return is_any(arg, names, LENGTH(names));
}

static bool is_warning(const char *arg)
{
	static const char *const others[] = {"-Wp,", "-Wa,", "-Wl,"};

	return strncmp(arg, "-W", 2) == 0 && !begins_with_any(arg, others, LENGTH(others));
}

/* -Xclang -target-feature -Xclang +alu32: how many arguments that is, or 0. */
static size_t count_feature(const char *const *args, size_t n)
{
	return n >= 4 && strcmp(args[0], "-Xclang") == 0 &&
			       strcmp(args[1], "-target-feature") == 0 &&
			       strcmp(args[2], "-Xclang") == 0 &&
			       (args[3][0] == '+' || args[3][0] == '-')
		       ? 4
		       : 0;
}

/* Is an option that takes a value known, with that value? */
static bool is_known(const struct clang_option *o, const char *value, const char *dir)
{
	static const char *const dirs[] = {"-I", "-iquote", "-isystem", "-idirafter"};
	static const char *const headers[] = {"-include", "-imacros"};
	static const char *const any[] = {"-D", "-U", "-o", "-MF", "-MT", "-MQ"};

	if (is_any(o->name, dirs, LENGTH(dirs)))
		return is_dir(dir, value);
	if (is_any(o->name, headers, LENGTH(headers)))
		return is_header(dir, value);
	if (strcmp(o->name, "-mllvm") == 0)
		return begins_with_any(value, llvm_texts, LENGTH(llvm_texts));
	if (strcmp(o->name, "-x") == 0)
		return strcmp(value, "c") == 0;
	if (o->id == OPT_TARGET)
		return strncmp(value, "bpf", 3) == 0;
	return is_any(o->name, any, LENGTH(any));
}

/* How many arguments the option at args[0] has, itself counted; 0: it is not known. */
static size_t count_known(const char *const *args, size_t n, const char *dir)
{
	size_t feature = count_feature(args, n);

	if (feature)
		return feature;
	if (asks_for_host(args[0]))
		return 0;
	if (is_any(args[0], flags, LENGTH(flags)) ||
	    begins_with_any(args[0], texts, LENGTH(texts)) || is_warning(args[0]))
		return 1;
	struct clang_option option = clang_option_find(args[0]);
	if (option.more >= n || option.more > 1)
		return 0;
	const char *value = option.value ? option.value : option.more ? args[1] : "";
	return is_known(&option, value, dir) ? 1 + option.more : 0;
}

int cache_options_check(const char *const *args, size_t n, const char *dir, char **ret_why)
{
	*ret_why = NULL;
	for (size_t i = 0; i < n;) {
		if (args[i][0] != '-' || !args[i][1]) {
			i++;
			continue;
		}
		size_t known = count_known(args + i, n - i, dir);
		if (known == 0) {
			*ret_why = str_printf("with %s clang may read more than is known", args[i]);
			return *ret_why ? 0 : -ENOMEM;
		}
		i += known;
	}
	return 0;
}

int cache_environment_check(const char *const *env, char **ret_why)
{
	static const char *const read[] = {
		/* Not SOURCE_DATE_EPOCH: what asks for the time is not kept. */
		"CPATH=",
		"C_INCLUDE_PATH=",
		"CPLUS_INCLUDE_PATH=",
		"OBJC_INCLUDE_PATH=",
		"OBJCPLUS_INCLUDE_PATH=",
		"CCC_",
		"CC_PRINT_",
		"CC_LOG_",
		"COMPILER_PATH=",
		"GCC_EXEC_PREFIX=",
		"SDKROOT=",
		"CLANG_NO_DEFAULT_CONFIG=",
		"LD_PRELOAD=",
		"LD_AUDIT=",
		"DYLD_INSERT_LIBRARIES=",
		"FORCE_CLANG_",
		"LIBCLANG_",
		"RC_DEBUG_OPTIONS=",
		"MACOSX_DEPLOYMENT_TARGET=",
	};

	*ret_why = NULL;
	for (; env && *env; env++)
		if (begins_with_any(*env, read, LENGTH(read)) && (*env)[strcspn(*env, "=")] &&
		    (*env)[strcspn(*env, "=") + 1]) {
			*ret_why = str_printf("clang reads the variable %.*s",
					      (int)strcspn(*env, "="), *env);
			return *ret_why ? 0 : -ENOMEM;
		}
	return 0;
}

int cache_source_check(const char *source, char **ret_why)
{
	const char *dot = strrchr(io_basename(source), '.');

	*ret_why = NULL;
	if (!is_plain_name(source))
		*ret_why = strdup("the source's name cannot stand in a dependency file");
	else if (!dot || strcmp(dot, ".c") != 0)
		*ret_why = strdup("the source is no .c file");
	else
		return 0;
	return *ret_why ? 0 : -ENOMEM;
}

int cache_options_asks(const char *const *args, size_t n, char **ret_asks)
{
	cleanup_strbuf struct strbuf text = {0};

	*ret_asks = NULL;
	for (size_t i = 0; i < n; i++) {
		struct clang_option option = clang_option_find(args[i]);
		const char *value = option.value               ? option.value
				    : option.more && i + 1 < n ? args[i + 1]
							       : "";
		size_t len = strcspn(value, "=");
		if (option.id == OPT_DEFINE)
			strbuf_printf(&text, "#define %.*s %s\n", (int)len, value,
				      value + len + (value[len] == '='));
		i += option.more;
	}
	return text.error ? text.error : asks_find(text.data, text.len, ret_asks);
}
