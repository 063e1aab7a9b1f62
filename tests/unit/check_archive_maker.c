/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "exchange/archive-maker.h"
#include "unpack.h"

static void assert_link(const char *path, const char *want)
{
	char target[4096];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	ck_assert_msg(len >= 0, "%s: %s", path, strerror(errno));
	target[len] = '\0';
	ck_assert_str_eq(target, want);
}

static struct archive_maker *begin(struct strbuf *to)
{
	struct archive_maker *a = archive_begin(to);

	ck_assert_ptr_ne(a, NULL);
	return a;
}

static void end(struct archive_maker *a, const struct strbuf *to)
{
	ck_assert_int_eq(archive_end(a), 0);
	ck_assert_uint_gt(to->len, 0);
	ck_assert_uint_eq(to->len % 512, 0);
	ck_assert_int_eq(mkdir("there", 0755), 0);
	unpack(to, "there");
}

TEST(nothing)
{
	cleanup_strbuf struct strbuf archive = {0};
	struct archive_maker *a = begin(&archive);

	end(a, &archive);
	ck_assert_uint_eq(count_entries("there"), 0);
}

TEST(files_and_links)
{
	cleanup_strbuf struct strbuf archive = {0};
	struct archive_maker *a = begin(&archive);
	struct stat st;

	archive_add_file(a, "/dir/a", "content", 7);
	archive_add_file(a, "dir/empty", NULL, 0);
	archive_add_file(a, "//b", "b", 1);
	archive_add_link(a, "/link", "dir/a", NULL);
	archive_add_link(a, "/dir/absolute", "/nowhere/at all", NULL);
	end(a, &archive);
	assert_text("there/dir/a", "content");
	assert_text("there/dir/empty", "");
	assert_text("there/b", "b");
	assert_text("there/link", "content");
	assert_link("there/dir/absolute", "/nowhere/at all");
	ck_assert_int_eq(stat("there/dir/a", &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 0111, 0);
}

/* In parts, and with what the file system says of it. */
TEST(files_as_they_are)
{
	cleanup_strbuf struct strbuf archive = {0};
	struct archive_maker *a = begin(&archive);
	struct stat st = {.st_mode = S_IFREG | 0750, .st_size = 10};

	archive_begin_file(a, "dir/parts", &st);
	archive_add_data(a, "one", 3);
	archive_add_data(a, NULL, 0);
	archive_add_data(a, "two", 3);
	archive_add_data(a, "four", 4);
	st.st_size = 0;
	archive_begin_file(a, "empty", &st);
	st.st_mode = S_IFDIR | 0700;
	archive_add_directory(a, "/empty-dir", &st);
	archive_add_file(a, "behind", "x", 1);
	end(a, &archive);
	assert_text("there/dir/parts", "onetwofour");
	assert_text("there/empty", "");
	assert_text("there/behind", "x");
	ck_assert_uint_eq(count_entries("there/empty-dir"), 0);
	ck_assert_int_eq(stat("there/dir/parts", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0700, 0700);
}

/* More bytes than were said are not another file's. */
TEST(too_many_bytes)
{
	cleanup_strbuf struct strbuf archive = {0};
	struct archive_maker *a = begin(&archive);
	struct stat st = {.st_mode = S_IFREG | 0644, .st_size = 2};

	archive_begin_file(a, "x", &st);
	archive_add_data(a, "three", 5);
	ck_assert_int_eq(archive_end(a), -EINVAL);
}

/* A file's content may be an archive, or begin like one. */
TEST(any_bytes)
{
	static uint8_t bytes[70000];
	cleanup_strbuf struct strbuf archive = {0}, inner = {0};
	struct archive_maker *a = begin(&inner);
	uint32_t random = 1;

	archive_add_file(a, "inner", "x", 1);
	ck_assert_int_eq(archive_end(a), 0);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		random = random * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(random >> 24);
	}
	a = begin(&archive);
	archive_add_file(a, "/inner.tar", inner.data, inner.len);
	for (size_t len = 511; len <= 513; len++) {
		cleanup_free char *name = str_printf("/%zu", len);
		archive_add_file(a, name, bytes, len);
	}
	archive_add_file(a, "/all", bytes, sizeof(bytes));
	end(a, &archive);
	static uint8_t read_back[sizeof(bytes) + 1];
	FILE *f = fopen("there/all", "r");
	ck_assert_ptr_ne(f, NULL);
	size_t n = fread(read_back, 1, sizeof(read_back), f);
	fclose(f);
	ck_assert_uint_eq(n, sizeof(bytes));
	ck_assert_mem_eq(read_back, bytes, sizeof(bytes));
	ck_assert(is_there("there/513"));
	ck_assert(!is_there("there/inner"));
	ck_assert_uint_eq(count_entries("there"), 5);
}

TEST(any_names)
{
	static const char *const names[] = {"a b", " ",     "-x",    "'q'",      "\"d\"", "nl\nx",
					    "\\n", "b\\\\", "\xff",  "\xc3\xa9", "*?[x]", "$(x)",
					    ":x",  "x:y",   "@list", "tab\tx",   "cr\rx", "..x"};
	cleanup_strbuf struct strbuf archive = {0};
	struct archive_maker *a = begin(&archive);

	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *path = str_printf("/%s", names[i]);
		cleanup_free char *link = str_printf("/%s.link", names[i]);
		archive_add_file(a, path, names[i], strlen(names[i]));
		archive_add_link(a, link, names[i], NULL);
	}
	end(a, &archive);
	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *path = str_printf("there/%s", names[i]);
		cleanup_free char *link = str_printf("%s.link", path);
		assert_text(path, names[i]);
		assert_link(link, names[i]);
	}
	ck_assert_uint_eq(count_entries("there"), 2 * LENGTH(names));
}

/* Longer than the fields of a header, each at its limits. */
TEST(long_names)
{
	cleanup_strbuf struct strbuf archive = {0};
	struct archive_maker *a = begin(&archive);
	static const size_t lengths[] = {99, 100, 101, 155, 156, 255, 256, 257, 1000, 3000};

	for (size_t i = 0; i < LENGTH(lengths); i++) {
		cleanup_strbuf struct strbuf path = {0}, target = {0};
		strbuf_printf(&path, "/%zu", i);
		while (path.len < lengths[i])
			strbuf_putc(&path, path.len % 50 == 49 ? '/' : 'n');
		strbuf_putc(&path, 'e');
		archive_add_file(a, path.data, "deep", 4);
		while (target.len < lengths[i])
			strbuf_putc(&target, 't');
		cleanup_free char *link = str_printf("/link%zu", i);
		archive_add_link(a, link, target.data, NULL);
	}
	end(a, &archive);
	for (size_t i = 0; i < LENGTH(lengths); i++) {
		cleanup_strbuf struct strbuf path = {0}, target = {0};
		strbuf_printf(&path, "there/%zu", i);
		while (path.len < lengths[i] + strlen("there"))
			strbuf_putc(&path, (path.len - strlen("there")) % 50 == 49 ? '/' : 'n');
		strbuf_putc(&path, 'e');
		assert_text(path.data, "deep");
		while (target.len < lengths[i])
			strbuf_putc(&target, 't');
		cleanup_free char *link = str_printf("there/link%zu", i);
		assert_link(link, target.data);
	}
}

TEST(no_name)
{
	static const char *const names[] = {"", "/", "///"};

	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_strbuf struct strbuf archive = {0};
		struct archive_maker *a = begin(&archive);
		archive_add_file(a, names[i], "x", 1);
		archive_add_file(a, "/next", "x", 1);
		ck_assert_int_eq(archive_end(a), -EINVAL);
	}
}

TEST(appends)
{
	cleanup_strbuf struct strbuf archive = {0};

	strbuf_puts(&archive, "before");
	struct archive_maker *a = begin(&archive);
	archive_add_file(a, "/a", "x", 1);
	ck_assert_int_eq(archive_end(a), 0);
	ck_assert_mem_eq(archive.data, "before", 6);
	ck_assert_uint_eq((archive.len - 6) % 512, 0);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, nothing);
	tcase_add_test(c, files_and_links);
	tcase_add_test(c, files_as_they_are);
	tcase_add_test(c, too_many_bytes);
	tcase_add_test(c, any_bytes);
	tcase_add_test(c, any_names);
	tcase_add_test(c, long_names);
	tcase_add_test(c, no_name);
	tcase_add_test(c, appends);
}

int main(void)
{
	return suite_run("archive_maker", add_tests);
}
