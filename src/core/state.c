/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "asks.h"
#include "lookups.h"
#include "shared/io.h"
#include "state-dirs.h"
#include "state-stat.h"
#include "state-store.h"
#include "state.h"
#include "toolchain.h"

enum { MAX_FILE_SIZE = 1 << 30 };

#define SAVE_INTERVAL INT64_C(5000000000)

struct state {
	struct state_store store;
	pthread_mutex_t lock;
	int root; /* a descriptor */
	uint64_t recordings;
	int64_t opened, saved; /* when; nanoseconds since the epoch */
};

int state_file(const char *cache_dir, const char *id, char **ret_path)
{
	*ret_path = str_printf("%s/state/%s.db", cache_dir, id);
	return *ret_path ? 0 : -ENOMEM;
}

/* Reads a file for its digest and what it asks for. */
static int read_version(struct state *s, struct state_path *path)
{
	/* What the kernel makes up as it is read may have one wait for it. */
	cleanup_close int fd =
		openat(s->root, path->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	cleanup_strbuf struct strbuf content = {0};
	uint8_t digest[DIGEST_SIZE];
	int64_t seen = io_now();
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	path->now = fingerprint_of(&st, seen);
	int r = io_read_fd(fd, MAX_FILE_SIZE, &content);
	if (r < 0)
		return r;
	digest_of(content.data, content.len, digest);

	struct state_version *v = state_store_version(path, digest);
	if (!v)
		return -ENOMEM;
	if (v->dirty && !v->id && !v->asks)
		r = asks_find(content.data, content.len, &v->asks);
	v->seen = path->now;
	v->dirty = true;
	if (path->current != v)
		path->lookups_sum = 0; /* it may ask for other names */
	path->current = v;
	return r;
}

/* Finds out which version of a file is there, once a build. 0, -ENOENT, -EINVAL for no regular
 * file, or another errno where it cannot be read. */
static int look_at(struct state *s, struct state_path *path)
{
	if (path->looked)
		return path->current ? 0 : -ENOENT;
	path->looked = true;
	path->current = NULL;
	int r = state_stat(s->root, path);
	if (r < 0)
		return r;
	for (struct state_version *v = path->versions; v; v = v->next)
		if (fingerprint_is(&v->seen, &path->now) && !fingerprint_is_racy(&v->seen)) {
			path->current = v;
			return 0;
		}
	return read_version(s, path);
}

static bool is_current(struct state *s, struct state_version *v)
{
	return look_at(s, v->path) == 0 && v->path->current == v;
}

/* Without what was looked for, nothing is known to be up to date: a file in which that is damaged
 * is begun anew, and one that another crossbpf wrote meanwhile is read once more. */
static int open_store(struct state *s, const char *file, const char *module_dir)
{
	for (int tries = 0;; tries++) {
		int r = state_store_open(&s->store, tries < 3 ? file : NULL, module_dir);
		if (r == 0)
			r = state_dirs_look(&s->store, s->root);
		if (r == 0)
			return 0;
		state_store_close(&s->store);
		if (r == -ENOMEM)
			return r;
		if (r == -EBADMSG)
			state_store_remove(file);
	}
}

int state_open(const char *file, const char *root, const char *module_dir, struct state **ret_state)
{
	cleanup_free struct state *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;

	s->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root < 0)
		return -errno;
	int r = open_store(s, file, module_dir);
	if (r < 0) {
		close(s->root);
		return r;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->opened = s->saved = io_now();
	*ret_state = TAKE_PTR(s);
	return 0;
}

void state_close(struct state *s)
{
	if (!s)
		return;
	state_store_close(&s->store);
	close(s->root);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static size_t add_paths(struct state_version *const *versions, uint32_t n,
			struct state_path **paths, size_t at)
{
	for (uint32_t i = 0; i < n; i++) {
		struct state_path *path = versions[i]->path;
		if (!path->looked && !path->listed)
			paths[at++] = path;
		path->listed = true;
	}
	return at;
}

void state_look_ahead(struct state *s, const char *const *outputs, size_t n)
{
	cleanup_free struct state_path **paths =
		malloc((s->store.paths.n + 1) * sizeof(struct state_path *));
	size_t listed = 0;

	for (size_t i = 0; paths && i < n; i++) {
		const struct state_row *row = state_store_find_row(&s->store, outputs[i]);
		if (row)
			listed = add_paths(row->inputs, row->n_inputs, paths, listed);
	}
	/* Apart, so that files of one directory stand beside each other. */
	for (size_t i = 0; paths && i < n; i++) {
		const struct state_row *row = state_store_find_row(&s->store, outputs[i]);
		if (row)
			listed = add_paths(row->outputs, row->n_outputs, paths, listed);
	}
	if (paths)
		state_stat_ahead(s->root, paths, listed);
}

static char *why_not_current(const struct state_version *v, const char *what)
{
	return str_printf("%s%s %s", what, v->path->path,
			  v->path->current ? "has changed" : "is gone");
}

/* An input that is not what it was; NULL: none. */
static const struct state_version *find_changed(struct state *s, const struct state_row *row)
{
	for (uint32_t i = 0; i < row->n_inputs; i++)
		if (!is_current(s, row->inputs[i]))
			return row->inputs[i];
	return NULL;
}

/* An input that asks for what cannot be watched. */
static const struct state_version *find_computed(const struct state_row *row)
{
	for (uint32_t i = 0; i < row->n_inputs; i++)
		if (asks_are_computed(row->inputs[i]->asks))
			return row->inputs[i];
	return NULL;
}

bool state_is_fresh(struct state *s, const char *output, const uint8_t command[DIGEST_SIZE],
		    char **ret_why)
{
	struct state_row *row = state_store_find_row(&s->store, output);

	*ret_why = NULL;
	if (row)
		row->used = true;
	if (row && row->appeared) {
		*ret_why = str_printf("%s has appeared where a header is looked for",
				      row->appeared->path);
		return false;
	}
	if (row && !row->n_outputs) {
		*ret_why = strdup("there is no record of it: what it reads had only just changed, "
				  "or changed meanwhile");
		return false;
	}
	if (!row) {
		*ret_why = strdup("there is no record of it");
		return false;
	}
	if (memcmp(row->command, command, DIGEST_SIZE) != 0) {
		*ret_why = strdup("its command or compiler has changed");
		return false;
	}
	const struct state_version *changed = find_changed(s, row);
	if (changed) {
		*ret_why = why_not_current(changed, "");
		return false;
	}
	const struct state_version *computed = find_computed(row);
	if (computed) {
		*ret_why = str_printf("%s asks for a header by a name that is not known",
				      computed->path->path);
		return false;
	}
	for (uint32_t i = 0; i < row->n_outputs; i++)
		if (!is_current(s, row->outputs[i])) {
			*ret_why = why_not_current(row->outputs[i], "its output ");
			return false;
		}
	return true;
}

void state_keep_key(struct state *s, const char *output, const uint8_t key[DIGEST_SIZE])
{
	pthread_mutex_lock(&s->lock);
	struct state_row *row = state_store_find_row(&s->store, output);
	if (row && row->n_outputs) {
		memcpy(row->key, key, DIGEST_SIZE);
		row->has_key = row->dirty = true;
	}
	pthread_mutex_unlock(&s->lock);
}

bool state_wants_outputs(struct state *s, const char *output, const uint8_t command[DIGEST_SIZE],
			 struct state_wanted *ret_wanted)
{
	pthread_mutex_lock(&s->lock);
	const struct state_row *row = state_store_find_row(&s->store, output);
	bool wants = row && row->n_outputs &&
		     row->n_outputs <= sizeof(ret_wanted->digests) / DIGEST_SIZE && row->has_key &&
		     memcmp(row->command, command, DIGEST_SIZE) == 0 && !find_changed(s, row) &&
		     !find_computed(row);
	if (wants) {
		memcpy(ret_wanted->key, row->key, DIGEST_SIZE);
		ret_wanted->n_outputs = row->n_outputs;
		for (uint32_t i = 0; i < row->n_outputs; i++)
			memcpy(ret_wanted->digests[i], row->outputs[i]->digest, DIGEST_SIZE);
	}
	pthread_mutex_unlock(&s->lock);
	return wants;
}

int64_t state_duration(struct state *s, const char *output)
{
	const struct state_row *row = state_store_find_row(&s->store, output);

	return row ? row->duration : 0;
}

void state_settle(const struct state *s)
{
	int64_t left = s->opened + io_tick(1) - io_now();

	/* A clock that was set back is not waited for. */
	if (left > 0 && left <= io_tick(1))
		io_sleep(left);
}

struct recording {
	struct state *state;
	struct state_row *row;
	uint64_t number;
	const struct strv *dirs;
	uint64_t dirs_sum;
	int64_t began;
	const struct state_row *before; /* what the row was */
	const char *moved_path; /* an input, of whose directory fingerprint_moved_at() was asked: */
	int64_t moved;
};

/* Finds the thing for a name under which something was looked for, and whether it is there. */
static struct state_absent *look_for(struct state *s, const char *name)
{
	struct state_absent *absent = state_store_absent(&s->store, name);

	if (!absent)
		return NULL;
	if (!absent->dir)
		absent->dir = state_dir_of(&s->store, s->root, name);
	if (!absent->dir)
		return NULL;
	state_dir_look(s->root, absent->dir); /* before the file, whose appearance changes it */
	if (!absent->looked)
		state_look_for_file(&s->store, s->root, absent);
	return absent;
}

struct collection {
	struct state *state;
	struct state_absents *list;
};

static int collect(void *ctx, const char *name)
{
	struct collection *c = ctx;
	struct state_absent *absent = look_for(c->state, name);

	return absent ? state_absents_add(c->list, absent) : -ENOMEM;
}

/* What is there was not asked for, or it came while the compiler ran, or is there no more: -EAGAIN.
 */
static int add_absents(struct recording *r, const struct state_absents *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		struct state_absent *absent = list->v[i];
		bool was_present = absent->present;
		if (was_present)
			state_look_for_file(&r->state->store, r->state->root, absent);
		if (was_present &&
		    (!absent->present || absent->changed + io_tick(absent->changed) > r->began))
			return -EAGAIN;
		if (was_present || absent->recording == r->number)
			continue;
		absent->recording = r->number;
		if (state_absents_add(&r->row->absents, absent) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Most actions look for their headers in the same directories: for each of these that is worked
 * out once. */
static int find_lookups(struct state *s, struct state_version *v, const struct strv *dirs,
			uint64_t dirs_sum)
{
	struct state_path *path = v->path;
	struct collection c = {s, &path->lookups};

	if (path->lookups_sum == dirs_sum)
		return 0;
	path->lookups.n = 0;
	path->lookups_sum = dirs_sum;
	int r = lookups_of_input(path->path, dirs, collect, &c);
	if (r == 0 && v->asks)
		r = lookups_of_asked(v->asks, dirs, collect, &c);
	return r;
}

/* The version that is there now, whatever was there when this build began: a file that was edited
 * and set back meanwhile must not pass for one that stayed. */
static int look_now(struct state *s, struct state_path *path)
{
	struct stat st;

	if (path->looked && fstatat(s->root, path->path, &st, 0) == 0) {
		struct fingerprint now = fingerprint_of(&st, io_now());
		if (fingerprint_is(&now, &path->now))
			return path->current ? 0 : -ENOENT;
	}
	path->looked = false;
	path->ahead = 0; /* that was before it was read */
	return look_at(s, path);
}

/* What is looked for follows from the command and from what is read: where these are as they were,
 * it is that of the last time, which is stored. Not so what is asked for by __has_include, which
 * may have been there then and be gone now, or is looked for in directories that were not there. */
static bool keeps_lookups(struct recording *r, const struct state_done *done)
{
	const struct state_row *before = r->before;
	struct state_row *row = r->row;

	if (done->dirs_found || asks_are_for_headers(done->asks) || !before->n_outputs ||
	    before->n_inputs != row->n_inputs ||
	    memcmp(before->command, row->command, DIGEST_SIZE) != 0)
		return false;
	for (uint32_t i = 0; i < row->n_inputs; i++)
		if (before->inputs[i] != row->inputs[i] ||
		    asks_are_for_headers(row->inputs[i]->asks))
			return false;
	row->kept = !before->dirty || before->kept;
	return row->kept;
}

/* fingerprint_moved_at(), of which inputs beside each other ask the same. */
static int64_t input_moved_at(struct recording *r, const char *path)
{
	size_t len = (size_t)(io_basename(path) - path);
	const char *other = r->moved_path;

	if (!other || strncmp(other, path, len) != 0 || io_basename(other) != other + len) {
		r->moved = fingerprint_moved_at(r->state->root, path);
		r->moved_path = path;
	}
	return r->moved;
}

static bool is_known(const struct state_done *done, const char *path)
{
	for (size_t i = 0; done->known && i < done->known->n; i++)
		if (toolchain_is_below(path, done->known->v[i]))
			return true;
	return false;
}

/* -EAGAIN where what was read may not be what is there now, or not all is seen of what was asked
 * for.
 */
static int add_inputs(struct recording *r, const struct state_done *done)
{
	struct state_row *row = r->row;
	struct asks_sum asks = {0};

	asks_sum_add(&asks, done->asks, false);
	row->inputs = calloc(done->inputs->n + 1, sizeof(struct state_version *));
	if (!row->inputs)
		return -ENOMEM;
	for (size_t i = 0; i < done->inputs->n; i++) {
		struct state_path *path = state_store_path(&r->state->store, done->inputs->v[i]);
		if (!path)
			return -ENOMEM;
		int looked = look_now(r->state, path);
		if (looked == -ENOMEM)
			return looked;
		int64_t changed = fingerprint_changed(&path->now);
		bool is_another = done->looked && path->now.seen > done->looked;
		if (looked < 0 || is_another || changed + io_tick(changed) > done->began ||
		    input_moved_at(r, path->path) + io_tick(1) > done->began)
			return -EAGAIN;
		row->inputs[row->n_inputs++] = path->current;
	}
	if (keeps_lookups(r, done))
		return 0;
	for (uint32_t i = 0; i < row->n_inputs; i++) {
		struct state_version *v = row->inputs[i];
		int found = find_lookups(r->state, v, r->dirs, r->dirs_sum);
		if (found == 0)
			found = add_absents(r, &v->path->lookups);
		if (found < 0)
			return found;
		if (is_known(done, v->path->path))
			asks_sum_add_known(&asks, v->asks);
		else
			asks_sum_add(&asks, v->asks, false);
	}
	return asks_sum_hides_names(&asks) || asks_are_computed(done->asks) ? -EAGAIN : 0;
}

static int look_for_all(struct state *s, const struct state_done *done, const struct strv *dirs,
			struct state_absents *ret_found)
{
	struct collection c = {s, ret_found};
	int error = 0;

	for (size_t i = 0; done->lookups && i < done->lookups->n && error == 0; i++)
		error = collect(&c, done->lookups->v[i]);
	return error < 0 ? error : lookups_of_asked(done->asks, dirs, collect, &c);
}

/* Those of files that are not here. */
static int add_further_lookups(struct recording *r, const struct state_done *done)
{
	struct state_absents found = {0};

	int error = look_for_all(r->state, done, r->dirs, &found);
	if (error == 0)
		error = add_absents(r, &found);
	free(found.v);
	return error;
}

static void set_written(struct state_version *v, const struct state_output *output)
{
	struct state_path *path = v->path;

	v->seen = path->now = fingerprint_of(&output->st, io_now());
	/* It may have been written again in that tick. */
	v->seen.seen = fingerprint_changed(&v->seen);
	v->dirty = path->looked = true;
	path->current = v;
}

void state_restored(struct state *s, const struct state_output *outputs, size_t n)
{
	pthread_mutex_lock(&s->lock);
	const struct state_row *row = state_store_find_row(&s->store, outputs[0].path);
	for (size_t i = 0; row && i < n && i < row->n_outputs; i++)
		if (memcmp(row->outputs[i]->digest, outputs[i].digest, DIGEST_SIZE) == 0)
			set_written(row->outputs[i], &outputs[i]);
	pthread_mutex_unlock(&s->lock);
}

static int add_outputs(struct recording *r, const struct state_done *done)
{
	struct state_row *row = r->row;

	row->outputs = calloc(done->n_outputs, sizeof(struct state_version *));
	if (!row->outputs)
		return -ENOMEM;
	for (size_t i = 0; i < done->n_outputs; i++) {
		const struct state_output *output = &done->outputs[i];
		struct state_path *path = state_store_path(&r->state->store, output->path);
		struct state_version *v = path ? state_store_version(path, output->digest) : NULL;
		if (!v)
			return -ENOMEM;
		set_written(v, output);
		row->outputs[row->n_outputs++] = v;
	}
	return 0;
}

/* Tells lists of directories apart; never 0. */
static uint64_t sum_of(const struct strv *dirs)
{
	uint8_t digest[DIGEST_SIZE];
	struct digest d;
	uint64_t sum;

	digest_init(&d);
	for (size_t i = 0; i < dirs->n; i++)
		digest_string(&d, dirs->v[i]);
	digest_finish_bytes(&d, digest);
	memcpy(&sum, digest, sizeof(sum));
	return sum | 1;
}

int state_record(struct state *s, const struct state_done *done)
{
	cleanup_strv struct strv dirs = {0};

	int r = lookups_dirs(done->inputs, done->search, done->system, &dirs);
	if (r < 0)
		return r;
	pthread_mutex_lock(&s->lock);
	struct state_row *row = state_store_row(&s->store, done->outputs[0].path);
	if (!row) {
		r = -ENOMEM;
	} else {
		struct state_row before;
		struct recording recording = {s,       row,           ++s->recordings,
					      &dirs,   sum_of(&dirs), done->began,
					      &before, NULL,          0};
		state_row_take(row, &before);
		row->used = true;
		memcpy(row->command, done->command, DIGEST_SIZE);
		row->duration = done->duration;
		row->dirty = true;
		r = add_inputs(&recording, done);
		if (r == 0 && !row->kept)
			r = add_further_lookups(&recording, done);
		if (r == 0)
			r = add_outputs(&recording, done);
		if (r < 0)
			state_row_clear(row); /* without outputs it is never fresh */
		state_row_clear(&before);
	}
	pthread_mutex_unlock(&s->lock);
	return r == -EAGAIN ? 0 : r;
}

struct looking {
	struct state *state;
	const struct strv *dirs;
	uint64_t dirs_sum;
	int (*input)(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
		     const char *asks);
	int (*present)(void *ctx, const char *path);
	void *ctx;
};

static int tell_present(const struct looking *l, const struct state_absents *found)
{
	int r = 0;

	for (uint32_t i = 0; i < found->n && r == 0; i++)
		if (found->v[i]->present)
			r = l->present(l->ctx, found->v[i]->path);
	return r;
}

static int tell_input(const struct looking *l, const char *name)
{
	struct state_path *path = state_store_path(&l->state->store, name);

	if (!path)
		return -ENOMEM;
	int r = look_at(l->state, path);
	if (r < 0)
		return r == -ENOMEM ? r : -ENOENT;
	r = l->input(l->ctx, name, path->current->digest, path->current->asks);
	if (r == 0)
		r = find_lookups(l->state, path->current, l->dirs, l->dirs_sum);
	return r < 0 ? r : tell_present(l, &path->lookups);
}

int state_look(struct state *s, const struct state_done *action,
	       int (*input)(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
			    const char *asks),
	       int (*present)(void *ctx, const char *path), void *ctx, int64_t *ret_looked)
{
	cleanup_strv struct strv dirs = {0};
	struct state_absents further = {0};

	int r = lookups_dirs(action->inputs, action->search, action->system, &dirs);
	if (r < 0)
		return r;
	pthread_mutex_lock(&s->lock);
	struct looking l = {s, &dirs, sum_of(&dirs), input, present, ctx};
	for (size_t i = 0; i < action->inputs->n && r == 0; i++)
		r = tell_input(&l, action->inputs->v[i]);
	if (r == 0)
		r = look_for_all(s, action, &dirs, &further);
	if (r == 0)
		r = tell_present(&l, &further);
	if (ret_looked)
		*ret_looked = io_now();
	pthread_mutex_unlock(&s->lock);
	free(further.v);
	return r;
}

int state_inputs(struct state *s, const char *output,
		 int (*each)(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
			     const char *asks),
		 void *ctx)
{
	pthread_mutex_lock(&s->lock);
	const struct state_row *row = state_store_find_row(&s->store, output);
	int r = row && row->n_outputs ? 0 : -ENOENT;
	for (uint32_t i = 0; r == 0 && i < row->n_inputs; i++) {
		const struct state_version *v = row->inputs[i];
		r = each(ctx, v->path->path, v->digest, v->asks);
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}

/* What no build has asked for lately, and is not there. */
static void mark_gone(struct state *s)
{
	for (size_t i = 0; i < s->store.rows.n; i++) {
		struct state_row *row = s->store.rows.v[i];
		struct stat st;
		row->gone = !row->used &&
			    fstatat(s->root, row->output, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
			    errno == ENOENT;
	}
}

void state_save(struct state *s, bool soon)
{
	pthread_mutex_lock(&s->lock);
	if (!soon || io_now() - s->saved > SAVE_INTERVAL) {
		if (s->recordings)
			mark_gone(s);
		state_store_save(&s->store);
		s->saved = io_now();
	}
	pthread_mutex_unlock(&s->lock);
}
