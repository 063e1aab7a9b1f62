/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <pthread.h>
#include <time.h>

#include "shared/io.h"

enum { MUCH = 1 << 20 };

static bool is_close_on_exec(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

/* Reads `path`, which holds `len` bytes, within `limit`. */
static int read_within(const char *path, size_t limit, size_t len)
{
	cleanup_strbuf struct strbuf b = {0};

	int r = io_read_file(path, limit, &b);
	if (r == 0)
		ck_assert_uint_eq(b.len, len);
	return r;
}

TEST(reads_files)
{
	cleanup_free char *much = malloc(50001);
	cleanup_strbuf struct strbuf b = {0};

	memset(much, 'm', 50000);
	much[50000] = '\0';
	write_text("much", much);
	write_text("empty", "");

	strbuf_puts(&b, "before ");
	ck_assert_int_eq(io_read_file("much", 50007, &b), 0);
	ck_assert_uint_eq(b.len, 50007);
	ck_assert_mem_eq(b.data, "before m", 8);
	ck_assert_str_eq(b.data + 7, much);

	/* The limit is for all that is in the buffer then. */
	strbuf_free(&b);
	strbuf_puts(&b, "before ");
	ck_assert_int_eq(io_read_file("much", 50006, &b), -EFBIG);

	strbuf_free(&b);
	ck_assert_int_eq(io_read_file("empty", 0, &b), 0);
	ck_assert_ptr_ne(b.data, NULL);
	ck_assert_str_eq(b.data, "");
}

TEST(refuses_more_than_the_limit)
{
	write_text("ten", "0123456789");
	ck_assert_int_eq(read_within("ten", 11, 10), 0);
	ck_assert_int_eq(read_within("ten", 10, 10), 0);
	ck_assert_int_eq(read_within("ten", 9, 10), -EFBIG);
	ck_assert_int_eq(read_within("ten", 0, 10), -EFBIG);
}

TEST(says_why_it_cannot_read)
{
	cleanup_strbuf struct strbuf b = {0};

	ck_assert_int_eq(io_read_file("missing", 10, &b), -ENOENT);
	ck_assert_int_eq(io_read_file("", 10, &b), -ENOENT);
	ck_assert_int_eq(io_read_file(".", 10, &b), -EISDIR);
	ck_assert_int_eq(io_read_fd(-1, 10, &b), -EBADF);
}

struct writer {
	pthread_t reader;
	int fd;
	char *data;
};

/* Disturbs the reader by signals, then writes. */
static void *write_much(void *arg)
{
	struct writer *w = arg;

	for (int i = 0; i < 20; i++) {
		pthread_kill(w->reader, SIGUSR1);
		usleep(500);
	}
	ck_assert_int_eq(io_write_fd(w->fd, w->data, MUCH), 0);
	close(w->fd);
	return NULL;
}

static void ignore(int signal)
{
	(void)signal;
}

/* Partial writes and reads and EINTR. */
TEST(moves_much_through_a_pipe)
{
	struct sigaction old, interrupt = {.sa_handler = ignore};
	cleanup_free char *data = malloc(MUCH);
	cleanup_strbuf struct strbuf b = {0};
	pthread_t thread;
	int fds[2];

	for (size_t i = 0; i < MUCH; i++)
		data[i] = (char)(i % 251);
	ck_assert_int_eq(io_pipe(fds), 0);
	ck_assert_int_eq(sigaction(SIGUSR1, &interrupt, &old), 0);
	struct writer w = {pthread_self(), fds[1], data};
	ck_assert_int_eq(pthread_create(&thread, NULL, write_much, &w), 0);
	ck_assert_int_eq(io_read_fd(fds[0], MUCH, &b), 0);
	pthread_join(thread, NULL);
	close(fds[0]);
	sigaction(SIGUSR1, &old, NULL);

	ck_assert_uint_eq(b.len, MUCH);
	ck_assert_mem_eq(b.data, data, MUCH);
}

TEST(says_why_it_cannot_write)
{
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	int fds[2];

	ck_assert_int_eq(io_write_fd(-1, "x", 1), -EBADF);
	ck_assert_int_eq(io_write_fd(-1, "x", 0), 0);
	ck_assert_int_eq(io_pipe(fds), 0);
	close(fds[0]);
	ck_assert_int_eq(io_write_fd(fds[1], "x", 1), -EPIPE);
	close(fds[1]);
	signal(SIGPIPE, old);
}

TEST(replaces_a_file)
{
	cleanup_strbuf struct strbuf b = {0};
	struct stat st;

	ck_assert_int_eq(io_replace_file("file", "old\n", 4), 0);
	assert_text("file", "old\n");
	ck_assert_int_eq(stat("file", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);

	/* Who has the old one open goes on reading it. */
	cleanup_close int fd = open("file", O_RDONLY);
	ck_assert_int_eq(io_replace_file("file", "new", 3), 0);
	ck_assert_int_eq(io_read_fd(fd, 100, &b), 0);
	ck_assert_str_eq(b.data, "old\n");
	assert_text("file", "new");
	ck_assert_int_eq(io_replace_file("file", "", 0), 0);
	assert_text("file", "");
	ck_assert_uint_eq(count_entries("."), 1);
}

TEST(leaves_nothing_where_it_cannot_replace)
{
	ck_assert_int_eq(io_replace_file("missing/file", "x", 1), -ENOENT);
	ck_assert_int_eq(mkdir("dir", 0700), 0);
	write_text("dir/inside", "");
	ck_assert_int_lt(io_replace_file("dir", "x", 1), 0);
	ck_assert_uint_eq(count_entries("."), 1);
	ck_assert_uint_eq(count_entries("dir"), 1);
}

TEST(makes_parents)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *absolute = str_printf("%s/x/y/file", here);
	struct stat st;

	ck_assert_int_eq(io_make_parents("file", 0700), 0);
	ck_assert_uint_eq(count_entries("."), 0);

	ck_assert_int_eq(io_make_parents("a/b//c/file", 0700), 0);
	ck_assert_int_eq(stat("a/b/c", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(stat("a", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert(!is_there("a/b/c/file"));
	ck_assert_int_eq(io_make_parents("a/b/c/file", 0700), 0);
	ck_assert_int_eq(io_make_parents(absolute, 0700), 0);
	ck_assert(is_there("x/y"));

	write_text("plain", "");
	ck_assert_int_eq(io_make_parents("plain/b/file", 0700), -ENOTDIR);
}

TEST(pipes)
{
	char byte = 0;
	int fds[2];

	ck_assert_int_eq(io_pipe(fds), 0);
	ck_assert(is_close_on_exec(fds[0]));
	ck_assert(is_close_on_exec(fds[1]));
	ck_assert_int_eq(write(fds[1], "p", 1), 1);
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'p');
	close(fds[0]);
	close(fds[1]);
}

TEST(temporary_has_no_name)
{
	cleanup_free char *here = getcwd(NULL, 0);
	char text[4] = "";
	int fd = -1;

	setenv("TMPDIR", here, 1);
	ck_assert_int_eq(io_temporary(&fd), 0);
	ck_assert_uint_eq(count_entries("."), 0);
	ck_assert(is_close_on_exec(fd));
	ck_assert_int_eq(io_write_fd(fd, "abc", 3), 0);
	ck_assert_int_eq(pread(fd, text, sizeof(text), 0), 3);
	ck_assert_str_eq(text, "abc");
	close(fd);
}

TEST(temporary_looks_for_a_directory)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *missing = str_printf("%s/missing", here);
	int fd = -1;

	setenv("TMPDIR", missing, 1);
	ck_assert_int_eq(io_temporary(&fd), -ENOENT);
	ck_assert_int_eq(fd, -1);
	/* A relative one, or none, is /tmp. */
	setenv("TMPDIR", "missing", 1);
	ck_assert_int_eq(io_temporary(&fd), 0);
	close(fd);
	unsetenv("TMPDIR");
	ck_assert_int_eq(io_temporary(&fd), 0);
	close(fd);
}

TEST(mtime_in_nanoseconds)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1700000001, .tv_nsec = 0}};
	struct stat st;

	write_text("file", "");
	ck_assert_int_eq(utimensat(AT_FDCWD, "file", times, 0), 0);
	ck_assert_int_eq(stat("file", &st), 0);
	ck_assert(io_mtime(&st) == INT64_C(1700000001000000000));

	ck_assert_int_eq(stat(".", &st), 0);
#ifdef __APPLE__
	ck_assert(io_mtime(&st) % 1000000000 == st.st_mtimespec.tv_nsec);
#else
	ck_assert(io_mtime(&st) % 1000000000 == st.st_mtim.tv_nsec);
#endif
}

TEST(basename_is_the_last_part)
{
	static const char *const table[][2] = {
		{"file", "file"},  {"dir/file.c", "file.c"},
		{"/file", "file"}, {"a//b", "b"},
		{"dir/", ""},      {"", ""},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		const char *name = io_basename(table[i][0]);
		ck_assert_str_eq(name, table[i][1]);
		/* It points into the path. */
		ck_assert_ptr_eq(name + strlen(name), table[i][0] + strlen(table[i][0]));
	}
}

static void assert_cache_dir(const char *xdg, const char *home, const char *expected)
{
	char untouched[] = "untouched", *path = untouched;

	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	if (xdg)
		setenv("XDG_CACHE_HOME", xdg, 1);
	if (home)
		setenv("HOME", home, 1);
	int r = io_cache_dir(&path);
	if (expected) {
		ck_assert_int_eq(r, 0);
		ck_assert_str_eq(path, expected);
		free(path);
	} else {
		ck_assert_int_eq(r, -ENOENT);
		ck_assert_ptr_eq(path, untouched);
	}
}

TEST(cache_dir_by_the_environment)
{
	assert_cache_dir("/x", "/home/me", "/x/crossbpf");
	assert_cache_dir("/x", NULL, "/x/crossbpf");
	assert_cache_dir(NULL, "/home/me", "/home/me/.cache/crossbpf");
	assert_cache_dir("relative", "/home/me", "/home/me/.cache/crossbpf");
	assert_cache_dir("", "/home/me", "/home/me/.cache/crossbpf");
	assert_cache_dir("", "", NULL);
	assert_cache_dir(NULL, "relative", NULL);
	assert_cache_dir(NULL, NULL, NULL);
}

static int put(const char *path, const char *text, struct stat *ret_st)
{
	memset(ret_st, 0, sizeof(*ret_st));
	return io_write_output(path, text, strlen(text), ret_st);
}

TEST(writes_an_output)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *absolute = str_printf("%s/file", here);
	cleanup_strbuf struct strbuf b = {0};
	struct stat st, now;

	mode_t old = umask(027);
	ck_assert_int_eq(put("file", "old\n", &st), 0);
	umask(old);
	assert_text("file", "old\n");
	ck_assert_int_eq(stat("file", &now), 0);
	ck_assert_uint_eq(now.st_mode & 07777, 0640);
	ck_assert_uint_eq(st.st_ino, now.st_ino);
	ck_assert_int_eq((int)st.st_size, 4);
	ck_assert(io_mtime(&st) == io_mtime(&now));

	/* The mode of the old one does not count, nor that it is shut. */
	ck_assert_int_eq(chmod("file", 0400), 0);
	cleanup_close int fd = open("file", O_RDONLY);
	ck_assert_int_eq(put(absolute, "new", &st), 0);
	ck_assert_int_eq(io_read_fd(fd, 100, &b), 0);
	ck_assert_str_eq(b.data, "old\n");
	assert_text("file", "new");
	ck_assert_int_eq(stat("file", &now), 0);
	ck_assert_uint_eq(now.st_mode & 0777, 0666 & ~old);
	ck_assert_uint_eq(st.st_ino, now.st_ino);
	ck_assert_int_eq(put("file", "", &st), 0);
	assert_text("file", "");
	ck_assert_uint_eq(count_entries("."), 1);
}

/* One of the names of a file is replaced; the others keep it. */
TEST(writes_no_other_name_of_an_output)
{
	struct stat st;

	write_text("one", "old");
	ck_assert_int_eq(link("one", "two"), 0);
	ck_assert_int_eq(put("one", "new", &st), 0);
	assert_text("two", "old");
	assert_text("one", "new");
}

TEST(writes_in_place_what_is_no_file)
{
	struct stat st, now;

	ck_assert_int_eq(put("/dev/null", "text", &st), 0);
	ck_assert(S_ISCHR(st.st_mode));

	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	cleanup_close int reader = open("pipe", O_RDONLY | O_NONBLOCK);
	char text[8] = "";
	ck_assert_int_eq(put("pipe", "text", &st), 0);
	ck_assert(S_ISFIFO(st.st_mode));
	ck_assert_int_eq(read(reader, text, sizeof(text)), 4);
	ck_assert_str_eq(text, "text");

	write_text("file", "old and longer");
	ck_assert_int_eq(symlink("file", "link"), 0);
	ck_assert_int_eq(put("link", "new", &st), 0);
	assert_text("file", "new");
	ck_assert_int_eq(stat("file", &now), 0);
	ck_assert_uint_eq(st.st_ino, now.st_ino);
	ck_assert_int_eq(lstat("link", &now), 0);
	ck_assert(S_ISLNK(now.st_mode));
	ck_assert_uint_eq(count_entries("."), 3);
}

TEST(leaves_nothing_where_it_cannot_write_an_output)
{
	char name[300];
	struct stat st;

	write_text("file", "old");
	ck_assert_int_eq(mkdir("dir", 0700), 0);
	ck_assert_int_eq(put("missing/file", "x", &st), -ENOENT);
	ck_assert_int_eq(put("file/x", "x", &st), -ENOTDIR);
	ck_assert_int_eq(put("dir", "x", &st), -EISDIR);
	ck_assert_int_eq(put("dir/", "x", &st), -EISDIR);
	ck_assert_int_lt(put("", "x", &st), 0);
	assert_text("file", "old");
	/* A name that is too long for its temporary one only is none. */
	memset(name, 'n', 255);
	name[255] = '\0';
	ck_assert_int_eq(put(name, "long", &st), 0);
	assert_text(name, "long");
	name[255] = 'n';
	name[256] = '\0';
	ck_assert_int_eq(put(name, "x", &st), -ENAMETOOLONG);
	ck_assert_uint_eq(count_entries("."), 3);
	ck_assert_uint_eq(count_entries("dir"), 0);
}

enum { WRITERS = 4, WRITES = 100 };

static void *write_outputs(void *text)
{
	struct stat st;

	for (int i = 0; i < WRITES; i++)
		if (io_write_output("file", text, strlen(text), &st) < 0)
			return NULL;
	return text;
}

/* Each is whole, whoever is the last. */
TEST(threads_write_one_output)
{
	static char texts[WRITERS][8] = {"a", "bbbb", "cc", "ddd"};
	pthread_t threads[WRITERS];
	bool found = false;

	for (size_t i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_outputs, texts[i]), 0);
	for (size_t i = 0; i < WRITERS; i++) {
		void *result;
		ck_assert_int_eq(pthread_join(threads[i], &result), 0);
		ck_assert_ptr_eq(result, texts[i]);
	}
	cleanup_free char *text = read_text("file");
	for (size_t i = 0; i < WRITERS; i++)
		found = found || strcmp(text, texts[i]) == 0;
	ck_assert(found);
	ck_assert_uint_eq(count_entries("."), 1);
}

TEST(parents_have_the_mode_less_the_umask)
{
	struct stat st;

	mode_t old = umask(027);
	int r = io_make_parents("a/b/file", 0777);
	umask(old);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(stat("a", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0750);
	ck_assert_int_eq(stat("a/b", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0750);
	/* Those that are there stay as they are. */
	ck_assert_int_eq(io_make_parents("a/b/c/file", 0700), 0);
	ck_assert_int_eq(stat("a/b", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0750);
	ck_assert_int_eq(stat("a/b/c", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	/* A last slash makes it a directory, too. */
	ck_assert_int_eq(io_make_parents("d/", 0700), 0);
	ck_assert(is_there("d"));
	ck_assert_int_eq(io_make_parents("", 0700), 0);
	ck_assert_int_eq(io_make_parents("/", 0700), 0);
	ck_assert_int_eq(io_make_parents("/file", 0700), 0);
	ck_assert_int_eq(io_make_parents("./../.", 0700), 0);
}

TEST(temporary_dir_is_our_own)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *path = NULL, *other = NULL;
	struct stat st;

	setenv("TMPDIR", here, 1);
	ck_assert_int_eq(io_temporary_dir(&path), 0);
	ck_assert_int_eq(io_temporary_dir(&other), 0);
	setenv("TMPDIR", "/tmp", 1);
	ck_assert_str_ne(path, other);
	ck_assert_int_eq(strncmp(path, here, strlen(here)), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rmdir(other), 0);
}

TEST(temporary_dir_that_cannot_be)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *missing = str_printf("%s/missing", here);
	char untouched[] = "untouched", *path = untouched;

	setenv("TMPDIR", missing, 1);
	ck_assert_int_eq(io_temporary_dir(&path), -ENOENT);
	setenv("TMPDIR", "/dev/null", 1);
	ck_assert_int_eq(io_temporary_dir(&path), -ENOTDIR);
	ck_assert_ptr_eq(path, untouched);
	/* A relative one, or none, is /tmp. */
	setenv("TMPDIR", "missing", 1);
	ck_assert_int_eq(io_temporary_dir(&path), 0);
	ck_assert_int_eq(strncmp(path, "/tmp/", 5), 0);
	ck_assert_int_eq(rmdir(path), 0);
	free(path);
	unsetenv("TMPDIR");
	ck_assert_int_eq(io_temporary_dir(&path), 0);
	ck_assert_int_eq(strncmp(path, "/tmp/", 5), 0);
	ck_assert_int_eq(rmdir(path), 0);
	free(path);
}

/* A time without a part of a second is one of a file system that has whole ones only. */
TEST(ticks)
{
	ck_assert(io_tick(0) == 2000000000);
	ck_assert(io_tick(INT64_C(1700000001000000000)) == 2000000000);
	ck_assert(io_tick(INT64_C(1700000001000000001)) == 10000000);
	ck_assert(io_tick(1) == 10000000);
	ck_assert(io_tick(-1) == 10000000);
}

TEST(now_goes_on)
{
	int64_t began = io_now(), seconds = time(NULL);

	ck_assert(began / 1000000000 >= seconds - 1 && began / 1000000000 <= seconds + 1);
	usleep(2000);
	ck_assert(io_now() >= began + 1000000);
}

/* It cannot be set back: a change that hides is seen. */
TEST(ctime_in_nanoseconds)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	struct stat st;

	write_text("file", "");
	ck_assert_int_eq(stat("file", &st), 0);
	int64_t before = io_ctime(&st);
	ck_assert(before > io_now() - INT64_C(60000000000));
	ck_assert_int_eq(utimensat(AT_FDCWD, "file", times, 0), 0);
	ck_assert_int_eq(stat("file", &st), 0);
	ck_assert(io_mtime(&st) == 1000000000);
	ck_assert(io_ctime(&st) >= before);
}

static void assert_working_directory(const char *pwd, const char *expected)
{
	cleanup_free char *dir = NULL;

	if (pwd)
		setenv("PWD", pwd, 1);
	else
		unsetenv("PWD");
	ck_assert_int_eq(io_working_directory(&dir), 0);
	ck_assert_str_eq(dir, expected);
}

TEST(working_directory_by_its_name)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *real = str_printf("%s/real", here);
	cleanup_free char *link = str_printf("%s/link", here);
	cleanup_free char *missing = str_printf("%s/missing", here);

	ck_assert_int_eq(mkdir("real", 0700), 0);
	ck_assert_int_eq(symlink("real", "link"), 0);
	ck_assert_int_eq(chdir("link"), 0);
	assert_working_directory(NULL, real);
	assert_working_directory(real, real);
	assert_working_directory(link, link);
	assert_working_directory(here, real);
	assert_working_directory(missing, real);
	assert_working_directory(".", real);
	assert_working_directory("", real);
}

TEST(working_directory_that_is_gone)
{
	char untouched[] = "untouched", *dir = untouched;

	unsetenv("PWD");
	ck_assert_int_eq(mkdir("gone", 0700), 0);
	ck_assert_int_eq(chdir("gone"), 0);
	ck_assert_int_eq(rmdir("../gone"), 0);
	int r = io_working_directory(&dir);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(r, -ENOENT);
	ck_assert_ptr_eq(dir, untouched);
}

/* As a compiler would. */
TEST(writes_through_a_link_to_nothing)
{
	struct stat st;

	ck_assert_int_eq(symlink("target", "link"), 0);
	ck_assert_int_eq(put("link", "new", &st), 0);
	assert_text("target", "new");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, reads_files);
	tcase_add_test(c, refuses_more_than_the_limit);
	tcase_add_test(c, says_why_it_cannot_read);
	tcase_add_test(c, moves_much_through_a_pipe);
	tcase_add_test(c, says_why_it_cannot_write);
	tcase_add_test(c, replaces_a_file);
	tcase_add_test(c, leaves_nothing_where_it_cannot_replace);
	tcase_add_test(c, makes_parents);
	tcase_add_test(c, pipes);
	tcase_add_test(c, temporary_has_no_name);
	tcase_add_test(c, temporary_looks_for_a_directory);
	tcase_add_test(c, mtime_in_nanoseconds);
	tcase_add_test(c, basename_is_the_last_part);
	tcase_add_test(c, cache_dir_by_the_environment);
	tcase_add_test(c, writes_an_output);
	tcase_add_test(c, writes_no_other_name_of_an_output);
	tcase_add_test(c, writes_in_place_what_is_no_file);
	tcase_add_test(c, leaves_nothing_where_it_cannot_write_an_output);
	tcase_add_test(c, threads_write_one_output);
	tcase_add_test(c, parents_have_the_mode_less_the_umask);
	tcase_add_test(c, temporary_dir_is_our_own);
	tcase_add_test(c, temporary_dir_that_cannot_be);
	tcase_add_test(c, ticks);
	tcase_add_test(c, now_goes_on);
	tcase_add_test(c, ctime_in_nanoseconds);
	tcase_add_test(c, working_directory_by_its_name);
	tcase_add_test(c, working_directory_that_is_gone);
	tcase_add_test(c, writes_through_a_link_to_nothing);
}

int main(void)
{
	return suite_run("io", add_tests);
}
