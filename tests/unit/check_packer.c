/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/packer.h"
#include "core/remote.h"
#include "shared/digest.h"
#include "shared/io.h"
#include "unpack.h"

struct bench {
	struct remote remote;
	struct packer packer;
	struct crossbpf_error error;
};

static void set_up(struct bench *b)
{
	*b = (struct bench){.remote = {.module_dir = MODULE_DIR}};
	b->packer.module = remote_module(&b->remote, &b->error);
	ck_assert_ptr_ne(b->packer.module, NULL);
	ck_assert_int_eq(packer_begin(&b->packer, &b->error), 0);
}

static void tear_down(struct bench *b)
{
	remote_free(&b->remote);
	error_free(&b->error);
}

/* Ends it, and unpacks it to `there`. */
static void end(struct bench *b)
{
	cleanup_strbuf struct strbuf archive = {0};
	cleanup_close int tar = -1;

	ck_assert_int_eq(packer_end(&b->packer, 0, &tar), 0);
	ck_assert_int_eq(io_read_fd(tar, 1 << 30, &archive), 0);
	ck_assert_int_eq(mkdir("there", 0755), 0);
	unpack(&archive, "there");
}

TEST(kinds)
{
	uint8_t digest[DIGEST_SIZE], wanted[DIGEST_SIZE];
	struct bench b;
	struct stat st;

	set_up(&b);
	write_text("a", "content");
	ck_assert_int_eq(chmod("a", 0751), 0);
	ck_assert_int_eq(symlink("x/a", "l"), 0);
	ck_assert_int_eq(mkdir("d", 0555), 0);
	ck_assert_int_eq(packer_add_file(&b.packer, "a", "x/a", "a", &st, digest), 0);
	ck_assert_int_eq(st.st_size, 7);
	digest_of("content", 7, wanted);
	ck_assert_mem_eq(digest, wanted, DIGEST_SIZE);
	ck_assert_int_eq(packer_add_link(&b.packer, "l", "link", "l"), 0);
	ck_assert_int_eq(packer_add_directory(&b.packer, "d", "y/empty", "d"), 0);
	end(&b);
	assert_text("there/x/a", "content");
	ck_assert_int_eq(stat("there/x/a", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0700, 0700);
	assert_text("there/link", "content");
	ck_assert_int_eq(stat("there/y/empty", &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 0700, 0700); /* or it could not be removed */
	tear_down(&b);
}

/* Between two parts of a file it is seen that we are to end. */
TEST(interrupted)
{
	struct session session = {.control = -1};
	struct bench b;
	struct stat st;
	int fds[2], tar = -1;

	set_up(&b);
	write_text("large", "");
	ck_assert_int_eq(truncate("large", 1 << 30), 0);
	write_text("small", "x");
	ck_assert_int_eq(io_pipe(fds), 0);
	session.control = fds[0];
	b.packer.session = &session;
	ck_assert_int_eq(packer_add_file(&b.packer, "small", "small", "small", &st, NULL), 0);
	close(fds[1]);
	ck_assert_int_eq(packer_add_file(&b.packer, "large", "large", "large", &st, NULL), -EINTR);
	ck_assert_int_eq(packer_end(&b.packer, -EINTR, &tar), -EINTR);
	ck_assert_int_eq(tar, -1);
	close(fds[0]);
	tear_down(&b);
}

/* More than is held at once. */
TEST(large)
{
	cleanup_fclose FILE *f = fopen("large", "w");
	struct bench b;
	struct stat st;

	set_up(&b);
	for (unsigned i = 0; i < 100000; i++)
		fprintf(f, "%08u\n", i);
	ck_assert_int_eq(fflush(f), 0);
	ck_assert_int_eq(packer_add_file(&b.packer, "large", "large", "large", &st, NULL), 0);
	ck_assert_uint_lt(b.packer.tar.room, 500000);
	end(&b);
	ck_assert_int_eq(run_program((const char *const[]){"cmp", "large", "there/large", NULL}),
			 0);
	tear_down(&b);
}

TEST(links)
{
	struct bench b;
	struct stat st;

	set_up(&b);
	write_text("a", "content");
	ck_assert_int_eq(symlink("a", "link"), 0);
	ck_assert_int_eq(packer_add_file(&b.packer, "link", "link", "link", &st, NULL), -ELOOP);
	error_free(&b.error);
	b.packer.follows = true;
	ck_assert_int_eq(packer_add_file(&b.packer, "link", "followed", "link", &st, NULL), 0);
	end(&b);
	assert_text("there/followed", "content");
	tear_down(&b);
}

TEST(failures)
{
	cleanup_close int tar = -1;
	struct bench b;
	struct stat st;

	set_up(&b);
	b.packer.hint = "do this";
	ck_assert_int_eq(packer_add_file(&b.packer, "none", "none", "its name", &st, NULL),
			 -ENOENT);
	assert_contains(b.error.message, "cannot send its name");
	ck_assert_str_eq(b.error.hint, "do this");
	error_free(&b.error);
	ck_assert_int_eq(packer_add_link(&b.packer, "none", "none", "none"), -ENOENT);
	error_free(&b.error);
	ck_assert_int_eq(packer_add_directory(&b.packer, "none", "none", "none"), -ENOENT);
	error_free(&b.error);
	ck_assert_int_eq(mkdir("d", 0755), 0);
	ck_assert_int_lt(packer_add_file(&b.packer, "d", "d", "d", &st, NULL), 0);
	ck_assert_int_eq(packer_end(&b.packer, -EINVAL, &tar), -EINVAL);
	ck_assert_int_eq(tar, -1);
	tear_down(&b);
}

/* A name that no archive can hold is told at the end. */
TEST(no_name)
{
	cleanup_close int tar = -1;
	struct bench b;
	struct stat st;

	set_up(&b);
	write_text("a", "content");
	(void)packer_add_file(&b.packer, "a", "", "a", &st, NULL);
	ck_assert_int_eq(packer_end(&b.packer, 0, &tar), -EINVAL);
	ck_assert_int_eq(tar, -1);
	tear_down(&b);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, kinds);
	tcase_add_test(c, interrupted);
	tcase_add_test(c, large);
	tcase_add_test(c, links);
	tcase_add_test(c, failures);
	tcase_add_test(c, no_name);
}

int main(void)
{
	return suite_run("packer", add_tests);
}
