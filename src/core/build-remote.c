/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "build-finish.h"
#include "build-remote.h"
#include "depfile.h"
#include "remote.h"
#include "shared/io.h"
#include "state.h"

/* All actions of one exchange. */
struct batch {
	const struct build *build;
	const struct build_action **actions;
	struct strv *argv; /* of each, as it is on the host */
	struct strv *sent; /* and as it is there */
	struct exchange_action *exchange;
	size_t n;
	size_t n_ended;                    /* done or failed */
	bool failed;                       /* one of them did */
	bool *begun;                       /* each */
	const struct build_action **again; /* those that are to be run once more */
	size_t n_again;
};

static void batch_free(struct batch *b)
{
	for (size_t i = 0; b->argv && i < b->n; i++)
		strv_free(&b->argv[i]);
	for (size_t i = 0; b->sent && i < b->n; i++)
		strv_free(&b->sent[i]);
	free(b->argv);
	free(b->sent);
	free(b->exchange);
	free(b->begun);
}
#define cleanup_batch CLEANUP(batch_free)

static int make_batch(struct batch *b)
{
	const struct build *build = b->build;

	b->argv = calloc(b->n, sizeof(*b->argv));
	b->sent = calloc(b->n, sizeof(*b->sent));
	b->exchange = calloc(b->n, sizeof(*b->exchange));
	b->begun = calloc(b->n, sizeof(*b->begun));
	if (!b->argv || !b->sent || !b->exchange || !b->begun)
		return -ENOMEM;
	for (size_t i = 0; i < b->n; i++) {
		struct strv *argv = &b->argv[i];
		build_plan_argv(b->actions[i], argv);
		if (build_colours(build))
			strv_add(argv, "-fcolor-diagnostics");
		strv_add(argv, build->on_read ? "-M" : "-MD");
		strv_add(argv, "-MQ");
		strv_add(argv, b->actions[i]->object);
		if (argv->error || remote_map_build(build->remote, argv, &b->sent[i]) < 0)
			return -ENOMEM;
		b->exchange[i] = (struct exchange_action){
			.argv = (const char *const *)b->sent[i].v,
			.insert = b->sent[i].n,
			.dir = build->root,
			.outputs = {{"-o", NULL}, {"-MF", NULL}, {NULL, REMOTE_HEADERS_VARIABLE}},
			.n_outputs = 3,
		};
	}
	return 0;
}

static void on_start(void *ctx, size_t i)
{
	const struct batch *b = ctx;

	b->begun[i] = true;
	if (b->build->on_start)
		b->build->on_start(b->build->ctx, b->actions[i], &b->argv[i]);
}

static int finish(const struct build *b, int64_t began, const struct exchange_result *from,
		  struct build_result *result, struct crossbpf_error *e)
{
	const struct exchange_data *data = from->outputs;
	/* Borrowed: of the exchange. */
	struct strbuf object = {.data = (char *)data[0].data, .len = data[0].len};
	struct strbuf dep = {.data = (char *)data[1].data, .len = data[1].len};
	struct build_made made = {&object, &dep, began};

	if (!data[0].len || !data[1].len)
		return error_set(e, -ENOENT, EXIT_STATUS_FAILED, NULL,
				 "the compiler wrote no object for %s", result->action->source);
	return build_finish(b, &made, result, e);
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

static void on_end(void *ctx, size_t i, const struct exchange_result *from)
{
	struct batch *batch = ctx;
	const struct build *b = batch->build;
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strbuf struct strbuf said = {0}, plain = {0};
	struct build_result result = {
		.action = batch->actions[i], .status = from->status, .duration = from->duration};
	bool more = false;
	int r = 0;

	/* Did the builder's headers lead past files of the host that it did not have? */
	if (remote_check_list(b->remote, from->outputs[2].data, from->outputs[2].len, &more) < 0)
		r = error_no_memory(&e);
	if (more) {
		batch->again[batch->n_again++] = batch->actions[i];
		return;
	}
	strbuf_add(&said, from->error.data, from->error.len);
	result.said = said.data ? said.data : "";
	result.said_len = said.len;
	if (r == 0 && from->status == 0)
		r = b->on_read ? tell_read(b, from, &result, &e)
			       : finish(b, b->remote->looked, from, &result, &e);
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
	static const char *const env[] = {REMOTE_HEADERS_ENVIRONMENT, NULL};
	int r = 0;

	if (!again)
		return error_no_memory(e);
	for (int round = 0; n && r == 0 && round < REMOTE_ROUNDS; round++) {
		cleanup_batch struct batch batch = {
			.build = b, .actions = actions, .n = n, .again = again};
		if (make_batch(&batch) < 0)
			return error_no_memory(e);
		struct exchange x = {
			.actions = batch.exchange,
			.n = n,
			.lanes = b->lanes,
			.keep_going = b->keep_going,
			.env = env,
			.ctx = &batch,
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
