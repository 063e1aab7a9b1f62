/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "action-key.h"
#include "asks.h"
#include "cache-options.h"
#include "lookups.h"

/* To be raised where the same key would stand for other bytes than before. */
static const char recipe[] = "crossbpf object 6";

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

/* Is it a file of the root that is named from / on? From another root clang would read it too, and
 * call it so. */
static bool is_absolute_in_root(const struct action_key_request *q, const char *path)
{
	return path[0] == '/' && toolchain_is_below(path, q->root);
}

char *action_key_name(const struct action_key_request *q, const char *path)
{
	const char *clangs = toolchain_clang_dir(q->toolchain);
	const char *name = path + (clangs ? strlen(clangs) : 0) + 1;

	if (is_absolute_in_root(q, path))
		return strdup(path);
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

static bool is_same(const struct action_file_id *a, const struct action_file_id *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/* For each file or directory of the first `n_told` the number of another that is the same one: of
 * what stands behind, or before it. */
static int add_ids(const struct action_key_request *q, const char *const *paths, size_t n,
		   size_t n_told, struct digest *d)
{
	cleanup_free struct action_file_id *ids = calloc(n + 1, sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (!q->identify || !q->identify(q->ctx, paths[i], &ids[i]))
			ids[i] = (struct action_file_id){UINT64_MAX, i}; /* like no other */
	for (size_t i = 0; i < n_told; i++) {
		size_t same = n_told;
		char text[32];
		while (same < n && !is_same(&ids[same], &ids[i]))
			same++;
		if (same < n) {
			digest_string(d, "builder's");
			continue;
		}
		for (same = 0; !is_same(&ids[same], &ids[i]);)
			same++;
		snprintf(text, sizeof(text), "%zu", same);
		digest_string(d, ids[i].device == UINT64_MAX ? "none" : text);
	}
	return 0;
}

/* Of the builder's own among each other it is not told: on another builder that is not seen. */
static int add_file_ids(const struct action_key_request *q, const struct named *named, size_t n,
			struct digest *d)
{
	cleanup_free const char **paths = calloc(n + 1, sizeof(*paths));
	size_t own = 0, theirs = n;

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *path = named[i].file->path;
		if (toolchain_is_builders(q->toolchain, path))
			paths[--theirs] = path;
		else
			paths[own++] = path;
	}
	return add_ids(q, paths, n, own, d);
}

static int add_named(const struct action_key_request *q, const struct named *named, size_t n,
		     struct digest *d)
{
	bool in_root = false;

	for (size_t i = 0; i < n; i++) {
		in_root = in_root || is_absolute_in_root(q, named[i].file->path);
		digest_string(d, named[i].name);
		digest_bytes(d, named[i].file->digest, DIGEST_SIZE);
	}
	digest_string(d, in_root ? q->root : NULL);
	return add_file_ids(q, named, n, d);
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
	if (r == 0)
		r = add_named(q, named, n, d);
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
		return 0; /* had it been there when clang asked, clang would have listed it */
	cleanup_free char *name = action_key_name(q, path);
	if (!name)
		return -ENOMEM;
	strv_add_once(&asked->found, name);
	return asked->found.error;
}

/* Of a directory named twice clang forgets one place. Those of the builder are in an order of their
 * own. */
static int add_dirs(const struct action_key_request *q, const struct strv *search, struct digest *d)
{
	cleanup_strv struct strv dirs = {0}, theirs = {0};
	size_t n_theirs;

	toolchain_builder_dirs(q->toolchain, &theirs);
	strv_sort(&theirs);
	n_theirs = theirs.n;
	for (size_t i = 0; i < search->n; i++)
		if (!strv_contains(&theirs, search->v[i]) &&
		    (!q->header_dir || strcmp(search->v[i], q->header_dir) != 0))
			strv_add(&dirs, search->v[i]);
	for (size_t i = 0; i < n_theirs; i++)
		strv_add(&dirs, theirs.v[i]);
	if (dirs.error || theirs.error)
		return -ENOMEM;
	return add_ids(q, (const char *const *)dirs.v, dirs.n, dirs.n - n_theirs, d);
}

/* More directories than clang would look in: that tells apart what need not be, and never less. */
static int add_asked(const struct action_key_request *q, struct digest *d)
{
	cleanup_strv struct strv inputs = {0}, search = {0}, dirs = {0};
	struct asked asked = {.request = q};
	int r = 0;

	for (size_t i = 0; i < q->n; i++)
		strv_add(&inputs, q->files[i].path);
	build_plan_search(q->action->variant, q->toolchain, &search);
	if (inputs.error || search.error ||
	    lookups_dirs(&inputs, &search, &q->plan->system, &dirs) < 0)
		return -ENOMEM;
	r = add_dirs(q, &search, d);
	for (size_t i = 0; r == 0 && i < q->n; i++)
		if (q->files[i].asks && !toolchain_is_builders(q->toolchain, q->files[i].path))
			r = lookups_of_asked(q->files[i].asks, &dirs, take_found, &asked);
	if (r == 0)
		r = lookups_of_asked(q->action->variant->asks, &dirs, take_found, &asked);
	strv_sort(&asked.found);
	for (size_t i = 0; r == 0 && i < asked.found.n; i++)
		digest_string(d, asked.found.v[i]);
	strv_free(&asked.found);
	return r;
}

/* The arguments that say what is compiled how. */
static const char *const *own_args(const struct action_key_request *q, size_t *ret_n)
{
	const struct build_variant *v = q->action->variant;

	*ret_n = v->n_own - 1;
	return (const char *const *)v->argv.v + 1;
}

/* -ENODATA where what it reads may make other outputs another time, -EAGAIN where only asm() may.
 */
static int check_asks(const struct action_key_request *q)
{
	struct asks_sum sum = {0};

	asks_sum_add(&sum, q->action->variant->asks, false);
	for (size_t i = 0; i < q->n; i++) {
		bool is_builders = toolchain_is_builders(q->toolchain, q->files[i].path);
		asks_sum_add(&sum, q->files[i].asks, is_builders);
		sum.pastes = sum.pastes || is_builders; /* where its text is not here */
	}
	if (asks_sum_is_open_but_for_asm(&sum))
		return -ENODATA;
	return asks_sum_is_open(&sum) && !q->asm_is_clean ? -EAGAIN : 0;
}

/* What is compiled, and how. */
static void add_command(const struct action_key_request *q, struct digest *d)
{
	const struct build_action *a = q->action;
	const struct build_variant *v = a->variant;
	bool names_root = !q->plan->maps_root;
	size_t n;
	const char *const *args = own_args(q, &n);

	digest_string(d, q->toolchain->identity);
	digest_string(d, q->toolchain->scripts);
	digest_string(d, q->plan->keep_debug ? "debug" : "stripped");
	digest_string(d, v->target);
	digest_string(d, v->arch);
	for (size_t i = 0; i < n; i++) {
		digest_string(d, args[i]);
		names_root = names_root || strstr(args[i], q->root);
	}
	digest_string(d, NULL);
	digest_string(d, names_root ? q->root : ".");
	digest_string(d, a->source);
}

int action_key_why_not(const struct action_key_request *q, char **ret_why)
{
	size_t n;
	const char *const *args = own_args(q, &n);

	*ret_why = NULL;
	if (!q->toolchain->content[0]) {
		*ret_why = strdup("it is not known what the compiler is made of");
		return *ret_why ? 0 : -ENOMEM;
	}
	int r = cache_options_check(args, n, q->root, ret_why);
	return r < 0 || *ret_why ? r : cache_source_check(q->action->source, ret_why);
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
	int r = check_asks(q);
	if (r == 0)
		r = add_files(q, &d);
	digest_string(&d, NULL);
	if (r == 0)
		r = add_asked(q, &d);
	if (r == 0)
		digest_finish_bytes(&d, ret_key);
	return r;
}
