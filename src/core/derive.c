/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * C and Go are made in no time. A skeleton is looked for in the cache first, by the object, and by
 * what bpftool says of its version, which of the builder's is remembered.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "binding.h"
#include "cache.h"
#include "derive.h"
#include "emit.h"
#include "gen/ident.h"
#include "go-siblings.h"
#include "remote.h"
#include "shared/io.h"
#include "skeleton.h"

/* To be raised where the same object makes other text than before. */
static const char recipe[] = "crossbpf derive 2 " PACKAGE_VERSION;

/* What a file depends on besides its object. */
static void digest_command(const struct derive *d, struct derive_job *job)
{
	const struct settings *s = d->settings;
	const struct build_variant *v = job->action->variant;
	const struct toolchain *t = d->build->toolchain;
	struct digest digest;

	digest_init(&digest);
	digest_string(&digest, recipe);
	digest_string(&digest, job->derived->path);
	digest_string(&digest, job->derived->ident);
	digest_string(&digest, v->target);
	switch (job->derived->kind) {
	case DERIVED_SKELETON:
		digest_string(&digest, d->bpftool ? d->bpftool : "");
		digest_string(&digest, d->bpftool ? "" : t->identity);
		digest_string(&digest, d->bpftool ? "" : t->bpftool);
		break;
	case DERIVED_GO:
		digest_string(&digest, job->derived->embed);
		digest_string(&digest, s->package);
		digest_string(&digest, s->arch_is_default ? "" : v->arch);
		for (size_t i = 0; i < s->types.n; i++)
			digest_string(&digest, s->types.v[i]);
		digest_bytes(&digest, &s->dialect.version, sizeof(s->dialect.version));
		break;
	case DERIVED_C:
		break;
	}
	digest_finish_bytes(&digest, job->command);
}

/* There are `n` of them. */
static void look_ahead(const struct derive *d, size_t n)
{
	const struct build_plan *p = d->build->plan;
	cleanup_free const char **paths = calloc(n + 1, sizeof(const char *));
	size_t listed = 0;

	for (size_t i = 0; paths && i < p->n; i++)
		for (size_t j = 0; d->done[i] && j < p->actions[i].n_derived; j++)
			paths[listed++] = p->actions[i].derived[j].path;
	if (paths)
		state_look_ahead(d->build->state, paths, listed);
}

int derive_find(struct derive *d, struct crossbpf_error *e)
{
	const struct build_plan *p = d->build->plan;
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->actions[i].n_derived;
	d->jobs = calloc(n + 1, sizeof(*d->jobs));
	if (!d->jobs || (d->settings->emit_skeleton && skeleton_find_bpftool(&d->bpftool) < 0))
		return error_no_memory(e);
	look_ahead(d, n);
	for (size_t i = 0; i < p->n; i++) {
		const struct build_action *a = &p->actions[i];
		for (size_t j = 0; d->done[i] && j < a->n_derived; j++) {
			struct derive_job *job = &d->jobs[d->n];
			cleanup_free char *why = NULL;
			*job = (struct derive_job){.action = a, .derived = &a->derived[j]};
			digest_command(d, job);
			bool fresh = state_is_fresh(d->build->state, job->derived->path,
						    job->command, &why);
			if (d->on_why)
				d->on_why(d->ctx, job->derived, fresh ? NULL : why ? why : "");
			d->n += !fresh;
		}
	}
	return 0;
}

/* When it changed last; 0: it is not there. */
static int64_t last_change(const char *path)
{
	struct stat st;

	if (!path || stat(path, &st) < 0)
		return 0;
	return io_mtime(&st) > io_ctime(&st) ? io_mtime(&st) : io_ctime(&st);
}

/* Objects, and a bpftool, that were written just now could be written again in the same tick, and
 * the state would not see it: 10 ms at most, as state_settle(). */
static void settle(const struct derive *d)
{
	int64_t newest = last_change(d->bpftool);

	for (size_t i = 0; i < d->n; i++) {
		cleanup_free char *path = io_absolute(d->build->root, d->jobs[i].action->object);
		int64_t changed = last_change(path);
		newest = changed > newest ? changed : newest;
	}
	int64_t left = newest + io_tick(newest) - io_now();

	if (left > 0 && left <= io_tick(1))
		io_sleep(left);
}

/* What one is made of, and then that. */
struct work {
	const struct derive_job *job;
	struct binding_object object; /* points into content */
	struct strbuf content, text;
	char *path; /* of the object, absolute */
	uint8_t key[DIGEST_SIZE];
	int64_t began;
};

static void work_free(struct work *w)
{
	strbuf_free(&w->content);
	strbuf_free(&w->text);
	free(w->path);
}
#define cleanup_work CLEANUP(work_free)

/* What concerns one of them alone is told, and 0 where the others are made all the same. */
static int go_on(const struct derive *d, const struct derive_job *job, int r,
		 struct crossbpf_error *e)
{
	if (r == 0 || r == -ENOMEM || !d->keep_going)
		return r;
	d->on_fail(d->ctx, job, e);
	error_free(e);
	*e = (struct crossbpf_error){0};
	return 0;
}

static int read_object(const struct derive *d, const struct derive_job *job, struct work *w,
		       struct crossbpf_error *e)
{
	w->job = job;
	w->began = io_now();
	w->path = io_absolute(d->build->root, job->action->object);
	if (!w->path)
		return error_no_memory(e);
	int r = io_read_file(w->path, OBJECT_SIZE_MAX, &w->content);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_FAILED, NULL, "cannot read %s: %s",
				 job->action->object, strerror(-r));
	w->object = (struct binding_object){.file = job->action->object,
					    .data = w->content.data ? w->content.data : "",
					    .len = w->content.len};
	return binding_open(&w->object, e);
}

/* The state is to see another bpftool, and the builder's as far as it sees that. */
static int record(const struct derive *d, const struct work *w, const struct state_output *output,
		  struct crossbpf_error *e)
{
	cleanup_strv struct strv inputs = {0}, none = {0};
	cleanup_free char *stamp = NULL;
	struct state_done done = {
		.began = w->began,
		.duration = io_now() - w->began,
		.inputs = &inputs,
		.search = &none,
		.outputs = output,
		.n_outputs = 1,
	};

	memcpy(done.command, w->job->command, DIGEST_SIZE);
	strv_add(&inputs, w->job->action->object);
	if (w->job->derived->kind == DERIVED_SKELETON) {
		stamp = !d->bpftool && d->build->remote ? remote_stamp(d->build->remote) : NULL;
		if (d->bpftool || stamp)
			strv_add(&inputs, d->bpftool ? d->bpftool : stamp);
	}
	return inputs.error || state_record(d->build->state, &done) < 0 ? error_no_memory(e) : 0;
}

static bool is_derived(const struct derive *d, const char *absolute)
{
	const struct build_plan *p = d->build->plan;

	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->actions[i].n_derived; j++) {
			cleanup_free char *path =
				io_absolute(d->build->root, p->actions[i].derived[j].path);
			if (!path || strcmp(path, absolute) == 0)
				return true;
		}
	return false;
}

/* Earlier builds may have called it otherwise. */
static int remove_siblings(const struct derive *d, const struct work *w)
{
	const struct derived *derived = w->job->derived;
	const struct build_variant *v = w->job->action->variant;
	cleanup_free char *path = io_absolute(d->build->root, derived->path);
	cleanup_free char *stem = ident_lower(derived->ident);
	cleanup_strv struct strv files = {0};

	if (!path || !stem)
		return -ENOMEM;
	cleanup_free char *beside =
		str_printf("%.*s%s", (int)(io_basename(path) - path), path, stem);
	if (!beside || go_siblings_find(beside, v->target,
					d->settings->arch_is_default ? NULL : v->arch, &files) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < files.n; i++) {
		if (is_derived(d, files.v[i]))
			continue;
		go_siblings_remove(files.v[i]);
		if (d->on_remove)
			d->on_remove(d->ctx, files.v[i]);
	}
	return 0;
}

static int finish(const struct derive *d, const struct work *w, struct crossbpf_error *e)
{
	struct state_output output;
	int r = emit_file(d->build->root, w->job->derived->path, &w->text, &output, e);

	if (r == 0)
		r = record(d, w, &output, e);
	if (r == 0 && w->job->derived->kind == DERIVED_GO && remove_siblings(d, w) < 0)
		r = error_no_memory(e);
	if (r == 0 && d->on_end)
		d->on_end(d->ctx, w->job, output.digest, w->text.len);
	return r;
}

static int make_text(const struct derive *d, struct work *w, struct crossbpf_error *e)
{
	const struct settings *s = d->settings;
	const struct derived *derived = w->job->derived;
	const struct build_variant *v = w->job->action->variant;
	const char *arch = s->arch_is_default ? binding_arch(&w->object) : v->arch;
	struct gen_c c = {derived->ident, v->target, binding_arch(&w->object)};
	struct gen_go go = {
		.dialect = &s->dialect,
		.ident = derived->ident,
		.package = s->package,
		.embed = derived->embed,
		.target = v->target,
		.arch = arch,
		.types = (const char *const *)s->types.v,
	};

	int r = binding_check(&w->object, arch, v->target, e);
	if (r < 0)
		return r;
	return derived->kind == DERIVED_GO ? binding_go(&w->object, &go, &w->text, e)
					   : binding_c(&w->object, &c, &w->text, e);
}

/* Skeletons */

/* Whose bpftool makes them. */
static int digest_tool(const struct derive *d, char ret_hex[DIGEST_HEX_SIZE])
{
	cleanup_strbuf struct strbuf program = {0}, version = {0};
	const struct toolchain *t = d->build->toolchain;
	struct digest digest;

	digest_init(&digest);
	if (d->bpftool) {
		int r = io_read_file(d->bpftool, OBJECT_SIZE_MAX, &program);
		if (r == 0)
			r = skeleton_ask_version(d->bpftool, d->env, d->control, &version);
		if (r < 0)
			return r;
		digest_bytes(&digest, program.data, program.len);
		digest_bytes(&digest, version.data, version.len);
	} else {
		digest_string(&digest, t->bpftool);
		digest_string(&digest, t->identity);
		digest_string(&digest, t->content);
		digest_string(&digest, t->headers);
	}
	uint8_t bytes[DIGEST_SIZE];
	digest_finish_bytes(&digest, bytes);
	digest_hex(bytes, ret_hex);
	return 0;
}

static bool restore(const struct derive *d, struct work *w, const char *tool)
{
	uint8_t object[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;

	digest_of(w->content.data, w->content.len, object);
	digest_hex(object, hex);
	digest_init(&digest);
	digest_string(&digest, "crossbpf skeleton 2");
	digest_string(&digest, tool);
	digest_string(&digest, w->job->derived->ident);
	digest_string(&digest, hex);
	digest_finish_bytes(&digest, w->key);
	return d->build->cache && cache_get(d->build->cache, CACHE_OBJECT, w->key, &w->text) == 0 &&
	       w->text.len;
}

static void run_here(const struct derive *d, struct skeleton *all, size_t n)
{
	bool failed = false;

	for (size_t i = 0; i < n && (d->keep_going || !failed); i++) {
		all[i].result =
			skeleton_make_here(&all[i], d->bpftool, d->env, d->control, &all[i].error);
		failed = failed || all[i].result < 0;
	}
}

/* Takes what was made, or says that it was not. */
static int take(const struct derive *d, struct work *w, struct skeleton *s,
		struct crossbpf_error *e)
{
	if (s->result < 0)
		return skeleton_take_failure(s, 1, e);
	if (!s->text.len) /* it was not its turn */
		return 0;
	w->text = s->text;
	s->text = (struct strbuf){0};
	if (d->build->cache)
		cache_put(d->build->cache, CACHE_OBJECT, w->key, w->text.data, w->text.len);
	return finish(d, w, e);
}

/* What was made is kept, whatever became of the others. */
static int take_all(const struct derive *d, struct work **works, struct skeleton *all, size_t n,
		    int r, struct crossbpf_error *e)
{
	for (size_t i = 0; i < n; i++) {
		cleanup_error struct crossbpf_error own = {0};
		int one = go_on(d, works[i]->job, take(d, works[i], &all[i], &own), &own);
		if (one < 0 && r == 0) {
			r = one;
			*e = own;
			own = (struct crossbpf_error){0};
		}
	}
	return r;
}

static int run_bpftool(const struct derive *d, struct work **works, size_t n,
		       struct crossbpf_error *e)
{
	cleanup_free struct skeleton *all = calloc(n + 1, sizeof(*all));

	if (!all)
		return error_no_memory(e);
	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++)
		all[i] = (struct skeleton){.object = works[i]->path,
					   .ident = works[i]->job->derived->ident};
	int r = 0;
	if (d->bpftool)
		run_here(d, all, n);
	else
		r = d->build->remote
			    ? skeleton_make_there(all, n, d->keep_going, d->build->remote, e)
			    : skeleton_refuse_here("this host", e);
	r = take_all(d, works, all, n, r, e);
	for (size_t i = 0; i < n; i++)
		skeleton_free(&all[i]);
	return r;
}

static int make_skeletons(const struct derive *d, struct work *works, struct work **left,
			  struct crossbpf_error *e)
{
	char tool[DIGEST_HEX_SIZE] = "";
	size_t n = 0;
	int r = digest_tool(d, tool);

	if (r < 0)
		return error_set(e, r, EXIT_STATUS_FAILED, NULL, "cannot run %s: %s", d->bpftool,
				 strerror(-r));
	for (size_t i = 0; i < d->n && r == 0; i++) {
		struct work *w = &works[i];
		if (d->jobs[i].derived->kind != DERIVED_SKELETON)
			continue;
		r = read_object(d, &d->jobs[i], w, e);
		if (r == 0 && restore(d, w, tool))
			r = finish(d, w, e);
		else if (r == 0)
			left[n++] = w;
		else {
		}
		r = go_on(d, &d->jobs[i], r, e);
	}
	return r < 0 ? r : run_bpftool(d, left, n, e);
}

int derive_make(struct derive *d, struct crossbpf_error *e)
{
	cleanup_free struct work *works = calloc(d->n + 1, sizeof(*works));
	cleanup_free struct work **left = calloc(d->n + 1, sizeof(struct work *));
	bool skeletons = false;
	int r = works && left ? 0 : error_no_memory(e);

	settle(d);
	for (size_t i = 0; i < d->n && r == 0; i++) {
		cleanup_work struct work w = {0};
		if (d->jobs[i].derived->kind == DERIVED_SKELETON) {
			skeletons = true;
			continue;
		}
		r = read_object(d, &d->jobs[i], &w, e);
		if (r == 0)
			r = make_text(d, &w, e);
		if (r == 0)
			r = finish(d, &w, e);
		r = go_on(d, &d->jobs[i], r, e);
	}
	if (r == 0 && skeletons)
		r = make_skeletons(d, works, left, e);
	for (size_t i = 0; works && i < d->n; i++)
		work_free(&works[i]);
	return r;
}

void derive_free(struct derive *d)
{
	free(d->jobs);
	free(d->bpftool);
	d->jobs = NULL;
	d->bpftool = NULL;
	d->n = 0;
}
