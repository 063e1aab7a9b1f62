/* SPDX-License-Identifier: BSD-2-Clause */
/* The builder is a directory "there", where changes are made as builder.sh makes them. */
#include "suite.h"

#include "exchange/workspace.h"
#include "shared/io.h"
#include "unpack.h"

struct bench {
	char *here, *project, *there, *cache;
	char *signature; /* the file that says what is there */
	struct workspace workspace;
	struct workspace_change change;
	char *bad;
};

static void bench_open(struct bench *b)
{
	*b = (struct bench){.here = getcwd(NULL, 0), .workspace = {.lock = -1}};
	b->project = str_printf("%s/p", b->here);
	b->there = str_printf("%s/there", b->here);
	b->signature = str_printf("%s/signature", b->here);
	b->cache = str_printf("%s/cache", b->here);
	ck_assert_int_eq(mkdir("p", 0755), 0);
	ck_assert_int_eq(mkdir("there", 0755), 0);
	ck_assert_int_eq(chdir("p"), 0);
}

static void bench_close(struct bench *b)
{
	workspace_change_free(&b->change);
	workspace_free(&b->workspace);
	free(b->here);
	free(b->project);
	free(b->there);
	free(b->signature);
	free(b->cache);
	free(b->bad);
}

#define BENCH(b)                                              \
	__attribute__((cleanup(bench_close))) struct bench b; \
	bench_open(&b)

/* A name for an exchange that no other has. */
static const char *new_token(void)
{
	static char token[DIGEST_HEX_SIZE];
	static unsigned number;

	snprintf(token, sizeof(token), "%08x%056x", (unsigned)getpid(), ++number);
	return token;
}

/* As builder.sh's is_known(). */
static bool is_known(const struct bench *b)
{
	cleanup_strbuf struct strbuf token = {0};

	return b->workspace.is_new || (io_read_file(b->signature, 100, &token) == 0 &&
				       (strcmp(token.data, b->workspace.tokens[0]) == 0 ||
					strcmp(token.data, b->workspace.tokens[1]) == 0));
}

/* Up to where it would be sent. Names are below the test's directory. */
static int plan(struct bench *b, const char *const *names)
{
	cleanup_strv struct strv files = {0}, dirs = {0};
	struct workspace_request request = {.project = b->project, .root = b->there};

	workspace_change_free(&b->change);
	workspace_free(&b->workspace);
	for (; *names; names++)
		strv_take(&files, str_printf("%s/%s", b->here, *names));
	strv_add(&files, "/dev/null");
	strv_add(&dirs, b->project);
	request.files = (const char *const *)files.v;
	request.dirs = &dirs;
	ck_assert_int_eq(workspace_open(b->cache, "record", new_token(), &b->workspace), 0);
	int r = workspace_begin(&b->workspace, -1);
	if (r == 0 && !is_known(b))
		workspace_forget(&b->workspace);
	if (r == 0)
		r = workspace_change(&b->workspace, &request, &b->change, &b->bad);
	return r;
}

static void apply_each(const struct bench *b, const char *const *command, const struct strv *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		cleanup_free char *path = str_printf("%s%s", b->there, paths->v[i]);
		ck_assert_int_eq(run_program((const char *const[]){command[0], command[1], "--",
								   path, NULL}),
				 0);
	}
}

static void apply(const struct bench *b)
{
	if (b->workspace.is_new) {
		suite_remove(AT_FDCWD, b->there);
		ck_assert_int_eq(mkdir(b->there, 0755), 0);
	}
	if (b->workspace.changes)
		write_text(b->signature, b->workspace.token);
	apply_each(b, (const char *const[]){"rm", "-rf"}, &b->change.remove);
	apply_each(b, (const char *const[]){"mkdir", "-p"}, &b->change.make_dirs);
	for (size_t i = 0; i < b->change.texts.n; i += 2) {
		cleanup_free char *path = str_printf("%s%s", b->there, b->change.texts.v[i]);
		write_text(path, b->change.texts.v[i + 1]);
	}
	ck_assert_uint_eq(b->change.archive.len % 512, 0);
	if (b->change.archive.len)
		unpack(&b->change.archive, b->there);
}

/* The whole of it; is there anything to do? */
static bool sync_files(struct bench *b, const char *const *names)
{
	ck_assert_int_eq(plan(b, names), 0);
	ck_assert_ptr_eq(b->bad, NULL);
	bool any = !workspace_change_is_empty(&b->change);
	ck_assert_int_eq(workspace_lock_for(&b->workspace, &b->change, -1), 0);
	apply(b);
	workspace_filled(&b->workspace);
	workspace_free(&b->workspace);
	return any;
}

#define FILES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING ((const char *const[]){NULL})

static char *path_there(const struct bench *b, const char *name)
{
	return str_printf("%s%s/%s", b->there, b->here, name);
}

static void assert_there(const struct bench *b, const char *name, const char *text)
{
	cleanup_free char *path = path_there(b, name);

	assert_text(path, text);
}

static void assert_not_there(const struct bench *b, const char *name)
{
	cleanup_free char *path = path_there(b, name);

	ck_assert_msg(!is_there(path), "%s is there", name);
}

TEST(sends)
{
	BENCH(b);

	ck_assert_int_eq(mkdir("sub", 0755), 0);
	write_text("x.c", "source");
	write_text("sub/x.h", "header");
	write_text("empty.h", "");
	write_text("other.h", "other");
	ck_assert(sync_files(&b, FILES("p/x.c", "p/sub/x.h", "p/empty.h", "p/missing.h")));
	assert_there(&b, "p/x.c", "source");
	assert_there(&b, "p/sub/x.h", "header");
	assert_there(&b, "p/empty.h", "");
	assert_not_there(&b, "p/other.h");
	assert_not_there(&b, "p/missing.h");
	/* Again, and there is nothing to do; with less, nothing to take away. */
	ck_assert(!sync_files(&b, FILES("p/x.c", "p/sub/x.h", "p/empty.h", "p/missing.h")));
	ck_assert(!sync_files(&b, FILES("p/x.c")));
	assert_there(&b, "p/sub/x.h", "header");
}

/* The directory in which commands run is there, also where no file is. */
TEST(nothing_but_the_directory)
{
	BENCH(b);

	ck_assert(sync_files(&b, NOTHING));
	cleanup_free char *dir = path_there(&b, "p");
	ck_assert_uint_eq(count_entries(dir), 0);
	ck_assert(!sync_files(&b, NOTHING));
}

TEST(follows_changes)
{
	BENCH(b);

	write_text("a.h", "a1");
	write_text("b.h", "b1");
	write_text("c.h", "c1");
	write_text("d.h", "d1");
	sync_files(&b, FILES("p/a.h", "p/b.h", "p/c.h", "p/d.h"));
	/* Of the same size, at once; and what nobody wants now must not stay as it was. */
	write_text("a.h", "a2");
	write_text("b.h", "b2");
	ck_assert_int_eq(unlink("c.h"), 0);
	ck_assert_int_eq(unlink("d.h"), 0);
	write_text("e.h", "e1");
	ck_assert(sync_files(&b, FILES("p/a.h", "p/c.h", "p/e.h")));
	assert_there(&b, "p/a.h", "a2");
	assert_not_there(&b, "p/b.h");
	assert_not_there(&b, "p/c.h");
	assert_not_there(&b, "p/d.h");
	assert_there(&b, "p/e.h", "e1");
	ck_assert(!sync_files(&b, FILES("p/a.h", "p/c.h", "p/e.h")));
	write_text("c.h", "c2");
	ck_assert(sync_files(&b, FILES("p/b.h", "p/c.h")));
	assert_there(&b, "p/b.h", "b2");
	assert_there(&b, "p/c.h", "c2");
}

/* What a shell cannot write, or not as fast, goes in the archive: bytes that are no text, and much.
 */
TEST(sends_texts_without_an_archive)
{
	cleanup_free char *much = malloc(60001);
	BENCH(b);

	memset(much, 'x', 60000);
	much[60000] = '\0';
	write_text("a.h", "a1");
	write_text("b.h", "b1");
	write_text("c.h", "c1");
	sync_files(&b, FILES("p/a.h", "p/b.h", "p/c.h"));
	write_text("a.h", "it's\n\n");
	ck_assert_int_eq(plan(&b, FILES("p/a.h", "p/b.h", "p/c.h")), 0);
	ck_assert_uint_eq(b.change.texts.n, 2);
	ck_assert_uint_eq(b.change.archive.len, 0);
	write_text("b.h", much);
	write_text("c.h", much);
	ck_assert_int_eq(plan(&b, FILES("p/a.h", "p/b.h", "p/c.h")), 0);
	ck_assert_uint_eq(b.change.texts.n, 4);
	ck_assert_uint_gt(b.change.archive.len, 60000);
	int fd = open("a.h", O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, "a\0b", 3), 3);
	close(fd);
	ck_assert_int_eq(plan(&b, FILES("p/a.h")), 0);
	ck_assert_uint_eq(b.change.texts.n, 0);
	ck_assert_uint_gt(b.change.archive.len, 0);
}

/* Touched, and the same: it need not be sent. */
TEST(touched)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	BENCH(b);

	write_text("a.h", "a");
	sync_files(&b, FILES("p/a.h"));
	ck_assert_int_eq(utimensat(AT_FDCWD, "a.h", times, 0), 0);
	ck_assert(!sync_files(&b, FILES("p/a.h")));
	/* Another file of the same times. */
	write_text("new", "b");
	ck_assert_int_eq(utimensat(AT_FDCWD, "new", times, 0), 0);
	ck_assert_int_eq(rename("new", "a.h"), 0);
	ck_assert(sync_files(&b, FILES("p/a.h")));
	assert_there(&b, "p/a.h", "b");
}

TEST(becomes_something_else)
{
	BENCH(b);

	write_text("a", "a");
	ck_assert_int_eq(mkdir("b", 0755), 0);
	write_text("b/x", "bx");
	write_text("c", "c");
	sync_files(&b, FILES("p/a", "p/b/x", "p/c"));
	ck_assert_int_eq(unlink("a"), 0);
	ck_assert_int_eq(mkdir("a", 0755), 0);
	write_text("a/x", "ax");
	ck_assert_int_eq(unlink("b/x"), 0);
	ck_assert_int_eq(rmdir("b"), 0);
	write_text("b", "b");
	ck_assert_int_eq(unlink("c"), 0);
	ck_assert_int_eq(symlink("b", "c"), 0);
	sync_files(&b, FILES("p/a/x", "p/b", "p/c"));
	assert_there(&b, "p/a/x", "ax");
	assert_there(&b, "p/b", "b");
	assert_there(&b, "p/c", "b");
	ck_assert(!sync_files(&b, FILES("p/a/x", "p/b", "p/c")));
	/* And back. */
	suite_remove(AT_FDCWD, "a");
	write_text("a", "a");
	ck_assert_int_eq(unlink("c"), 0);
	write_text("c", "c");
	sync_files(&b, FILES("p/a", "p/b", "p/c"));
	assert_there(&b, "p/a", "a");
	assert_there(&b, "p/c", "c");
}

TEST(links)
{
	BENCH(b);
	cleanup_free char *absolute = str_printf("%s/o/x.h", b.here);

	ck_assert_int_eq(mkdir("../o", 0755), 0);
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	write_text("../o/x.h", "x");
	write_text("../o/y.h", "y");
	write_text("../o/z.h", "z");
	ck_assert_int_eq(symlink(absolute, "absolute.h"), 0);
	ck_assert_int_eq(symlink("../../o/y.h", "dir/relative.h"), 0);
	ck_assert_int_eq(symlink("../o", "o"), 0);
	ck_assert_int_eq(symlink("absolute.h", "chain.h"), 0);
	ck_assert_int_eq(symlink("nowhere", "dangling.h"), 0);
	sync_files(&b, FILES("p/chain.h", "p/dir/relative.h", "p/o/z.h", "p/dangling.h"));
	assert_there(&b, "p/chain.h", "x");
	assert_there(&b, "p/absolute.h", "x");
	assert_there(&b, "p/dir/relative.h", "y");
	assert_there(&b, "p/o/z.h", "z");
	assert_there(&b, "o/z.h", "z");
	/* It leads elsewhere now. */
	ck_assert_int_eq(unlink("chain.h"), 0);
	ck_assert_int_eq(symlink("dir/relative.h", "chain.h"), 0);
	ck_assert(sync_files(&b, FILES("p/chain.h")));
	assert_there(&b, "p/chain.h", "y");
}

TEST(links_without_an_end)
{
	BENCH(b);

	write_text("x.h", "x");
	ck_assert_int_eq(symlink("loop2.h", "loop.h"), 0);
	ck_assert_int_eq(symlink("loop.h", "loop2.h"), 0);
	ck_assert_int_eq(plan(&b, FILES("p/x.h", "p/loop.h/x.h")), -ELOOP);
	assert_contains(b.bad, "loop");
	/* What was sent before is what can be sent again. */
	freep(&b.bad);
	b.bad = NULL;
	sync_files(&b, FILES("p/x.h"));
	assert_there(&b, "p/x.h", "x");
}

/* A link to the project's directory is the host's affair: over there it is a directory. */
TEST(project_behind_a_link)
{
	BENCH(b);

	ck_assert_int_eq(symlink("p", "../way"), 0);
	write_text("x.c", "source");
	free(b.project);
	b.project = str_printf("%s/way", b.here);
	sync_files(&b, FILES("way/x.c"));
	assert_there(&b, "way/x.c", "source");
	cleanup_free char *way = path_there(&b, "way");
	struct stat st;
	ck_assert_int_eq(lstat(way, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert(!sync_files(&b, FILES("way/x.c")));
}

/* Through each directory that the name passes. */
TEST(upwards)
{
	BENCH(b);

	ck_assert_int_eq(mkdir("sub", 0755), 0);
	ck_assert_int_eq(mkdir("../o", 0755), 0);
	write_text("x.h", "x");
	write_text("../o/y.h", "y");
	sync_files(&b, FILES("p/sub/../x.h", "p/../o/./y.h", "p//sub/..//../o/y.h"));
	assert_there(&b, "p/sub/../x.h", "x");
	assert_there(&b, "p/../o/y.h", "y");
	assert_there(&b, "o/y.h", "y");
	ck_assert(!sync_files(&b, FILES("p/sub/../x.h", "p/../o/./y.h")));
}

TEST(odd_names)
{
	static const char *const names[] = {"p/a b.h",  "p/'q'.h", "p/\"d\".h",
					    "p/nl\n.h", "p/b\\.h", "p/-x.h",
					    "p/\xff.h", "p/ ",     "p/d x\n 1 2 f/y.h"};
	const char *list[LENGTH(names) + 1] = {NULL};
	BENCH(b);

	ck_assert_int_eq(mkdir("d x\n 1 2 f", 0755), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		list[i] = names[i];
		write_text(names[i] + 2, names[i]);
	}
	sync_files(&b, list);
	for (size_t i = 0; i < LENGTH(names); i++)
		assert_there(&b, names[i], names[i]);
	ck_assert(!sync_files(&b, list));
	for (size_t i = 0; i < LENGTH(names); i++)
		ck_assert_int_eq(unlink(names[i] + 2), 0);
	sync_files(&b, NOTHING);
	for (size_t i = 0; i < LENGTH(names); i++)
		assert_not_there(&b, names[i]);
}

TEST(deep)
{
	cleanup_strbuf struct strbuf name = {0};
	BENCH(b);

	strbuf_puts(&name, "p");
	for (int i = 0; i < 60; i++) {
		strbuf_printf(&name, "/directory-%d", i);
		cleanup_free char *path = str_printf("%s/%s", b.here, name.data);
		ck_assert_int_eq(mkdir(path, 0755), 0);
	}
	strbuf_puts(&name, "/x.h");
	cleanup_free char *path = str_printf("%s/%s", b.here, name.data);
	write_text(path, "deep");
	sync_files(&b, FILES(name.data));
	assert_there(&b, name.data, "deep");
	ck_assert(!sync_files(&b, FILES(name.data)));
}

TEST(no_files)
{
	BENCH(b);

	ck_assert_int_eq(mkdir("dir", 0755), 0);
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	write_text("x.h", "");
	sync_files(&b, FILES("p/dir", "p/pipe", "p/x.h/below"));
	assert_not_there(&b, "p/pipe");
	assert_not_there(&b, "p/dir");
}

/* It is another: what was sent to the one before is not there. */
TEST(another_workspace)
{
	BENCH(b);

	write_text("x.h", "x");
	sync_files(&b, FILES("p/x.h"));
	suite_remove(AT_FDCWD, b.there);
	ck_assert_int_eq(mkdir(b.there, 0755), 0);
	unlink(b.signature);
	ck_assert(sync_files(&b, FILES("p/x.h")));
	assert_there(&b, "p/x.h", "x");
	ck_assert(!sync_files(&b, FILES("p/x.h")));
}

/* Two records of one workspace: what one of them made of it the other does not take for its own. */
TEST(two_records)
{
	BENCH(b);
	cleanup_free char *mine = b.cache, *others = str_printf("%s/other-cache", b.here);

	for (int round = 0; round < 3; round++) {
		write_text("x.h", "mine");
		b.cache = mine;
		ck_assert(sync_files(&b, FILES("p/x.h")));
		assert_there(&b, "p/x.h", "mine");
		assert_not_there(&b, "p/y.h");
		write_text("x.h", "other's");
		write_text("y.h", "y");
		b.cache = others;
		ck_assert(sync_files(&b, FILES("p/x.h", "p/y.h")));
		assert_there(&b, "p/x.h", "other's");
		unlink("y.h");
	}
	b.cache = NULL;
}

/* It is named after the record: one that was begun anew names another. */
TEST(names)
{
	BENCH(b);
	cleanup_free char *lock = str_printf("%s/workspace/record.lock", b.cache);
	char id[DIGEST_HEX_SIZE];

	ck_assert_int_eq(plan(&b, NOTHING), 0);
	memcpy(id, b.workspace.id, sizeof(id));
	ck_assert_int_eq(plan(&b, NOTHING), 0);
	ck_assert_str_eq(b.workspace.id, id);
	ck_assert_int_eq(unlink(lock), 0);
	ck_assert_int_eq(plan(&b, NOTHING), 0);
	ck_assert_str_ne(b.workspace.id, id);
	ck_assert_int_eq(workspace_open(b.cache, "record",
					"too long: 64 digits are what there is room "
					"for in a token, and no more than that",
					&b.workspace),
			 -EINVAL);
}

TEST(nothing_is_remembered)
{
	BENCH(b);

	free(b.cache);
	b.cache = NULL;
	write_text("x.h", "x");
	ck_assert(sync_files(&b, FILES("p/x.h")));
	ck_assert(sync_files(&b, FILES("p/x.h")));
	assert_there(&b, "p/x.h", "x");
	/* Nor where it cannot be written. */
	b.cache = str_printf("%s/p/x.h", b.here);
	ck_assert(sync_files(&b, FILES("p/x.h")));
	ck_assert(sync_files(&b, FILES("p/x.h")));
	ck_assert_int_eq(chdir("/"), 0);
	assert_there(&b, "p/x.h", "x");
}

/* Of no use: all is sent again. */
TEST(damaged_record)
{
	static const char *const records[] = {"", "\n", "no record\n", "crossbpf-workspace",
					      "\xff\xfe"};
	cleanup_strbuf struct strbuf record = {0};
	BENCH(b);

	write_text("a.h", "a");
	write_text("b.h", "b");
	sync_files(&b, FILES("p/a.h", "p/b.h"));
	cleanup_free char *file = str_printf("%s/workspace/record", b.cache);
	ck_assert_int_eq(io_read_file(file, 1 << 20, &record), 0);
	const size_t cuts[] = {30, 150, record.len / 2, record.len - 1};
	for (size_t i = 0; i < LENGTH(records) + LENGTH(cuts); i++) {
		if (i < LENGTH(records))
			write_text(file, records[i]);
		else
			ck_assert_int_eq(
				io_replace_file(file, record.data, cuts[i - LENGTH(records)]), 0);
		ck_assert(sync_files(&b, FILES("p/a.h", "p/b.h")));
		assert_there(&b, "p/a.h", "a");
		assert_there(&b, "p/b.h", "b");
		ck_assert(!sync_files(&b, FILES("p/a.h", "p/b.h")));
	}
}

/* It was not told whether a change came to be: it is made once more, or undone. */
TEST(cut_off)
{
	BENCH(b);

	write_text("a.h", "a1");
	write_text("b.h", "b1");
	write_text("c.h", "c1");
	sync_files(&b, FILES("p/a.h", "p/b.h", "p/c.h"));
	for (int applied = 0; applied < 2; applied++) {
		cleanup_free char *text = str_printf("a%d", applied + 2);
		write_text("a.h", text);
		unlink("b.h");
		write_text("d.h", text);
		ck_assert_int_eq(plan(&b, FILES("p/a.h", "p/d.h")), 0);
		ck_assert_int_eq(workspace_lock_for(&b.workspace, &b.change, -1), 0);
		if (applied)
			apply(&b);
		workspace_free(&b.workspace);
		/* As it was before. */
		write_text("a.h", "a1");
		write_text("b.h", "b1");
		unlink("d.h");
		sync_files(&b, FILES("p/a.h", "p/b.h", "p/c.h"));
		assert_there(&b, "p/a.h", "a1");
		assert_there(&b, "p/b.h", "b1");
		assert_there(&b, "p/c.h", "c1");
		assert_not_there(&b, "p/d.h");
	}
}

/* So its directory may not be there, and a shell could not write it. */
TEST(cut_off_with_a_new_directory)
{
	BENCH(b);

	write_text("a.h", "a1");
	sync_files(&b, FILES("p/a.h"));
	ck_assert_int_eq(mkdir("sub", 0755), 0);
	write_text("sub/b.h", "b1");
	ck_assert_int_eq(plan(&b, FILES("p/a.h", "p/sub/b.h")), 0);
	ck_assert_int_eq(workspace_lock_for(&b.workspace, &b.change, -1), 0);
	workspace_free(&b.workspace);
	sync_files(&b, FILES("p/a.h", "p/sub/b.h"));
	assert_there(&b, "p/sub/b.h", "b1");
}

/* A descriptor that came to its end. */
static int ended(void)
{
	int control[2];

	ck_assert_int_eq(io_pipe(control), 0);
	close(control[1]);
	return control[0];
}

/* Another process that fills the workspace, or whose commands run on it, until it is ended. */
static pid_t start_other(struct bench *b, bool fills)
{
	int told[2];
	char byte;

	ck_assert_int_eq(io_pipe(told), 0);
	pid_t pid = fork();
	if (pid == 0) {
		bool failed = plan(b, FILES("p/x.h")) < 0 ||
			      workspace_lock_for(&b->workspace, &b->change, -1) < 0;
		if (!fills)
			workspace_filled(&b->workspace);
		if (!failed && write(told[1], "x", 1) == 1)
			sleep(50);
		_exit(1);
	}
	ck_assert_int_gt(pid, 0);
	close(told[1]);
	ck_assert_int_eq(read(told[0], &byte, 1), 1);
	close(told[0]);
	return pid;
}

TEST(waits_for_who_fills)
{
	BENCH(b);
	cleanup_close int control = ended();

	write_text("x.h", "x");
	pid_t other = start_other(&b, true);
	ck_assert_int_eq(workspace_open(b.cache, "record", new_token(), &b.workspace), 0);
	ck_assert_int_eq(workspace_begin(&b.workspace, control), -EINTR);
	end_process(other);
	ck_assert_int_eq(workspace_begin(&b.workspace, control), 0);
	workspace_free(&b.workspace);
	ck_assert(sync_files(&b, FILES("p/x.h")));
	assert_there(&b, "p/x.h", "x");
}

/* More may be sent meanwhile; nothing may be replaced that is read. */
TEST(waits_for_who_reads)
{
	BENCH(b);
	cleanup_close int control = ended();

	write_text("x.h", "x");
	sync_files(&b, FILES("p/x.h"));
	pid_t other = start_other(&b, false);
	write_text("y.h", "y");
	ck_assert(sync_files(&b, FILES("p/y.h")));
	assert_there(&b, "p/y.h", "y");

	write_text("x.h", "changed");
	ck_assert_int_eq(plan(&b, FILES("p/x.h")), 0);
	ck_assert(b.change.replaces);
	int r = workspace_lock_for(&b.workspace, &b.change, control);
	end_process(other);
	ck_assert_int_eq(r, -EINTR);
	ck_assert(sync_files(&b, FILES("p/x.h")));
	assert_there(&b, "p/x.h", "changed");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, sends);
	tcase_add_test(c, nothing_but_the_directory);
	tcase_add_test(c, follows_changes);
	tcase_add_test(c, sends_texts_without_an_archive);
	tcase_add_test(c, touched);
	tcase_add_test(c, becomes_something_else);
	tcase_add_test(c, links);
	tcase_add_test(c, links_without_an_end);
	tcase_add_test(c, project_behind_a_link);
	tcase_add_test(c, upwards);
	tcase_add_test(c, odd_names);
	tcase_add_test(c, deep);
	tcase_add_test(c, no_files);
	tcase_add_test(c, another_workspace);
	tcase_add_test(c, two_records);
	tcase_add_test(c, names);
	tcase_add_test(c, nothing_is_remembered);
	tcase_add_test(c, damaged_record);
	tcase_add_test(c, cut_off);
	tcase_add_test(c, cut_off_with_a_new_directory);
	tcase_add_test(c, waits_for_who_fills);
	tcase_add_test(c, waits_for_who_reads);
}

int main(void)
{
	return suite_run("workspace", add_tests);
}
