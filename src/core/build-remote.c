/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "build-finish.h"
#include "build-prefix.h"
#include "build-remote.h"
#include "depfile.h"
#include "launcher.h"
#include "remote.h"
#include "shared/io.h"
#include "state.h"

/* What becomes of an action that there is a launcher for. */
struct batch_launch {
	bool launched;
	char *why_not; /* where it is not */
};

/* All actions of one exchange. */
struct batch {
	const struct build *build;
	const struct build_action **actions;
	struct strv *argv;  /* of each, as it is on the host */
	struct strv *sent;  /* and as it is there */
	struct strv *first; /* the same with a precompiled header, or empty */
	struct exchange_action *exchange;
	struct batch_launch *launches;
	size_t n;
	struct build_prefixes prefixes;
	struct build_prefix **kept_of; /* of each that the builder keeps */
	struct exchange_kept *kept;
	size_t n_kept;
	size_t n_ended;                    /* done or failed */
	bool failed;                       /* one of them did */
	bool *begun;                       /* each */
	const struct build_action **again; /* those that are to be run once more */
	size_t n_again;
	bool *distrusts; /* what a precompiled header made: it is to be done without */
};

static void batch_free(struct batch *b)
{
	for (size_t i = 0; b->argv && i < b->n; i++)
		strv_free(&b->argv[i]);
	for (size_t i = 0; b->sent && i < b->n; i++)
		strv_free(&b->sent[i]);
	for (size_t i = 0; b->first && i < b->n; i++)
		strv_free(&b->first[i]);
	build_prefixes_free(&b->prefixes);
	free(b->first);
	free(b->kept_of);
	free(b->kept);
	for (size_t i = 0; b->launches && i < b->n; i++)
		free(b->launches[i].why_not);
	free(b->argv);
	free(b->sent);
	free(b->exchange);
	free(b->launches);
	free(b->begun);
}
#define cleanup_batch CLEANUP(batch_free)

/* Which headers are to be precompiled there. */
static int find_prefixes(struct batch *b)
{
	const struct build *build = b->build;

	if (!build->pch_dir || build->on_read || *b->distrusts)
		return 0;
	int r = build_prefixes_find(build, b->actions, b->n, &b->prefixes);
	if (r < 0)
		return r;
	b->kept = calloc(b->prefixes.n + 1, sizeof(*b->kept));
	b->kept_of = calloc(b->prefixes.n + 1, sizeof(struct build_prefix *));
	if (!b->kept || !b->kept_of)
		return -ENOMEM;
	for (size_t i = 0; i < b->prefixes.n; i++) {
		struct build_prefix *p = b->prefixes.v[i];
		p->state = build_prefix_find(build, p);
		if (p->state == PREFIX_NONE)
			continue;
		b->kept[b->n_kept] = prefix_remote_kept(&p->remote);
		b->kept_of[b->n_kept++] = p;
	}
	return 0;
}

/* *ret_source is which argument the source is. */
static int make_argv(const struct batch *b, size_t i, const struct build_prefix_use *use,
		     struct strv *argv, size_t *ret_source)
{
	const struct build *build = b->build;

	build_plan_argv(b->actions[i], argv);
	*ret_source = argv->n - 1;
	if (use)
		prefix_options(&use->of->remote.prefix, use->source.include.end, argv);
	if (build_colours(build))
		strv_add(argv, "-fcolor-diagnostics");
	strv_add(argv, build->on_read ? "-M" : "-MD");
	strv_add(argv, "-MQ");
	strv_add(argv, b->actions[i]->object);
	return argv->error;
}

/* With a precompiled header, where one is kept. */
static int add_first(struct batch *b, size_t i)
{
	const struct build_prefix_use *use = b->prefixes.uses ? &b->prefixes.uses[i] : NULL;
	struct exchange_action *action = &b->exchange[i];
	cleanup_strv struct strv argv = {0};
	size_t needs = 0, source;

	if (!use || !use->of || use->of->state == PREFIX_NONE)
		return 0;
	while (b->kept_of[needs] != use->of)
		needs++;
	int r = make_argv(b, i, use, &argv, &source);
	if (r == 0)
		r = remote_map_build(b->build->remote, &argv, &b->first[i]);
	if (r == 0) {
		build_prefix_cheapen(b->build, b->actions[i], &b->first[i]);
		r = b->first[i].error;
	}
	action->first = (const char *const *)b->first[i].v;
	action->first_insert = b->first[i].n;
	action->needs = needs;
	return r;
}

/* Clang's command as it is there, or the launcher's where there is one for it. */
static int make_sent(struct batch *b, size_t i, size_t *ret_insert)
{
	const struct build *build = b->build;
	const struct build_action *a = b->actions[i];
	struct batch_launch *launch = &b->launches[i];
	cleanup_strv struct strv command = {0}, there = {0};
	size_t source = 0;

	if (make_argv(b, i, NULL, &b->argv[i], &source) < 0 ||
	    remote_map_build(build->remote, &b->argv[i], &b->sent[i]) < 0)
		return -ENOMEM;
	*ret_insert = b->sent[i].n;
	if (!build->launcher || build->on_read)
		return 0;
	int r = launcher_why_not(build->launcher, build->plan, build->root, a, &launch->why_not);
	if (r < 0 || launch->why_not)
		return r;
	launch->launched = true;
	for (size_t j = 0; j <= source; j++)
		strv_add(&command, b->argv[i].v[j]);
	if (build_colours(build))
		strv_add(&command, "-fcolor-diagnostics");
	if (command.error || remote_map_build(build->remote, &command, &there) < 0)
		return -ENOMEM;
	strv_free(&b->sent[i]);
	b->sent[i] = (struct strv){0};
	return launcher_argv(build->launcher, a, &there, source, &b->sent[i], ret_insert);
}

static int make_batch(struct batch *b)
{
	const struct build *build = b->build;

	b->argv = calloc(b->n, sizeof(*b->argv));
	b->sent = calloc(b->n, sizeof(*b->sent));
	b->first = calloc(b->n, sizeof(*b->first));
	b->exchange = calloc(b->n, sizeof(*b->exchange));
	b->launches = calloc(b->n, sizeof(*b->launches));
	b->begun = calloc(b->n, sizeof(*b->begun));
	if (!b->argv || !b->sent || !b->first || !b->exchange || !b->launches || !b->begun ||
	    find_prefixes(b) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < b->n; i++) {
		size_t insert;
		if (make_sent(b, i, &insert) < 0)
			return -ENOMEM;
		b->exchange[i] = (struct exchange_action){
			.argv = (const char *const *)b->sent[i].v,
			.insert = insert,
			.dir = build->root,
			.outputs = {{"-o", NULL}, {"-MF", NULL}, {NULL, REMOTE_HEADERS_VARIABLE}},
			.n_outputs = 3,
		};
		if (add_first(b, i) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void on_kept(void *ctx, size_t i, bool is_there, const char *text, size_t len)
{
	const struct batch *b = ctx;
	struct build_prefix *p = b->kept_of[i];

	p->state = prefix_remote_end(&p->remote, is_there, text, len, &p->why) == 0 ? PREFIX_READY
										    : PREFIX_NONE;
	/* Where that is not for the lack of it, it is used all the same, and not believed. */
}

static void on_start(void *ctx, size_t i)
{
	const struct batch *b = ctx;

	b->begun[i] = true;
	build_prefix_of(b->build, &b->prefixes, i, b->actions[i]);
	if (b->build->on_start)
		b->build->on_start(b->build->ctx, b->actions[i], &b->argv[i]);
}

/* Borrowed: of the exchange. */
static struct strbuf output_of(const struct exchange_result *from, size_t i)
{
	return (struct strbuf){.data = (char *)from->outputs[i].data, .len = from->outputs[i].len};
}

/* `launched` is the object where that is another than what was sent, or NULL. */
static int finish(const struct build *b, const struct strbuf *dep,
		  const struct exchange_result *from, const struct strbuf *launched,
		  struct build_result *result, struct crossbpf_error *e)
{
	const struct exchange_data *data = from->outputs;
	const struct strbuf object = output_of(from, 0);
	struct build_made made = {
		.object = launched ? launched : &object, .dep = dep, .began = b->remote->looked};

	if (!data[0].len || !data[1].len)
		return error_set(e, -ENOENT, EXIT_STATUS_FAILED, NULL,
				 "the compiler wrote no object for %s", result->action->source);
	return build_finish(b, &made, result, e);
}

/* What a launch came to: *ret_again, it is to be done without the launcher; else ret_object, which
 * is empty, gets the object that was made elsewhere. */
static int end_launch(struct batch *batch, size_t i, const struct exchange_result *from,
		      struct strbuf *ret_object, bool *ret_again, struct crossbpf_error *e)
{
	const struct build *b = batch->build;
	const struct batch_launch *launch = &batch->launches[i];
	const struct build_action *a = batch->actions[i];
	const struct launch_place place = {b->root, b->toolchain->version, remote_is_builders,
					   &b->remote->builder->toolchain};
	const struct strbuf object = output_of(from, 0), dep = output_of(from, 1);
	cleanup_launch_note struct launch_note note = {.end = LAUNCH_PLAIN, .said = ""};
	cleanup_strbuf struct strbuf told = {0};
	int r = 0;

	if (launch->launched) {
		strbuf_add(&told, from->output.data, from->output.len);
		r = told.error ? -ENOMEM : launch_note_read(told.data ? told.data : "", &note);
	} else if (!(note.why = strdup(launch->why_not))) {
		r = -ENOMEM;
	}
	if (r == 0 && note.end == LAUNCH_MISSING)
		return launcher_refuse_missing(b->launcher, a, e);
	if (r == 0 && note.end == LAUNCH_DONE && from->status == 0) {
		r = launcher_take(b->launcher, &place, a, &object, &dep, ret_object, &note);
		*ret_again = r == 0;
	}
	if (r < 0)
		return error_no_memory(e);
	if (b->on_launch && !*ret_again && !(note.end == LAUNCH_FAILED && from->status != 0))
		b->on_launch(b->ctx, a, &note);
	return 0;
}

static int tell_read(const struct build *b, const struct exchange_result *from,
		     const struct build_result *result, struct crossbpf_error *e)
{
	cleanup_strv struct strv read = {0};

	int r = depfile_parse(from->outputs[1].data, from->outputs[1].len, &read);
	if (r == -EINVAL)
		return error_set(e, r, EXIT_STATUS_FAILED, NULL,
				 "the compiler does not say what it reads for %s",
				 result->action->source);
	if (r == 0)
		r = b->on_read(b->ctx, result->action, &read);
	return r < 0 ? error_no_memory(e) : 0;
}

/* The dependency file as it is without a precompiled header. -ESTALE or -EINVAL where what was made
 * with one is not to be believed. */
static int plain_dep(const struct batch *batch, size_t i, const struct strbuf *dep,
		     struct strbuf *ret_dep)
{
	const struct build_prefix_use *use = &batch->prefixes.uses[i];

	if (use->of->state != PREFIX_READY ||
	    !build_prefix_holds(batch->build, use, batch->actions[i]))
		return -ESTALE;
	return build_prefix_dep(batch->build, use, batch->actions[i], dep, ret_dep);
}

static void on_end(void *ctx, size_t i, const struct exchange_result *from)
{
	struct batch *batch = ctx;
	const struct build *b = batch->build;
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strbuf struct strbuf said = {0}, plain = {0}, rule = {0}, launched = {0};
	const struct strbuf dep = output_of(from, 1);
	struct build_result result = {
		.action = batch->actions[i], .status = from->status, .duration = from->duration};
	bool more = false;
	int r = 0;

	/* Did the builder's headers lead past files of the host that it did not have? */
	if (remote_check_list(b->remote, from->outputs[2].data, from->outputs[2].len, &more) < 0)
		r = error_no_memory(&e);
	if (from->first && plain_dep(batch, i, &dep, &rule) < 0)
		more = *batch->distrusts = true;
	if (r == 0 && !more && b->launcher && !b->on_read)
		r = end_launch(batch, i, from, &launched, &more, &e);
	if (more) {
		batch->again[batch->n_again++] = batch->actions[i];
		return;
	}
	strbuf_add(&said, from->error.data, from->error.len);
	result.said = said.data ? said.data : "";
	result.said_len = said.len;
	if (r == 0 && from->status == 0)
		r = b->on_read ? tell_read(b, from, &result, &e)
			       : finish(b, from->first ? &rule : &dep, from,
					launched.len ? &launched : NULL, &result, &e);
	if (build_tell_said(b, &said, &plain, &result) < 0)
		r = error_no_memory(&e);
	batch->n_ended++;
	batch->failed = batch->failed || from->status != 0;
	result.error = r < 0 ? &e : NULL;
	b->on_end(b->ctx, &result);
}

/* One that is to be run again failed: what is behind it was not begun for that alone. */
static void add_left(struct batch *b)
{
	for (size_t i = 0; i < b->n && b->n_again && !b->failed; i++)
		if (!b->begun[i])
			b->again[b->n_again++] = b->actions[i];
}

int build_run_remote(const struct build *b, const struct build_action **actions, size_t n,
		     size_t *ret_left, struct crossbpf_error *e)
{
	cleanup_free const struct build_action **again = calloc(n, sizeof(struct build_action *));
	const char *const env[] = {REMOTE_HEADERS_ENVIRONMENT,
				   b->launcher ? launcher_variable : NULL, NULL};
	bool distrusts = false;
	int r = 0;

	if (!again)
		return error_no_memory(e);
	for (int round = 0; n && r == 0 && round < REMOTE_ROUNDS; round++) {
		cleanup_batch struct batch batch = {.build = b,
						    .actions = actions,
						    .n = n,
						    .again = again,
						    .distrusts = &distrusts};
		if (make_batch(&batch) < 0)
			return error_no_memory(e);
		struct exchange x = {
			.actions = batch.exchange,
			.n = n,
			.kept = batch.kept,
			.n_kept = batch.n_kept,
			.kept_limit = PREFIX_REMOTE_LIMIT,
			.lanes = b->lanes,
			.keep_going = b->keep_going,
			.env = env,
			.ctx = &batch,
			.on_kept = on_kept,
			.on_start = on_start,
			.on_end = on_end,
		};
		r = remote_run(b->remote, &x, e);
		*ret_left -= batch.n_ended;
		add_left(&batch);
		/* `again` never has more than was looked at of `actions`. */
		memcpy(actions, again, batch.n_again * sizeof(struct build_action *));
		n = batch.n_again;
	}
	if (n && r == 0)
		return remote_refuse_rounds(actions[0]->source, e);
	return r == -EINTR ? 0 : r;
}
