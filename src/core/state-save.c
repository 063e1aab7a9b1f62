/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "state-sql.h"

enum { MAX_VERSIONS = 8 }; /* of one file, before those of no use are dropped */

static int bind_name(sqlite3_stmt *statement, int i, const char *name)
{
	return state_sqlite->bind_blob(statement, i, name, (int)strlen(name), SQLITE_STATIC) ==
			       SQLITE_OK
		       ? 0
		       : -ENOMEM;
}

/* Runs a statement that gives no row, and makes it ready for the next. */
static int run_once(sqlite3_stmt *statement)
{
	int r = state_sql_step(statement);

	state_sqlite->reset(statement);
	return r < 0 ? r : 0;
}

struct writer {
	struct state_store *store;
	sqlite3_stmt *file, *find_file, *dir, *find_dir, *absent, *find_absent, *action, *lookup;
};

/* The id of what has these keys in the table, or a new one. */
static int find_id(struct writer *w, sqlite3_stmt *find, const char *name, const uint8_t *digest,
		   int64_t *ret_id)
{
	int r = bind_name(find, 1, name);

	if (r == 0 && digest)
		state_sqlite->bind_blob(find, 2, digest, DIGEST_SIZE, SQLITE_STATIC);
	if (r == 0)
		r = state_sql_step(find);
	if (r >= 0)
		*ret_id = r ? state_sqlite->column_int64(find, 0) : ++w->store->last_id;
	state_sqlite->reset(find);
	return r < 0 ? r : 0;
}

static int write_version(struct writer *w, struct state_version *v)
{
	int r = 0;

	if (v->id && !v->dirty)
		return 0;
	if (!v->id)
		r = find_id(w, w->find_file, v->path->path, v->digest, &v->id);
	if (r == 0)
		r = bind_name(w->file, 1, v->path->path);
	if (r < 0)
		return r;
	state_sqlite->bind_blob(w->file, 2, v->digest, DIGEST_SIZE, SQLITE_STATIC);
	state_sqlite->bind_int64(w->file, 3, v->id);
	state_sqlite->bind_blob(w->file, 4, &v->seen, sizeof(v->seen), SQLITE_STATIC);
	if (v->asks)
		state_sqlite->bind_blob(w->file, 5, v->asks, (int)strlen(v->asks), SQLITE_STATIC);
	else
		state_sqlite->bind_null(w->file, 5);
	v->dirty = false;
	return run_once(w->file);
}

static int write_dir(struct writer *w, struct state_dir *dir)
{
	int r = 0;

	if (dir->id && !dir->dirty)
		return 0;
	/* What the other one looked for there may have appeared before we looked. */
	if (!dir->id && w->store->shared)
		dir->seen = (struct fingerprint){.mtime = -2};
	if (!dir->id)
		r = find_id(w, w->find_dir, dir->path, NULL, &dir->id);
	if (r == 0)
		r = bind_name(w->dir, 1, dir->path);
	if (r < 0)
		return r;
	state_sqlite->bind_int64(w->dir, 2, dir->id);
	state_sqlite->bind_blob(w->dir, 3, &dir->seen, sizeof(dir->seen), SQLITE_STATIC);
	dir->dirty = false;
	return run_once(w->dir);
}

static int write_absent(struct writer *w, struct state_absent *absent)
{
	if (absent->id && !absent->dirty)
		return 0;
	int r = write_dir(w, absent->dir);
	if (r == 0 && !absent->id)
		r = find_id(w, w->find_absent, absent->path, NULL, &absent->id);
	if (r == 0)
		r = bind_name(w->absent, 1, absent->path);
	if (r < 0)
		return r;
	state_sqlite->bind_int64(w->absent, 2, absent->id);
	state_sqlite->bind_int64(w->absent, 3, absent->dir->id);
	absent->dirty = false;
	return run_once(w->absent);
}

static void add_id(struct strbuf *ids, int64_t id)
{
	int32_t narrow = (int32_t)id;

	strbuf_add(ids, (const char *)&narrow, sizeof(narrow));
}

static int bind_strbuf(sqlite3_stmt *statement, int i, const struct strbuf *b)
{
	if (b->error)
		return b->error;
	return state_sqlite->bind_blob(statement, i, b->len ? b->data : "", (int)b->len,
				       SQLITE_TRANSIENT) == SQLITE_OK
		       ? 0
		       : -ENOMEM;
}

static uint64_t sum_field(uint64_t sum, const void *data, size_t len)
{
	return state_sql_sum(state_sql_sum(sum, &len, sizeof(len)), data, len);
}

static int write_lookup(struct writer *w, struct state_row *row)
{
	cleanup_strbuf struct strbuf absents = {0};
	int r = 0;

	for (uint32_t i = 0; i < row->absents.n && r == 0; i++) {
		r = write_absent(w, row->absents.v[i]);
		add_id(&absents, row->absents.v[i]->id);
	}
	if (r == 0)
		r = bind_name(w->lookup, 1, row->output);
	if (r == 0)
		r = bind_strbuf(w->lookup, 2, &absents);
	if (r < 0)
		return r;
	uint64_t sum = sum_field(SUM_START, row->output, strlen(row->output));
	sum = sum_field(sum, absents.data, absents.len);
	state_sqlite->bind_int64(w->lookup, 3, (sqlite3_int64)sum);
	return run_once(w->lookup);
}

static int write_row(struct writer *w, struct state_row *row)
{
	cleanup_strbuf struct strbuf inputs = {0}, outputs = {0};
	int r = row->kept ? 0 : write_lookup(w, row);

	for (uint32_t i = 0; i < row->n_inputs && r == 0; i++) {
		r = write_version(w, row->inputs[i]);
		add_id(&inputs, row->inputs[i]->id);
	}
	for (uint32_t i = 0; i < row->n_outputs && r == 0; i++) {
		r = write_version(w, row->outputs[i]);
		add_id(&outputs, row->outputs[i]->id);
	}
	if (r == 0)
		r = bind_name(w->action, 1, row->output);
	if (r == 0)
		r = bind_strbuf(w->action, 3, &inputs);
	if (r == 0)
		r = bind_strbuf(w->action, 4, &outputs);
	if (r < 0)
		return r;
	uint64_t sum = sum_field(SUM_START, row->output, strlen(row->output));
	sum = sum_field(sum, row->command, sizeof(row->command));
	sum = sum_field(sum, inputs.data, inputs.len);
	sum = sum_field(sum, outputs.data, outputs.len);
	sum = sum_field(sum, row->key, row->has_key ? sizeof(row->key) : 0);
	state_sqlite->bind_blob(w->action, 2, row->command, sizeof(row->command), SQLITE_STATIC);
	if (row->has_key)
		state_sqlite->bind_blob(w->action, 5, row->key, sizeof(row->key), SQLITE_STATIC);
	else
		state_sqlite->bind_null(w->action, 5);
	state_sqlite->bind_int64(w->action, 6, row->duration);
	state_sqlite->bind_int64(w->action, 7, (sqlite3_int64)sum);
	row->dirty = false;
	return run_once(w->action);
}

/* Another crossbpf wrote since we loaded: our ids may stand for something else by now. */
static void forget_ids(struct state_store *s)
{
	for (size_t i = 0; i < s->paths.n; i++)
		for (struct state_version *v = ((struct state_path *)s->paths.v[i])->versions; v;
		     v = v->next)
			v->id = 0;
	for (size_t i = 0; i < s->dirs.n; i++)
		((struct state_dir *)s->dirs.v[i])->id = 0;
	for (size_t i = 0; i < s->absents.n; i++)
		((struct state_absent *)s->absents.v[i])->id = 0;
	/* The other one may have done what we only forgot, or have stored what it looked for. */
	for (size_t i = 0; i < s->rows.n; i++) {
		struct state_row *row = s->rows.v[i];
		row->dirty = row->dirty && !row->appeared && !row->kept;
	}
}

static int write_all(struct writer *w)
{
	struct state_store *s = w->store;
	int64_t loaded = s->generation;

	int r = state_store_load_meta(s);
	if (r == 0 && s->generation != loaded) {
		s->shared = true;
		forget_ids(s);
	}
	for (size_t i = 0; i < s->rows.n && r == 0; i++)
		if (((struct state_row *)s->rows.v[i])->dirty)
			r = write_row(w, s->rows.v[i]);
	/* What was only looked at anew: it is in the file, or no action needs it. */
	for (size_t i = 0; i < s->paths.n && r == 0; i++)
		for (struct state_version *v = ((struct state_path *)s->paths.v[i])->versions;
		     v && r == 0; v = v->next)
			if (v->id)
				r = write_version(w, v);
	for (size_t i = 0; i < s->dirs.n && r == 0; i++)
		if (((struct state_dir *)s->dirs.v[i])->id)
			r = write_dir(w, s->dirs.v[i]);
	for (size_t i = 0; i < s->absents.n && r == 0; i++)
		if (((struct state_absent *)s->absents.v[i])->id)
			r = write_absent(w, s->absents.v[i]);
	s->generation++;
	cleanup_free char *meta = str_printf("UPDATE meta SET generation = %lld, last_id = %lld",
					     (long long)s->generation, (long long)s->last_id);
	return r < 0 ? r : meta ? state_sql_execute(s, meta) : -ENOMEM;
}

static bool is_dirty(const struct state_store *s)
{
	for (size_t i = 0; i < s->rows.n; i++)
		if (((struct state_row *)s->rows.v[i])->dirty)
			return true;
	for (size_t i = 0; i < s->paths.n; i++)
		for (struct state_version *v = ((struct state_path *)s->paths.v[i])->versions; v;
		     v = v->next)
			if (v->dirty && v->id)
				return true;
	for (size_t i = 0; i < s->dirs.n; i++) {
		const struct state_dir *dir = s->dirs.v[i];
		if (dir->dirty && dir->id)
			return true;
	}
	for (size_t i = 0; i < s->absents.n; i++) {
		const struct state_absent *absent = s->absents.v[i];
		if (absent->dirty && absent->id)
			return true;
	}
	return false;
}

static int prepare_writer(struct writer *w)
{
	static const char *const sql[] = {
		"INSERT OR REPLACE INTO file VALUES(?, ?, ?, ?, ?)",
		"SELECT id FROM file WHERE path = ? AND digest = ?",
		"INSERT OR REPLACE INTO dir VALUES(?, ?, ?)",
		"SELECT id FROM dir WHERE path = ?",
		"INSERT OR REPLACE INTO absent VALUES(?, ?, ?)",
		"SELECT id FROM absent WHERE path = ?",
		"INSERT OR REPLACE INTO action VALUES(?, ?, ?, ?, ?, ?, ?)",
		"INSERT OR REPLACE INTO lookup VALUES(?, ?, ?)",
	};
	sqlite3_stmt **statements[] = {&w->file,   &w->find_file,   &w->dir,    &w->find_dir,
				       &w->absent, &w->find_absent, &w->action, &w->lookup};
	int r = 0;

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]) && r == 0; i++)
		r = state_sql_prepare(w->store, sql[i], statements[i]);
	return r;
}

static void writer_free(struct writer *w)
{
	sqlite3_stmt *statements[] = {w->file,   w->find_file,   w->dir,    w->find_dir,
				      w->absent, w->find_absent, w->action, w->lookup};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		state_sqlite->finalize(statements[i]);
}

static bool names(const struct state_row *row, const struct state_version *v)
{
	for (uint32_t i = 0; i < row->n_inputs; i++)
		if (row->inputs[i] == v)
			return true;
	for (uint32_t i = 0; i < row->n_outputs; i++)
		if (row->outputs[i] == v)
			return true;
	return false;
}

static bool is_named(const struct state_store *s, const struct state_version *v)
{
	for (size_t i = 0; i < s->rows.n; i++)
		if (names(s->rows.v[i], v))
			return true;
	return false;
}

/* What was built once, under a name that is no more. */
static int drop_gone(struct state_store *s)
{
	cleanup_statement sqlite3_stmt *action = NULL, *lookup = NULL;

	int r = state_sql_prepare(s, "DELETE FROM action WHERE output = ?", &action);
	if (r == 0)
		r = state_sql_prepare(s, "DELETE FROM lookup WHERE output = ?", &lookup);
	for (size_t i = 0; i < s->rows.n && r == 0; i++) {
		const struct state_row *row = s->rows.v[i];
		if (!row->gone)
			continue;
		r = bind_name(action, 1, row->output);
		if (r == 0)
			r = run_once(action);
		if (r == 0)
			r = bind_name(lookup, 1, row->output);
		if (r == 0)
			r = run_once(lookup);
	}
	return r;
}

/* Of a file that was edited often, the versions that no action names any more are of no use. */
static int collect_garbage(struct state_store *s)
{
	cleanup_statement sqlite3_stmt *drop = NULL;
	int r = state_sql_prepare(s, "DELETE FROM file WHERE path = ? AND digest = ?", &drop);

	for (size_t i = 0; i < s->paths.n && r == 0; i++) {
		struct state_path *path = s->paths.v[i];
		size_t n = 0;
		for (struct state_version *v = path->versions; v; v = v->next)
			n++;
		for (struct state_version *v = path->versions; n > MAX_VERSIONS && v && r == 0;
		     v = v->next) {
			if (!v->id || is_named(s, v))
				continue;
			r = bind_name(drop, 1, path->path);
			if (r < 0)
				break;
			state_sqlite->bind_blob(drop, 2, v->digest, DIGEST_SIZE, SQLITE_STATIC);
			r = run_once(drop);
			v->id = 0;
		}
	}
	return r;
}

void state_store_save(struct state_store *s)
{
	struct writer w = {.store = s};

	if ((!s->db && !s->lazy) || !is_dirty(s) || state_store_connect(s) < 0 ||
	    state_sql_execute(s, "BEGIN IMMEDIATE") < 0)
		return;
	int r = prepare_writer(&w);
	if (r == 0)
		r = write_all(&w);
	if (r == 0)
		r = drop_gone(s);
	if (r == 0)
		r = collect_garbage(s);
	writer_free(&w);
	if (r == 0)
		r = state_sql_execute(s, "COMMIT");
	if (r == 0) {
		state_store_save_image(s);
		return;
	}
	/* Nothing of it is stored, and nothing further will be. */
	(void)state_sql_execute(s, "ROLLBACK");
	state_store_close_file(s);
	if (r == -EBADMSG)
		state_store_remove(s->file);
}
