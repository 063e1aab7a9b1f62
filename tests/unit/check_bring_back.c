/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/bring-back.h"
#include "shared/io.h"

#define LATER (io_now() + 60000000000) /* what the host has now is older than the shell */

struct bench {
	struct sent_file sent;
	int64_t began;
	bool is_program;
	enum bring_back_result result;
};

/* `p` is the project, and beside it is what is none of the builder's business. */
static void set_up(struct bench *b)
{
	*b = (struct bench){.began = LATER};
	ck_assert_int_eq(mkdir("p", 0755), 0);
	ck_assert_int_eq(mkdir("outside", 0755), 0);
	write_text("outside/x", "outside");
}

/* As if the host had sent what it has now. */
static struct sent_file *send_file(struct bench *b, const char *path)
{
	cleanup_free char *text = read_text(path);
	struct digest d;

	ck_assert_ptr_ne(text, NULL);
	ck_assert_int_eq(lstat(path, &b->sent.st), 0);
	digest_init(&d);
	digest_bytes(&d, text, strlen(text));
	digest_finish_bytes(&d, b->sent.digest);
	return &b->sent;
}

static int bring(struct bench *b, const char *name, const struct sent_file *sent, const char *text)
{
	size_t len = strlen(text);
	cleanup_free char *copy = malloc(len + !len); /* no byte behind its end */
	struct bring_back what = {.root = "p",
				  .name = name,
				  .sent = sent,
				  .began = b->began,
				  .is_program = b->is_program,
				  .data = copy,
				  .len = len};

	ck_assert_ptr_ne(copy, NULL);
	memcpy(copy, text, len);
	b->result = (enum bring_back_result) - 1;
	return bring_back(&what, &b->result);
}

#define assert_brought(b, name, sent, text, wanted)                      \
	do {                                                             \
		ck_assert_int_eq(bring((b), (name), (sent), (text)), 0); \
		ck_assert_int_eq((b)->result, (wanted));                 \
	} while (0)

static mode_t mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

/* Nothing was written but below the project, and nothing there was left behind. */
static void assert_outside_is_whole(void)
{
	ck_assert_uint_eq(count_entries("."), 2);
	ck_assert_uint_eq(count_entries("outside"), 1);
	assert_text("outside/x", "outside");
}

TEST(which_names)
{
	static const char *const good[] = {
		"x",         "a/b/c",    ".hidden", "...",     "..x", "x..", ".gitignore",
		".github/x", "git",      "x.git",   "a/.gitx", " ",   "-x",  "a\nb",
		"\xff",      "a\\..\\b", "~/x",     ".gi",     "C:x",
	};
	static const char *const bad[] = {
		"",         "/",         "//",          ".",         "..",
		"./x",      "x/.",       "a/./b",       "../x",      "x/..",
		"a/../b",   "a/../../b", "/x",          "/etc/x",    "x/",
		"a//b",     ".git",      ".git/config", ".GIT/x",    ".Git/hooks/x",
		"a/.git/x", "a/.gIt",    "a/b/.git",    "x/../.git", ".giT",
	};

	for (size_t i = 0; i < LENGTH(good); i++) {
		cleanup_free char *name = strdup(good[i]);
		ck_assert_msg(bring_back_is_name(name), "refused: %s", name);
	}
	for (size_t i = 0; i < LENGTH(bad); i++) {
		cleanup_free char *name = strdup(bad[i]);
		struct bench b;
		ck_assert_msg(!bring_back_is_name(name), "taken: %s", name);
		if (i == 0)
			set_up(&b);
		b = (struct bench){.began = LATER};
		ck_assert_msg(bring(&b, name, NULL, "bad") == -EPERM, "written: %s", name);
		ck_assert_uint_eq(count_entries("p"), 0);
	}
	assert_outside_is_whole();
}

TEST(new_files)
{
	struct bench b;
	mode_t mask = umask(022);

	set_up(&b);
	assert_brought(&b, "x", NULL, "new", BRING_BACK_DONE);
	assert_brought(&b, "a/b c/d\n", NULL, "deep", BRING_BACK_DONE);
	assert_brought(&b, "empty", NULL, "", BRING_BACK_DONE);
	b.is_program = true;
	assert_brought(&b, "a/run", NULL, "#!", BRING_BACK_DONE);
	umask(mask);
	assert_text("p/x", "new");
	assert_text("p/a/b c/d\n", "deep");
	assert_text("p/empty", "");
	ck_assert_uint_eq(mode_of("p/x"), 0644);
	ck_assert_uint_eq(mode_of("p/a/run"), 0755);
	ck_assert_uint_eq(mode_of("p/a"), 0755);
	ck_assert_uint_eq(count_entries("p"), 3);
	ck_assert_uint_eq(count_entries("p/a"), 2);
	ck_assert_uint_eq(count_entries("p/a/b c"), 1);
	assert_outside_is_whole();
}

TEST(replaces_what_was_sent)
{
	struct bench b;

	set_up(&b);
	write_text("p/x", "before");
	struct sent_file *sent = send_file(&b, "p/x");
	b.began = io_now();
	assert_brought(&b, "x", sent, "after", BRING_BACK_DONE);
	assert_text("p/x", "after");
	ck_assert_uint_eq(count_entries("p"), 1);
}

/* Whoever has it open, or under another name, keeps what it was. */
TEST(replaces_by_a_new_file)
{
	struct bench b;

	set_up(&b);
	write_text("p/x", "before");
	ck_assert_int_eq(link("p/x", "p/y"), 0);
	assert_brought(&b, "x", send_file(&b, "p/x"), "after", BRING_BACK_DONE);
	assert_text("p/x", "after");
	assert_text("p/y", "before");
}

/* What git ignores was not sent, and is replaced where it is older than the shell. */
TEST(replaces_what_is_older)
{
	struct bench b;

	set_up(&b);
	write_text("p/x.o", "before");
	assert_brought(&b, "x.o", NULL, "after", BRING_BACK_DONE);
	assert_text("p/x.o", "after");
	ck_assert_uint_eq(count_entries("p"), 1);
}

TEST(same)
{
	struct bench b;
	struct stat before, after;

	set_up(&b);
	write_text("p/x", "text");
	ck_assert_int_eq(chmod("p/x", 0640), 0);
	ck_assert_int_eq(lstat("p/x", &before), 0);
	assert_brought(&b, "x", send_file(&b, "p/x"), "text", BRING_BACK_SAME);
	/* The host's changed, to just that. */
	b.began = 0;
	assert_brought(&b, "x", NULL, "text", BRING_BACK_SAME);
	ck_assert_int_eq(lstat("p/x", &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_uint_eq(mode_of("p/x"), 0640);
	/* Content alone is not all. */
	b.began = LATER;
	b.is_program = true;
	assert_brought(&b, "x", send_file(&b, "p/x"), "text", BRING_BACK_DONE);
	ck_assert_uint_eq(mode_of("p/x"), 0750);
	b.is_program = false;
	assert_brought(&b, "x", send_file(&b, "p/x"), "text", BRING_BACK_DONE);
	ck_assert_uint_eq(mode_of("p/x"), 0640);
	ck_assert_uint_eq(count_entries("p"), 1);
}

/* Who may read it may run it; nothing else comes from the builder. */
TEST(modes)
{
	static const struct {
		mode_t before, file, program;
	} rows[] = {
		{0644, 0644, 0755},  {0600, 0600, 0700},  {0755, 0644, 0755}, {0700, 0600, 0700},
		{0664, 0664, 0775},  {0640, 0640, 0750},  {0400, 0400, 0500}, {0666, 0666, 0777},
		{04755, 0644, 0755}, {02755, 0644, 0755},
	};
	struct bench b;
	mode_t mask = umask(077);

	set_up(&b);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		for (int program = 0; program < 2; program++) {
			unlink("p/x");
			write_text("p/x", "before");
			ck_assert_int_eq(chmod("p/x", rows[i].before), 0);
			b.is_program = program;
			assert_brought(&b, "x", send_file(&b, "p/x"), "after", BRING_BACK_DONE);
			ck_assert_msg(mode_of("p/x") == (program ? rows[i].program : rows[i].file),
				      "%o became %o", (unsigned)rows[i].before,
				      (unsigned)mode_of("p/x"));
		}
	}
	umask(mask);
}

TEST(owner)
{
	struct bench b;
	struct stat st;

	set_up(&b);
	write_text("p/x", "before");
	if (getuid() == 0)
		ck_assert_int_eq(chown("p/x", 12345, 23456), 0);
	struct sent_file *sent = send_file(&b, "p/x");
	assert_brought(&b, "x", sent, "after", BRING_BACK_DONE);
	ck_assert_int_eq(lstat("p/x", &st), 0);
	ck_assert_uint_eq(st.st_uid, sent->st.st_uid);
	ck_assert_uint_eq(st.st_gid, sent->st.st_gid);
}

static void assert_beside(struct bench *b, const struct sent_file *sent, const char *host)
{
	assert_brought(b, "x", sent, "builder's", BRING_BACK_BESIDE);
	if (host)
		assert_text("p/x", host);
	else
		ck_assert(!is_there("p/x"));
	assert_text("p/x" BRING_BACK_SUFFIX, "builder's");
	ck_assert_uint_eq(count_entries("p"), host ? 2 : 1);
	assert_outside_is_whole();
}

TEST(newer_by_time)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct bench b;

	set_up(&b);
	write_text("p/x", "text");
	struct sent_file *sent = send_file(&b, "p/x");
	ck_assert_int_eq(utimensat(AT_FDCWD, "p/x", times, 0), 0);
	assert_beside(&b, sent, "text");
}

/* Of the same size, and its time was set back. */
TEST(newer_by_content)
{
	struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct bench b;

	set_up(&b);
	write_text("p/x", "text");
	ck_assert_int_eq(utimensat(AT_FDCWD, "p/x", times, 0), 0);
	struct sent_file *sent = send_file(&b, "p/x");
	write_text("p/x", "TEXT");
	ck_assert_int_eq(utimensat(AT_FDCWD, "p/x", times, 0), 0);
	assert_beside(&b, sent, "TEXT");
}

/* Its time was set back: that alone does not make it old. */
TEST(appeared)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct bench b;

	set_up(&b);
	b.began = io_now();
	write_text("p/x", "host's");
	ck_assert_int_eq(utimensat(AT_FDCWD, "p/x", times, 0), 0);
	assert_beside(&b, NULL, "host's");
}

TEST(vanished)
{
	struct bench b;

	set_up(&b);
	write_text("p/x", "host's");
	struct sent_file *sent = send_file(&b, "p/x");
	ck_assert_int_eq(unlink("p/x"), 0);
	assert_beside(&b, sent, NULL);
}

/* What is beside it already stays, be it a file, a link or a directory. */
TEST(kept)
{
	struct bench b;

	set_up(&b);
	b.began = io_now();
	write_text("p/x", "host's");
	for (int kind = 0; kind < 4; kind++) {
		const char *beside = "p/x" BRING_BACK_SUFFIX;
		if (kind == 0)
			write_text(beside, "earlier");
		else if (kind == 3)
			ck_assert_int_eq(mkdir(beside, 0755), 0);
		else
			ck_assert_int_eq(symlink(kind == 1 ? "../outside/x" : "nowhere", beside),
					 0);
		assert_brought(&b, "x", NULL, "builder's", BRING_BACK_KEPT);
		assert_text("p/x", "host's");
		if (kind == 0)
			assert_text(beside, "earlier");
		ck_assert_uint_eq(count_entries("p"), 2);
		assert_outside_is_whole();
		suite_remove(AT_FDCWD, beside);
	}
}

TEST(through_links)
{
	static const char *const names[] = {"dir/x",     "dir/new", "dir/deep/new", "here/x",
					    "nowhere/x", "file",    "dangling",     "sub/up/new"};
	struct bench b;

	set_up(&b);
	ck_assert_int_eq(mkdir("p/real", 0755), 0);
	ck_assert_int_eq(mkdir("p/sub", 0755), 0);
	write_text("p/real/x", "real");
	ck_assert_int_eq(symlink("../outside", "p/dir"), 0);
	ck_assert_int_eq(symlink("real", "p/here"), 0);
	ck_assert_int_eq(symlink("missing", "p/nowhere"), 0);
	ck_assert_int_eq(symlink("../outside/x", "p/file"), 0);
	ck_assert_int_eq(symlink("../outside/new", "p/dangling"), 0);
	ck_assert_int_eq(symlink("../../outside", "p/sub/up"), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		int r = bring(&b, names[i], NULL, "builder's");
		ck_assert_msg(r == -ELOOP, "%s: %s", names[i], strerror(-r));
	}
	/* Nor where it was a file when it was sent. */
	write_text("p/x", "outside");
	struct sent_file *sent = send_file(&b, "p/x");
	ck_assert_int_eq(unlink("p/x"), 0);
	ck_assert_int_eq(symlink("../outside/x", "p/x"), 0);
	ck_assert_int_eq(bring(&b, "x", sent, "builder's"), -ELOOP);
	assert_text("p/real/x", "real");
	ck_assert_uint_eq(count_entries("p"), 8);
	ck_assert_uint_eq(count_entries("p/real"), 1);
	assert_outside_is_whole();
}

/* A pipe is not waited for. */
TEST(something_else_in_the_way)
{
	struct bench b;

	set_up(&b);
	ck_assert_int_eq(mkdir("p/dir", 0755), 0);
	ck_assert_int_eq(mkfifo("p/pipe", 0600), 0);
	write_text("p/file", "file");
	ck_assert_int_eq(bring(&b, "dir", NULL, "x"), -ELOOP);
	ck_assert_int_eq(bring(&b, "pipe", NULL, "x"), -ELOOP);
	ck_assert_int_eq(bring(&b, "file/x", NULL, "x"), -ELOOP);
	ck_assert_int_eq(bring(&b, "pipe/x", NULL, "x"), -ELOOP);
	assert_text("p/file", "file");
	ck_assert_uint_eq(count_entries("p"), 3);
	ck_assert_uint_eq(count_entries("p/dir"), 0);
}

TEST(no_project)
{
	struct bench b;

	set_up(&b);
	ck_assert_int_eq(rmdir("p"), 0);
	ck_assert_int_eq(bring(&b, "x", NULL, "x"), -ENOENT);
	ck_assert_int_eq(bring(&b, "a/x", NULL, "x"), -ENOENT);
	ck_assert_uint_eq(count_entries("."), 1);
}

/* The longest name a file can have; one that is longer, in itself or with what goes behind it. */
TEST(long_names)
{
	struct bench b;
	char name[257];

	set_up(&b);
	memset(name, 'x', 256);
	name[256] = '\0';
	ck_assert_int_eq(bring(&b, name, NULL, "x"), -ENAMETOOLONG);
	name[255] = '\0';
	assert_brought(&b, name, NULL, "one", BRING_BACK_DONE);
	assert_brought(&b, name, NULL, "two", BRING_BACK_DONE);
	b.began = 0;
	ck_assert_int_eq(bring(&b, name, NULL, "three"), -ENAMETOOLONG);
	cleanup_free char *path = str_printf("p/%s", name);
	assert_text(path, "two");
	ck_assert_uint_eq(count_entries("p"), 1);
}

/* A file of our temporary's name is not ours. */
TEST(temporary_exists)
{
	struct bench b;
	cleanup_free char *file = str_printf("p/.x.crossbpf-%ld-0.tmp", (long)getpid());
	cleanup_free char *link = str_printf("p/.x.crossbpf-%ld-1.tmp", (long)getpid());

	set_up(&b);
	write_text(file, "somebody's");
	ck_assert_int_eq(symlink("../outside/x", link), 0);
	assert_brought(&b, "x", NULL, "new", BRING_BACK_DONE);
	assert_text("p/x", "new");
	assert_text(file, "somebody's");
	ck_assert_uint_eq(count_entries("p"), 3);
	assert_outside_is_whole();
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, which_names);
	tcase_add_test(c, new_files);
	tcase_add_test(c, replaces_what_was_sent);
	tcase_add_test(c, replaces_by_a_new_file);
	tcase_add_test(c, replaces_what_is_older);
	tcase_add_test(c, same);
	tcase_add_test(c, modes);
	tcase_add_test(c, owner);
	tcase_add_test(c, newer_by_time);
	tcase_add_test(c, newer_by_content);
	tcase_add_test(c, appeared);
	tcase_add_test(c, vanished);
	tcase_add_test(c, kept);
	tcase_add_test(c, through_links);
	tcase_add_test(c, something_else_in_the_way);
	tcase_add_test(c, no_project);
	tcase_add_test(c, long_names);
	tcase_add_test(c, temporary_exists);
}

int main(void)
{
	return suite_run("bring_back", add_tests);
}
