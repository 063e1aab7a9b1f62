/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "action-key.h"
#include "lookups.h"

/* To be raised where the same key would stand for other bytes than before. */
static const char recipe[] = "crossbpf object 1";

/* Clang's own headers that have no code, so that objects name them in DWARF only. */
static bool has_no_code(const char *name)
{
	static const char *const others[] = {"float.h", "inttypes.h", "iso646.h", "limits.h"};

	if (strncmp(name, "std", 3) == 0 || strncmp(name, "__std", 5) == 0)
		return !strchr(name, '/');
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i]) == 0)
			return true;
	return false;
}

static const char clangs_prefix[] = "clang:", own_prefix[] = "crossbpf:";

char *action_key_name(const struct action_key_request *q, const char *path)
{
	const char *clangs = toolchain_clang_dir(q->toolchain);
	const char *name = path + (clangs ? strlen(clangs) : 0) + 1;

	if (!q->plan->keep_debug && clangs && toolchain_is_below(path, clangs) && has_no_code(name))
		return str_printf("%s%s", clangs_prefix, name);
	if (!q->plan->keep_debug && q->header_dir && toolchain_is_below(path, q->header_dir))
		return str_printf("%s%s", own_prefix, path + strlen(q->header_dir) + 1);
	return build_plan_name(q->plan, q->root, path);
}

/* NAME in DIR, where that begins with the prefix. */
static char *unprefixed(const char *name, const char *prefix, const char *dir)
{
	size_t len = strlen(prefix);

	return dir && strncmp(name, prefix, len) == 0 ? str_printf("%s/%s", dir, name + len) : NULL;
}

char *action_key_path(const struct action_key_request *q, const char *name)
{
	char *path = unprefixed(name, clangs_prefix, toolchain_clang_dir(q->toolchain));

	if (!path)
		path = unprefixed(name, own_prefix, q->header_dir);
	if (path)
		return path;
	for (size_t i = 0; i < q->plan->moved.n; i++) {
		path = build_plan_moved(q->plan, i, name);
		if (path && q->exists(q->ctx, path))
			return path;
		free(path);
	}
	return strdup(name);
}

struct named {
	char *name;
	const struct action_file *file;
};

/* Of two files with one name it matters which is which: their order is that of the closure. */
static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->file < y->file ? -1 : x->file > y->file;
}

static int add_files(const struct action_key_request *q, struct digest *d)
{
	cleanup_free struct named *named = calloc(q->n + 1, sizeof(*named));
	size_t n = 0;
	int r = named ? 0 : -ENOMEM;

	for (; r == 0 && n < q->n; n++) {
		named[n] = (struct named){action_key_name(q, q->files[n].path), &q->files[n]};
		if (!named[n].name)
			r = -ENOMEM;
	}
	if (r == 0)
		qsort(named, n, sizeof(*named), compare_named);
	for (size_t i = 0; r == 0 && i < n; i++) {
		digest_string(d, named[i].name);
		digest_bytes(d, named[i].file->digest, DIGEST_SIZE);
	}
	for (size_t i = 0; named && i < n; i++)
		free(named[i].name);
	return r;
}

struct asked {
	const struct action_key_request *request;
	struct strv found;
};

static int take_found(void *ctx, const char *path)
{
	struct asked *asked = ctx;
	const struct action_key_request *q = asked->request;

	if (!q->exists(q->ctx, path))
		return 0;
	cleanup_free char *name = action_key_name(q, path);
	if (!name)
		return -ENOMEM;
	strv_add_once(&asked->found, name);
	return asked->found.error;
}

/* More directories than clang would look in: that tells apart what need not be, and never less. */
static int add_asked(const struct action_key_request *q, struct digest *d)
{
	cleanup_strv struct strv inputs = {0}, search = {0}, dirs = {0};
	struct asked asked = {.request = q};
	int r = 0;

	for (size_t i = 0; i < q->n; i++) {
		strv_add(&inputs, q->files[i].path);
		if (toolchain_is_builders(q->toolchain, q->files[i].path) || !q->files[i].asks)
			continue;
		if (lookups_are_open(q->files[i].asks))
			r = -ENODATA;
	}
	build_plan_search(q->action->variant, q->toolchain, &search);
	if (inputs.error || search.error ||
	    lookups_dirs(&inputs, &search, &q->plan->system, &dirs) < 0)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < q->n; i++)
		if (q->files[i].asks && !toolchain_is_builders(q->toolchain, q->files[i].path))
			r = lookups_of_asked(q->files[i].asks, &dirs, take_found, &asked);
	strv_sort(&asked.found);
	for (size_t i = 0; r == 0 && i < asked.found.n; i++)
		digest_string(d, asked.found.v[i]);
	strv_free(&asked.found);
	return r;
}

/* What is compiled, and how. */
static void add_command(const struct action_key_request *q, struct digest *d)
{
	const struct build_action *a = q->action;
	const struct build_variant *v = a->variant;

	digest_string(d, q->toolchain->identity);
	digest_string(d, q->plan->keep_debug ? "debug" : "stripped");
	digest_string(d, q->plan->maps_root ? "." : q->root);
	digest_string(d, v->target);
	digest_string(d, v->arch);
	for (size_t i = 1; i < v->n_own; i++)
		digest_string(d, v->argv.v[i]);
	digest_string(d, NULL);
	digest_string(d, a->source);
}

void action_key_command(const struct action_key_request *q, uint8_t ret_digest[DIGEST_SIZE])
{
	struct digest d;

	digest_init(&d);
	digest_string(&d, recipe);
	add_command(q, &d);
	digest_finish_bytes(&d, ret_digest);
}

int action_key(const struct action_key_request *q, uint8_t ret_key[DIGEST_SIZE])
{
	struct digest d;

	digest_init(&d);
	digest_string(&d, recipe);
	add_command(q, &d);
	int r = add_files(q, &d);
	digest_string(&d, NULL);
	if (r == 0)
		r = add_asked(q, &d);
	if (r == 0)
		digest_finish_bytes(&d, ret_key);
	return r;
}
