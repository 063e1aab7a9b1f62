/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <fcntl.h>
#include <time.h>

#include "core/clang-reads.h"
#include "core/manifest.h"
#include "shared/io.h"

static const uint8_t command[DIGEST_SIZE] = {1};
static char usr_include[] = "/usr/include";
static char *system_dirs[] = {usr_include};
static const struct toolchain nothing;

static void write_in(const char *path, const char *text)
{
	ck_assert_int_eq(io_make_parents(path, 0777), 0);
	write_text(path, text);
}

/* Until what was written is old enough to be known again. */
static void let_age(void)
{
	usleep(25000);
}

struct looking {
	struct cache *cache;
	struct strv search, system;
	const struct toolchain *toolchain;
	bool elsewhere;
};

static struct looking begin(void)
{
	struct looking l = {.cache = cache_new("kept", 1 << 20), .toolchain = &nothing};

	ck_assert_ptr_nonnull(l.cache);
	strv_add(&l.search, "inc");
	strv_add(&l.search, "late");
	return l;
}

static void end(struct looking *l)
{
	strv_free(&l->search);
	strv_free(&l->system);
	cache_close(l->cache);
}
#define cleanup_looking CLEANUP(end)

static struct clang_reads reads_of(const struct looking *l)
{
	return (struct clang_reads){
		.cache = l->cache,
		.command = command,
		.dir = "/p",
		.toolchain = l->toolchain,
		.search = &l->search,
		.system = &l->system,
		.elsewhere = l->elsewhere,
	};
}

static void add_names(struct strv *names)
{
	strv_add(names, "x.c");
	strv_add(names, "late/a.h");
}

/* A digest of all that is found; and was anything read that was not known? */
static int look(const struct looking *l, uint8_t ret_digest[DIGEST_SIZE], bool *ret_news)
{
	cleanup_clang_reads struct clang_reads r = reads_of(l);
	cleanup_strv struct strv names = {0};
	uint8_t others[DIGEST_SIZE];
	struct digest d;

	add_names(&names);
	int error = clang_reads_look(&r, &names);
	digest_init(&d);
	if (error == 0)
		error = clang_reads_digest(&r, &d);
	*ret_news = r.news;
	if (error < 0)
		return error;
	manifest_others(&r.others, others);
	digest_bytes(&d, others, sizeof(others));
	digest_finish_bytes(&d, ret_digest);
	return clang_reads_keep(&r);
}

static void write_usual(void)
{
	write_in("x.c", "#include <a.h>\n");
	write_in("late/a.h", "int a;\n");
	ck_assert_int_eq(mkdir("inc", 0777), 0);
}

TEST(what_is_known_is_not_read)
{
	cleanup_looking struct looking l = begin();
	uint8_t first[DIGEST_SIZE], again[DIGEST_SIZE];
	bool news;

	write_usual();
	let_age();
	ck_assert_int_eq(look(&l, first, &news), 0);
	ck_assert(news);
	ck_assert_int_eq(look(&l, again, &news), 0);
	ck_assert(!news);
	ck_assert_mem_eq(first, again, DIGEST_SIZE);
}

/* What was written at the moment of the look may be written once more within it. For longer than a
 * moment, as a busy machine may need more. */
TEST(what_is_new_is_read_again)
{
	cleanup_looking struct looking l = begin();
	struct timespec times[2];
	uint8_t digest[DIGEST_SIZE];
	bool news;

	struct timespec now;

	write_usual();
	/* A machine that was busy for longer than that moment is tried again. */
	do {
		ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &times[0]), 0);
		times[0].tv_sec++;
		times[1] = times[0];
		ck_assert_int_eq(utimensat(AT_FDCWD, "late/a.h", times, 0), 0);
		ck_assert_int_eq(look(&l, digest, &news), 0);
		ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
	} while (now.tv_sec >= times[0].tv_sec);
	sleep(1);
	let_age();
	let_age();
	ck_assert_int_eq(look(&l, digest, &news), 0);
	ck_assert(news);
	ck_assert_int_eq(look(&l, digest, &news), 0);
	ck_assert(!news);
}

TEST(what_tells_apart)
{
	cleanup_looking struct looking l = begin();
	uint8_t usual[DIGEST_SIZE], digest[DIGEST_SIZE];
	bool news;

	write_usual();
	ck_assert_int_eq(look(&l, usual, &news), 0);
	write_in("late/a.h", "int b;\n");
	ck_assert_int_eq(look(&l, digest, &news), 0);
	ck_assert_int_ne(memcmp(usual, digest, DIGEST_SIZE), 0);
	write_in("late/a.h", "int a;\n");
	ck_assert_int_eq(look(&l, digest, &news), 0);
	ck_assert_mem_eq(usual, digest, DIGEST_SIZE);
	/* A header that clang would find first; a directory is none. */
	ck_assert_int_eq(mkdir("inc/a.h", 0777), 0);
	ck_assert_int_eq(look(&l, digest, &news), 0);
	ck_assert_mem_eq(usual, digest, DIGEST_SIZE);
	ck_assert_int_eq(rmdir("inc/a.h"), 0);
	write_in("inc/a.h", "int a;\n");
	ck_assert_int_eq(look(&l, digest, &news), 0);
	ck_assert_int_ne(memcmp(usual, digest, DIGEST_SIZE), 0);
	ck_assert_int_eq(unlink("inc/a.h"), 0);
	/* One directory by two names, and one file. */
	ck_assert_int_eq(rmdir("inc"), 0);
	ck_assert_int_eq(symlink("late", "inc"), 0);
	ck_assert_int_eq(look(&l, digest, &news), 0);
	ck_assert_int_ne(memcmp(usual, digest, DIGEST_SIZE), 0);
	ck_assert_int_eq(unlink("inc"), 0);
	ck_assert_int_eq(unlink("late/a.h"), 0);
	ck_assert_int_eq(look(&l, digest, &news), -ENOENT);
	ck_assert_int_eq(mkdir("late/a.h", 0777), 0);
	ck_assert_int_eq(look(&l, digest, &news), -ENOENT);
}

TEST(what_asks_for_more)
{
	static const char *const texts[] = {
		"char t[] = __TIME__;\n",
		"#include NAME\n",
		"asm(\".incbin \\\"x\\\"\");\n",
		"#embed \"x\"\n",
	};
	cleanup_looking struct looking l = begin();
	uint8_t digest[DIGEST_SIZE], with[DIGEST_SIZE];
	bool news;

	write_usual();
	for (size_t i = 0; i < LENGTH(texts); i++) {
		write_in("late/a.h", texts[i]);
		ck_assert_msg(look(&l, digest, &news) == -ENODATA, "%zu", i);
	}
	write_in("late/a.h", "#if __has_include(<b.h>)\nint b;\n#endif\n");
	ck_assert_int_eq(look(&l, digest, &news), 0);
	write_in("late/b.h", "");
	ck_assert_int_eq(look(&l, with, &news), 0);
	ck_assert_int_ne(memcmp(with, digest, DIGEST_SIZE), 0);
}

/* A large file is known to all commands, by whatever name. */
TEST(large_files)
{
	cleanup_looking struct looking l = begin();
	cleanup_strv struct strv names = {0};
	cleanup_free char *text = calloc(1, 40001);
	static const uint8_t other[DIGEST_SIZE] = {2};
	uint8_t digest[DIGEST_SIZE];
	bool news;

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', 40000);
	memcpy(text, "char t[] = __TIME__;", 20);
	write_usual();
	write_in("late/a.h", text);
	let_age();
	ck_assert_int_eq(look(&l, digest, &news), -ENODATA);
	ck_assert_int_eq(rename("late/a.h", "moved.h"), 0); /* which is a change of it */
	let_age();
	strv_add(&names, "moved.h");
	for (int i = 0; i < 2; i++) {
		cleanup_clang_reads struct clang_reads r = reads_of(&l);
		r.command = i ? other : command;
		ck_assert_int_eq(clang_reads_look(&r, &names), 0);
		ck_assert_int_eq(r.files[0].seen.size, 40000);
		ck_assert_str_ne(r.files[0].asks, "");
		digest_of(text, 40000, digest);
		ck_assert_mem_eq(r.files[0].digest, digest, DIGEST_SIZE);
	}
}

TEST(what_changed_since)
{
	cleanup_looking struct looking l = begin();
	cleanup_strv struct strv names = {0};

	int64_t began = io_now();
	write_usual();
	add_names(&names);
	cleanup_clang_reads struct clang_reads r = reads_of(&l);
	ck_assert_int_eq(clang_reads_look(&r, &names), 0);
	ck_assert(clang_reads_changed(&r, began));
	let_age();
	began = io_now();
	ck_assert(!clang_reads_changed(&r, began));
	let_age();
	/* A link that leads to an old file now. */
	ck_assert_int_eq(rename("x.c", "old.c"), 0);
	let_age();
	began = io_now();
	let_age();
	ck_assert_int_eq(symlink("old.c", "x.c"), 0);
	clang_reads_clear(&r);
	ck_assert_int_eq(clang_reads_look(&r, &names), 0);
	ck_assert(clang_reads_changed(&r, began));
	let_age();
	began = io_now();
	ck_assert(!clang_reads_changed(&r, began));
	let_age();
	/* Another that would have been found; and a directory that was put there. */
	write_in("inc/a.h", "");
	clang_reads_clear(&r);
	ck_assert_int_eq(clang_reads_look(&r, &names), 0);
	ck_assert_uint_eq(r.others.n, 1);
	ck_assert(clang_reads_changed(&r, began));
	ck_assert_int_eq(unlink("inc/a.h"), 0);
	ck_assert_int_eq(rename("late", "old"), 0);
	ck_assert_int_eq(symlink("old", "late"), 0);
	clang_reads_clear(&r);
	ck_assert_int_eq(clang_reads_look(&r, &names), 0);
	ck_assert(clang_reads_changed(&r, began));
}

/* What is the builder's is not looked for here. */
TEST(elsewhere)
{
	struct toolchain t = {.search = {.v = system_dirs, .n = 1}};
	cleanup_looking struct looking l = begin();
	cleanup_strv struct strv names = {0};

	l.toolchain = &t;
	l.elsewhere = true;
	strv_add(&l.system, usr_include);
	strv_add(&l.search, usr_include);
	write_usual();
	add_names(&names);
	strv_add(&names, "/usr/include/nowhere/x.h");
	cleanup_clang_reads struct clang_reads r = reads_of(&l);
	ck_assert_int_eq(clang_reads_look(&r, &names), 0);
	ck_assert_uint_eq(r.others.n, 0);
	write_in("inc/nowhere/x.h", "");
	clang_reads_clear(&r);
	ck_assert_int_eq(clang_reads_look(&r, &names), 0);
	ck_assert_uint_eq(r.others.n, 1);
	ck_assert_str_eq(r.others.v[0], "inc/nowhere/x.h");
	l.elsewhere = r.elsewhere = false;
	clang_reads_clear(&r);
	ck_assert_int_eq(clang_reads_look(&r, &names), -ENOENT);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_is_known_is_not_read);
	tcase_add_test(tests, what_is_new_is_read_again);
	tcase_add_test(tests, what_tells_apart);
	tcase_add_test(tests, what_asks_for_more);
	tcase_add_test(tests, large_files);
	tcase_add_test(tests, what_changed_since);
	tcase_add_test(tests, elsewhere);
}

int main(void)
{
	return suite_run("clang-reads", add_tests);
}
