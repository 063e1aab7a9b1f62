/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c: files that are damaged, or cannot be had. */
#include "suite.h"

#include <sqlite3.h>

#include "make-state.h"

static void copy_file(const char *from, struct strbuf *ret_content)
{
	ck_assert_int_eq(io_read_file(from, 1 << 20, ret_content), 0);
}

#define IMAGE_NAME FILE_NAME "-image"

static void put_as(const char *name, const char *data, size_t len)
{
	cleanup_close int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_fd(fd, data, len), 0);
}

static void put_file(const char *data, size_t len)
{
	put_as(FILE_NAME, data, len);
}

/* A header of the one has changed, so that it is stale; the other may be fresh or not. Now and then
 * all of it is made anew. */
static void check_damaged(bool anew)
{
	cleanup_state struct state *s = open_state();
	cleanup_free char *why_x = NULL, *why_y = NULL;

	ck_assert_msg(!is_fresh(s, &x, &why_x), "x.o is fresh");
	is_fresh(s, &y, &why_y);
	if (!anew)
		return;
	record(s, &x, io_now());
	record(s, &y, io_now());
	reopen(&s);
	check_fresh_in(s, &x);
	check_fresh_in(s, &y);
}

static void prepare_damage(struct strbuf *ret_content)
{
	begin();
	copy_file(FILE_NAME, ret_content);
	write_text("inc/x.h", "it has changed");
	settle();
}

TEST(cut)
{
	cleanup_strbuf struct strbuf content = {0};

	prepare_damage(&content);
	for (size_t len = 0, i = 0; len < content.len; len += 1 + len / 7, i++) {
		put_file(content.data, len);
		check_damaged(i % 4 == 0);
	}
	for (size_t len = 0; len <= content.len; len += 4096) {
		put_file(content.data, len);
		check_damaged(true);
	}
}

static uint32_t next_random(uint32_t *random)
{
	*random = *random * 1664525 + 1013904223;
	return *random >> 8;
}

#ifndef FLIPS
#define FLIPS 250
#endif

TEST(flipped_bits)
{
	cleanup_strbuf struct strbuf content = {0};
	uint32_t random = 7;

	prepare_damage(&content);
	for (unsigned i = 0; i < FLIPS; i++) {
		/* Half of them in the first pages, where the structure is. */
		size_t at = next_random(&random) % (i % 2 ? content.len : content.len / 4);
		char kept = content.data[at];
		content.data[at] ^= (char)(1U << (next_random(&random) % 8));
		put_file(content.data, content.len);
		check_damaged(i % 20 == 0);
		content.data[at] = kept;
	}
}

TEST(overwritten)
{
	cleanup_strbuf struct strbuf content = {0};
	uint32_t random = 11;

	prepare_damage(&content);
	for (unsigned i = 0; i < 60; i++) {
		cleanup_free char *copy = malloc(content.len);
		size_t at = next_random(&random) % content.len,
		       n = 1 + next_random(&random) % (i % 2 ? 16 : 5000);

		memcpy(copy, content.data, content.len);
		for (size_t j = at; j < at + n && j < content.len; j++)
			copy[j] = i % 3 ? (char)next_random(&random) : '\0';
		put_file(copy, content.len);
		check_damaged(i % 5 == 0);
	}
}

/* Both as they were, whatever there is for an image. */
static void check_whole(void)
{
	cleanup_state struct state *s = open_state();

	check_fresh_in(s, &x);
	check_fresh_in(s, &y);
}

TEST(image_that_is_damaged)
{
	cleanup_strbuf struct strbuf image = {0};
	uint32_t random = 13;

	begin();
	settle();
	copy_file(IMAGE_NAME, &image);
	for (size_t len = 0; len < image.len; len += 1 + len / 7) {
		put_as(IMAGE_NAME, image.data, len);
		check_whole();
	}
	for (unsigned i = 0; i < FLIPS; i++) {
		size_t at = next_random(&random) % image.len;
		image.data[at] ^= (char)(1U << (next_random(&random) % 8));
		put_as(IMAGE_NAME, image.data, image.len);
		check_whole();
	}
	unlink(IMAGE_NAME);
	ck_assert_int_eq(mkdir(IMAGE_NAME, 0700), 0);
	check_whole();
	build(&x);
	check_whole();
}

/* Of the same file as it was once. */
/* What is no file is not waited for, as one would wait for who writes into a pipe. */
TEST(image_that_is_no_file)
{
	begin();
	ck_assert_int_eq(unlink(IMAGE_NAME), 0);
	ck_assert_int_eq(mkfifo(IMAGE_NAME, 0600), 0);
	check_fresh(&x);
	ck_assert_int_eq(unlink(FILE_NAME), 0);
	ck_assert_int_eq(mkfifo(FILE_NAME, 0600), 0);
	check_stale(&x, NO_RECORD);
}

TEST(image_that_is_old)
{
	cleanup_strbuf struct strbuf image = {0}, file = {0};

	begin();
	copy_file(IMAGE_NAME, &image);
	copy_file(FILE_NAME, &file);
	write_text("inc/x.h", "it has changed");
	build(&x);
	check_fresh(&x);
	put_as(IMAGE_NAME, image.data, image.len);
	check_fresh(&x);
	/* And one of what is not yet there. */
	copy_file(IMAGE_NAME, &image);
	put_file(file.data, file.len);
	put_as(IMAGE_NAME, image.data, image.len);
	check_stale(&x, "inc/x.h has changed");
}

TEST(no_database)
{
	static const char garbage[] = "This is no database, nor was it ever one. Not of any kind.";
	cleanup_strbuf struct strbuf content = {0};

	prepare_damage(&content);
	put_file(garbage, sizeof(garbage));
	check_damaged(true);
	/* Nor is what lies beside it. */
	copy_file(FILE_NAME, &content);
	write_text(FILE_NAME "-journal", garbage);
	put_file(garbage, sizeof(garbage));
	check_damaged(true);
	ck_assert(!is_there(FILE_NAME "-journal"));
}

static void run_sql(const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	ck_assert_int_eq(sqlite3_open(FILE_NAME, &db), SQLITE_OK);
	int r = sqlite3_exec(db, sql, NULL, NULL, &error);
	ck_assert_msg(r == SQLITE_OK, "%s: %s", sql, error);
	sqlite3_close(db);
}

TEST(sound_but_of_other_content)
{
	static const char *const damage[] = {
		"PRAGMA user_version = 99",
		"PRAGMA user_version = -1",
		"DROP TABLE file",
		"DROP TABLE action",
		"DROP TABLE meta",
		"DELETE FROM meta",
		"DELETE FROM file",
		"DELETE FROM action",
		"UPDATE file SET digest = x'00'",
		"UPDATE file SET seen = x'0011'",
		"UPDATE file SET seen = NULL",
		"UPDATE file SET id = 0",
		"UPDATE file SET id = -5",
		"UPDATE file SET id = 'x'",
		"UPDATE file SET id = 1 << 40",
		"UPDATE file SET path = path || 'x'",
		"UPDATE dir SET seen = x''",
		"UPDATE dir SET id = -1",
		"UPDATE action SET inputs = x''",
		"UPDATE action SET inputs = x'01'",
		"UPDATE action SET inputs = zeroblob(4)",
		"UPDATE action SET outputs = inputs",
		"UPDATE action SET command = x'00'",
		"UPDATE action SET command = zeroblob(32)",
		"UPDATE action SET sum = 0",
		"UPDATE action SET sum = NULL",
		"UPDATE action SET output = output || 'x'",
	};
	cleanup_strbuf struct strbuf content = {0};

	prepare_damage(&content);
	for (size_t i = 0; i < LENGTH(damage); i++) {
		put_file(content.data, content.len);
		run_sql(damage[i]);
		check_damaged(true);
		check_fresh(&x);
	}
}

/* What is read only where a directory has changed. */
TEST(lookups_of_other_content)
{
	static const char *const damage[] = {
		"DROP TABLE lookup",
		"DROP TABLE absent",
		"DELETE FROM absent",
		"UPDATE lookup SET sum = 0",
		"UPDATE lookup SET absents = x''",
		"UPDATE lookup SET absents = zeroblob(8)",
		"UPDATE lookup SET output = output || 'x'",
		"UPDATE absent SET id = 0",
		"UPDATE absent SET dir = 100000",
		"UPDATE absent SET dir = NULL",
	};
	cleanup_strbuf struct strbuf content = {0};

	begin();
	copy_file(FILE_NAME, &content);
	write_text("early/x.h", "it has appeared");
	settle();
	for (size_t i = 0; i < LENGTH(damage); i++) {
		cleanup_free char *why = NULL;

		put_file(content.data, content.len);
		run_sql(damage[i]);
		cleanup_state struct state *s = open_state();
		ck_assert_msg(!is_fresh(s, &x, &why), "fresh after %s", damage[i]);
	}
}

TEST(place_that_cannot_be_had)
{
	static const char *const files[] = {"a-dir", "a-file/x.db", "missing/a/b/x.db"};

	make_files();
	ck_assert_int_eq(mkdir("a-dir", 0700), 0);
	write_text("a-dir/kept", "");
	write_text("a-file", "");
	settle();
	for (size_t i = 0; i < LENGTH(files); i++) {
		cleanup_state struct state *s = NULL;

		ck_assert_int_eq(state_open(files[i], ".", MODULE_DIR, &s), 0);
		check_stale_in(s, &x, NO_RECORD);
		record(s, &x, io_now());
		check_fresh_in(s, &x);
		state_save(s, false);
		check_fresh_in(s, &x);
	}
	ck_assert(is_there("a-dir/kept"));
	ck_assert(is_there("missing/a/b/x.db"));
}

/* Readable all the same: what is remembered is of use. */
TEST(directory_that_cannot_be_written)
{
	if (geteuid() == 0)
		return; /* root can */
	begin();
	ck_assert_int_eq(chmod(FILE_NAME, 0400), 0);
	ck_assert_int_eq(chmod("cache/state", 0500), 0);
	cleanup_state struct state *s = open_state();
	check_fresh_in(s, &x);
	write_text("inc/x.h", "other");
	reopen(&s);
	check_stale_in(s, &x, "inc/x.h has changed");
	settle();
	record(s, &x, io_now());
	reopen(&s);
	check_stale_in(s, &x, "inc/x.h has changed");
	check_fresh_in(s, &y);
	state_close(s);
	ck_assert_int_eq(chmod("cache/state", 0700), 0);
	ck_assert_int_eq(unlink(FILE_NAME), 0);
	ck_assert_int_eq(chmod("cache/state", 0500), 0);
	s = open_state();
	check_stale_in(s, &x, NO_RECORD);
	record(s, &x, io_now());
	check_fresh_in(s, &x);
	close_state(&s);
	ck_assert_int_eq(chmod("cache/state", 0700), 0);
}

/* It goes while it is in use. */
TEST(file_deleted_meanwhile)
{
	begin();
	cleanup_state struct state *s = open_state();
	ck_assert_int_eq(unlink(FILE_NAME), 0);
	record(s, &x, io_now());
	check_fresh_in(s, &x);
	reopen(&s);
	check_stale_in(s, &x, NO_RECORD);
	record(s, &x, io_now());
	close_state(&s);
	check_fresh(&x);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, cut);
	tcase_add_test(tests, flipped_bits);
	tcase_add_test(tests, overwritten);
	tcase_add_test(tests, image_that_is_damaged);
	tcase_add_test(tests, image_that_is_no_file);
	tcase_add_test(tests, image_that_is_old);
	tcase_add_test(tests, no_database);
	tcase_add_test(tests, sound_but_of_other_content);
	tcase_add_test(tests, lookups_of_other_content);
	tcase_add_test(tests, place_that_cannot_be_had);
	tcase_add_test(tests, directory_that_cannot_be_written);
	tcase_add_test(tests, file_deleted_meanwhile);
}

int main(void)
{
	return suite_run("state-damage", add_tests);
}
