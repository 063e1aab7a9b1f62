/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache-options.h"
#include "clang-key.h"
#include "shared/strv.h"

/* To be raised where the same key would stand for other bytes than before. */
static const char recipe[] = "crossbpf-clang outputs 2";

/* What the command is, other than a compile of one source to an object. */
static const char *find_why(const struct clang_key_request *q)
{
	const struct clang_argv *c = q->argv;

	if (!clang_argv_compiles_bpf(c) || c->phase != PHASE_OBJECT || c->emit_llvm ||
	    c->verbatim || c->incomplete)
		return "it is no compile to an object";
	if (c->n_inputs != 1 || c->inputs[0].kind != INPUT_SOURCE)
		return "it has not one source";
	if (c->more_outputs)
		return "it writes more than an object and a dependency file";
	if (!q->toolchain->content[0])
		return "it is not known what the compiler is made of";
	return NULL;
}

/* -ffile-prefix-map=DIR=. and its like, where DIR is where the command runs; then *ret_option is
 * the option without DIR. Clang reads lines of sources, for BTF, from where the map leads to: that
 * is to be the same file. Returns how many arguments that are, or 0. */
static size_t maps_dir(const char *const *args, const char *dir, const char **ret_option)
{
	static const char *const maps[] = {"-ffile-prefix-map=", "-fdebug-prefix-map="};
	size_t len = strlen(dir);

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		const char *old = args[0] + strlen(maps[i]);
		if (strncmp(args[0], maps[i], strlen(maps[i])) == 0 &&
		    strncmp(old, dir, len) == 0 && strcmp(old + len, "=.") == 0) {
			*ret_option = maps[i];
			return 1;
		}
	}
	*ret_option = args[0];
	if (strcmp(args[0], "-fdebug-compilation-dir") == 0)
		return args[1] && strcmp(args[1], ".") == 0 ? 2 : 0;
	return strcmp(args[0], "-fdebug-compilation-dir=.") == 0;
}

/* Kbuild's way to say -MD -MF FILE, which clang_argv_parse() reads. */
static bool is_wp_deps(const char *arg)
{
	return strncmp(arg, "-Wp,-MD,", 8) == 0 || strncmp(arg, "-Wp,-MMD,", 9) == 0;
}

/* A file's name that has it in it is there for itself, or is told by the files that are read. */
bool clang_key_names_dir(const struct clang_key_request *q)
{
	const char *const *args = (const char *const *)q->argv->args.v;
	size_t n = q->argv->args.n, mapping;
	bool mapped = false, named = strlen(q->dir) < 2;
	const char *option;

	for (size_t i = 0; i < n; i += mapping ? mapping : 1) {
		mapping = maps_dir(args + i, q->dir, &option);
		mapped = mapped || mapping;
		named = named || (!mapping && strstr(args[i], q->dir));
	}
	return named || (q->argv->debug && !mapped);
}

/* The options that are judged as those of `crossbpf build`: a list that points into q. */
static const char **list_judged(const struct clang_key_request *q, size_t *ret_n)
{
	const char *const *args = (const char *const *)q->argv->args.v;
	size_t n = q->argv->args.n, mapping;
	const char **judged = calloc(n + 1, sizeof(*judged)), *option;

	*ret_n = 0;
	for (size_t i = 0; judged && i < n; i += mapping ? mapping : 1) {
		mapping = maps_dir(args + i, q->dir, &option);
		if (!mapping && !is_wp_deps(args[i]))
			judged[(*ret_n)++] = args[i];
	}
	return judged;
}

int clang_key_why_not(const struct clang_key_request *q, char **ret_why)
{
	const struct strv *args = &q->argv->args;
	cleanup_free const char **judged = NULL;
	const char *why = find_why(q);
	size_t n;

	*ret_why = why ? strdup(why) : NULL;
	if (why)
		return *ret_why ? 0 : -ENOMEM;
	judged = list_judged(q, &n);
	if (!judged)
		return -ENOMEM;
	int r = cache_environment_check(q->env, ret_why);
	if (r == 0 && !*ret_why)
		r = cache_options_check(judged, n, q->dir, ret_why);
	if (r == 0 && !*ret_why)
		r = cache_source_check(args->v[q->argv->inputs[0].arg], ret_why);
	return r;
}

static const char *find_variable(const char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

/* The outputs' names are in it too: the rules for make hold them. */
void clang_key_command(const struct clang_key_request *q, uint8_t ret_digest[DIGEST_SIZE])
{
	const struct strv *args = &q->argv->args;
	bool named = clang_key_names_dir(q);
	struct digest d;

	digest_init(&d);
	digest_string(&d, recipe);
	digest_string(&d, q->toolchain->identity);
	digest_string(&d, q->toolchain->content);
	digest_string(&d, q->toolchain->version); /* in DWARF */
	digest_string(&d, q->toolchain->clang);
	digest_string(&d, q->header_dir);
	digest_string(&d, q->builder);
	digest_string(&d, named ? q->dir : NULL);
	/* Clang takes it for the directory's name. */
	digest_string(&d, named ? find_variable(q->env, "PWD") : NULL);
	digest_string(&d, q->colour ? "colour" : "");
	for (size_t i = 0; i < args->n; i++) {
		const char *option;
		maps_dir((const char *const *)args->v + i, q->dir, &option);
		digest_string(&d, named ? args->v[i] : option);
	}
	digest_finish_bytes(&d, ret_digest);
}
