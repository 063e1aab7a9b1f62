/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"
#include "shared/io.h"
#include "state-image.h"
#include "state-sql.h"

/* In PRAGMA user_version. Another one, older or newer, is another release's: begun anew. */
enum { FORMAT = 4 };

enum {
	BUSY_TIMEOUT_MS = 10000,
	MAX_ID = 1 << 26, /* a larger one is damage */
};

/* Ids are stored as they lie in memory: a state file does not travel between machines. */
static const char schema[] =
	"CREATE TABLE file(path BLOB, digest BLOB, id INTEGER, seen BLOB, asks BLOB,"
	" PRIMARY KEY(path, digest)) WITHOUT ROWID;"
	"CREATE TABLE dir(path BLOB PRIMARY KEY, id INTEGER, seen BLOB) WITHOUT ROWID;"
	"CREATE TABLE absent(path BLOB PRIMARY KEY, id INTEGER, dir INTEGER) WITHOUT ROWID;"
	"CREATE TABLE action(output BLOB PRIMARY KEY, command BLOB, inputs BLOB, outputs BLOB,"
	" key BLOB, duration INTEGER, sum INTEGER) WITHOUT ROWID;"
	/* Apart, for it is large, and of use only where a directory has changed. */
	"CREATE TABLE lookup(output BLOB PRIMARY KEY, absents BLOB, sum INTEGER) WITHOUT ROWID;"
	"CREATE TABLE meta(generation INTEGER, last_id INTEGER);"
	"INSERT INTO meta VALUES(0, 0);";

/* Things by their ids, while ids are read. */
struct id_table {
	void **v;
	size_t n;
};

struct id_tables {
	struct id_table versions, dirs, absents;
};

static void id_tables_free(struct id_tables *t)
{
	free(t->versions.v);
	free(t->dirs.v);
	free(t->absents.v);
}

static int id_table_set(struct id_table *t, int64_t id, int64_t last_id, void *thing)
{
	if (id <= 0 || id > last_id || ((size_t)id < t->n && t->v[id]))
		return -EBADMSG;
	if ((size_t)id >= t->n) {
		size_t n = (size_t)id + 1024;
		void **v = realloc(t->v, n * sizeof(*v));
		if (!v)
			return -ENOMEM;
		memset(v + t->n, 0, (n - t->n) * sizeof(*v));
		t->v = v;
		t->n = n;
	}
	t->v[id] = thing;
	return 0;
}

static void *id_table_get(const struct id_table *t, int64_t id)
{
	return id > 0 && (size_t)id < t->n ? t->v[id] : NULL;
}

static const char *column_bytes(sqlite3_stmt *row, int i, size_t *ret_len)
{
	const char *data = state_sqlite->column_blob(row, i);

	*ret_len = (size_t)state_sqlite->column_bytes(row, i);
	return data ? data : "";
}

/* Copies a column of a fixed size. */
static int column_fixed(sqlite3_stmt *row, int i, void *ret_data, size_t size)
{
	size_t len;
	const char *data = column_bytes(row, i, &len);

	if (len != size)
		return -EBADMSG;
	memcpy(ret_data, data, size);
	return 0;
}

/* Numbers of things in a column, as pointers to them. */
static int column_ids(sqlite3_stmt *row, int i, const struct id_table *ids, void ***ret_things,
		      uint32_t *ret_n)
{
	size_t len, n;
	const char *data = column_bytes(row, i, &len);

	n = len / sizeof(int32_t);
	void **things = malloc((n + 1) * sizeof(*things));
	if (!things)
		return -ENOMEM;
	for (size_t j = 0; j < n; j++) {
		int32_t id;
		memcpy(&id, data + j * sizeof(id), sizeof(id));
		things[j] = id_table_get(ids, id);
		if (!things[j]) {
			free(things);
			return -EBADMSG;
		}
	}
	*ret_things = things;
	*ret_n = (uint32_t)n;
	return 0;
}

/* FNV-1a over words: strong enough for bits that flip. */
uint64_t state_sql_sum(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *at = data;

	for (; len >= 8; at += 8, len -= 8) {
		uint64_t word;
		memcpy(&word, at, 8);
		sum = (sum ^ word) * UINT64_C(0x100000001b3);
		sum ^= sum >> 29;
	}
	for (; len; at++, len--)
		sum = (sum ^ *at) * UINT64_C(0x100000001b3);
	return sum;
}

static int error_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return 0;
	case SQLITE_ROW:
		return 1;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* a table that is not there */
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

int state_sql_prepare(struct state_store *s, const char *sql, sqlite3_stmt **ret)
{
	return error_of(state_sqlite->prepare_v2(s->db, sql, -1, ret, NULL));
}

int state_sql_step(sqlite3_stmt *statement)
{
	return error_of(state_sqlite->step(statement));
}

int state_sql_execute(struct state_store *s, const char *sql)
{
	return error_of(state_sqlite->exec(s->db, sql, NULL, NULL, NULL));
}

int state_store_load_meta(struct state_store *s)
{
	cleanup_statement sqlite3_stmt *row = NULL;

	int r = state_sql_prepare(s, "SELECT generation, last_id FROM meta", &row);
	if (r == 0)
		r = (r = state_sql_step(row)) == 1 ? 0 : r < 0 ? r : -EBADMSG;
	if (r < 0)
		return r;
	s->generation = state_sqlite->column_int64(row, 0);
	s->last_id = state_sqlite->column_int64(row, 1);
	return s->last_id >= 0 && s->last_id < MAX_ID && s->generation >= 0 &&
			       s->generation < INT64_MAX / 2
		       ? 0
		       : -EBADMSG;
}

static int load_version(struct state_store *s, sqlite3_stmt *row, struct id_tables *ids)
{
	uint8_t digest[DIGEST_SIZE];
	size_t len;
	const char *name = column_bytes(row, 0, &len);
	struct state_path *path = s->paths.n ? s->paths.v[s->paths.n - 1] : NULL;

	/* They come in the order of their paths. */
	if (!path || strlen(path->path) != len || memcmp(path->path, name, len) != 0)
		path = state_list_add(&s->paths, name, len, sizeof(*path));
	if (!path)
		return -ENOMEM;
	int r = column_fixed(row, 1, digest, sizeof(digest));
	struct state_version *v = r < 0 ? NULL : state_store_version(path, digest);
	if (!v)
		return r < 0 ? r : -ENOMEM;
	v->dirty = false;
	v->id = state_sqlite->column_int64(row, 2);
	r = column_fixed(row, 3, &v->seen, sizeof(v->seen));
	if (r == 0 && state_sqlite->column_type(row, 4) != SQLITE_NULL) {
		const char *asks = column_bytes(row, 4, &len);
		v->asks = strndup(asks, len);
		r = v->asks ? 0 : -ENOMEM;
	}
	return r < 0 ? r : id_table_set(&ids->versions, v->id, s->last_id, v);
}

static int load_dir(struct state_store *s, sqlite3_stmt *row, struct id_tables *ids)
{
	size_t len;
	const char *name = column_bytes(row, 0, &len);
	struct state_dir *dir = state_list_add(&s->dirs, name, len, sizeof(*dir));

	if (!dir)
		return -ENOMEM;
	dir->id = state_sqlite->column_int64(row, 1);
	int r = column_fixed(row, 2, &dir->seen, sizeof(dir->seen));
	return r < 0 ? r : id_table_set(&ids->dirs, dir->id, s->last_id, dir);
}

static int load_absent(struct state_store *s, sqlite3_stmt *row, struct id_tables *ids)
{
	size_t len;
	const char *name = column_bytes(row, 0, &len);
	struct state_absent *absent = state_list_add(&s->absents, name, len, sizeof(*absent));

	if (!absent)
		return -ENOMEM;
	absent->id = state_sqlite->column_int64(row, 1);
	absent->dir = id_table_get(&ids->dirs, state_sqlite->column_int64(row, 2));
	return absent->dir ? id_table_set(&ids->absents, absent->id, s->last_id, absent) : -EBADMSG;
}

static uint64_t sum_columns(sqlite3_stmt *row, int n)
{
	uint64_t sum = SUM_START;

	for (int i = 0; i < n; i++) {
		size_t len;
		const char *data = column_bytes(row, i, &len);
		sum = state_sql_sum(state_sql_sum(sum, &len, sizeof(len)), data, len);
	}
	return sum;
}

static int load_row(struct state_store *s, sqlite3_stmt *row, struct id_tables *ids)
{
	size_t len;
	const char *name = column_bytes(row, 0, &len);

	if ((uint64_t)state_sqlite->column_int64(row, 6) != sum_columns(row, 5))
		return -EBADMSG;
	struct state_row *action = state_list_add(&s->rows, name, len, sizeof(*action));
	if (!action)
		return -ENOMEM;
	action->duration = state_sqlite->column_int64(row, 5);
	action->has_key = state_sqlite->column_type(row, 4) != SQLITE_NULL;
	int r = column_fixed(row, 1, action->command, sizeof(action->command));
	if (r == 0 && action->has_key)
		r = column_fixed(row, 4, action->key, sizeof(action->key));
	if (r == 0)
		r = column_ids(row, 2, &ids->versions, (void ***)&action->inputs,
			       &action->n_inputs);
	if (r == 0)
		r = column_ids(row, 3, &ids->versions, (void ***)&action->outputs,
			       &action->n_outputs);
	return r;
}

static int load_lookup(struct state_store *s, sqlite3_stmt *row, struct id_tables *ids)
{
	size_t len;
	const char *name = column_bytes(row, 0, &len);
	cleanup_free char *output = strndup(name, len);

	if ((uint64_t)state_sqlite->column_int64(row, 2) != sum_columns(row, 2))
		return -EBADMSG;
	struct state_row *action = output ? state_list_find(&s->rows, output) : NULL;
	if (!action) /* without its action it is of no use */
		return output ? 0 : -ENOMEM;
	if (action->has_lookup)
		return -EBADMSG;
	int r = column_ids(row, 1, &ids->absents, (void ***)&action->absents.v, &action->absents.n);
	action->has_lookup = true;
	action->absents.room = action->absents.n;
	return r;
}

static int load_table(struct state_store *s, const char *sql,
		      int (*load)(struct state_store *, sqlite3_stmt *, struct id_tables *),
		      struct id_tables *ids)
{
	cleanup_statement sqlite3_stmt *row = NULL;
	int r = state_sql_prepare(s, sql, &row);

	while (r == 0) {
		int more = state_sql_step(row);
		if (more <= 0)
			return more;
		r = load(s, row, ids);
	}
	return r;
}

static int load(struct state_store *s)
{
	struct id_tables ids = {0};

	int r = state_store_load_meta(s);
	if (r == 0)
		r = load_table(s, "SELECT path, digest, id, seen, asks FROM file ORDER BY path",
			       load_version, &ids);
	if (r == 0)
		r = load_table(s, "SELECT path, id, seen FROM dir ORDER BY path", load_dir, &ids);
	if (r == 0)
		r = load_table(s,
			       "SELECT output, command, inputs, outputs, key, duration, sum FROM"
			       " action ORDER BY output",
			       load_row, &ids);
	s->paths.sorted = s->paths.n;
	s->dirs.sorted = s->dirs.n;
	s->rows.sorted = s->rows.n;
	id_tables_free(&ids);
	return r;
}

static int load_lookups(struct state_store *s)
{
	int64_t generation = s->generation;
	struct id_tables ids = {0};
	int r = 0;

	for (size_t i = 0; i < s->dirs.n && r == 0; i++) {
		struct state_dir *dir = s->dirs.v[i];
		r = id_table_set(&ids.dirs, dir->id, s->last_id, dir);
	}
	if (r == 0)
		r = state_store_load_meta(s);
	if (r == 0 && s->generation != generation)
		r = -EAGAIN; /* another crossbpf wrote meanwhile */
	if (r == 0)
		r = load_table(s, "SELECT path, id, dir FROM absent", load_absent, &ids);
	if (r == 0)
		r = load_table(s, "SELECT output, absents, sum FROM lookup", load_lookup, &ids);
	for (size_t i = 0; i < s->rows.n && r == 0; i++)
		if (!((struct state_row *)s->rows.v[i])->has_lookup)
			r = -EBADMSG;
	id_tables_free(&ids);
	return r;
}

int state_store_load_lookups(struct state_store *s)
{
	int r = state_store_connect(s);
	if (r < 0 || !s->db)
		return r;
	r = state_sql_execute(s, "BEGIN");
	if (r == 0)
		r = load_lookups(s);
	(void)state_sql_execute(s, "COMMIT");
	return r;
}

static int read_format(struct state_store *s, int *ret_format)
{
	cleanup_statement sqlite3_stmt *row = NULL;

	int r = state_sql_prepare(s, "PRAGMA user_version", &row);
	if (r == 0)
		r = (r = state_sql_step(row)) == 1 ? 0 : r < 0 ? r : -EBADMSG;
	if (r == 0)
		*ret_format = state_sqlite->column_int(row, 0);
	return r;
}

static int make_schema(struct state_store *s)
{
	cleanup_free char *sql = str_printf("%s PRAGMA user_version = %d;", schema, FORMAT);

	if (!sql)
		return -ENOMEM;
	int r = state_sql_execute(s, "BEGIN IMMEDIATE");
	int format = 0;
	if (r == 0) /* another crossbpf may have come first */
		r = read_format(s, &format);
	if (r == 0 && format == 0)
		r = state_sql_execute(s, sql);
	if (r == 0)
		return state_sql_execute(s, "COMMIT");
	(void)state_sql_execute(s, "ROLLBACK");
	return r;
}

const struct sqlite_module *state_sqlite;

static int load_sqlite(const char *dir)
{
	cleanup_error struct crossbpf_error e = {0};
	static void *handle;

	if (!state_sqlite)
		state_sqlite = plugin_load_module(dir, "sqlite.so", "crossbpf_sqlite_init",
						  sizeof(*state_sqlite), "the module of states",
						  &handle, &e);
	return state_sqlite ? 0 : -EIO;
}

static int open_database(struct state_store *s, const char *file)
{
	int loaded = load_sqlite(s->module_dir);

	if (loaded < 0)
		return loaded;
	/* One thread at a time: state.c has a lock. */
	int r = state_sqlite->open_v2(
		file, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		NULL);
	if (r == SQLITE_NOMEM)
		return -ENOMEM;
	if (r != SQLITE_OK)
		return -EIO;
	state_sqlite->busy_timeout(s->db, BUSY_TIMEOUT_MS);
	return state_sql_execute(s, "PRAGMA locking_mode = NORMAL");
}

/* -EBADMSG: this file is of no use. */
static int open_file(struct state_store *s, const char *file)
{
	struct state_image_key key;
	bool has_key = false;
	int format = 0;

	int r = open_database(s, file);
	if (r < 0)
		return r;
	r = state_sql_execute(s, "BEGIN");
	if (r == 0)
		r = read_format(s, &format);
	if (r == 0 && format == FORMAT) {
		r = load(s);
		has_key = r == 0 && state_image_key_of(file, &key) == 0;
	}
	(void)state_sql_execute(s, "COMMIT");
	if (has_key)
		state_image_write(s, file, &key);
	if (r == 0 && format == 0)
		r = make_schema(s);
	else if (r == 0 && format != FORMAT)
		r = -EBADMSG;
	return r;
}

int state_store_connect(struct state_store *s)
{
	int format = 0;

	if (!s->lazy)
		return 0;
	s->lazy = false;
	int r = open_database(s, s->file);
	if (r == 0)
		r = read_format(s, &format);
	/* It was removed meanwhile, or is another release's now. */
	if (r == 0 && format != FORMAT)
		r = -EAGAIN;
	if (r < 0)
		state_store_close_file(s);
	return r;
}

void state_store_save_image(struct state_store *s)
{
	struct state_image_key key;
	int64_t generation = s->generation, last_id = s->last_id;

	/* What others wrote is not all in memory. Nobody writes while this reads. */
	if (s->shared || state_sql_execute(s, "BEGIN") < 0)
		return;
	bool is_ours = state_store_load_meta(s) == 0 && s->generation == generation &&
		       s->last_id == last_id && state_image_key_of(s->file, &key) == 0;
	(void)state_sql_execute(s, "COMMIT");
	s->generation = generation;
	s->last_id = last_id;
	if (is_ours)
		state_image_write(s, s->file, &key);
}

void state_store_close_file(struct state_store *s)
{
	if (s->db)
		state_sqlite->close(s->db);
	s->db = NULL;
}

/* A file that holds nothing any more, with what SQLite keeps beside it. */
void state_store_remove(const char *file)
{
	static const char *const endings[] = {"", "-journal", "-wal", "-shm", STATE_IMAGE_ENDING};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		cleanup_free char *path = str_printf("%s%s", file, endings[i]);
		if (path)
			unlink(path);
	}
}

int state_store_open(struct state_store *s, const char *file, const char *module_dir)
{
	*s = (struct state_store){.module_dir = module_dir};
	if (!file)
		return 0;
	s->file = strdup(file);
	if (!s->file)
		return -ENOMEM;
	int r = state_image_read(s, file);
	s->lazy = r == 0;
	if (r != -ENOENT)
		return r;
	if (io_make_parents(file, 0700) < 0)
		return 0;
	r = open_file(s, file);
	if (r == -EBADMSG) {
		state_store_close_file(s);
		state_store_clear(s);
		state_store_remove(file);
		r = open_file(s, file);
	}
	if (r == 0)
		return 0;
	state_store_close_file(s);
	state_store_clear(s);
	return r == -ENOMEM ? r : 0;
}

void state_store_close(struct state_store *s)
{
	state_store_close_file(s);
	state_store_clear(s);
	free(s->file);
	s->file = NULL;
}
