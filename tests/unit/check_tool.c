/* SPDX-License-Identifier: BSD-2-Clause */
/* The tools are shell scripts here, beside the builder's clang. */
#include "suite.h"

#include "core/tool.h"
#include "remote-bench.h"

extern char **environ;

/* A tool that is told NAME, and one of the other, both on the builder. */
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
	assert_contains(beside, "/there/bin/llvm-strip");
	write_tool(&b, "llvm-strip-14", "exit 0");
	cleanup_free char *numbered = find(&b, TOOL_LLVM_STRIP);
	assert_contains(numbered, "/there/bin/llvm-strip-14");
}

TEST(finds_none)
{
	REMOTE_BENCH(b);
	const char *path = getenv("PATH");
	cleanup_free char *before = strdup(path ? path : ""), *link = NULL;

	/* Neither a directory, nor what is not for running, nor a link to ours. */
	ck_assert_int_eq(mkdir("../there/bin/llvm-strip", 0755), 0);
	write_text("../there/bin/llvm-strip-14", "");
	write_program("../there/crossbpf-llvm-strip", "exit 0");
	ck_assert_int_eq(mkdir("../there/path", 0755), 0);
	ck_assert_int_eq(symlink("../crossbpf-llvm-strip", "../there/path/llvm-strip"), 0);
	make_tools_only(&b);
	cleanup_free char *found = find(&b, TOOL_LLVM_STRIP);
	setenv("PATH", before, 1);
	ck_assert_ptr_eq(found, NULL);
}
