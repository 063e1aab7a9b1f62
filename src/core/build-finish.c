/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "asks.h"
#include "build-cache.h"
#include "build-finish.h"
#include "depfile.h"
#include "derived.h"
#include "emit.h"
#include "remote.h"
#include "shared/io.h"

/* Is that how the file says the source's name? */
static bool is_source(const char *named, const char *source)
{
	for (; *source && (*named == *source || (*named == '/' && *source == '\\')); source++)
		named++;
	return !*named && !*source;
}

/* Of a directory with a backslash the file has another name. */
static bool has_backslash(const struct build_plan *p, const char *source)
{
	const char *backslash = strchr(source, '\\');
	bool has = backslash && strchr(backslash, '/');

	for (size_t i = 0; i < p->search.n; i++)
		has = has || strchr(p->search.v[i], '\\');
	return has;
}

/* What the compiler read: the source first, whose name we know better than the file says it. Before
 * it stand files that options name (-fsanitize-ignorelist). */
static int read_inputs(const struct build_plan *p, const struct build_action *a,
		       const struct strbuf *dep, struct strv *ret_inputs)
{
	cleanup_strv struct strv named = {0};
	size_t source = 0;

	int r = depfile_parse(dep->data, dep->len, &named);
	if (r < 0)
		return r;
	if (named.n == 0 || strchr(a->source, '\n') || has_backslash(p, a->source))
		return -EINVAL;
	for (size_t i = 0; i < named.n && !source; i++)
		source = is_source(named.v[i], a->source) ? i : 0;
	strv_add(ret_inputs, a->source);
	for (size_t i = 0; i < named.n; i++)
		if (i != source)
			strv_add(ret_inputs, named.v[i]);
	for (size_t i = 0; i < p->files.n; i++)
		strv_add_once(ret_inputs, p->files.v[i]);
	return ret_inputs->error;
}

/* What is the builder's own is seen in the stamp; without one nobody here can see it. */
static int see_inputs(const struct build *b, struct strv *inputs)
{
	const struct toolchain *t = b->remote ? &b->remote->builder->toolchain : NULL;
	cleanup_free char *stamp = t ? remote_stamp(b->remote) : NULL;
	cleanup_strv struct strv seen = {0};

	if (!t)
		return 0;
	for (size_t i = 0; i < inputs->n; i++) {
		const char *path = toolchain_is_builders(t, inputs->v[i]) ? stamp : inputs->v[i];
		if (path)
			strv_add_once(&seen, path);
	}
	if (seen.error)
		return seen.error;
	strv_free(inputs);
	*inputs = seen;
	seen = (struct strv){0};
	return 0;
}

/* The rule that clang wrote in the root, for a make in the working directory. */
static int see_from_dir(const struct build *b, const struct build_action *a,
			const struct strbuf *dep, struct strbuf *ret_text)
{
	cleanup_free char *object = build_plan_seen(b->plan, b->root, a->object);
	cleanup_strv struct strv files = {0}, seen = {0};

	if (!object)
		return -ENOMEM;
	int r = depfile_parse(dep->data, dep->len, &files);
	for (size_t i = 0; i < files.n; i++)
		strv_take(&seen, build_plan_seen(b->plan, b->root, files.v[i]));
	if (r == 0)
		r = seen.error ? seen.error : depfile_write(object, &seen, ret_text);
	if (r == -EINVAL) { /* of names that make cannot have */
		strbuf_add(ret_text, dep->data, dep->len);
		r = ret_text->error;
	}
	return r;
}

/* What is made of the object depends on what that is made of. */
static int add_derived(const struct build *b, const struct build_action *a,
		       const struct strbuf *dep, struct strbuf *ret_text)
{
	cleanup_strv struct strv targets = {0};

	for (size_t i = 0; i < a->n_derived; i++)
		strv_take(&targets, build_plan_seen(b->plan, b->root, a->derived[i].path));
	if (targets.error)
		return targets.error;
	int r = depfile_add_targets(dep->data, dep->len, &targets, ret_text);
	if (r == -EINVAL) /* it is what clang wrote of names that make cannot have */
		strbuf_add(ret_text, dep->data, dep->len);
	return ret_text->error;
}

int build_dep_text(const struct build *b, const struct build_action *a, const struct strbuf *dep,
		   struct strbuf *ret_text)
{
	cleanup_strbuf struct strbuf seen = {0}, all = {0};

	if (b->plan->dir) {
		int r = see_from_dir(b, a, dep, &seen);
		if (r < 0)
			return r;
		dep = &seen;
	}
	if (!b->remote)
		return add_derived(b, a, dep, ret_text);
	int r = add_derived(b, a, dep, &all);
	return r < 0 ? r : remote_localize(b->remote, all.data, all.len, ret_text);
}

int build_emit_dep(const struct build *b, const struct build_action *a, const struct strbuf *dep,
		   struct state_output *ret_output, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf text = {0};

	if (build_dep_text(b, a, dep, &text) < 0)
		return error_no_memory(e);
	return emit_file(b->root, a->dep, &text, ret_output, e);
}

void build_record_free(struct build_record *r)
{
	strv_free(&r->inputs);
	strv_free(&r->own);
	strv_free(&r->lookups);
}

/* The directories in which headers are looked for that are the host's. */
static void add_own_dirs(const struct build_plan *p, struct strv *dirs)
{
	for (size_t i = 0; i < p->search.n; i++) {
		bool theirs = false;
		for (size_t j = 0; j < p->system.n; j++)
			theirs = theirs || strcmp(p->search.v[i], p->system.v[j]) == 0;
		if (!theirs)
			strv_add(dirs, p->search.v[i]);
	}
}

int build_record_make(struct build_record *r, const struct build *b, const struct build_action *a,
		      const struct strv *read)
{
	*r = (struct build_record){0};
	for (size_t i = 0; i < read->n; i++)
		strv_add(&r->inputs, read->v[i]);
	add_own_dirs(b->plan, &r->own);
	for (size_t i = 0; i < b->plan->beside.n; i++)
		strv_add(&r->lookups, b->plan->beside.v[i]);
	if (r->inputs.error || r->own.error || r->lookups.error || see_inputs(b, &r->inputs) < 0 ||
	    (b->remote &&
	     remote_lookups(&b->remote->builder->toolchain, &r->own, read, &r->lookups) < 0))
		return -ENOMEM;
	r->done = (struct state_done){
		.inputs = &r->inputs,
		.search = b->remote ? &r->own : &b->plan->search,
		.system = b->remote ? NULL : &b->plan->system,
		.known = &b->plan->kernel,
		.dirs_found = b->plan->dirs_found,
		.lookups = &r->lookups,
		.asks = a->variant->asks,
	};
	memcpy(r->done.command, a->command, DIGEST_SIZE);
	return 0;
}

void build_tell_outputs(const struct state_output *outputs, struct build_result *ret_result)
{
	ret_result->done = true;
	ret_result->size = (size_t)outputs[0].st.st_size;
	memcpy(ret_result->digest, outputs[0].digest, DIGEST_SIZE);
}

int build_record_end(struct build_record *r, const struct build *b,
		     const struct state_output *outputs, struct build_result *ret_result)
{
	build_tell_outputs(outputs, ret_result);
	r->done.duration = ret_result->duration;
	r->done.outputs = outputs;
	r->done.n_outputs = ret_result->action->dep ? 2 : 1;
	return state_record(b->state, &r->done);
}

/* Of what macros make, it is seen only when they have. */
static bool is_asm_clean(const struct build_made *made, const struct build_action *a)
{
	cleanup_strbuf struct strbuf text = {0};

	return made->preprocess && made->preprocess(made->ctx, a, &text) &&
	       !asks_asm_is_open(text.data ? text.data : "", text.len);
}

/* The key of an action without an asm() that names a file: what says so is a later look at its
 * files, which are to be the same then. */
static int find_clean_key(struct build_key *k, const struct build_record *record,
			  const struct strv *read, const struct build_result *result,
			  uint8_t ret_key[DIGEST_SIZE])
{
	uint8_t now[DIGEST_SIZE] = {0};

	k->request.asm_is_clean = true;
	int r = action_key(&k->request, ret_key);
	if (r == 0)
		r = build_cache_key_now(k->build, result, record, read, now);
	return r < 0 ? r : memcmp(now, ret_key, DIGEST_SIZE) == 0 ? 0 : -ENODATA;
}

/* Finds the key, and keeps the object. Neither, where something that was read is not known for
 * sure. 0 or -ENOMEM. */
static int keep(const struct build *b, const struct build_made *made,
		const struct build_record *record, const struct strv *read,
		const struct strbuf *object, struct build_result *result)
{
	cleanup_build_key struct build_key k = {0};
	cleanup_free char *why = NULL;
	uint8_t key[DIGEST_SIZE];

	if (!b->keys && !b->cache)
		return 0;
	int r = build_key_init(&k, b, result->action);
	if (r == 0)
		r = action_key_why_not(&k.request, &why);
	if (r < 0 || why)
		return r;
	r = state_inputs(b->state, result->action->object, build_key_add, &k);
	if (r == 0)
		r = build_key_finish(&k, read, key);
	if (r == -EAGAIN && is_asm_clean(made, result->action))
		r = find_clean_key(&k, record, read, result, key);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	digest_hex(key, result->key);
	if (!b->cache)
		return 0;
	state_keep_key(b->state, result->action->object, key);
	return build_cache_store(&k, result, record, read, key, object);
}

int build_finish(const struct build *b, const struct build_made *made,
		 struct build_result *ret_result, struct crossbpf_error *e)
{
	const struct build_action *a = ret_result->action;
	cleanup_strv struct strv read = {0};
	cleanup_strbuf struct strbuf object = {0};
	cleanup_build_record struct build_record record = {0};
	struct state_output outputs[2];
	struct emit emit = {
		.keep_debug = b->plan->keep_debug,
		.action = a,
		.root = b->root,
		.toolchain = b->toolchain,
		.inputs = &read,
	};

	int parsed = read_inputs(b->plan, a, made->dep, &read);
	if (parsed == -ENOMEM)
		return error_no_memory(e);
	if (parsed < 0)
		emit.inputs = NULL;
	int r = emit_object(&emit, made->object, &object, &ret_result->uses_arch, e);
	if (r == 0)
		r = emit_file(b->root, a->object, &object, &outputs[0], e);
	if (r == 0 && a->dep)
		r = build_emit_dep(b, a, made->dep, &outputs[1], e);
	if (r < 0)
		return r;
	build_tell_outputs(outputs, ret_result);
	if (parsed < 0) /* without its inputs it cannot be known to be up to date */
		return 0;
	if (build_record_make(&record, b, a, &read) < 0)
		return error_no_memory(e);
	record.done.began = made->began;
	if (build_record_end(&record, b, outputs, ret_result) < 0 ||
	    keep(b, made, &record, &read, &object, ret_result) < 0)
		return error_no_memory(e);
	state_save(b->state, true);
	return 0;
}
