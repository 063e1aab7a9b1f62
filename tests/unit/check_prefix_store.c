/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <time.h>

#include "core/prefix-store.h"
#include "shared/io.h"

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEY_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static char *cache_dir(void)
{
	cleanup_free char *dir = getcwd(NULL, 0);

	return str_printf("%s/cache", dir);
}

static void make_record(struct prefix_record *r, const char *refused)
{
	const struct prefix_stamp stamp = {1, UINT64_MAX, 3, -4, INT64_MAX};
	uint8_t digest[DIGEST_SIZE];

	digest_of("x", 1, digest);
	r->refused = refused ? strdup(refused) : NULL;
	r->pch = (struct prefix_stamp){5, 6, 7, 8, 9};
	digest_of("y", 1, r->others);
	ck_assert_int_eq(prefix_record_add(r, "inc/vmlinux.h", digest, &stamp), 0);
	ck_assert_int_eq(prefix_record_add(r, "a name with blanks", digest, &stamp), 0);
}

TEST(records)
{
	static const char *const refusals[] = {NULL, "it warns"};
	cleanup_free char *cache = cache_dir();
	cleanup_free char *dir = prefix_store_dir(cache);

	ck_assert_ptr_ne(dir, NULL);
	for (size_t i = 0; i < LENGTH(refusals); i++) {
		cleanup_prefix_record struct prefix_record r = {0}, back = {0};
		make_record(&r, refusals[i]);
		prefix_store_write(dir, KEY_A, &r);
		ck_assert_int_eq(prefix_store_read(dir, KEY_A, &back), 0);
		ck_assert_int_eq(!back.refused, !refusals[i]);
		if (refusals[i])
			ck_assert_str_eq(back.refused, refusals[i]);
		else
			ck_assert_mem_eq(&back.pch, &r.pch, sizeof(r.pch));
		ck_assert_mem_eq(back.others, r.others, DIGEST_SIZE);
		ck_assert_uint_eq(back.n, 2);
		ck_assert_str_eq(back.files[1].name, "a name with blanks");
		ck_assert_mem_eq(&back.files[0].stamp, &r.files[0].stamp, sizeof(r.pch));
		ck_assert_mem_eq(back.files[0].digest, r.files[0].digest, DIGEST_SIZE);
	}
}

/* Each beginning of a record, and each with another character. */
TEST(damaged_records)
{
	cleanup_free char *cache = cache_dir();
	cleanup_free char *dir = prefix_store_dir(cache);
	cleanup_free char *path = str_printf("%s/%s.record", dir, KEY_A);
	cleanup_prefix_record struct prefix_record r = {0};

	make_record(&r, NULL);
	prefix_store_write(dir, KEY_A, &r);
	cleanup_free char *text = read_text(path);
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		cleanup_prefix_record struct prefix_record back = {0};
		char c = text[i];
		text[i] = '\0';
		write_text(path, text);
		int error = prefix_store_read(dir, KEY_A, &back);
		/* Where a line ends there may be one file less: its content is looked at. */
		ck_assert_msg(error == -ENOENT || (i && text[i - 1] == '\n' && back.n), "%zu", i);
		prefix_record_free(&back);
		text[i] = c == '@' ? '#' : '@';
		write_text(path, text);
		(void)prefix_store_read(dir, KEY_A, &back);
		text[i] = c;
	}
	write_text(path, "");
	ck_assert_int_eq(prefix_store_read(dir, KEY_A, &r), -ENOENT);
	ck_assert_int_eq(prefix_store_read(dir, KEY_B, &r), -ENOENT);
}

TEST(directories_of_others)
{
	cleanup_free char *cache = cache_dir();
	cleanup_free char *dir = prefix_store_dir(cache);
	struct stat st;

	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(chmod(dir, 0770), 0);
	ck_assert_ptr_eq(prefix_store_dir(cache), NULL);
	ck_assert_int_eq(chmod(dir, 0755), 0);
	cleanup_free char *again = prefix_store_dir(cache);
	ck_assert_ptr_ne(again, NULL);
	ck_assert_int_eq(chmod(cache, 0777), 0);
	ck_assert_ptr_eq(prefix_store_dir(cache), NULL);
	ck_assert_int_eq(chmod(cache, 0700), 0);
	ck_assert_int_eq(rename(dir, "elsewhere"), 0);
	ck_assert_int_eq(symlink("../elsewhere", dir), 0);
	ck_assert_ptr_eq(prefix_store_dir(cache), NULL);
	write_text("file", "");
	ck_assert_ptr_eq(prefix_store_dir("file"), NULL);
}

TEST(seen)
{
	cleanup_free char *cache = cache_dir();
	cleanup_free char *dir = prefix_store_dir(cache);

	ck_assert(!prefix_store_seen(dir, KEY_A));
	ck_assert(prefix_store_seen(dir, KEY_A));
	ck_assert(!prefix_store_seen(dir, KEY_B));
	ck_assert(!prefix_store_seen("missing", KEY_A));
}

/* One process at a time; whoever was killed has it no more. */
TEST(locks)
{
	cleanup_free char *cache = cache_dir();
	cleanup_free char *dir = prefix_store_dir(cache);
	int ready[2];
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		alarm(SUITE_TIMEOUT);
		if (prefix_store_lock(dir, KEY_A, 0, -1) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(prefix_store_lock(dir, KEY_A, 0, -1), -EAGAIN);
	ck_assert_int_eq(prefix_store_lock(dir, KEY_A, 50, -1), -EAGAIN);
	cleanup_close int other = prefix_store_lock(dir, KEY_B, 0, -1);
	ck_assert_int_ge(other, 0);
	end_process(pid);
	cleanup_close int mine = prefix_store_lock(dir, KEY_A, 1000, -1);
	ck_assert_int_ge(mine, 0);
	ck_assert_int_eq(prefix_store_lock("missing", KEY_A, 0, -1), -ENOENT);
	close(ready[0]);
	close(ready[1]);
}

static void put(const char *dir, const char *key, const char *ending, time_t age)
{
	cleanup_free char *path = str_printf("%s/%s%s", dir, key, ending);
	cleanup_free char *text = calloc(1, 5001);
	struct timespec times[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};

	memset(text, 'x', 5000);
	write_text(path, text);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool has(const char *dir, const char *key, const char *ending)
{
	cleanup_free char *path = str_printf("%s/%s%s", dir, key, ending);

	return is_there(path);
}

/* What was used longest ago goes, whole, and never what was just made. */
TEST(limits)
{
	cleanup_free char *cache = cache_dir();
	cleanup_free char *dir = prefix_store_dir(cache);

	put(dir, KEY_A, ".pch", 9000);
	put(dir, KEY_A, ".record", 10); /* used later than it was made */
	put(dir, KEY_B, ".pch", 500);
	put(dir, KEY_B, ".record", 400);
	put(dir, KEY_B, ".new-12345678.tmp", 500);
	put(dir, KEY_C, ".pch", 9999);
	put(dir, KEY_C, ".record", 9999);
	struct prefix_counts counts;
	ck_assert_int_eq(prefix_store_count(dir, &counts), 0);
	ck_assert_uint_eq(counts.headers, 3);
	ck_assert_uint_eq(counts.files, 7);
	ck_assert_uint_ge(counts.bytes, 29908);
	prefix_store_trim(dir, KEY_C, 35000, NULL);
	ck_assert_uint_eq(count_entries(dir), 7);
	prefix_store_trim(dir, KEY_C, 20000, &counts);
	ck_assert_uint_eq(counts.headers, 1);
	ck_assert_uint_eq(counts.files, 3);
	ck_assert_uint_eq(count_entries(dir), 4);
	ck_assert(!has(dir, KEY_B, ".pch") && has(dir, KEY_A, ".pch") && has(dir, KEY_C, ".pch"));
	prefix_store_trim(dir, KEY_C, 0, NULL);
	ck_assert_uint_eq(count_entries(dir), 2);
	ck_assert(has(dir, KEY_C, ".record"));
	prefix_store_trim("missing", KEY_C, 0, NULL);
	prefix_store_trim(dir, NULL, 0, &counts);
	ck_assert_uint_eq(count_entries(dir), 0);
	ck_assert_uint_eq(counts.headers, 1);
	ck_assert_int_eq(prefix_store_count("missing", &counts), 0);
	ck_assert_uint_eq(counts.files, 0);
	cleanup_free char *found = prefix_store_find(cache);
	ck_assert_str_eq(found, dir);
	ck_assert_ptr_eq(prefix_store_find("missing"), NULL);
}

TEST(touched)
{
	cleanup_free char *cache = cache_dir();
	cleanup_free char *dir = prefix_store_dir(cache);
	cleanup_free char *path = str_printf("%s/%s.record", dir, KEY_A);
	struct stat st;

	put(dir, KEY_A, ".record", 9000);
	prefix_store_touch(dir, KEY_A);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_gt(st.st_mtime, time(NULL) - 1000);
	prefix_store_touch(dir, KEY_B);
}

TEST(stamps)
{
	struct prefix_stamp stamp;
	uint8_t digest[DIGEST_SIZE], expected[DIGEST_SIZE];
	struct stat st;

	write_text("x", "abc");
	cleanup_strbuf struct strbuf text = {0};
	ck_assert_int_eq(prefix_stamp_read("x", &stamp, digest, &text), 0);
	digest_of("abc", 3, expected);
	ck_assert_mem_eq(digest, expected, DIGEST_SIZE);
	ck_assert_uint_eq(text.len, 3);
	/* Just written: it may change within the clock's tick, and is not known by its times. */
	ck_assert_int_eq(stat("x", &st), 0);
	ck_assert(stamp.ctime == 0 && !prefix_stamp_is(&stamp, &st));
	struct timespec pause = {.tv_nsec = 30000000};
	nanosleep(&pause, NULL);
	if (io_mtime(&st) % 1000000000 != 0) {
		ck_assert_int_eq(prefix_stamp_read("x", &stamp, digest, NULL), 0);
		ck_assert(prefix_stamp_is(&stamp, &st));
		struct timespec times[2] = {st.st_atim, st.st_mtim};
		write_text("x", "abd");
		ck_assert_int_eq(utimensat(AT_FDCWD, "x", times, 0), 0);
		ck_assert_int_eq(stat("x", &st), 0);
		ck_assert(!prefix_stamp_is(&stamp, &st));
	}
	ck_assert_int_eq(prefix_stamp_read("missing", &stamp, digest, NULL), -ENOENT);
	ck_assert_int_eq(prefix_stamp_read(".", &stamp, digest, NULL), -EINVAL);
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	ck_assert_int_eq(prefix_stamp_read("pipe", &stamp, digest, NULL), -EINVAL);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, records);
	tcase_add_test(tests, damaged_records);
	tcase_add_test(tests, directories_of_others);
	tcase_add_test(tests, seen);
	tcase_add_test(tests, locks);
	tcase_add_test(tests, limits);
	tcase_add_test(tests, touched);
	tcase_add_test(tests, stamps);
}

int main(void)
{
	return suite_run("prefix-store", add_tests);
}
