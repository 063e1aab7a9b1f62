/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "clang-argv.h"
#include "clang-options.h"
#include "response-file.h"
#include "shared/io.h"

#define IS_IN(list, s) is_in(list, sizeof(list) / sizeof((list)[0]), s)

static bool is_in(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], s) == 0)
			return true;
	return false;
}

/* By the language of -x, else by the name's ending. A header makes a precompiled one, and all else
 * is the linker's. Source: clang/include/clang/Driver/Types.def and clang/lib/Driver/Types.cpp. */
static enum clang_input_kind input_kind(const char *input, const char *language)
{
	static const char *const sources[] = {"c", "c++", "assembler-with-cpp"};
	static const char *const preprocessed[] = {"cpp-output", "c++-cpp-output", "assembler",
						   "ir"};
	static const char *const source_endings[] = {"c", "C", "cc", "cpp", "cxx", "S"};
	static const char *const preprocessed_endings[] = {"i", "ii", "s", "ll", "bc"};

	if (language && strcmp(language, "none") != 0)
		return IS_IN(sources, language)        ? INPUT_SOURCE
		       : IS_IN(preprocessed, language) ? INPUT_PREPROCESSED
						       : INPUT_OTHER;
	if (strcmp(input, "-") == 0)
		return INPUT_SOURCE; /* C with -E; without, clang refuses it */

	const char *dot = strrchr(io_basename(input), '.');
	if (!dot)
		return INPUT_OTHER;
	return IS_IN(source_endings, dot + 1)         ? INPUT_SOURCE
	       : IS_IN(preprocessed_endings, dot + 1) ? INPUT_PREPROCESSED
						      : INPUT_OTHER;
}

enum clang_input_kind clang_input_kind(const char *name)
{
	return input_kind(name, NULL);
}

/* The arch component of a triple that LLVM takes for BPF: llvm/lib/TargetParser/Triple.cpp. */
static bool is_bpf_target(const char *triple)
{
	static const char *const names[] = {"bpf", "bpfel", "bpfeb", "bpf_le", "bpf_be"};
	size_t len = strcspn(triple, "-");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && strncmp(triple, names[i], len) == 0)
			return true;
	return false;
}

static int add_input(struct clang_argv *c, size_t arg, const char *language)
{
	struct clang_input *inputs =
		realloc(c->inputs, (c->n_inputs + 1) * sizeof(*inputs)); /* few: no doubling */
	if (!inputs)
		return -ENOMEM;
	c->inputs = inputs;
	inputs[c->n_inputs++] = (struct clang_input){arg, input_kind(c->args.v[arg], language)};
	return 0;
}

/* -D__TARGET_ARCH_NAME, libbpf's way to say for which machine's registers a program is. */
static void read_define(struct clang_argv *c, const char *define)
{
	static const char macro[] = "__TARGET_ARCH_";

	if (strncmp(define, macro, sizeof(macro) - 1) == 0)
		c->arch = define + sizeof(macro) - 1;
}

/* -Wp,-MD,FILE and -Wp,-MMD,FILE are Kbuild's; the driver makes -MD -MF FILE of them. */
static void read_wp(struct clang_argv *c, const char *value)
{
	const char *file = strncmp(value, "-MD,", 4) == 0    ? value + 4
			   : strncmp(value, "-MMD,", 5) == 0 ? value + 5
							     : NULL;

	if (file && *file && !strchr(file, ',')) {
		c->deps_output = file;
		c->deps = true;
	} else if (strstr(value, "-M")) {
		c->more_outputs = true;
	}
}

/* What is said to cc1 directly can redirect its outputs; target features and warnings do not. */
static void read_xclang(struct clang_argv *c, const char *value)
{
	static const char *const harmful[] = {"-o",
					      "-emit-",
					      "-dependency-file",
					      "-MT",
					      "-MF",
					      "-fsyntax-only",
					      "-E",
					      "-stats-file",
					      "-diagnostic-log-file",
					      "-header-include-file"};

	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++)
		if (strncmp(value, harmful[i], strlen(harmful[i])) == 0)
			c->more_outputs = true;
}

static void raise_phase(struct clang_argv *c, enum clang_phase phase)
{
	if (phase > c->phase)
		c->phase = phase;
}

static void read_option(struct clang_argv *c, enum clang_option_id id, const char *value)
{
	switch (id) {
	case OPT_TARGET:
		c->bpf = is_bpf_target(value);
		break;
	case OPT_OUTPUT:
		c->output = value;
		break;
	case OPT_DEFINE:
		read_define(c, value);
		break;
	case OPT_PREPROCESS:
		raise_phase(c, PHASE_PREPROCESS);
		break;
	case OPT_ASSEMBLY:
		raise_phase(c, PHASE_ASSEMBLY);
		break;
	case OPT_OBJECT:
		raise_phase(c, PHASE_OBJECT);
		break;
	case OPT_SYNTAX_ONLY:
		raise_phase(c, PHASE_SYNTAX);
		break;
	case OPT_DEPS_ONLY:
		raise_phase(c, PHASE_DEPENDENCIES);
		break;
	case OPT_EMIT_LLVM:
		c->emit_llvm = true;
		break;
	case OPT_DEPS:
		c->deps = true;
		break;
	case OPT_DEPS_FILE:
		c->deps_output = value;
		break;
	case OPT_DEPS_TARGET:
		c->deps_target = true;
		break;
	case OPT_WP:
		read_wp(c, value);
		break;
	case OPT_XCLANG:
		read_xclang(c, value);
		break;
	case OPT_DEBUG:
		c->debug = true;
		break;
	case OPT_NO_DEBUG:
		c->debug = false;
		break;
	case OPT_NO_SYSTEM:
		c->no_system = true;
		break;
	case OPT_VERBOSE:
		c->verbose = true;
		break;
	case OPT_VERBATIM:
		c->verbatim = true;
		break;
	case OPT_COMMANDS:
		c->verbatim = true;
		c->more_outputs = true;
		break;
	case OPT_MORE_OUTPUTS:
		c->more_outputs = true;
		break;
	case OPT_OTHER:
	case OPT_LANGUAGE:
	case OPT_INCLUDE_DIR:
	case OPT_END_OF_OPTIONS:
		break;
	}
}

/* Reads the option at index i of args; returns the index of its last value. */
static size_t read_argument(struct clang_argv *c, size_t i, const char **language)
{
	struct clang_option option = clang_option_find(c->args.v[i]);

	if (option.more >= c->args.n - i) {
		c->incomplete = c->verbatim = true;
		return c->args.n;
	}
	if (option.id == OPT_END_OF_OPTIONS)
		c->end = i;

	const char *value = option.value ? option.value : option.more ? c->args.v[i + 1] : "";
	if (option.id == OPT_LANGUAGE)
		*language = value;
	read_option(c, option.id, value);
	return i + option.more;
}

static int parse(struct clang_argv *c)
{
	const char *language = NULL;

	c->end = c->args.n;
	for (size_t i = 0; i < c->args.n; i++) {
		const char *arg = c->args.v[i];
		if (c->end == c->args.n && arg[0] == '-' && arg[1] != '\0')
			i = read_argument(c, i, &language);
		else if (add_input(c, i, language) < 0)
			return -ENOMEM;
	}
	return 0;
}

int clang_argv_parse(const char *const *args, struct clang_argv *ret_argv)
{
	cleanup_clang_argv struct clang_argv c = {0};

	int r = response_files_expand(args, &c.args, &c.expanded);
	if (r == 0)
		r = parse(&c);
	if (r < 0)
		return r;
	*ret_argv = c;
	c = (struct clang_argv){0};
	return 0;
}

void clang_argv_free(struct clang_argv *c)
{
	strv_free(&c->args);
	free(c->inputs);
	*c = (struct clang_argv){0};
}

bool clang_argv_compiles_bpf(const struct clang_argv *c)
{
	/* `clang -v -E -` asks for clang's search path, which Makefiles feed back to it. */
	bool asks = c->verbatim || (c->verbose && c->phase == PHASE_PREPROCESS);

	if (!c->bpf || asks || c->phase == PHASE_LINK || c->n_inputs == 0)
		return false;
	for (size_t i = 0; i < c->n_inputs; i++)
		if (c->inputs[i].kind == INPUT_OTHER)
			return false;
	return true;
}

/* The name of the input with another ending, as the driver derives it. */
static char *with_ending(const struct clang_argv *c, const char *ending)
{
	const char *name = io_basename(c->args.v[c->inputs[0].arg]);
	const char *dot = strrchr(name, '.');
	size_t stem = dot ? (size_t)(dot - name) : strlen(name);

	return str_printf("%.*s.%s", (int)stem, name, ending);
}

int clang_argv_output(const struct clang_argv *c, char **ret_output)
{
	*ret_output = NULL;
	if (c->phase == PHASE_SYNTAX || c->phase == PHASE_DEPENDENCIES ||
	    (c->output && strcmp(c->output, "-") == 0))
		return 0;

	if (c->output)
		*ret_output = strdup(c->output);
	else if (c->phase == PHASE_OBJECT)
		*ret_output = with_ending(c, c->emit_llvm ? "bc" : "o");
	else if (c->phase == PHASE_ASSEMBLY)
		*ret_output = with_ending(c, c->emit_llvm ? "ll" : "s");
	else
		return 0;
	return *ret_output ? 0 : -ENOMEM;
}

int clang_argv_deps_output(const struct clang_argv *c, char **ret_deps)
{
	*ret_deps = NULL;
	if (!c->deps || c->phase == PHASE_DEPENDENCIES || c->inputs[0].kind != INPUT_SOURCE ||
	    (c->deps_output && strcmp(c->deps_output, "-") == 0))
		return 0;

	if (c->deps_output) {
		*ret_deps = strdup(c->deps_output);
	} else if (c->output) {
		const char *dot = strrchr(io_basename(c->output), '.');
		size_t stem = dot ? (size_t)(dot - c->output) : strlen(c->output);
		*ret_deps = str_printf("%.*s.d", (int)stem, c->output);
	} else {
		*ret_deps = with_ending(c, "d");
	}
	return *ret_deps ? 0 : -ENOMEM;
}

int clang_argv_deps_target(const struct clang_argv *c, char **ret_target)
{
	*ret_target = c->output ? strdup(c->output) : with_ending(c, "o");
	return *ret_target ? 0 : -ENOMEM;
}
