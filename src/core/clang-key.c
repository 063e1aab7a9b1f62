/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cache-options.h"
#include "clang-key.h"
#include "shared/strv.h"

/* To be raised where the same key would stand for other bytes than before. */
static const char recipe[] = "crossbpf-clang outputs 1";

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

int clang_key_why_not(const struct clang_key_request *q, char **ret_why)
{
	const struct strv *args = &q->argv->args;
	const char *why = find_why(q);

	*ret_why = why ? strdup(why) : NULL;
	if (why)
		return *ret_why ? 0 : -ENOMEM;
	int r = cache_environment_check(q->env, ret_why);
	if (r == 0 && !*ret_why)
		r = cache_options_check((const char *const *)args->v, args->n, q->dir, ret_why);
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
	struct digest d;

	digest_init(&d);
	digest_string(&d, recipe);
	digest_string(&d, q->toolchain->identity);
	digest_string(&d, q->toolchain->content);
	digest_string(&d, q->toolchain->version); /* in DWARF */
	digest_string(&d, q->toolchain->clang);
	digest_string(&d, q->header_dir);
	digest_string(&d, q->dir);
	digest_string(&d,
		      find_variable(q->env, "PWD")); /* clang takes it for the directory's name */
	digest_string(&d, q->colour ? "colour" : "");
	for (size_t i = 0; i < args->n; i++)
		digest_string(&d, args->v[i]);
	digest_finish_bytes(&d, ret_digest);
}
