/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <sqlite3.h>

#include "core/state-store.h"
#include "no-sync.h"
#include "shared/strbuf.h"

#define FILE_NAME "s.db"

static void cleanup(struct state_store *s)
{
	state_store_close(s);
}
#define cleanup_store CLEANUP(cleanup)

static void open_store(struct state_store *s)
{
	ck_assert_int_eq(state_store_open(s, FILE_NAME, MODULE_DIR), 0);
	ck_assert(s->db || s->lazy);
}

static struct state_version *add_version(struct state_store *s, const char *name, uint8_t content)
{
	struct state_path *path = state_store_path(s, name);
	uint8_t digest[DIGEST_SIZE];

	memset(digest, content, sizeof(digest));
	ck_assert_ptr_ne(path, NULL);
	struct state_version *v = state_store_version(path, digest);
	ck_assert_ptr_ne(v, NULL);
	v->seen = (struct fingerprint){1, 2, 3, 4, 5, content};
	return v;
}

static struct state_absent *add_absent(struct state_store *s, const char *name, const char *dir)
{
	struct state_absent *absent = state_store_absent(s, name);

	ck_assert_ptr_ne(absent, NULL);
	absent->dir = state_store_dir(s, dir);
	ck_assert_ptr_ne(absent->dir, NULL);
	return absent;
}

/* An action of one input and one output, that looked for one name. */
static struct state_row *add_row(struct state_store *s, const char *output,
				 struct state_version *input, struct state_absent *absent)
{
	struct state_row *row = state_store_row(s, output);

	ck_assert_ptr_ne(row, NULL);
	state_row_clear(row);
	memset(row->command, 9, sizeof(row->command));
	row->duration = 77;
	row->dirty = true;
	row->inputs = malloc(sizeof(struct state_version *));
	row->outputs = malloc(sizeof(struct state_version *));
	row->inputs[0] = input;
	row->outputs[0] = add_version(s, output, 100);
	row->n_inputs = row->n_outputs = 1;
	if (absent)
		ck_assert_int_eq(state_absents_add(&row->absents, absent), 0);
	return row;
}

static int64_t query(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *row;

	ck_assert_int_eq(sqlite3_open(FILE_NAME, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK, "%s: %s", sql,
		      sqlite3_errmsg(db));
	int r = sqlite3_step(row);
	ck_assert_msg(r == SQLITE_ROW || r == SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(db));
	int64_t n = r == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
	sqlite3_finalize(row);
	sqlite3_close(db);
	return n;
}

TEST(one_thing_a_name)
{
	cleanup_store struct state_store s = {0};
	uint8_t digest[DIGEST_SIZE] = {1}, other[DIGEST_SIZE] = {2};

	ck_assert_int_eq(state_store_open(&s, NULL, MODULE_DIR), 0);
	ck_assert_ptr_eq(s.db, NULL);
	struct state_path *path = state_store_path(&s, "a");
	ck_assert_ptr_eq(state_store_path(&s, "a"), path);
	ck_assert_ptr_ne(state_store_path(&s, "b"), path);
	ck_assert_ptr_ne(state_store_path(&s, ""), path);
	ck_assert_str_eq(path->path, "a");
	struct state_version *v = state_store_version(path, digest);
	ck_assert_ptr_eq(state_store_version(path, digest), v);
	ck_assert_ptr_ne(state_store_version(path, other), v);
	ck_assert_ptr_eq(v->path, path);
	ck_assert(v->dirty);
	ck_assert_ptr_eq(state_store_dir(&s, "a"), state_store_dir(&s, "a"));
	ck_assert_ptr_eq(state_store_absent(&s, "a"), state_store_absent(&s, "a"));
	ck_assert_ptr_eq(state_store_find_row(&s, "a"), NULL);
	struct state_row *row = state_store_row(&s, "a");
	ck_assert_ptr_eq(state_store_row(&s, "a"), row);
	ck_assert_ptr_eq(state_store_find_row(&s, "a"), row);
	ck_assert_ptr_eq(state_store_find_row(&s, "A"), NULL);
	ck_assert_int_eq(state_store_load_lookups(&s), 0);
	state_store_save(&s);
}

TEST(many_of_each)
{
	cleanup_store struct state_store s = {0};

	ck_assert_int_eq(state_store_open(&s, NULL, MODULE_DIR), 0);
	for (unsigned i = 0; i < 2000; i++) {
		cleanup_free char *name = str_printf("%u", i * 7919 % 2000);
		ck_assert_ptr_ne(state_store_path(&s, name), NULL);
		ck_assert_ptr_ne(state_store_row(&s, name), NULL);
	}
	ck_assert_uint_eq(s.paths.n, 2000);
	for (unsigned i = 0; i < 2000; i++) {
		cleanup_free char *name = str_printf("%u", i);
		ck_assert_str_eq(state_store_path(&s, name)->path, name);
		ck_assert_str_eq(state_store_find_row(&s, name)->output, name);
	}
	ck_assert_uint_eq(s.paths.n, 2000);
}

static void save_two(void)
{
	cleanup_store struct state_store s = {0};

	open_store(&s);
	struct state_version *a = add_version(&s, "a.c", 1), *b = add_version(&s, "b.c", 2);
	add_version(&s, "unused", 3);
	a->asks = strdup("x.h\ny z.h\n");
	struct state_absent *absent = add_absent(&s, "early/h.h", "early");
	absent->dir->seen = (struct fingerprint){11, 12, 13, 14, 15, 16};
	add_row(&s, "a.o", a, absent);
	add_row(&s, "b.o", b, add_absent(&s, "h.h", "."));
	ck_assert_int_eq(state_absents_add(&state_store_row(&s, "b.o")->absents, absent), 0);
	state_store_save(&s);
	ck_assert(!state_store_row(&s, "a.o")->dirty);
}

TEST(loads_what_was_saved)
{
	cleanup_store struct state_store s = {0};

	save_two();
	open_store(&s);
	const struct state_row *a = state_store_find_row(&s, "a.o"),
			       *b = state_store_find_row(&s, "b.o");
	ck_assert_ptr_ne(a, NULL);
	ck_assert_ptr_ne(b, NULL);
	ck_assert_int_eq(a->duration, 77);
	ck_assert_uint_eq(a->command[DIGEST_SIZE - 1], 9);
	ck_assert_uint_eq(a->n_inputs, 1);
	ck_assert_uint_eq(a->n_outputs, 1);
	const struct state_version *v = a->inputs[0];
	ck_assert_str_eq(v->path->path, "a.c");
	ck_assert_str_eq(v->asks, "x.h\ny z.h\n");
	ck_assert_uint_eq(v->digest[0], 1);
	ck_assert_int_eq(v->seen.mtime, 1);
	ck_assert_int_eq(v->seen.device, 5);
	ck_assert(!v->dirty);
	ck_assert_ptr_eq(b->inputs[0]->asks, NULL);
	ck_assert_str_eq(b->outputs[0]->path->path, "b.o");
	/* What no action names is not stored. */
	ck_assert_ptr_eq(state_store_path(&s, "unused")->versions, NULL);
	ck_assert_int_eq(state_store_dir(&s, "early")->seen.mtime, 11);
	ck_assert_int_eq(state_store_dir(&s, "early")->seen.seen, 16);

	ck_assert_uint_eq(a->absents.n, 0);
	ck_assert_int_eq(state_store_load_lookups(&s), 0);
	ck_assert_uint_eq(a->absents.n, 1);
	ck_assert_str_eq(a->absents.v[0]->path, "early/h.h");
	ck_assert_ptr_eq(a->absents.v[0]->dir, state_store_dir(&s, "early"));
	ck_assert_uint_eq(b->absents.n, 2);
	ck_assert_ptr_eq(b->absents.v[1], a->absents.v[0]);
}

/* Without SQLite, until there is something to be stored. */
TEST(loads_an_image)
{
	cleanup_store struct state_store s = {0}, other = {0};

	save_two();
	open_store(&s);
	ck_assert(s.lazy);
	ck_assert_ptr_eq(s.db, NULL);
	add_row(&s, "c.o", add_version(&s, "a.c", 4), NULL);
	state_store_save(&s);
	ck_assert_ptr_ne(s.db, NULL);
	state_store_close(&s);
	open_store(&s);
	ck_assert(s.lazy);
	ck_assert_uint_eq(state_store_find_row(&s, "c.o")->inputs[0]->digest[0], 4);
	ck_assert_uint_eq(state_store_find_row(&s, "a.o")->inputs[0]->digest[0], 1);
	ck_assert_ptr_eq(state_store_find_row(&s, "c.o")->inputs[0]->path,
			 state_store_find_row(&s, "a.o")->inputs[0]->path);
	/* Without one, from SQLite, and one is made. */
	ck_assert_int_eq(unlink(FILE_NAME "-image"), 0);
	open_store(&other);
	ck_assert(!other.lazy);
	ck_assert_uint_eq(state_store_find_row(&other, "c.o")->inputs[0]->digest[0], 4);
	ck_assert(is_there(FILE_NAME "-image"));
	/* What another one stored is in no image of ours. */
	add_row(&s, "d.o", add_version(&s, "d.c", 5), NULL);
	add_row(&other, "e.o", add_version(&other, "e.c", 6), NULL);
	state_store_save(&s);
	state_store_save(&other);
	state_store_close(&s);
	open_store(&s);
	ck_assert(!s.lazy);
	ck_assert_ptr_ne(state_store_find_row(&s, "d.o"), NULL);
	ck_assert_ptr_ne(state_store_find_row(&s, "e.o"), NULL);
	/* Nor is what has gone. */
	state_store_row(&s, "d.o")->gone = true;
	state_store_row(&s, "a.o")->duration = 78;
	state_store_row(&s, "a.o")->dirty = true;
	state_store_save(&s);
	state_store_close(&s);
	open_store(&s);
	ck_assert(s.lazy);
	ck_assert_ptr_eq(state_store_find_row(&s, "d.o"), NULL);
	ck_assert_int_eq(state_store_find_row(&s, "a.o")->duration, 78);
}

TEST(is_private)
{
	struct state_store s = {0};
	struct stat st;

	ck_assert_int_eq(state_store_open(&s, "new/dir/s.db", MODULE_DIR), 0);
	state_store_close(&s);
	ck_assert_int_eq(stat("new/dir", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
}

TEST(saves_only_what_is_new)
{
	cleanup_store struct state_store s = {0};

	save_two();
	ck_assert_int_eq(query("SELECT generation FROM meta"), 1);
	open_store(&s);
	state_store_save(&s);
	ck_assert_int_eq(query("SELECT generation FROM meta"), 1);
	/* One that no action names is of no interest. */
	add_version(&s, "more", 1);
	add_absent(&s, "no", "where");
	state_store_save(&s);
	ck_assert_int_eq(query("SELECT generation FROM meta"), 1);
	/* A file was looked at. */
	struct state_version *v = add_version(&s, "a.c", 1);
	v->seen.mtime = 99;
	v->dirty = true;
	state_store_save(&s);
	ck_assert_int_eq(query("SELECT generation FROM meta"), 2);
	/* A directory was. */
	state_store_dir(&s, "early")->seen.mtime = 98;
	state_store_dir(&s, "early")->dirty = true;
	state_store_save(&s);
	ck_assert_int_eq(query("SELECT generation FROM meta"), 3);
	state_store_close(&s);
	open_store(&s);
	ck_assert_int_eq(state_store_find_row(&s, "a.o")->inputs[0]->seen.mtime, 99);
	ck_assert_int_eq(state_store_dir(&s, "early")->seen.mtime, 98);
	ck_assert_uint_eq(s.paths.n, 4);
}

/* The numbers of the one are not those of the other. */
TEST(two_writers)
{
	cleanup_store struct state_store a = {0}, b = {0}, c = {0};

	save_two();
	open_store(&a);
	open_store(&b);
	for (uint8_t i = 0; i < 6; i++) {
		cleanup_free char *of_a = str_printf("of a %d", i),
				  *of_b = str_printf("of b %d", i);
		add_row(&a, of_a, add_version(&a, of_b, i), add_absent(&a, of_b, "early"));
		add_row(&b, of_b, add_version(&b, of_a, i), add_absent(&b, of_a, of_a));
		state_store_save(&a);
		state_store_save(&b);
	}
	ck_assert_int_lt(state_store_load_lookups(&a), 0); /* b came after */
	open_store(&c);
	ck_assert_int_eq(state_store_load_lookups(&c), 0);
	ck_assert_uint_eq(c.rows.n, 14);
	for (uint8_t i = 0; i < 6; i++) {
		cleanup_free char *of_a = str_printf("of a %d", i),
				  *of_b = str_printf("of b %d", i);
		const struct state_row *row_a = state_store_find_row(&c, of_a),
				       *row_b = state_store_find_row(&c, of_b);
		ck_assert_str_eq(row_a->inputs[0]->path->path, of_b);
		ck_assert_uint_eq(row_a->inputs[0]->digest[0], i);
		ck_assert_str_eq(row_a->outputs[0]->path->path, of_a);
		ck_assert_str_eq(row_a->absents.v[0]->path, of_b);
		ck_assert_str_eq(row_a->absents.v[0]->dir->path, "early");
		ck_assert_str_eq(row_b->inputs[0]->path->path, of_a);
		ck_assert_str_eq(row_b->absents.v[0]->path, of_a);
		ck_assert_str_eq(row_b->absents.v[0]->dir->path, of_a);
	}
	ck_assert_int_eq(
		query("SELECT count(*) - count(DISTINCT id) FROM (SELECT id FROM file UNION ALL "
		      "SELECT id FROM dir UNION ALL SELECT id FROM absent)"),
		0);
}

TEST(versions_of_no_use_are_dropped)
{
	cleanup_store struct state_store s = {0};

	open_store(&s);
	add_row(&s, "old.o", add_version(&s, "h.h", 0), NULL);
	for (uint8_t i = 0; i < 20; i++) {
		add_row(&s, "x.o", add_version(&s, "h.h", i), NULL);
		state_store_save(&s);
		ck_assert_int_le(query("SELECT count(*) FROM file"), 12);
	}
	ck_assert_int_eq(query("SELECT count(*) FROM file WHERE digest = zeroblob(32)"), 1);
	/* One that was dropped is named again. */
	add_row(&s, "x.o", add_version(&s, "h.h", 5), NULL);
	state_store_save(&s);
	state_store_close(&s);
	open_store(&s);
	ck_assert_uint_eq(state_store_find_row(&s, "x.o")->inputs[0]->digest[0], 5);
	ck_assert_uint_eq(state_store_find_row(&s, "old.o")->inputs[0]->digest[0], 0);
}

/* A statement fails: nothing of it is stored, and the next build begins anew. */
TEST(saving_that_fails)
{
	static const char *const tables[] = {"file", "dir", "absent", "lookup", "action", "meta"};

	for (size_t i = 0; i < LENGTH(tables); i++) {
		cleanup_store struct state_store s = {0}, again = {0};
		cleanup_free char *trigger =
			str_printf("CREATE TRIGGER no BEFORE %s ON %s BEGIN SELECT RAISE(ABORT, "
				   "'no'); END",
				   strcmp(tables[i], "meta") == 0 ? "UPDATE" : "INSERT", tables[i]);

		unlink(FILE_NAME);
		save_two();
		open_store(&s);
		query(trigger);
		add_row(&s, "c.o", add_version(&s, "c.c", 1), add_absent(&s, "g.h", "new"));
		state_store_save(&s);
		ck_assert_msg(!s.db, "%s", tables[i]);
		state_store_save(&s);
		/* A file into which nothing can be stored is of no use. */
		open_store(&again);
		ck_assert_ptr_eq(state_store_find_row(&again, "a.o"), NULL);
		ck_assert_ptr_eq(state_store_find_row(&again, "c.o"), NULL);
		ck_assert_int_eq(state_store_load_lookups(&again), 0);
	}
}

TEST(tables_go_meanwhile)
{
	static const char *const tables[] = {"file", "dir", "absent", "lookup", "action", "meta"};

	for (size_t i = 0; i < LENGTH(tables); i++) {
		cleanup_store struct state_store s = {0};
		cleanup_free char *drop = str_printf("DROP TABLE %s", tables[i]);

		unlink(FILE_NAME);
		save_two();
		open_store(&s);
		query(drop);
		add_row(&s, "c.o", add_version(&s, "c.c", 1), add_absent(&s, "g.h", "new"));
		state_store_save(&s);
		ck_assert_ptr_eq(s.db, NULL);
		ck_assert_ptr_ne(state_store_find_row(&s, "c.o"), NULL);
	}
}

/* What is stored of an action of an older build, and of one that was forgotten. */
TEST(cleared_row)
{
	cleanup_store struct state_store s = {0};

	save_two();
	open_store(&s);
	state_row_clear(state_store_row(&s, "a.o"));
	state_store_row(&s, "a.o")->dirty = true;
	state_store_save(&s);
	state_store_close(&s);
	open_store(&s);
	const struct state_row *row = state_store_find_row(&s, "a.o");
	ck_assert_uint_eq(row->n_inputs + row->n_outputs, 0);
	ck_assert_int_eq(state_store_load_lookups(&s), 0);
	ck_assert_uint_eq(row->absents.n, 0);
}

TEST(lookups_of_an_action_that_is_gone)
{
	cleanup_store struct state_store s = {0};

	save_two();
	query("DELETE FROM action WHERE output = CAST('a.o' AS BLOB)");
	open_store(&s);
	ck_assert_int_eq(state_store_load_lookups(&s), 0);
	ck_assert_uint_eq(state_store_find_row(&s, "b.o")->absents.n, 2);
}

TEST(damaged_lookups)
{
	static const char *const damage[] = {
		"UPDATE lookup SET sum = sum + 1",
		"UPDATE lookup SET absents = x'0100'",
		"UPDATE lookup SET output = output || 'x'",
		"UPDATE absent SET id = -1",
		"UPDATE absent SET id = 1 << 33",
		"UPDATE absent SET dir = 12345",
		"UPDATE meta SET generation = 1 << 9",
		"DELETE FROM absent",
		"DELETE FROM meta",
		"DROP TABLE absent",
		"DROP TABLE lookup",
		"DROP TABLE meta",
	};

	for (size_t i = 0; i < LENGTH(damage); i++) {
		cleanup_store struct state_store s = {0};

		unlink(FILE_NAME);
		save_two();
		open_store(&s);
		query(damage[i]);
		ck_assert_msg(state_store_load_lookups(&s) < 0, "%s", damage[i]);
	}
}

/* It is begun anew, and what was loaded of it is not kept. */
TEST(damaged)
{
	static const char *const damage[] = {
		"PRAGMA user_version = 99",
		"DROP TABLE dir",
		"DELETE FROM meta",
		"DELETE FROM file WHERE path = CAST('b.o' AS BLOB)",
		"UPDATE file SET id = 0 WHERE path = CAST('b.o' AS BLOB)",
		"UPDATE file SET digest = x'01' WHERE path = CAST('b.o' AS BLOB)",
		"UPDATE file SET seen = x'01' WHERE path = CAST('b.o' AS BLOB)",
		"UPDATE dir SET seen = x'01'",
		"UPDATE dir SET id = -7",
		"UPDATE action SET sum = sum + 1",
		"UPDATE action SET command = x'00'",
		"UPDATE action SET outputs = inputs || inputs",
	};

	for (size_t i = 0; i < LENGTH(damage); i++) {
		cleanup_store struct state_store s = {0};

		unlink(FILE_NAME);
		save_two();
		query(damage[i]);
		open_store(&s);
		ck_assert_uint_eq(s.paths.n + s.dirs.n + s.absents.n + s.rows.n, 0);
		ck_assert_int_eq(s.generation, 0);
		ck_assert_int_eq(query("SELECT count(*) FROM file"), 0);
		ck_assert_int_eq(query("SELECT generation FROM meta"), 0);
	}
}

TEST(cannot_be_had)
{
	static const char *const files[] = {"dir", "file/s.db", ""};
	cleanup_store struct state_store s = {0};

	ck_assert_int_eq(mkdir("dir", 0755), 0);
	write_text("dir/kept", "");
	write_text("file", "kept");
	for (size_t i = 0; i < LENGTH(files) - 1; i++) {
		ck_assert_int_eq(state_store_open(&s, files[i], MODULE_DIR), 0);
		ck_assert_ptr_eq(s.db, NULL);
		add_row(&s, "a.o", add_version(&s, "a.c", 1), NULL);
		state_store_save(&s);
		ck_assert_int_eq(state_store_load_lookups(&s), 0);
		state_store_close(&s);
	}
	assert_text("file", "kept");
	ck_assert(is_there("dir/kept"));
}

/* Without SQLite all is in memory. The module stays loaded, so that this is the first test. */
TEST(no_module)
{
	cleanup_store struct state_store s = {0};

	ck_assert_int_eq(state_store_open(&s, FILE_NAME, "nowhere"), 0);
	ck_assert_ptr_eq(s.db, NULL);
	add_row(&s, "c.o", add_version(&s, "c.c", 1), NULL);
	state_store_save(&s);
	ck_assert_int_eq(state_store_load_lookups(&s), 0);
	ck_assert_ptr_ne(state_store_find_row(&s, "c.o"), NULL);
	ck_assert(!is_there(FILE_NAME));
}

TEST(empty_file_is_a_new_one)
{
	cleanup_store struct state_store s = {0};

	write_text(FILE_NAME, "");
	open_store(&s);
	ck_assert_int_gt(query("PRAGMA user_version"), 0);
}

/* An index that is damaged gives the same name twice. */
TEST(path_that_comes_twice)
{
	static const char *const tables[] = {"dir", "file"};
	cleanup_store struct state_store s = {0};

	save_two();
	/* As text and as bytes: two keys for SQLite. */
	for (size_t i = 0; i < LENGTH(tables); i++) {
		cleanup_free char *copy =
			str_printf("CREATE TABLE copy AS SELECT * FROM %s", tables[i]);
		cleanup_free char *insert =
			str_printf("INSERT INTO %s SELECT * FROM copy", tables[i]);
		query(copy);
		query("UPDATE copy SET path = CAST(path AS TEXT), id = id + 100");
		query(insert);
		query("DROP TABLE copy");
	}
	open_store(&s);
	ck_assert_ptr_ne(state_store_dir(&s, "early"), NULL);
	ck_assert_ptr_ne(state_store_path(&s, "a.c"), NULL);
	state_store_dir(&s, "early")->dirty = true;
	state_store_save(&s);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, no_module);
	tcase_add_test(tests, one_thing_a_name);
	tcase_add_test(tests, many_of_each);
	tcase_add_test(tests, loads_what_was_saved);
	tcase_add_test(tests, loads_an_image);
	tcase_add_test(tests, is_private);
	tcase_add_test(tests, saves_only_what_is_new);
	tcase_add_test(tests, two_writers);
	tcase_add_test(tests, versions_of_no_use_are_dropped);
	tcase_add_test(tests, saving_that_fails);
	tcase_add_test(tests, tables_go_meanwhile);
	tcase_add_test(tests, cleared_row);
	tcase_add_test(tests, lookups_of_an_action_that_is_gone);
	tcase_add_test(tests, damaged_lookups);
	tcase_add_test(tests, damaged);
	tcase_add_test(tests, cannot_be_had);
	tcase_add_test(tests, empty_file_is_a_new_one);
	tcase_add_test(tests, path_that_comes_twice);
}

int main(void)
{
	return suite_run("state-store", add_tests);
}
