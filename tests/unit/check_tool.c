/* SPDX-License-Identifier: BSD-2-Clause */
/* The tools are shell scripts here, beside the builder's clang. */
#include "suite.h"

#include "core/tool.h"
#include "remote-bench.h"

extern char **environ;

/* A tool of the builder's. */
static void write_tool(const struct remote_bench *b, const char *name, const char *script)
{
	cleanup_free char *path = str_printf("%s/there/bin/%s", b->here, name);

	write_program(path, script);
}

struct ran {
	int r, status;
	char *output, *error;
};

static void ran_free(struct ran *ran)
{
	free(ran->output);
	free(ran->error);
}
#define cleanup_ran CLEANUP(ran_free)

static struct ran run(struct remote_bench *b, enum tool_name name, const char *const *args)
{
	const struct tool tool = {
		.output = STDOUT_FILENO,
		.error = STDERR_FILENO,
		.name = name,
		.args = args,
		.remote = &b->remote,
		.env = (const char *const *)environ,
	};
	struct ran ran = {.status = 77};
	struct diverted out = divert(STDOUT_FILENO, "../said", O_WRONLY | O_CREAT | O_TRUNC);
	struct diverted err = divert(STDERR_FILENO, "../complained", O_WRONLY | O_CREAT | O_TRUNC);

	ran.r = tool_run(&tool, &ran.status, &b->error);
	restore(err);
	restore(out);
	ran.output = read_text("../said");
	ran.error = read_text("../complained");
	return ran;
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_ran(struct remote_bench *b, enum tool_name name, const char *const *args,
		       int status, const char *output, const char *error)
{
	cleanup_ran struct ran ran = run(b, name, args);

	ck_assert_msg(ran.r == 0, "%s", b->error.message);
	ck_assert_int_eq(ran.status, status);
	ck_assert_str_eq(ran.output, output);
	ck_assert_str_eq(ran.error, error);
}

TEST(names)
{
	ck_assert_str_eq(tool_program(TOOL_LLVM_STRIP), "llvm-strip");
	ck_assert_str_eq(tool_program(TOOL_BPFTOOL), "bpftool");
}

static char *find(struct remote_bench *b, enum tool_name name)
{
	char *path = NULL;

	ck_assert_int_eq(tool_find(&b->builder.session, &b->builder.toolchain, name,
				   (const char *const *)environ, &path, &b->error),
			 0);
	return path;
}

/* That of clang's own version first, then that beside it. */
TEST(finds)
{
	REMOTE_BENCH(b);

	write_tool(&b, "llvm-strip", "exit 0");
	cleanup_free char *beside = find(&b, TOOL_LLVM_STRIP);
	cleanup_free char *want = str_printf("%s/there/bin/llvm-strip", b.here);
	ck_assert_str_eq(beside, want);
	write_tool(&b, "llvm-strip-14", "exit 0");
	cleanup_free char *numbered = find(&b, TOOL_LLVM_STRIP);
	cleanup_free char *want_numbered = str_printf("%s/there/bin/llvm-strip-14", b.here);
	ck_assert_str_eq(numbered, want_numbered);
}

/* Neither a directory, nor what is not for running, nor a
 * link to a program of ours. */
TEST(finds_none)
{
	REMOTE_BENCH(b);
	cleanup_free char *path = str_printf("%s/there/path", b.here);
	static const char *const tools[] = {"cat", "cp", "dd",    "mkdir", "mkfifo", "readlink",
					    "rm",  "sh", "sleep", "tar",   "wc"};

	ck_assert_int_eq(mkdir("../there/path", 0755), 0);
	for (size_t i = 0; i < LENGTH(tools); i++) {
		cleanup_free char *link = str_printf("%s/%s", path, tools[i]);
		cleanup_free char *bin = str_printf("/bin/%s", tools[i]);
		cleanup_free char *usr_bin = str_printf("/usr/bin/%s", tools[i]);
		ck_assert_int_eq(symlink(access(bin, X_OK) == 0 ? bin : usr_bin, link), 0);
	}
	ck_assert_int_eq(mkdir("../there/bin/llvm-strip", 0755), 0);
	write_text("../there/bin/llvm-strip-14", "");
	write_program("../there/crossbpf-llvm-strip", "exit 0");
	ck_assert_int_eq(symlink("../crossbpf-llvm-strip", "../there/path/llvm-strip"), 0);
	setenv("PATH", path, 1);
	cleanup_free char *found = find(&b, TOOL_LLVM_STRIP);
	/* And so it cannot be run. */
	cleanup_ran struct ran ran = run(&b, TOOL_LLVM_STRIP, ARGS("x.o"));
	suite_begin();
	ck_assert_int_eq(chdir(b.root), 0);
	ck_assert_ptr_eq(found, NULL);
	ck_assert_int_eq(ran.r, -ENOENT);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b.error.message, "elsewhere: there is no llvm-strip");
}

/* Each operand is changed in place, and no other file. */
TEST(strips_in_place)
{
	REMOTE_BENCH(b);

	write_tool(&b, "llvm-strip",
		   "for f; do case $f in -*) ;; *) echo stripped >>\"$f\" ;; esac; done");
	write_text("a.o", "a\n");
	write_text("a 'b\"\n.o", "b\n");
	write_text("-c.o", "c\n");
	ck_assert_int_eq(chmod("a.o", 0640), 0);
	assert_ran(&b, TOOL_LLVM_STRIP, ARGS("-g", "a.o", "a 'b\"\n.o"), 0, "", "");
	assert_text("a.o", "a\nstripped\n");
	assert_text("a 'b\"\n.o", "b\nstripped\n");
	assert_text("-c.o", "c\n");
	struct stat st;
	ck_assert_int_eq(stat("a.o", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_uint_eq(count_entries("."), 3);
}

/* The input stays; the output has its mode. */
TEST(strips_to_another)
{
	struct stat st;
	REMOTE_BENCH(b);

	write_tool(&b, "llvm-strip", "cat \"$3\" >\"$2\"; echo stripped >>\"$2\"; echo >>\"$3\"");
	write_text("a.o", "a\n");
	ck_assert_int_eq(chmod("a.o", 0600), 0);
	assert_ran(&b, TOOL_LLVM_STRIP, ARGS("-o", "new.o", "a.o"), 0, "", "");
	assert_text("new.o", "a\nstripped\n");
	assert_text("a.o", "a\n");
	ck_assert_int_eq(stat("new.o", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);

	cleanup_free char *joined = str_printf("--output=%s/joined.o", b.root);
	write_tool(&b, "llvm-strip", "cat \"$2\" >\"${1#--output=}\"");
	assert_ran(&b, TOOL_LLVM_STRIP, ARGS(joined, "a.o"), 0, "", "");
	assert_text("joined.o", "a\n");
}

/* A failure leaves the files, and its status is the tool's; the first counts. */
TEST(fails)
{
	REMOTE_BENCH(b);

	write_tool(&b, "llvm-strip",
		   "echo broken >\"$1\"; echo \"$PWD/$1: no object\" >&2; "
		   "case $1 in a.o) exit 3 ;; *) exit 4 ;; esac");
	write_text("a.o", "a\n");
	write_text("b.o", "b\n");
	cleanup_ran struct ran ran = run(&b, TOOL_LLVM_STRIP, ARGS("a.o", "b.o"));
	cleanup_free char *want = str_printf("%s/a.o: no object\n", b.root);
	ck_assert_int_eq(ran.r, 0);
	ck_assert_int_eq(ran.status, 3);
	ck_assert_int_eq(strncmp(ran.error, want, strlen(want)), 0);
	ck_assert_str_eq(ran.output, "");
	assert_text("a.o", "a\n");
	assert_text("b.o", "b\n");
}

/* Names of the copies are the host's to whoever reads it. */
TEST(prints)
{
	REMOTE_BENCH(b);
	cleanup_free char *path = str_printf("%s/a.o", b.root);
	cleanup_free char *want = str_printf("%s|%s|a.o|", b.root, path);

	write_tool(&b, "bpftool", "printf '%s|%s|%s|' \"$PWD\" \"$4\" \"$5\"; cat \"$4\" \"$5\"");
	write_text("a.o", "a\n");
	cleanup_ran struct ran ran =
		run(&b, TOOL_BPFTOOL, ARGS("btf", "dump", "file", path, "a.o"));
	ck_assert_int_eq(ran.r, 0);
	ck_assert_int_eq(ran.status, 0);
	ck_assert_int_eq(strncmp(ran.output, want, strlen(want)), 0);
	ck_assert_str_eq(ran.output + strlen(want), "a\na\n");
}

/* "--base-btf=FILE": the name behind the "=" is the copy's. */
TEST(joined_names)
{
	REMOTE_BENCH(b);
	cleanup_free char *word = str_printf("--base-btf=%s/a.btf", b.root);

	write_tool(&b, "bpftool", "cat \"${1#--base-btf=}\"; echo \"$2\"");
	write_text("a.btf", "btf\n");
	assert_ran(&b, TOOL_BPFTOOL, ARGS(word, "--other=a.missing"), 0, "btf\n--other=a.missing\n",
		   "");
}

TEST(makes_an_object)
{
	REMOTE_BENCH(b);

	write_tool(&b, "bpftool", "cat \"$4\" \"$5\" >\"$3\"");
	write_text("a.o", "a\n");
	write_text("b.o", "b\n");
	assert_ran(&b, TOOL_BPFTOOL, ARGS("gen", "object", "new.o", "a.o", "b.o"), 0, "", "");
	assert_text("new.o", "a\nb\n");
	/* Where it makes none there is none. */
	write_tool(&b, "bpftool", "exit 0");
	assert_ran(&b, TOOL_BPFTOOL, ARGS("gen", "object", "none.o", "a.o"), 0, "", "");
	ck_assert(!is_there("none.o"));
}

TEST(without_arguments)
{
	REMOTE_BENCH(b);

	write_tool(&b, "bpftool", "echo \"$#\"; exit 255");
	assert_ran(&b, TOOL_BPFTOOL, (const char *const[]){NULL}, 255, "0\n", "");
	write_tool(&b, "llvm-strip", "echo \"$#\"; exit 1");
	assert_ran(&b, TOOL_LLVM_STRIP, ARGS("--help"), 1, "1\n", "");
	assert_ran(&b, TOOL_LLVM_STRIP, ARGS(""), 1, "1\n", "");
}

TEST(cannot_write)
{
	REMOTE_BENCH(b);

	write_tool(&b, "llvm-strip", "echo new >\"$2\"");
	write_text("a.o", "a\n");
	cleanup_ran struct ran ran = run(&b, TOOL_LLVM_STRIP, ARGS("-o", "missing/new.o", "a.o"));
	ck_assert_int_eq(ran.r, -ENOENT);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_OUTPUT);
	assert_contains(b.error.message, "missing/new.o");
}

TEST(standard_input_is_not_sent)
{
	REMOTE_BENCH(b);

	write_tool(&b, "llvm-strip", "echo >\"$1\"");
	cleanup_ran struct ran ran = run(&b, TOOL_LLVM_STRIP, ARGS("-"));
	ck_assert_int_eq(ran.r, -ENOTSUP);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_USAGE);
	ck_assert_uint_eq(count_entries("../home"), 0);
}

TEST(interrupted)
{
	int control[2];
	REMOTE_BENCH(b);

	write_tool(&b, "llvm-strip", "echo half >\"$1\"; exec sleep 50");
	write_text("a.o", "a\n");
	ck_assert_int_eq(io_pipe(control), 0);
	b.builder.session.control = control[0];
	close(control[1]);
	cleanup_ran struct ran ran = run(&b, TOOL_LLVM_STRIP, ARGS("a.o"));
	close(control[0]);
	ck_assert_int_eq(ran.r, 0);
	assert_text("a.o", "a\n");
}

/* Where the host's files are seen it runs in place, with our streams. */
TEST(runs_here)
{
	REMOTE_BENCH(b);

	session_close(&b.builder.session);
	b.builder.connected = false;
	free(b.builder.name);
	b.builder.name = strdup("native");
	b.request.dir = BACKEND_DIR;
	write_tool(&b, "llvm-strip", "echo stripped >>\"$1\"; echo said; echo more >&2; exit 5");
	write_text("a b.o", "a\n");
	assert_ran(&b, TOOL_LLVM_STRIP, ARGS("a b.o"), 5, "said\n", "more\n");
	assert_text("a b.o", "a\nstripped\n");
	ck_assert_uint_eq(count_entries("../home"), 0);
	cleanup_free char *path = find(&b, TOOL_LLVM_STRIP);
	cleanup_free char *want = str_printf("%s/there/bin/llvm-strip", b.here);
	ck_assert_str_eq(path, want);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, names);
	tcase_add_test(c, finds);
	tcase_add_test(c, finds_none);
	tcase_add_test(c, strips_in_place);
	tcase_add_test(c, strips_to_another);
	tcase_add_test(c, fails);
	tcase_add_test(c, prints);
	tcase_add_test(c, joined_names);
	tcase_add_test(c, makes_an_object);
	tcase_add_test(c, without_arguments);
	tcase_add_test(c, cannot_write);
	tcase_add_test(c, standard_input_is_not_sent);
	tcase_add_test(c, interrupted);
	tcase_add_test(c, runs_here);
}

int main(void)
{
	return suite_run("tool", add_tests);
}
