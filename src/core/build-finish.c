/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "action-key.h"
#include "build-finish.h"
#include "depfile.h"
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

/* What the compiler read: the source first, whose name we know better than the file says it. Before
 * it stand files that options name (-fsanitize-ignorelist). */
static int read_inputs(const struct build_action *a, const struct strbuf *dep,
		       struct strv *ret_inputs)
{
	cleanup_strv struct strv named = {0};
	size_t source = 0;

	int r = depfile_parse(dep->data, dep->len, &named);
	if (r < 0)
		return r;
	if (named.n == 0 || strchr(a->source, '\n'))
		return -EINVAL;
	for (size_t i = 0; i < named.n && !source; i++)
		source = is_source(named.v[i], a->source) ? i : 0;
	strv_add(ret_inputs, a->source);
	for (size_t i = 0; i < named.n; i++)
		if (i != source)
			strv_add(ret_inputs, named.v[i]);
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

/* The dependency file for make. */
static int emit_dep(const struct build *b, const struct build_action *a, const struct strbuf *dep,
		    struct state_output *ret_output, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf text = {0};

	if (!b->remote)
		return emit_file(b->root, a->dep, dep, ret_output, e);
	if (remote_localize(b->remote, dep->data, dep->len, &text) < 0)
		return error_no_memory(e);
	return emit_file(b->root, a->dep, &text, ret_output, e);
}

/* What the key of an action is made of. */
struct closure {
	const struct build *build;
	const struct builder_headers *headers; /* of a builder that is elsewhere, else NULL */
	const char *stamp;
	struct action_file *files;
	struct strv names, asks; /* that the files point to */
	size_t n, room;
};

static void closure_free(struct closure *c)
{
	free(c->files);
	strv_free(&c->names);
	strv_free(&c->asks);
}
#define cleanup_closure CLEANUP(closure_free)

static int add_file(struct closure *c, const char *path, const uint8_t digest[DIGEST_SIZE],
		    const char *asks)
{
	if (c->n == c->room) {
		size_t room = c->room ? 2 * c->room : 64;
		struct action_file *files = realloc(c->files, room * sizeof(*files));
		if (!files)
			return -ENOMEM;
		c->files = files;
		c->room = room;
	}
	strv_add(&c->names, path);
	strv_add(&c->asks, asks ? asks : "");
	if (c->names.error || c->asks.error)
		return -ENOMEM;
	struct action_file *file = &c->files[c->n++];
	file->path = c->names.v[c->names.n - 1];
	file->asks = c->asks.v[c->asks.n - 1];
	memcpy(file->digest, digest, DIGEST_SIZE);
	return 0;
}

static int take_input(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
		      const char *asks)
{
	struct closure *c = ctx;

	return c->stamp && strcmp(path, c->stamp) == 0 ? 0 : add_file(c, path, digest, asks);
}

/* Those that stand behind the stamp. */
static int add_builders(struct closure *c, const struct toolchain *t, const struct strv *read)
{
	uint8_t digest[DIGEST_SIZE];
	int r = 0;

	for (size_t i = 0; i < read->n && r == 0; i++)
		if (toolchain_is_builders(t, read->v[i]))
			r = builder_headers_find(c->headers, read->v[i], digest)
				    ? add_file(c, read->v[i], digest, NULL)
				    : -ENODATA;
	return r;
}

static bool exists(void *ctx, const char *path)
{
	const struct closure *c = ctx;
	struct stat st;

	if (c->headers && toolchain_is_builders(c->build->toolchain, path))
		return builder_headers_find(c->headers, path, NULL);
	cleanup_free char *absolute = io_absolute(c->build->root, path);
	return absolute && stat(absolute, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* No key where something that was read is not known for sure. 0 or -ENOMEM. */
static int find_key(const struct build *b, const struct strv *read, struct build_result *result)
{
	cleanup_free char *stamp = b->remote ? remote_stamp(b->remote) : NULL;
	cleanup_closure struct closure c = {
		.build = b,
		.headers = b->remote ? remote_headers(b->remote) : NULL,
		.stamp = stamp,
	};
	struct action_key_request request = {
		.plan = b->plan,
		.action = result->action,
		.toolchain = b->toolchain,
		.root = b->root,
		.header_dir = b->header_dir,
		.exists = exists,
		.ctx = &c,
	};
	uint8_t key[DIGEST_SIZE];

	if (b->remote && !c.headers)
		return -ENOMEM;
	int r = state_inputs(b->state, result->action->object, take_input, &c);
	if (r == 0 && b->remote)
		r = add_builders(&c, b->toolchain, read);
	request.files = c.files;
	request.n = c.n;
	if (r == 0)
		r = action_key(&request, key);
	if (r == 0)
		digest_hex(key, result->key);
	return r == -ENOMEM ? r : 0;
}

int build_finish(const struct build *b, const struct build_made *made,
		 struct build_result *ret_result, struct crossbpf_error *e)
{
	const struct build_action *a = ret_result->action;
	cleanup_strv struct strv read = {0}, inputs = {0}, lookups = {0};
	struct state_output outputs[2];
	struct emit emit = {
		.root = b->root, .keep_debug = b->plan->keep_debug, .action = a, .inputs = &read};

	int parsed = read_inputs(a, made->dep, &read);
	if (read.n)
		strv_add_all(&inputs, (const char *const *)read.v);
	if (parsed == -ENOMEM || inputs.error || see_inputs(b, &inputs) < 0 ||
	    (b->remote && remote_lookups(b->remote, &read, &lookups) < 0))
		return error_no_memory(e);
	if (parsed < 0)
		emit.inputs = NULL;
	int r = emit_object(&emit, made->object, &outputs[0], &ret_result->uses_arch, e);
	if (r == 0 && a->dep)
		r = emit_dep(b, a, made->dep, &outputs[1], e);
	if (r < 0)
		return r;
	ret_result->done = true;
	ret_result->size = (size_t)outputs[0].st.st_size;
	memcpy(ret_result->digest, outputs[0].digest, DIGEST_SIZE);

	struct state_done done = {
		.began = made->began,
		.duration = ret_result->duration,
		.inputs = &inputs,
		.search = b->remote ? &b->remote->dirs : &b->plan->search,
		.system = b->remote ? NULL : &b->plan->system,
		.lookups = &lookups,
		.outputs = outputs,
		.n_outputs = a->dep ? 2 : 1,
	};
	memcpy(done.command, a->command, DIGEST_SIZE);
	/* Without its inputs it cannot be known to be up to date. */
	if (parsed == 0 && state_record(b->state, &done) < 0)
		return error_no_memory(e);
	if (parsed == 0 && b->keys && find_key(b, &read, ret_result) < 0)
		return error_no_memory(e);
	state_save(b->state, true);
	return 0;
}
