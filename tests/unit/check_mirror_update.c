/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/mirror-update.h"
#include "core/session.h"
#include "shared/io.h"

/* This machine as a builder, whose headers are @/inc, and clang's @/lib/clang/1/include. */
struct bench {
	char *here, *cache;
	struct project project;
	struct session session;
	struct toolchain toolchain;
	struct mirror_update update;
	struct crossbpf_error error;
};

static void write_header(const char *path, const char *text)
{
	ck_assert_int_eq(io_make_parents(path, 0755), 0);
	write_text(path, text);
}

/* Lists these headers as they are now; a name that begins with ! is listed with another digest. */
static void list(struct bench *b, const char *const *names)
{
	cleanup_free char *stamp = toolchain_stamp(&b->toolchain, b->cache);
	cleanup_strbuf struct strbuf text = {0};

	for (; *names; names++) {
		const char *name = *names + (**names == '!');
		cleanup_free char *path = str_printf("%s/%s", b->here, name);
		cleanup_strbuf struct strbuf content = {0};
		uint8_t digest[DIGEST_SIZE];
		char hex[DIGEST_HEX_SIZE];
		(void)io_read_file(path, 64 << 20, &content);
		digest_of(content.data ? content.data : "", content.len, digest);
		digest_hex(digest, hex);
		if (**names == '!')
			hex[0] = hex[0] == '0' ? '1' : '0';
		strbuf_printf(&text, "%s  %s\n", hex, path);
	}
	ck_assert_int_eq(io_make_parents(stamp, 0755), 0);
	write_text(stamp, text.data ? text.data : "");
}

static void begin(struct bench *b)
{
	mirror_update_free(&b->update);
	b->update = (struct mirror_update){.session = &b->session, .toolchain = &b->toolchain};
	error_free(&b->error);
	b->error = (struct crossbpf_error){0};
	int r = mirror_update_begin(&b->update, b->cache, &b->project, &b->error);
	ck_assert_msg(r == 0, "%s", b->error.message);
}

static void bench_open(struct bench *b)
{
	static char root[] = "/project";

	*b = (struct bench){.here = getcwd(NULL, 0), .project = {.root = root, .id = "12ab"}};
	b->cache = str_printf("%s/cache", b->here);
	b->session.control = -1;
	ck_assert_int_eq(
		session_open(&b->session, BACKEND_DIR, "native", NULL, &b->project, &b->error), 0);
	b->toolchain.clang = strdup("/bin/clang");
	b->toolchain.number = strdup("1");
	b->toolchain.version = strdup("1");
	b->toolchain.builder = strdup("here");
	memset(b->toolchain.identity, 'a', DIGEST_HEX_SIZE - 1);
	memset(b->toolchain.headers, 'b', DIGEST_HEX_SIZE - 1);
	strv_take(&b->toolchain.search, str_printf("%s/inc", b->here));
	strv_take(&b->toolchain.search, str_printf("%s/lib/clang/1/include", b->here));
	write_header("inc/a.h", "a\n");
	write_header("inc/sub/b c.h", "b\nb");
	write_header("inc/empty.h", "");
	write_header("lib/clang/1/include/stddef.h", "");
	ck_assert_int_eq(symlink("sub/b c.h", "inc/link.h"), 0);
	list(b, (const char *const[]){"inc/a.h", "inc/sub/b c.h", "inc/empty.h", "inc/link.h",
				      "lib/clang/1/include/stddef.h", NULL});
	begin(b);
}

static void bench_close(struct bench *b)
{
	mirror_update_free(&b->update);
	session_close(&b->session);
	toolchain_free(&b->toolchain);
	error_free(&b->error);
	free(b->here);
	free(b->cache);
}

#define BENCH(b)                                              \
	__attribute__((cleanup(bench_close))) struct bench b; \
	bench_open(&b)

static int add(struct bench *b, const char *name)
{
	cleanup_free char *path = str_printf("%s/%s", b->here, name);

	error_free(&b->error);
	b->error = (struct crossbpf_error){0};
	return mirror_update_add(&b->update, path, &b->error);
}

static void fetch(struct bench *b)
{
	int r = mirror_update_fetch(&b->update, &b->error);

	ck_assert_msg(r == 0, "%s", b->error.message);
}

static void end(struct bench *b)
{
	cleanup_lock_file struct lock_file lock = {0};

	ck_assert_int_eq(lock_file_set(&lock, "clang.number", "1"), 0);
	int r = mirror_update_end(&b->update, &lock, "docker", &b->error);
	ck_assert_msg(r == 0, "%s", b->error.message);
}

static char *copy_of(const struct bench *b, const char *name)
{
	return str_printf("%s%s/%s", b->update.mirror.root, b->here, name);
}

static void assert_copy(const struct bench *b, const char *name, const char *expected)
{
	cleanup_free char *path = copy_of(b, name);
	cleanup_free char *text = read_text(path);
	struct stat st;

	if (!expected) {
		ck_assert_msg(!is_there(path), "%s", name);
		return;
	}
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_str_eq(text, expected);
}

static bool is_valid(const struct bench *b)
{
	cleanup_mirror struct mirror m = {0};

	return mirror_open(b->cache, &b->project, &m) == 0;
}

TEST(fetches_what_was_asked_for)
{
	BENCH(b);

	ck_assert_int_eq(add(&b, "inc/a.h"), 0);
	ck_assert_int_eq(add(&b, "inc/sub/b c.h"), 0);
	ck_assert_int_eq(add(&b, "inc/sub/../a.h"), 0);
	ck_assert_int_eq(add(&b, "inc/link.h"), 0);
	ck_assert_int_eq(add(&b, "inc/empty.h"), 0);
	/* None of the mirror's. */
	ck_assert_int_eq(add(&b, "project/a.h"), 0);
	ck_assert_int_eq(add(&b, "lib/clang/1/include/stddef.h"), 0);
	fetch(&b);
	ck_assert(!is_valid(&b));
	end(&b);
	ck_assert(is_valid(&b));
	ck_assert_uint_eq(b.update.n_fetched, 4);
	ck_assert_uint_eq(b.update.size, 2 + 3 + 3);
	assert_copy(&b, "inc/a.h", "a\n");
	assert_copy(&b, "inc/sub/b c.h", "b\nb");
	assert_copy(&b, "inc/link.h", "b\nb");
	assert_copy(&b, "inc/empty.h", "");
	assert_copy(&b, "lib/clang/1/include/stddef.h", NULL);
}

TEST(leaves_alone_what_is_right)
{
	BENCH(b);

	add(&b, "inc/a.h");
	add(&b, "inc/sub/b c.h");
	fetch(&b);
	end(&b);
	write_header("inc/a.h", "other\n");
	list(&b, (const char *const[]){"inc/a.h", "inc/sub/b c.h", NULL});
	begin(&b);
	add(&b, "inc/sub/b c.h");
	fetch(&b);
	ck_assert(is_valid(&b));
	ck_assert_uint_eq(b.update.n_fetched, 0);
	add(&b, "inc/a.h");
	fetch(&b);
	ck_assert_uint_eq(b.update.n_fetched, 1);
	assert_copy(&b, "inc/a.h", "other\n");
	end(&b);
	ck_assert_uint_eq(b.update.n_removed, 0);

	/* What nobody asks for any more goes, with its directory. */
	cleanup_free char *sub = copy_of(&b, "inc/sub");
	begin(&b);
	add(&b, "inc/a.h");
	fetch(&b);
	end(&b);
	ck_assert_uint_eq(b.update.n_removed, 1);
	ck_assert(!is_there(sub));
	assert_copy(&b, "inc/a.h", "other\n");
	ck_assert(is_valid(&b));
}

/* What somebody did to the copies is undone. */
TEST(mends_a_copy)
{
	BENCH(b);

	add(&b, "inc/a.h");
	fetch(&b);
	end(&b);
	cleanup_free char *copy = copy_of(&b, "inc/a.h");
	ck_assert_int_eq(unlink(copy), 0);
	write_text("outside", "a\n");
	cleanup_free char *outside = str_printf("%s/outside", b.here);
	ck_assert_int_eq(symlink(outside, copy), 0);
	begin(&b);
	add(&b, "inc/a.h");
	fetch(&b);
	end(&b);
	assert_copy(&b, "inc/a.h", "a\n");
	cleanup_free char *text = read_text("outside");
	ck_assert_str_eq(text, "a\n");
}

static void assert_distrusted(const struct bench *b, int r, const char *why)
{
	ck_assert_int_eq(r, -EACCES);
	ck_assert_int_eq(b->error.status, EXIT_STATUS_FAILED);
	assert_contains(b->error.message, "cannot be trusted");
	assert_contains(b->error.message, why);
}

TEST(names_that_lead_elsewhere)
{
	static const char *const names[] = {
		"inc/../x.h",        "inc/../../../../../../../../../../etc/passwd",
		"inc/sub/../../x.h", "inc/a\tb.h",
		"inc/x\x7f.h",
	};
	BENCH(b);

	for (size_t i = 0; i < LENGTH(names); i++)
		assert_distrusted(&b, add(&b, names[i]), "in no directory of headers");
	assert_distrusted(&b, add(&b, "inc/unlisted.h"), "not there when");
	ck_assert_uint_eq(b.update.names.n, 0);
}

TEST(a_list_that_leads_elsewhere)
{
	static const char *const lists[][3] = {
		{"inc/a.h", "inc/../x.h", NULL},
		{"inc/./a.h", NULL},
		{"inc//a.h", NULL},
		{"inc/sub/../a.h", NULL},
	};

	for (size_t i = 0; i < LENGTH(lists); i++) {
		suite_begin();
		BENCH(b);
		list(&b, lists[i]);
		begin(&b);
		assert_distrusted(&b, mirror_update_add_all(&b.update, &b.error),
				  "in no directory of headers");
	}
}

TEST(all)
{
	BENCH(b);

	ck_assert_int_eq(mirror_update_add_all(&b.update, &b.error), 0);
	fetch(&b);
	b.update.all = true;
	end(&b);
	ck_assert_uint_eq(b.update.names.n, 4);
	ck_assert_uint_eq(b.update.skipped.n, 0);
}

TEST(content_that_is_not_as_listed)
{
	BENCH(b);

	add(&b, "inc/sub/b c.h");
	fetch(&b);
	end(&b);
	list(&b, (const char *const[]){"!inc/a.h", "inc/sub/b c.h", NULL});
	begin(&b);
	add(&b, "inc/a.h");
	add(&b, "inc/sub/b c.h");
	assert_distrusted(&b, mirror_update_fetch(&b.update, &b.error), "what its headers were");
	assert_copy(&b, "inc/a.h", NULL);
	/* A half is none. */
	ck_assert(!is_valid(&b));
}

TEST(a_header_that_is_gone_or_huge)
{
	BENCH(b);

	add(&b, "inc/a.h");
	ck_assert_int_eq(unlink("inc/a.h"), 0);
	assert_distrusted(&b, mirror_update_fetch(&b.update, &b.error), "its size is missing");
	write_text("inc/a.h", "");
	ck_assert_int_eq(truncate("inc/a.h", 13 << 20), 0);
	error_free(&b.error);
	b.error = (struct crossbpf_error){0};
	assert_distrusted(&b, mirror_update_fetch(&b.update, &b.error), "too large");
}

TEST(more_names_than_one_command_takes)
{
	cleanup_strbuf struct strbuf padding = {0};
	cleanup_strv struct strv names = {0};
	BENCH(b);

	for (int i = 0; i < 200; i++)
		strbuf_putc(&padding, 'x');
	for (int i = 0; i < 600; i++) {
		cleanup_free char *text = str_printf("%d\n", i);
		strv_take(&names, str_printf("inc/%s%d.h", padding.data, i));
		write_header(names.v[names.n - 1], text);
	}
	list(&b, (const char *const *)names.v);
	begin(&b);
	ck_assert_int_eq(mirror_update_add_all(&b.update, &b.error), 0);
	fetch(&b);
	end(&b);
	ck_assert_uint_eq(b.update.n_fetched, 600);
	assert_copy(&b, names.v[0], "0\n");
	assert_copy(&b, names.v[599], "599\n");
}

/* Clang would look in them for headers. */
TEST(directories_that_lead_elsewhere)
{
	static const char *const dirs[] = {"/usr/include/../../home", "/usr//include", "/", "/a/.",
					   "/usr/include/"};

	for (size_t i = 0; i < LENGTH(dirs); i++) {
		suite_begin();
		BENCH(b);
		struct mirror_update u = {.session = &b.session, .toolchain = &b.toolchain};
		strv_add(&b.toolchain.search, dirs[i]);
		assert_distrusted(&b, mirror_update_begin(&u, b.cache, &b.project, &b.error),
				  "no directory of headers");
		mirror_update_free(&u);
	}
}

TEST(where_there_can_be_none)
{
	BENCH(b);
	struct project around = {.root = b.here, .id = "1"};
	cleanup_free char *odd = str_printf("%s/a=b", b.here);
	struct mirror_update u = b.update;

	u = (struct mirror_update){.session = &b.session, .toolchain = &b.toolchain};
	ck_assert_int_eq(mirror_update_begin(&u, b.cache, &around, &b.error), -ENOTSUP);
	assert_contains(b.error.hint, "XDG_CACHE_HOME");
	mirror_update_free(&u);
	error_free(&b.error);
	b.error = (struct crossbpf_error){0};
	u = (struct mirror_update){.session = &b.session, .toolchain = &b.toolchain};
	ck_assert_int_eq(mirror_update_begin(&u, odd, &b.project, &b.error), -ENOTSUP);
	mirror_update_free(&u);
	error_free(&b.error);
	b.error = (struct crossbpf_error){0};
	b.toolchain.headers[0] = '\0';
	u = (struct mirror_update){.session = &b.session, .toolchain = &b.toolchain};
	ck_assert_int_eq(mirror_update_begin(&u, b.cache, &b.project, &b.error), -ENOTSUP);
	assert_contains(b.error.message, "cannot be listed");
	mirror_update_free(&u);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, fetches_what_was_asked_for);
	tcase_add_test(tests, leaves_alone_what_is_right);
	tcase_add_test(tests, mends_a_copy);
	tcase_add_test(tests, names_that_lead_elsewhere);
	tcase_add_test(tests, a_list_that_leads_elsewhere);
	tcase_add_test(tests, all);
	tcase_add_test(tests, content_that_is_not_as_listed);
	tcase_add_test(tests, a_header_that_is_gone_or_huge);
	tcase_add_test(tests, more_names_than_one_command_takes);
	tcase_add_test(tests, directories_that_lead_elsewhere);
	tcase_add_test(tests, where_there_can_be_none);
}

int main(void)
{
	return suite_run("mirror-update", add_tests);
}
