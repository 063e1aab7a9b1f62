/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <search.h>
#include <string.h>
#include <unistd.h>

#include "shared/io.h"
#include "state-store.h"

/* In PRAGMA user_version. Another one, older or newer, is another release's: begun anew. */
enum { FORMAT = 1 };

enum {
	BUSY_TIMEOUT_MS = 10000,
	MAX_VERSIONS = 8, /* of one file, before those of no use are dropped */
};

/* Ids are stored as they lie in memory: a state file does not travel between machines. */
static const char schema[] =
	"CREATE TABLE file(path BLOB, digest BLOB, id INTEGER, seen BLOB, asks BLOB,"
	" PRIMARY KEY(path, digest)) WITHOUT ROWID;"
	"CREATE TABLE dir(path BLOB PRIMARY KEY, id INTEGER, seen BLOB) WITHOUT ROWID;"
	"CREATE TABLE absent(path BLOB PRIMARY KEY, id INTEGER, dir INTEGER) WITHOUT ROWID;"
	"CREATE TABLE action(output BLOB PRIMARY KEY, command BLOB, inputs BLOB, outputs BLOB,"
	" duration INTEGER, sum INTEGER) WITHOUT ROWID;"
	/* Apart, for it is large, and of use only where a directory has changed. */
	"CREATE TABLE lookup(output BLOB PRIMARY KEY, absents BLOB, sum INTEGER) WITHOUT ROWID;"
	"CREATE TABLE meta(generation INTEGER, last_id INTEGER);"
	"INSERT INTO meta VALUES(0, 0);";

/* What is in the lists begins with its name. */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_to_listed(const void *name, const void *listed)
{
	return strcmp(name, **(char **const *)listed);
}

/* What was loaded came in order; the index is of what was added since, and made when something is
 * first looked for. */
static void *list_find(struct state_list *list, const char *name)
{
	void **found = list->sorted ? bsearch(name, list->v, list->sorted, sizeof(*list->v),
					      compare_to_listed)
				    : NULL;

	if (found)
		return *found;
	if (list->indexed < list->sorted)
		list->indexed = list->sorted;
	for (; list->indexed < list->n; list->indexed++)
		if (!tsearch(list->v[list->indexed], &list->index, compare_names))
			break;
	found = tfind(&name, &list->index, compare_names);
	return found ? *found : NULL;
}

/* Makes room, and a thing of `size` bytes with this name. */
static void *list_add(struct state_list *list, const char *name, size_t len, size_t size)
{
	cleanup_free char *copy = strndup(name, len);
	cleanup_free void *thing = calloc(1, size);

	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 256;
		void **v = realloc(list->v, room * sizeof(*v));
		if (!v)
			return NULL;
		list->v = v;
		list->room = room;
	}
	if (!copy || !thing)
		return NULL;
	memcpy(thing, &copy, sizeof(copy));
	copy = NULL;
	return list->v[list->n++] = TAKE_PTR(thing);
}

static void *list_get(struct state_list *list, const char *name, size_t size)
{
	void *thing = list_find(list, name);

	return thing ? thing : list_add(list, name, strlen(name), size);
}

struct state_path *state_store_path(struct state_store *s, const char *path)
{
	return list_get(&s->paths, path, sizeof(struct state_path));
}

struct state_dir *state_store_dir(struct state_store *s, const char *path)
{
	struct state_dir *dir = list_find(&s->dirs, path);

	if (!dir && (dir = list_add(&s->dirs, path, strlen(path), sizeof(*dir))))
		dir->dirty = true;
	return dir;
}

struct state_absent *state_store_absent(struct state_store *s, const char *path)
{
	return list_get(&s->absents, path, sizeof(struct state_absent));
}

struct state_row *state_store_row(struct state_store *s, const char *output)
{
	return list_get(&s->rows, output, sizeof(struct state_row));
}

struct state_row *state_store_find_row(struct state_store *s, const char *output)
{
	return list_find(&s->rows, output);
}

struct state_version *state_store_version(struct state_path *path,
					  const uint8_t digest[DIGEST_SIZE])
{
	struct state_version *v;

	for (v = path->versions; v; v = v->next)
		if (memcmp(v->digest, digest, DIGEST_SIZE) == 0)
			return v;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	memcpy(v->digest, digest, DIGEST_SIZE);
	v->path = path;
	v->next = path->versions;
	v->dirty = true;
	return path->versions = v;
}

void state_row_clear(struct state_row *row)
{
	free(row->inputs);
	free(row->outputs);
	free(row->absents.v);
	row->inputs = row->outputs = NULL;
	row->absents = (struct state_absents){0};
	row->appeared = NULL;
	row->n_inputs = row->n_outputs = 0;
}

int state_absents_add(struct state_absents *list, struct state_absent *absent)
{
	if (list->n == list->room) {
		uint32_t room = list->room ? 2 * list->room : 16;
		void *v = realloc(list->v, room * sizeof(*list->v));
		if (!v)
			return -ENOMEM;
		list->v = v;
		list->room = room;
	}
	list->v[list->n++] = absent;
	return 0;
}

static void list_free(struct state_list *list)
{
	while (list->index) {
		void *thing = *(void **)list->index;
		tdelete(thing, &list->index, compare_names);
	}
	for (size_t i = 0; i < list->n; i++) {
		free(*(char **)list->v[i]);
		free(list->v[i]);
	}
	free(list->v);
	*list = (struct state_list){0};
}

static void clear(struct state_store *s)
{
	for (size_t i = 0; i < s->paths.n; i++) {
		struct state_path *path = s->paths.v[i];
		for (struct state_version *v = path->versions, *next; v; v = next) {
			next = v->next;
			free(v->asks);
			free(v);
		}
		free(path->lookups.v);
	}
	for (size_t i = 0; i < s->rows.n; i++)
		state_row_clear(s->rows.v[i]);
	list_free(&s->paths);
	list_free(&s->dirs);
	list_free(&s->absents);
	list_free(&s->rows);
	s->generation = s->last_id = 0;
}

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
	const char *data = sqlite3_column_blob(row, i);

	*ret_len = (size_t)sqlite3_column_bytes(row, i);
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

/* So that a damaged row is known for one. FNV-1a over words; strong enough for bits that flip. */
#define SUM_START UINT64_C(0xcbf29ce484222325)

static uint64_t sum_add(uint64_t sum, const void *data, size_t len)
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

/* -EBADMSG: the file is of no use; -EIO: it cannot be had now. */
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

static int prepare(struct state_store *s, const char *sql, sqlite3_stmt **ret)
{
	return error_of(sqlite3_prepare_v2(s->db, sql, -1, ret, NULL));
}

static void finalizep(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}
#define cleanup_statement CLEANUP(finalizep)

/* 1 for a row, 0 at the end. */
static int step(sqlite3_stmt *statement)
{
	return error_of(sqlite3_step(statement));
}

static int execute(struct state_store *s, const char *sql)
{
	return error_of(sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

static int load_meta(struct state_store *s)
{
	cleanup_statement sqlite3_stmt *row = NULL;

	int r = prepare(s, "SELECT generation, last_id FROM meta", &row);
	if (r == 0)
		r = step(row) == 1 ? 0 : -EBADMSG;
	if (r < 0)
		return r;
	s->generation = sqlite3_column_int64(row, 0);
	s->last_id = sqlite3_column_int64(row, 1);
	return s->last_id >= 0 && s->last_id < INT32_MAX / 2 && s->generation >= 0 &&
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
		path = list_add(&s->paths, name, len, sizeof(*path));
	if (!path)
		return -ENOMEM;
	int r = column_fixed(row, 1, digest, sizeof(digest));
	struct state_version *v = r < 0 ? NULL : state_store_version(path, digest);
	if (!v)
		return r < 0 ? r : -ENOMEM;
	v->dirty = false;
	v->id = sqlite3_column_int64(row, 2);
	r = column_fixed(row, 3, &v->seen, sizeof(v->seen));
	if (r == 0 && sqlite3_column_type(row, 4) != SQLITE_NULL) {
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
	struct state_dir *dir = list_add(&s->dirs, name, len, sizeof(*dir));

	if (!dir)
		return -ENOMEM;
	dir->id = sqlite3_column_int64(row, 1);
	int r = column_fixed(row, 2, &dir->seen, sizeof(dir->seen));
	return r < 0 ? r : id_table_set(&ids->dirs, dir->id, s->last_id, dir);
}

static int load_absent(struct state_store *s, sqlite3_stmt *row, struct id_tables *ids)
{
	size_t len;
	const char *name = column_bytes(row, 0, &len);
	struct state_absent *absent = list_add(&s->absents, name, len, sizeof(*absent));

	if (!absent)
		return -ENOMEM;
	absent->id = sqlite3_column_int64(row, 1);
	absent->dir = id_table_get(&ids->dirs, sqlite3_column_int64(row, 2));
	return absent->dir ? id_table_set(&ids->absents, absent->id, s->last_id, absent) : -EBADMSG;
}

static uint64_t sum_columns(sqlite3_stmt *row, int n)
{
	uint64_t sum = SUM_START;

	for (int i = 0; i < n; i++) {
		size_t len;
		const char *data = column_bytes(row, i, &len);
		sum = sum_add(sum_add(sum, &len, sizeof(len)), data, len);
	}
	return sum;
}

static int load_row(struct state_store *s, sqlite3_stmt *row, struct id_tables *ids)
{
	size_t len;
	const char *name = column_bytes(row, 0, &len);

	if ((uint64_t)sqlite3_column_int64(row, 5) != sum_columns(row, 4))
		return -EBADMSG;
	struct state_row *action = list_add(&s->rows, name, len, sizeof(*action));
	if (!action)
		return -ENOMEM;
	action->duration = sqlite3_column_int64(row, 4);
	int r = column_fixed(row, 1, action->command, sizeof(action->command));
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

	if ((uint64_t)sqlite3_column_int64(row, 2) != sum_columns(row, 2))
		return -EBADMSG;
	struct state_row *action = output ? list_find(&s->rows, output) : NULL;
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
	int r = prepare(s, sql, &row);

	while (r == 0) {
		int more = step(row);
		if (more <= 0)
			return more;
		r = load(s, row, ids);
	}
	return r;
}

static int load(struct state_store *s)
{
	struct id_tables ids = {0};

	int r = load_meta(s);
	if (r == 0)
		r = load_table(s, "SELECT path, digest, id, seen, asks FROM file ORDER BY path",
			       load_version, &ids);
	if (r == 0)
		r = load_table(s, "SELECT path, id, seen FROM dir ORDER BY path", load_dir, &ids);
	if (r == 0)
		r = load_table(s,
			       "SELECT output, command, inputs, outputs, duration, sum FROM action"
			       " ORDER BY output",
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
		r = load_meta(s);
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
	if (!s->db)
		return 0;
	int r = execute(s, "BEGIN");
	if (r == 0)
		r = load_lookups(s);
	(void)execute(s, "COMMIT");
	return r;
}

static int read_format(struct state_store *s, int *ret_format)
{
	cleanup_statement sqlite3_stmt *row = NULL;

	int r = prepare(s, "PRAGMA user_version", &row);
	if (r == 0)
		r = step(row) == 1 ? 0 : -EBADMSG;
	if (r == 0)
		*ret_format = sqlite3_column_int(row, 0);
	return r;
}

static int make_schema(struct state_store *s)
{
	cleanup_free char *sql = str_printf("%s PRAGMA user_version = %d;", schema, FORMAT);

	if (!sql)
		return -ENOMEM;
	int r = execute(s, "BEGIN IMMEDIATE");
	int format = 0;
	if (r == 0) /* another crossbpf may have come first */
		r = read_format(s, &format);
	if (r == 0 && format == 0)
		r = execute(s, sql);
	if (r == 0)
		return execute(s, "COMMIT");
	(void)execute(s, "ROLLBACK");
	return r;
}

/* -EBADMSG: this file is of no use. */
static int open_file(struct state_store *s, const char *file)
{
	int format = 0;

	/* One thread at a time: state.c has a lock. */
	int r = sqlite3_open_v2(file, &s->db,
				SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
				NULL);
	if (r == SQLITE_NOMEM)
		return -ENOMEM;
	if (r != SQLITE_OK)
		return -EIO;
	sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	r = execute(s, "PRAGMA locking_mode = NORMAL; BEGIN");
	if (r == 0)
		r = read_format(s, &format);
	if (r == 0 && format == FORMAT)
		r = load(s);
	(void)execute(s, "COMMIT");
	if (r == 0 && format == 0)
		r = make_schema(s);
	else if (r == 0 && format != FORMAT)
		r = -EBADMSG;
	return r;
}

static void close_file(struct state_store *s)
{
	sqlite3_close(s->db);
	s->db = NULL;
}

/* A file that holds nothing any more, with what SQLite keeps beside it. */
void state_store_remove(const char *file)
{
	static const char *const endings[] = {"", "-journal", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		cleanup_free char *path = str_printf("%s%s", file, endings[i]);
		if (path)
			unlink(path);
	}
}

int state_store_open(struct state_store *s, const char *file)
{
	*s = (struct state_store){0};
	if (!file || io_make_parents(file, 0700) < 0)
		return 0;
	s->file = strdup(file);
	if (!s->file)
		return -ENOMEM;
	int r = open_file(s, file);
	if (r == -EBADMSG) {
		close_file(s);
		clear(s);
		state_store_remove(file);
		r = open_file(s, file);
	}
	if (r == 0)
		return 0;
	close_file(s);
	clear(s);
	return r == -ENOMEM ? r : 0;
}

static int bind_name(sqlite3_stmt *statement, int i, const char *name)
{
	return sqlite3_bind_blob(statement, i, name, (int)strlen(name), SQLITE_STATIC) == SQLITE_OK
		       ? 0
		       : -ENOMEM;
}

/* Runs a statement that gives no row, and makes it ready for the next. */
static int run_once(sqlite3_stmt *statement)
{
	int r = step(statement);

	sqlite3_reset(statement);
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
		sqlite3_bind_blob(find, 2, digest, DIGEST_SIZE, SQLITE_STATIC);
	if (r == 0)
		r = step(find);
	if (r >= 0)
		*ret_id = r ? sqlite3_column_int64(find, 0) : ++w->store->last_id;
	sqlite3_reset(find);
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
	sqlite3_bind_blob(w->file, 2, v->digest, DIGEST_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(w->file, 3, v->id);
	sqlite3_bind_blob(w->file, 4, &v->seen, sizeof(v->seen), SQLITE_STATIC);
	if (v->asks)
		sqlite3_bind_blob(w->file, 5, v->asks, (int)strlen(v->asks), SQLITE_STATIC);
	else
		sqlite3_bind_null(w->file, 5);
	v->dirty = false;
	return run_once(w->file);
}

static int write_dir(struct writer *w, struct state_dir *dir)
{
	int r = 0;

	if (dir->id && !dir->dirty)
		return 0;
	if (!dir->id)
		r = find_id(w, w->find_dir, dir->path, NULL, &dir->id);
	if (r == 0)
		r = bind_name(w->dir, 1, dir->path);
	if (r < 0)
		return r;
	sqlite3_bind_int64(w->dir, 2, dir->id);
	sqlite3_bind_blob(w->dir, 3, &dir->seen, sizeof(dir->seen), SQLITE_STATIC);
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
	sqlite3_bind_int64(w->absent, 2, absent->id);
	sqlite3_bind_int64(w->absent, 3, absent->dir->id);
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
	return sqlite3_bind_blob(statement, i, b->len ? b->data : "", (int)b->len,
				 SQLITE_TRANSIENT) == SQLITE_OK
		       ? 0
		       : -ENOMEM;
}

static uint64_t sum_field(uint64_t sum, const void *data, size_t len)
{
	return sum_add(sum_add(sum, &len, sizeof(len)), data, len);
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
	sqlite3_bind_int64(w->lookup, 3, (sqlite3_int64)sum);
	return run_once(w->lookup);
}

static int write_row(struct writer *w, struct state_row *row)
{
	cleanup_strbuf struct strbuf inputs = {0}, outputs = {0};
	int r = write_lookup(w, row);

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
	sqlite3_bind_blob(w->action, 2, row->command, sizeof(row->command), SQLITE_STATIC);
	sqlite3_bind_int64(w->action, 5, row->duration);
	sqlite3_bind_int64(w->action, 6, (sqlite3_int64)sum);
	row->dirty = false;
	return run_once(w->action);
}

/* What was looked for by the other one may have appeared before we looked: the next build is to
 * look again. */
static void forget_dir(struct state_dir *dir)
{
	dir->id = 0;
	dir->seen = (struct fingerprint){0};
}

/* Another crossbpf wrote since we loaded: our ids may stand for something else by now. */
static void forget_ids(struct state_store *s)
{
	for (size_t i = 0; i < s->paths.n; i++)
		for (struct state_version *v = ((struct state_path *)s->paths.v[i])->versions; v;
		     v = v->next)
			v->id = 0;
	for (size_t i = 0; i < s->dirs.n; i++)
		forget_dir(s->dirs.v[i]);
	for (size_t i = 0; i < s->absents.n; i++)
		((struct state_absent *)s->absents.v[i])->id = 0;
	/* The other one may have done what we only forgot. */
	for (size_t i = 0; i < s->rows.n; i++) {
		struct state_row *row = s->rows.v[i];
		row->dirty = row->dirty && !row->appeared;
	}
}

static int write_all(struct writer *w)
{
	struct state_store *s = w->store;
	int64_t loaded = s->generation;

	int r = load_meta(s);
	if (r == 0 && s->generation != loaded)
		forget_ids(s);
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
	return r < 0 ? r : meta ? execute(s, meta) : -ENOMEM;
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
		"INSERT OR REPLACE INTO action VALUES(?, ?, ?, ?, ?, ?)",
		"INSERT OR REPLACE INTO lookup VALUES(?, ?, ?)",
	};
	sqlite3_stmt **statements[] = {&w->file,   &w->find_file,   &w->dir,    &w->find_dir,
				       &w->absent, &w->find_absent, &w->action, &w->lookup};
	int r = 0;

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]) && r == 0; i++)
		r = prepare(w->store, sql[i], statements[i]);
	return r;
}

static void writer_free(struct writer *w)
{
	sqlite3_stmt *statements[] = {w->file,   w->find_file,   w->dir,    w->find_dir,
				      w->absent, w->find_absent, w->action, w->lookup};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		sqlite3_finalize(statements[i]);
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

/* Of a file that was edited often, the versions that no action names any more are of no use. */
static int collect_garbage(struct state_store *s)
{
	cleanup_statement sqlite3_stmt *drop = NULL;
	int r = prepare(s, "DELETE FROM file WHERE path = ? AND digest = ?", &drop);

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
			sqlite3_bind_blob(drop, 2, v->digest, DIGEST_SIZE, SQLITE_STATIC);
			r = run_once(drop);
			v->id = 0;
		}
	}
	return r;
}

void state_store_save(struct state_store *s)
{
	struct writer w = {.store = s};

	if (!s->db || !is_dirty(s) || execute(s, "BEGIN IMMEDIATE") < 0)
		return;
	int r = prepare_writer(&w);
	if (r == 0)
		r = write_all(&w);
	if (r == 0)
		r = collect_garbage(s);
	writer_free(&w);
	if (r == 0)
		r = execute(s, "COMMIT");
	if (r == 0)
		return;
	/* Nothing of it is stored, and nothing further will be. */
	(void)execute(s, "ROLLBACK");
	close_file(s);
	if (r == -EBADMSG)
		state_store_remove(s->file);
}

void state_store_close(struct state_store *s)
{
	close_file(s);
	clear(s);
	free(s->file);
	s->file = NULL;
}
