/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <sys/resource.h>
#include <time.h>

#include "core/cache.h"
#include "shared/io.h"

enum { LIMIT = 100000 };

static const uint8_t *key_of(unsigned n)
{
	static uint8_t keys[4][DIGEST_SIZE];
	static unsigned turn;
	uint8_t *key = keys[++turn % 4];

	digest_of(&n, sizeof(n), key);
	return key;
}

static char *path_of(const char *kind, unsigned n)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(key_of(n), hex);
	return str_printf("dir/cache/%s/%s", kind, hex);
}

static void put(struct cache *c, unsigned n, const char *text)
{
	cache_put(c, CACHE_OBJECT, key_of(n), text, strlen(text));
}

static bool has(struct cache *c, unsigned n, const char *text)
{
	cleanup_strbuf struct strbuf content = {0};

	int r = cache_get(c, CACHE_OBJECT, key_of(n), &content);
	ck_assert(r == 0 || r == -ENOENT);
	if (r < 0)
		return false;
	ck_assert_uint_eq(content.len, strlen(text));
	ck_assert_mem_eq(content.data ? content.data : "", text, content.len);
	return true;
}

static void set_age(const char *path, time_t seconds)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - seconds},
				    {.tv_sec = time(NULL) - seconds}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void age(unsigned n, time_t seconds)
{
	cleanup_free char *path = path_of("object", n);

	set_age(path, seconds);
}

TEST(gives_what_was_put)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	cleanup_strbuf struct strbuf content = {0};
	const char bytes[] = "a\0b\n";

	ck_assert(!has(c, 1, ""));
	ck_assert(access("dir", F_OK) < 0); /* to look for it makes nothing */
	put(c, 1, "one");
	put(c, 2, "");
	cache_put(c, CACHE_OBJECT, key_of(3), bytes, sizeof(bytes));
	cache_put(c, CACHE_MANIFEST, key_of(1), "manifest", 8);
	ck_assert(has(c, 1, "one"));
	ck_assert(has(c, 2, ""));
	ck_assert_int_eq(cache_get(c, CACHE_OBJECT, key_of(3), &content), 0);
	ck_assert_uint_eq(content.len, sizeof(bytes));
	ck_assert_mem_eq(content.data, bytes, sizeof(bytes));
	put(c, 1, "another");
	ck_assert(has(c, 1, "another"));
	ck_assert(!has(c, 4, ""));
}

TEST(damage_is_a_miss_and_removed)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	cleanup_free char *path = path_of("object", 1);
	cleanup_strbuf struct strbuf whole = {0};

	put(c, 1, "content");
	ck_assert_int_eq(io_read_file(path, 4096, &whole), 0);
	for (size_t i = 0; i <= whole.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			char saved = i < whole.len ? whole.data[i] : '\0';
			if (i < whole.len)
				whole.data[i] ^= (char)(1 << bit);
			/* Past its end: cut off. */
			size_t len = i < whole.len ? whole.len : (size_t)bit * whole.len / 8;
			ck_assert_int_eq(io_replace_file(path, whole.data, len), 0);
			ck_assert_msg(!has(c, 1, "content"), "byte %zu, bit %d", i, bit);
			ck_assert(access(path, F_OK) < 0);
			if (i < whole.len)
				whole.data[i] = saved;
		}
	put(c, 1, "content");
	ck_assert(has(c, 1, "content"));
}

/* Of whose files one got another's name. */
TEST(content_of_another_kind_or_key)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	cleanup_free char *one = path_of("object", 1), *two = path_of("object", 2),
			  *manifest = path_of("manifest", 1);

	put(c, 1, "one");
	ck_assert(!has(c, 2, "one"));
	ck_assert_int_eq(cache_get(c, CACHE_MANIFEST, key_of(1), &(struct strbuf){0}), -ENOENT);
	ck_assert(link(one, two) == 0 && link(one, manifest) == 0);
	ck_assert(!has(c, 2, "one"));
	ck_assert_int_eq(cache_get(c, CACHE_MANIFEST, key_of(1), &(struct strbuf){0}), -ENOENT);
	ck_assert(has(c, 1, "one"));
	ck_assert(access(two, F_OK) < 0 && access(manifest, F_OK) < 0);
}

static void assert_counts(uint64_t entries, uint64_t hits, uint64_t misses)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	struct cache_counts counts;
	uint64_t n;

	ck_assert_int_eq(cache_stats(c, &counts, &n), 0);
	ck_assert_uint_eq(n, entries);
	ck_assert_uint_eq(counts.hits, hits);
	ck_assert_uint_eq(counts.misses, misses);
}

TEST(counts_uses)
{
	uint64_t files, bytes;

	for (unsigned n = 0; n < 3; n++) {
		cleanup_cache struct cache *c = cache_new("dir", LIMIT);
		put(c, n, "content");
		cache_count_miss(c);
		cache_count_hit(c);
		cache_count_hit(c);
	}
	assert_counts(3, 6, 3);
	write_text("dir/cache/counts", "nonsense");
	assert_counts(3, 0, 0);
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	ck_assert_int_eq(cache_clear(c, &files, &bytes), 0);
	ck_assert_uint_eq(files, 3);
	ck_assert_uint_gt(bytes, 21);
	assert_counts(0, 0, 0);
}

TEST(what_was_used_longest_ago_goes)
{
	char text[1001];
	uint64_t files, bytes;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	for (unsigned n = 0; n < 10; n++) {
		put(c, n, text);
		age(n, 100000 - 5000 * (time_t)n);
	}
	/* The first was just used again. */
	ck_assert(has(c, 0, text));
	ck_assert_int_eq(cache_prune(c, 5500, &files, &bytes), 0);
	ck_assert_uint_eq(files, 5);
	for (unsigned n = 0; n < 10; n++)
		ck_assert_int_eq(has(c, n, text), n == 0 || n > 5);
	/* Nothing is to be done. */
	ck_assert_int_eq(cache_prune(c, 5500, &files, &bytes), 0);
	ck_assert_uint_eq(files, 0);
	ck_assert_uint_eq(bytes, 0);
}

TEST(closing_keeps_the_limit)
{
	char text[1001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned n = 0; n < 30; n++) {
		cleanup_cache struct cache *c = cache_new("dir", 10000);
		put(c, n, text);
		cache_close(TAKE_PTR(c));
		age(n, 100000 - 1000 * (time_t)n);
	}
	cleanup_cache struct cache *c = cache_new("dir", 10000);
	struct cache_counts counts;
	uint64_t entries;
	ck_assert_int_eq(cache_stats(c, &counts, &entries), 0);
	ck_assert_uint_le(counts.bytes, 10000);
	ck_assert_uint_ge(entries, 6);
	ck_assert(has(c, 29, text));
	ck_assert(!has(c, 0, text));
}

/* Another process, which does this until it is told to end. */
struct helper {
	pid_t pid;
	int to, from;
};

static struct helper begin_helper(void (*prepare)(void))
{
	int to[2], from[2];
	char done;

	ck_assert(pipe(to) == 0 && pipe(from) == 0);
	struct helper h = {.pid = fork(), .to = to[1], .from = from[0]};
	ck_assert_int_ge(h.pid, 0);
	if (h.pid == 0) {
		close(to[1]);
		close(from[0]);
		prepare();
		if (write(from[1], "x", 1) != 1 || read(to[0], &done, 1) != 0)
			_exit(1);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	ck_assert_int_eq(read(h.from, &done, 1), 1);
	return h;
}

static void end_helper(struct helper h)
{
	int status;

	close(h.to);
	close(h.from);
	ck_assert_int_eq(waitpid(h.pid, &status, 0), h.pid);
	ck_assert_int_eq(status, 0);
}

static void lock_file(const char *path)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	if (fd < 0 || fcntl(fd, F_SETLK, &all) < 0)
		_exit(1);
}

static void write_slowly(void)
{
	lock_file("dir/cache/tmp/1-1");
}

/* What a killed process leaves goes at once, and what is being written stays. */
TEST(temporary_files)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	uint64_t files, bytes;

	put(c, 1, "content");
	write_text("dir/cache/tmp/1-0", "part");
	struct helper h = begin_helper(write_slowly);
	ck_assert_int_eq(cache_prune(c, LIMIT, &files, &bytes), 0);
	ck_assert(access("dir/cache/tmp/1-0", F_OK) < 0);
	ck_assert(access("dir/cache/tmp/1-1", F_OK) == 0);
	ck_assert_int_eq(cache_clear(c, &files, &bytes), 0);
	ck_assert(access("dir/cache/tmp/1-1", F_OK) == 0);
	end_helper(h);
	cache_close(TAKE_PTR(c));
	c = cache_new("dir", LIMIT);
	put(c, 1, "content");
	cache_close(TAKE_PTR(c));
	ck_assert(access("dir/cache/tmp/1-1", F_OK) < 0);
	c = cache_new("dir", LIMIT);
	ck_assert(has(c, 1, "content"));
}

static void hold_counts(void)
{
	lock_file("dir/cache/counts");
}

/* A process that was stopped at the wrong moment stops nobody; what cannot be counted is not kept.
 * The suite's alarm is what fails. */
TEST(counts_that_are_held)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	uint64_t files, bytes;

	put(c, 1, "content");
	cache_close(TAKE_PTR(c));
	struct helper h = begin_helper(hold_counts);
	c = cache_new("dir", LIMIT);
	ck_assert(has(c, 1, "content"));
	put(c, 2, "more");
	ck_assert(!has(c, 2, "more"));
	cache_count_hit(c);
	ck_assert_int_eq(cache_prune(c, LIMIT, &files, &bytes), 0);
	cache_close(TAKE_PTR(c));
	assert_counts(1, 0, 0);
	end_helper(h);
	c = cache_new("dir", LIMIT);
	put(c, 2, "more");
	ck_assert(has(c, 2, "more"));
}

static uint64_t stored_bytes(void)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	struct cache_counts counts;
	uint64_t entries;

	ck_assert_int_eq(cache_stats(c, &counts, &entries), 0);
	return counts.bytes;
}

/* As one that is killed writes: it never closes. */
static void put_and_die(unsigned first, unsigned n, uint64_t limit, const char *text)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct cache *c = cache_new("dir", limit);
		for (unsigned i = 0; i < n; i++)
			put(c, first + i, text);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

TEST(killed_writers_are_counted)
{
	char text[1001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned n = 0; n < 60; n++)
		put_and_die(3 * n, 3, 20000, text);
	ck_assert_uint_le(stored_bytes(), 25000);
	ck_assert_uint_ge(stored_bytes(), 10000);
	/* Nor does one build write more than there is to be. */
	put_and_die(1000, 200, 20000, text);
	ck_assert_uint_le(stored_bytes(), 25000);
}

/* Without its counts nobody knows how much there is: then all files are looked at. */
TEST(counts_that_were_lost)
{
	cleanup_cache struct cache *c = NULL;
	char text[1001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned n = 0; n < 100; n++) {
		c = cache_new("dir", 20000);
		put(c, n, text);
		cache_close(TAKE_PTR(c));
		if (n % 3 == 0)
			ck_assert_int_eq(unlink("dir/cache/counts"), 0);
		else if (n % 3 == 1)
			ck_assert_int_eq(truncate("dir/cache/counts", (off_t)n % 40), 0);
	}
	ck_assert_uint_le(stored_bytes(), 25000);
	c = cache_new("dir", 20000);
	ck_assert(has(c, 99, text));
}

/* Whatever has an entry's name and is none is a miss, at once, and goes. */
TEST(no_regular_file)
{
	cleanup_free char *path = path_of("object", 1);
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);

	put(c, 1, "content");
	cleanup_strbuf struct strbuf whole = {0};
	ck_assert_int_eq(io_read_file(path, 4096, &whole), 0);
	ck_assert_int_eq(io_replace_file("outside", whole.data, whole.len), 0);
	for (int kind = 0; kind < 3; kind++) {
		unlink(path);
		ck_assert_int_eq(kind == 0   ? mkfifo(path, 0600)
				 : kind == 1 ? symlink("../../../outside", path)
					     : symlink("/dev/zero", path),
				 0);
		ck_assert(!has(c, 1, "content"));
		struct stat st;
		ck_assert(lstat(path, &st) < 0);
		put(c, 1, "content");
		ck_assert(has(c, 1, "content"));
	}
	ck_assert_int_eq(access("outside", F_OK), 0);
	/* A directory stays: nothing of ours is in it. */
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	put(c, 1, "content");
	ck_assert(!has(c, 1, "content"));
	/* As counts, too. */
	cache_close(TAKE_PTR(c));
	unlink("dir/cache/counts");
	ck_assert_int_eq(mkfifo("dir/cache/counts", 0600), 0);
	c = cache_new("dir", LIMIT);
	put(c, 2, "content");
	cache_count_hit(c);
	cache_close(TAKE_PTR(c));
	assert_counts(1, 1, 0);
}

/* No file outside is removed, counted or read, whatever leads out. */
TEST(links_out)
{
	cleanup_free char *name = path_of("object", 1), *hidden = NULL;
	uint64_t files, bytes;

	{
		cleanup_cache struct cache *c = cache_new("dir", LIMIT);
		put(c, 1, "content");
	}
	ck_assert_int_eq(rename("dir/cache/object", "object"), 0);
	ck_assert_int_eq(symlink("../../object", "dir/cache/object"), 0);
	hidden = str_printf("object/%s", io_basename(name));
	{
		cleanup_cache struct cache *c = cache_new("dir", LIMIT);
		ck_assert_int_eq(cache_look(c), -EPERM);
		ck_assert(!has(c, 1, "content"));
		put(c, 1, "content");
		ck_assert_int_eq(cache_clear(c, &files, &bytes), -EPERM);
	}
	ck_assert_int_eq(access(hidden, F_OK), 0);
	unlink("dir/cache/object");
	ck_assert_int_eq(rename("dir/cache", "cache"), 0);
	ck_assert_int_eq(symlink("../cache", "dir/cache"), 0);
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	ck_assert_int_eq(cache_look(c), -EPERM);
	/* A link as an entry is removed, and not what it leads to. */
	unlink("dir/cache");
	ck_assert_int_eq(rename("cache", "dir/cache"), 0);
	ck_assert_int_eq(mkdir("dir/cache/object", 0700), 0);
	ck_assert_int_eq(link(hidden, "outside"), 0);
	ck_assert_int_eq(symlink("../../../outside", name), 0);
	cleanup_cache struct cache *again = cache_new("dir", LIMIT);
	ck_assert_int_eq(cache_clear(again, &files, &bytes), 0);
	ck_assert_uint_eq(files, 1);
	ck_assert(access("outside", F_OK) == 0 && readlink(name, (char[8]){0}, 8) < 0);
}

static bool is_taken(void)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);

	return has(c, 1, "content");
}

/* What others may have written is none of ours. */
TEST(what_others_may_write)
{
	static const char *const dirs[] = {"dir/cache", "dir/cache/object", "dir/cache/manifest",
					   "dir/cache/tmp"};
	cleanup_free char *path = path_of("object", 1);
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	struct stat st;
	mode_t umask_before = umask(0);

	put(c, 1, "content");
	umask(umask_before);
	for (size_t i = 0; i < LENGTH(dirs); i++) {
		ck_assert_int_eq(stat(dirs[i], &st), 0);
		ck_assert_int_eq(st.st_mode & 07777, 0700);
		ck_assert(is_taken());
		for (int bit = 020; bit; bit = bit == 020 ? 002 : 0) {
			ck_assert_int_eq(chmod(dirs[i], (mode_t)(0700 | bit)), 0);
			ck_assert(!is_taken());
		}
		if (geteuid() == 0) {
			ck_assert_int_eq(chmod(dirs[i], 0700), 0);
			ck_assert_int_eq(chown(dirs[i], 12345, (gid_t)-1), 0);
			ck_assert(!is_taken());
			ck_assert_int_eq(chown(dirs[i], 0, (gid_t)-1), 0);
		}
		ck_assert_int_eq(chmod(dirs[i], 0755), 0);
		ck_assert(is_taken());
	}
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat("dir/cache/counts", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(chmod(path, 0620), 0);
	ck_assert(!is_taken());
	put(c, 1, "content");
	ck_assert(is_taken());
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
	ck_assert(!is_taken());
	/* Root leaves nothing in a user's home. */
	ck_assert_int_eq(mkdir("home", 0755), 0);
	ck_assert_int_eq(chown("home", 12345, (gid_t)-1), 0);
	cleanup_cache struct cache *theirs = cache_new("home/.cache/crossbpf", LIMIT);
	put(theirs, 1, "content");
	ck_assert(access("home/.cache", F_OK) < 0);
}

/* What is dated in the future is not kept for ever. */
TEST(times_in_the_future)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	uint64_t files, bytes;

	put(c, 1, "one");
	put(c, 2, "two");
	put(c, 3, "three");
	age(1, -1000000);
	age(3, -1000000);
	age(2, 5000);
	ck_assert(has(c, 3, "three"));
	ck_assert_int_eq(cache_prune(c, 230, &files, &bytes), 0);
	ck_assert_uint_eq(files, 1);
	ck_assert(!has(c, 1, "one"));
	ck_assert(has(c, 2, "two") && has(c, 3, "three"));
}

TEST(what_has_no_room)
{
	cleanup_cache struct cache *c = cache_new("dir", 1000);
	char text[1001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	put(c, 1, "content");
	put(c, 2, text);
	ck_assert(has(c, 1, "content"));
	ck_assert(!has(c, 2, text));
}

enum { WRITERS = 8, KEYS = 40, CONCURRENT_LIMIT = 60000 };

/* Of some 3000 bytes, which the key says. */
static void make_text(unsigned n, struct strbuf *ret_text)
{
	for (unsigned i = 0; i < 300 + 20 * n; i++)
		strbuf_printf(ret_text, "%u %u\n", n, i * n);
}

/* Writes and reads for as long as it lives; ends with 1 where it is given what was never put. */
static void write_on(unsigned seed)
{
	struct cache *c = cache_new("dir", CONCURRENT_LIMIT);

	for (unsigned i = 1;; i++) {
		cleanup_strbuf struct strbuf text = {0}, got = {0};
		unsigned n = (seed = seed * 1103515245 + 12345) >> 16;
		make_text(n % KEYS, &text);
		if (n & 1024)
			cache_put(c, CACHE_OBJECT, key_of(n % KEYS), text.data, text.len);
		else if (cache_get(c, CACHE_OBJECT, key_of(n % KEYS), &got) == 0 &&
			 (got.len != text.len || memcmp(got.data, text.data, got.len) != 0))
			_exit(1);
		if (i % 50 == 0) {
			cache_close(c);
			c = cache_new("dir", CONCURRENT_LIMIT);
		}
	}
}

static pid_t begin_writer(unsigned seed)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		write_on(seed);
	return pid;
}

static int concurrent_seconds(void)
{
	const char *sample = getenv("CROSSBPF_TEST_SAMPLE"), *named;

	if ((named = getenv("CROSSBPF_TEST_CACHE_SECONDS")))
		return atoi(named);
	return sample && strcmp(sample, "1") == 0 ? 60 : 5;
}

static unsigned count_left(const char *dir)
{
	cleanup_closedir DIR *entries = opendir(dir);
	unsigned n = 0;

	ck_assert_ptr_nonnull(entries);
	for (struct dirent *entry; (entry = readdir(entries));)
		n += entry->d_name[0] != '.';
	return n;
}

/* All that is there is whole: read as files, for cache_get() would remove what is not. */
static unsigned count_whole(void)
{
	unsigned whole = 0;

	for (unsigned n = 0; n < KEYS; n++) {
		cleanup_free char *path = path_of("object", n);
		cleanup_cache struct cache *c = cache_new("dir", CONCURRENT_LIMIT);
		cleanup_strbuf struct strbuf text = {0};
		bool is_there = access(path, F_OK) == 0;
		make_text(n, &text);
		ck_assert_int_eq(has(c, n, text.data), is_there);
		whole += is_there;
	}
	return whole;
}

/* 8 at once, killed at any time. */
TEST(concurrent_writers)
{
	int64_t end = io_now() + concurrent_seconds() * INT64_C(1000000000);
	unsigned seed = 1, killed = 0;
	pid_t pids[WRITERS];
	int status;

	alarm((unsigned)concurrent_seconds() + SUITE_TIMEOUT);
	for (size_t i = 0; i < WRITERS; i++)
		pids[i] = begin_writer(seed++);
	while (io_now() < end) {
		struct timespec pause = {.tv_nsec = (long)(seed * 7919 % 20000) * 1000};
		nanosleep(&pause, NULL);
		size_t i = seed % WRITERS;
		kill(pids[i], SIGKILL);
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_msg(WIFSIGNALED(status), "another content than was put");
		killed++;
		pids[i] = begin_writer(seed++);
		if (killed % 64 == 0)
			ck_assert_uint_le(stored_bytes(), 2 * CONCURRENT_LIMIT);
	}
	for (size_t i = 0; i < WRITERS; i++) {
		kill(pids[i], SIGKILL);
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_msg(WIFSIGNALED(status), "another content than was put");
	}
	ck_assert_uint_gt(killed, 10);
	ck_assert_uint_le(stored_bytes(), CONCURRENT_LIMIT + CONCURRENT_LIMIT / 2);
	ck_assert_uint_gt(count_whole(), 0);
	cleanup_cache struct cache *c = cache_new("dir", CONCURRENT_LIMIT);
	put(c, 1, "content");
	cache_close(TAKE_PTR(c));
	ck_assert_uint_le(stored_bytes(), CONCURRENT_LIMIT + CONCURRENT_LIMIT / 4);
	ck_assert_uint_eq(count_left("dir/cache/tmp"), 0);
}

TEST(no_directory)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	struct cache_counts counts;
	uint64_t entries;

	write_text("dir", "a file");
	put(c, 1, "content");
	cache_count_miss(c);
	ck_assert(!has(c, 1, "content"));
	ck_assert_int_eq(cache_stats(c, &counts, &entries), 0);
	ck_assert_uint_eq(entries, 0);
	assert_text("dir", "a file");
}

/* A disk that is full in the middle of a file. */
TEST(full_disk)
{
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	struct rlimit limit, few;
	char text[5001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	put(c, 1, "content");
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	few = limit;
	few.rlim_cur = 1000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
	put(c, 2, text);
	put(c, 1, text);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_DFL);
	ck_assert(!has(c, 2, text));
	ck_assert(has(c, 1, "content"));
}

/* A shared one of one file. */
struct shared_file {
	unsigned key, gets, puts;
	enum cache_kind kind;
	const char *content; /* or NULL: it has none */
};

static int get_shared(void *ctx, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		      struct strbuf *ret_content)
{
	struct shared_file *f = ctx;

	f->gets++;
	if (!f->content || kind != f->kind || memcmp(key, key_of(f->key), DIGEST_SIZE) != 0)
		return -ENOENT;
	strbuf_puts(ret_content, f->content);
	return ret_content->error;
}

static void put_shared(void *ctx, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		       const void *content, size_t len)
{
	struct shared_file *f = ctx;

	f->puts++;
	f->kind = kind;
	ck_assert_mem_eq(key, key_of(f->key), DIGEST_SIZE);
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(content, "put", 3);
}

TEST(asks_a_shared_one)
{
	struct shared_file f = {.key = 1, .kind = CACHE_OBJECT, .content = "theirs"};
	const struct cache_shared shared = {&f, get_shared, put_shared};
	cleanup_cache struct cache *c = cache_new("dir", LIMIT);
	cleanup_strbuf struct strbuf content = {0};

	ck_assert_int_eq(cache_fetch(c, CACHE_OBJECT, key_of(1), &content), -ENOENT);
	put(c, 2, "here");
	cache_share(c, &shared);
	ck_assert(has(c, 2, "here"));
	ck_assert_uint_eq(f.gets, 0);
	ck_assert(!has(c, 3, ""));
	ck_assert(has(c, 1, "theirs"));
	ck_assert_uint_eq(f.gets, 2);
	ck_assert(has(c, 1, "theirs")); /* which is here now */
	ck_assert_uint_eq(f.gets, 2);
	/* What is there of manifests is asked for, and is not what is here. */
	f.kind = CACHE_MANIFEST;
	ck_assert_int_eq(cache_get(c, CACHE_MANIFEST, key_of(1), &content), -ENOENT);
	ck_assert_uint_eq(f.gets, 2);
	ck_assert_int_eq(cache_fetch(c, CACHE_MANIFEST, key_of(1), &content), 0);
	ck_assert_str_eq(content.data, "theirs");
	ck_assert_int_eq(cache_get(c, CACHE_MANIFEST, key_of(1), &content), -ENOENT);
	cache_keep(c, CACHE_MANIFEST, key_of(1), "kept", 4);
	ck_assert_uint_eq(f.puts, 0);
	cache_put(c, CACHE_MANIFEST, key_of(1), "put", 3);
	ck_assert_uint_eq(f.puts, 1);
	ck_assert_uint_eq(f.kind, CACHE_MANIFEST);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, gives_what_was_put);
	tcase_add_test(c, damage_is_a_miss_and_removed);
	tcase_add_test(c, content_of_another_kind_or_key);
	tcase_add_test(c, counts_uses);
	tcase_add_test(c, what_was_used_longest_ago_goes);
	tcase_add_test(c, closing_keeps_the_limit);
	tcase_add_test(c, temporary_files);
	tcase_add_test(c, counts_that_are_held);
	tcase_add_test(c, killed_writers_are_counted);
	tcase_add_test(c, counts_that_were_lost);
	tcase_add_test(c, no_regular_file);
	tcase_add_test(c, links_out);
	tcase_add_test(c, what_others_may_write);
	tcase_add_test(c, times_in_the_future);
	tcase_add_test(c, what_has_no_room);
	tcase_add_test(c, concurrent_writers);
	tcase_add_test(c, no_directory);
	tcase_add_test(c, full_disk);
	tcase_add_test(c, asks_a_shared_one);
}

int main(void)
{
	return suite_run("cache", add_tests);
}
