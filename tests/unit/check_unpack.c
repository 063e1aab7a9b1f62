/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <archive.h>
#include <archive_entry.h>

#include "exchange/unpack.h"
#include "shared/strbuf.h"

enum { LIMIT = 100000 };

/* Packs `len` bytes as one entry, by a filter and a format of libarchive's. */
static void pack(const char *path, const char *filter, const char *format, const char *name,
		 const char *data, size_t len, bool more)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	ck_assert_int_eq(filter ? archive_write_add_filter_by_name(a, filter) : ARCHIVE_OK,
			 ARCHIVE_OK);
	ck_assert_int_eq(archive_write_set_format_by_name(a, format), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_open_filename(a, path), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	if (more) {
		archive_entry_set_pathname(entry, "first");
		archive_entry_set_size(entry, 4);
		ck_assert_int_eq(archive_write_header(a, entry), ARCHIVE_OK);
		ck_assert_int_eq(archive_write_data(a, "2.0\n", 4), 4);
	}
	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)len);
	ck_assert_int_eq(archive_write_header(a, entry), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_data(a, data, len), (la_ssize_t)len);
	archive_entry_free(entry);
	ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static int run(int (*f)(struct unpack *), const char *path, size_t cut, uint64_t limit,
	       struct unpack *u)
{
	cleanup_close int from = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_close int to = open("out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct stat st;

	ck_assert_int_eq(fstat(from, &st), 0);
	u->from = from;
	u->to = to;
	u->len = (uint64_t)st.st_size - cut;
	u->limit = limit;
	return f(u);
}

static const char *const filters[] = {"gzip", "xz", "zstd", "lz4", "bzip2", "lzma"};

TEST(streams)
{
	const struct unpack_module *m = crossbpf_unpack_init();

	ck_assert_uint_eq(m->size, sizeof(*m));
	for (size_t i = 0; i < LENGTH(filters); i++) {
		struct unpack u = {.control = -1};
		pack("in", filters[i], "raw", "x", "content", 7, false);
		ck_assert_msg(run(m->stream, "in", 0, LIMIT, &u) == 0, "%s: %s", filters[i], u.why);
		cleanup_free char *out = read_text("out");
		ck_assert_str_eq(out, "content");
	}
}

TEST(refuses_streams)
{
	const struct unpack_module *m = crossbpf_unpack_init();
	cleanup_free char *zeroes = calloc(1, 2 * LIMIT);
	int ends[2];

	for (size_t i = 0; i < LENGTH(filters); i++) {
		struct unpack u = {.control = -1};
		pack("in", filters[i], "raw", "x", zeroes, 2 * LIMIT, false);
		ck_assert_int_eq(run(m->stream, "in", 0, LIMIT, &u), -EFBIG);
		ck_assert_int_eq(run(m->stream, "in", 12, 3 * LIMIT, &u), -ENOEXEC);
		ck_assert_str_ne(u.why, "");
	}
	struct unpack plain = {.control = -1};
	write_text("text", "no compressor made this");
	ck_assert_int_eq(run(m->stream, "text", 0, LIMIT, &plain), -ENOEXEC);
	ck_assert_ptr_ne(strstr(plain.why, "unknown"), NULL);
	/* Who is told to stop does. */
	ck_assert_int_eq(pipe(ends), 0);
	close(ends[1]);
	struct unpack stopped = {.control = ends[0]};
	ck_assert_int_eq(run(m->stream, "in", 0, 3 * LIMIT, &stopped), -ECANCELED);
	ck_assert_int_eq(run(m->package, "in", 0, 3 * LIMIT, &stopped), -ECANCELED);
	close(ends[0]);
}

/* A package with one file, of that name. */
static void make_package(const char *name, const char *data, size_t len)
{
	cleanup_free char *tar = malloc(1 << 20);

	pack("data", "xz", "gnutar", name, data, len, true);
	cleanup_fclose FILE *f = fopen("data", "r");
	size_t n = fread(tar, 1, 1 << 20, f);
	pack("package", NULL, "arbsd", "data.tar.xz", tar, n, true);
}

TEST(packages)
{
	static const char *const good[] = {"./boot/vmlinuz-6.1", "boot/vmlinux-6.1",
					   "usr/lib/modules/6.1/vmlinuz",
					   "./usr/lib/debug/boot/vmlinux-6.1"};
	static const char *const bad[] = {"./boot/config-6.1", "vmlinuz", "boot/vmlinuz-6.1/x",
					  "../boot/vmlinuz-1"};
	const struct unpack_module *m = crossbpf_unpack_init();

	for (size_t i = 0; i < LENGTH(good); i++) {
		struct unpack u = {.control = -1};
		make_package(good[i], "kernel", 6);
		ck_assert_msg(run(m->package, "package", 0, LIMIT, &u) == 0, "%s: %s", good[i],
			      u.why);
		cleanup_free char *out = read_text("out");
		ck_assert_str_eq(out, "kernel");
	}
	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct unpack u = {.control = -1};
		make_package(bad[i], "kernel", 6);
		ck_assert_int_eq(run(m->package, "package", 0, LIMIT, &u), -ENOENT);
	}
}

TEST(refuses_packages)
{
	const struct unpack_module *m = crossbpf_unpack_init();
	cleanup_free char *zeroes = calloc(1, 2 * LIMIT);
	struct unpack u = {.control = -1};

	make_package("boot/vmlinuz-6.1", zeroes, 2 * LIMIT);
	ck_assert_int_eq(run(m->package, "package", 0, LIMIT, &u), -EFBIG);
	ck_assert_int_eq(run(m->package, "package", 100, 3 * LIMIT, &u), -ENOEXEC);
	pack("package", NULL, "arbsd", "control.tar", "x", 1, true);
	ck_assert_int_eq(run(m->package, "package", 0, LIMIT, &u), -ENOENT);
	write_text("text", "no archiver made this");
	ck_assert_int_eq(run(m->package, "text", 0, LIMIT, &u), -ENOEXEC);
}

/* A package with a kernel behind so many other files, each as large as a kernel may be. */
static void make_long_package(unsigned n)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	cleanup_free char *data = calloc(1, LIMIT), *tar = malloc(1 << 20);

	archive_write_add_filter_by_name(a, "xz");
	archive_write_set_format_by_name(a, "gnutar");
	ck_assert_int_eq(archive_write_open_filename(a, "data"), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	for (unsigned i = 0; i <= n; i++) {
		archive_entry_set_pathname(entry, i < n ? "boot/config" : "boot/vmlinuz-1");
		archive_entry_set_size(entry, LIMIT);
		ck_assert_int_eq(archive_write_header(a, entry), ARCHIVE_OK);
		ck_assert_int_eq(archive_write_data(a, data, LIMIT), LIMIT);
	}
	archive_entry_free(entry);
	ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	cleanup_fclose FILE *f = fopen("data", "r");
	pack("package", NULL, "arbsd", "data.tar.xz", tar, fread(tar, 1, 1 << 20, f), true);
}

/* What is passed over takes its time too. */
TEST(refuses_much_before_a_kernel)
{
	const struct unpack_module *m = crossbpf_unpack_init();
	struct unpack u = {.control = -1};

	make_long_package(2);
	ck_assert_int_eq(run(m->package, "package", 0, LIMIT, &u), 0);
	make_long_package(3);
	ck_assert_int_eq(run(m->package, "package", 0, LIMIT, &u), -EFBIG);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, streams);
	tcase_add_test(c, refuses_streams);
	tcase_add_test(c, packages);
	tcase_add_test(c, refuses_packages);
	tcase_add_test(c, refuses_much_before_a_kernel);
}

int main(void)
{
	return suite_run("unpack", add_tests);
}
