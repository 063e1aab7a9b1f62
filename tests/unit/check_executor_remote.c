/* SPDX-License-Identifier: BSD-2-Clause */
/* What the builder runs is a script: its arguments are those of its action up to `insert`, the
 * options of placement, then "end". */
#include "suite.h"

#include "core/executor-remote.h"
#include "remote-bench.h"

enum { MAX_ACTIONS = 3 };

struct bench {
	struct remote_bench remote;
	struct action actions[MAX_ACTIONS];
	struct plan plan;
	struct executor_remote executor;
	int status;
};

static char logged[1024];

static void keep_log(const char *message)
{
	size_t len = strlen(logged);

	snprintf(logged + len, sizeof(logged) - len, "%s\n", message);
}

static void bench_open(struct bench *b)
{
	*b = (struct bench){.plan = {.actions = b->actions}};
	remote_bench_open(&b->remote);
	b->executor.remote = &b->remote.remote;
	logged[0] = '\0';
}

/* Begins another plan. */
static void drop_actions(struct bench *b)
{
	for (size_t i = 0; i < b->plan.n; i++) {
		strv_free(&b->actions[i].argv);
		b->actions[i] = (struct action){0};
	}
	b->plan.n = 0;
}

static void bench_close(struct bench *b)
{
	drop_actions(b);
	remote_bench_close(&b->remote);
}

#define BENCH(b)                                              \
	__attribute__((cleanup(bench_close))) struct bench b; \
	bench_open(&b)

/* An action without outputs; `words` are its own, up to a NULL. */
static struct action *add_words(struct bench *b, const char *script, const char *const *words)
{
	struct action *a = &b->actions[b->plan.n++];

	strv_add(&a->argv, "sh");
	strv_add(&a->argv, "-c");
	strv_add(&a->argv, script);
	strv_add(&a->argv, "script");
	strv_add_all(&a->argv, words);
	a->insert = a->argv.n;
	strv_add(&a->argv, "end");
	return a;
}

static struct action *add(struct bench *b, const char *script)
{
	static const char *const none[] = {NULL};

	return add_words(b, script, none);
}

static void add_output(struct action *a, const char *option, char *path)
{
	a->outputs[a->n_outputs++] = (struct output){option, path};
}

/* As crossbpf-clang does it. */
static int run(struct bench *b)
{
	struct crossbpf_error *e = &b->remote.error;

	b->status = 77;
	int r = executor_remote_add(&b->executor, &b->plan, e);
	if (r == 0)
		r = remote_connect(&b->remote.remote, e);
	return r < 0 ? r : executor_remote_run(&b->executor, &b->plan, &b->status, e);
}

static void ran(struct bench *b, int status)
{
	int r = run(b);

	ck_assert_msg(r == 0, "%s", b->remote.error.message);
	ck_assert_int_eq(b->status, status);
}

/* What it wrote to one of our streams meanwhile; the caller frees. */
static char *ran_saying(struct bench *b, int fd, int status)
{
	struct diverted d = divert(fd, "../said", O_WRONLY | O_CREAT | O_TRUNC);
	int r = run(b);

	restore(d);
	ck_assert_msg(r == 0, "%s", b->remote.error.message);
	ck_assert_int_eq(b->status, status);
	return read_text("../said");
}

TEST(empty_plan)
{
	BENCH(b);

	ran(&b, 0);
	ck_assert_uint_eq(count_entries("../home"), 0);
}

TEST(places_the_output)
{
	char output[] = "x.o";
	BENCH(b);

	write_text("x.c", "source\n");
	add_output(add_words(&b, "[ \"$2\" = -o ] && [ \"$4\" = end ] && cat \"$1\" >\"$3\"",
			     (const char *const[]){"x.c", NULL}),
		   "-o", output);
	ran(&b, 0);
	assert_text("x.o", "source\n");
	ck_assert_uint_eq(count_entries("."), 2);
	ck_assert_uint_gt(b.remote.remote.report.bytes_sent, 0);
	ck_assert_uint_gt(b.remote.remote.report.bytes_received, 0);
}

/* The project's directory is below another there, and holds what was sent, whatever its name. */
TEST(sees_what_was_sent)
{
	static const char script[] =
		"root=${4#-DROOT=}; [ \"$PWD\" != \"$root\" ] && [ ! -e secret ] && "
		"case $PWD in *\"$root\") ;; *) exit 2 ;; esac && "
		"[ \"$(cat \"$1\")\" = one ] && [ \"$1\" = \"$PWD/$2\" ] && [ \"$3\" = \"-fx=$1\" "
		"]";
	BENCH(b);

	ck_assert_int_eq(mkdir("a b", 0755), 0);
	write_text("a b/'q\"\n\\$.h", "one");
	write_text("secret", "two");
	cleanup_free char *path = str_printf("%s/a b/'q\"\n\\$.h", b.remote.root);
	cleanup_free char *joined = str_printf("-fx=%s", path);
	/* Text for the program stays. */
	cleanup_free char *define = str_printf("-DROOT=%s", b.remote.root);
	add_words(&b, script, (const char *const[]){path, "a b/'q\"\n\\$.h", joined, define, NULL});
	ran(&b, 0);
}

/* A second time, with another content; what is gone here is gone there. */
TEST(sees_what_changed)
{
	BENCH(b);

	write_text("x.h", "one");
	add_words(&b, "cat \"$1\" y.h 2>/dev/null", (const char *const[]){"x.h", "y.h", NULL});
	write_text("y.h", "-two");
	cleanup_free char *first = ran_saying(&b, STDOUT_FILENO, 0);
	ck_assert_str_eq(first, "one-two");
	write_text("x.h", "another");
	ck_assert_int_eq(unlink("y.h"), 0);
	cleanup_free char *second = ran_saying(&b, STDOUT_FILENO, 1);
	ck_assert_str_eq(second, "another");
}

/* The first failure is what is told, and what follows is done all the same. */
TEST(goes_on_behind_a_failure)
{
	char first[] = "1.o", second[] = "2.o", third[] = "3.o";
	BENCH(b);

	write_text(first, "old");
	write_text(second, "old");
	write_text(third, "old");
	add_output(add(&b, "rm \"$2\"; exit 3"), "-o", first);
	add_output(add(&b, "echo new >\"$2\""), "-o", second);
	add_output(add(&b, "exit 4"), "-o", third);
	ran(&b, 3);
	ck_assert(!is_there(first));
	assert_text(second, "new\n");
	assert_text(third, "old"); /* it was not touched */
	ck_assert_uint_eq(count_entries("."), 2);
}

/* Streams, which name the host's files. */
TEST(says)
{
	BENCH(b);

	cleanup_free char *want = str_printf("%s/x.c:1: no\n%s/y", b.remote.root, b.remote.root);
	add(&b, "printf '%s/x.c:1: no\\n%s/y' \"$PWD\" \"$PWD\" >&2; exit 1");
	cleanup_free char *error = ran_saying(&b, STDERR_FILENO, 1);
	ck_assert_str_eq(error, want);

	drop_actions(&b);
	add(&b, "printf '%s/x.c:1: no\\n%s/y' \"$PWD\" \"$PWD\"");
	cleanup_free char *output = ran_saying(&b, STDOUT_FILENO, 0);
	ck_assert_str_eq(output, want);
}

/* Of headers that only the builder has, one file of the host's tells. */
TEST(dependency_file)
{
	char object[] = "x.o", deps[] = "x.d", target[] = "a target.o";
	BENCH(b);

	memset(b.remote.builder.toolchain.headers, 'b', DIGEST_HEX_SIZE - 1);
	cleanup_free char *theirs = str_printf("-fx=%s", b.remote.include);
	struct action *a =
		add_words(&b,
			  "[ \"$2 $3\" = '-MQ a target.o' ] && echo >\"$5\" && "
			  "printf 'x.o: x.c \\\\\\n  %s/x.h %s/y.h %s/x.h\\n' \"${1#-fx=}\" "
			  "\"${1#-fx=}\" \"$PWD\" >\"$7\"",
			  (const char *const[]){theirs, NULL});
	a->deps_target = target;
	add_output(a, "-o", object);
	add_output(a, "-MF", deps);
	ran(&b, 0);
	cleanup_free char *want =
		str_printf("x.o: x.c \\\n  %s/builder/%s %s/x.h\n%s/builder/%s:\n", b.remote.cache,
			   b.remote.builder.toolchain.headers, b.remote.root, b.remote.cache,
			   b.remote.builder.toolchain.headers);
	assert_text("x.d", want);
	ck_assert_uint_eq(count_entries("."), 2);
}

/* -M: the rules are printed, or the output. */
TEST(rules)
{
	char output[] = "x.d";
	BENCH(b);

	cleanup_free char *theirs = str_printf("-fx=%s", b.remote.include);
	struct action *a = add_words(&b, "echo \"x.o: x.c ${1#-fx=}/x.h $PWD/x.h\"",
				     (const char *const[]){theirs, NULL});
	a->makes_rules = true;
	cleanup_free char *want = str_printf("x.o: x.c %s/x.h\n", b.remote.root);
	cleanup_free char *printed = ran_saying(&b, STDOUT_FILENO, 0);
	ck_assert_str_eq(printed, want);

	drop_actions(&b);
	a = add_words(&b, "echo \"x.o: x.c ${1#-fx=}/x.h $PWD/x.h\" >\"$3\"",
		      (const char *const[]){theirs, NULL});
	a->makes_rules = true;
	add_output(a, "-o", output);
	ran(&b, 0);
	assert_text(output, want);
}

/* No file to replace: they are written where they are, or not at all. */
TEST(written_in_place)
{
	char null[] = "/dev/null", stdout_name[] = "/dev/stdout", pipe[] = "pipe";
	BENCH(b);

	add_output(add(&b, "echo object >\"$2\""), "-o", null);
	add_output(add(&b, "echo object >\"$2\""), "-o", stdout_name);
	cleanup_free char *printed = ran_saying(&b, STDOUT_FILENO, 0);
	ck_assert_str_eq(printed, "object\n");
	struct stat st;
	ck_assert_int_eq(stat("/dev/null", &st), 0);
	ck_assert(S_ISCHR(st.st_mode));

	drop_actions(&b);
	add_output(add(&b, "echo object >\"$2\""), "-o", pipe);
	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	cleanup_close int reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char read_back[16] = "";
	ran(&b, 0);
	ck_assert_int_eq(read(reader, read_back, sizeof(read_back)), 7);
	ck_assert_str_eq(read_back, "object\n");
	ck_assert_uint_eq(count_entries("."), 1);
}

/* A failed compile writes no object there; its rules it does, as they are there before. */
TEST(written_in_place_and_failed)
{
	char object[] = "/dev/stdout", deps[] = "/dev/stdout";
	BENCH(b);

	struct action *a = add(&b, "echo object >\"$2\"; echo x.o: x.c >\"$4\"; exit 1");
	add_output(a, "-o", object);
	add_output(a, "-MF", deps);
	cleanup_free char *printed = ran_saying(&b, STDOUT_FILENO, 1);
	ck_assert_str_eq(printed, "x.o: x.c\n");
}

/* As where it runs here. */
TEST(removed_or_left_empty)
{
	char object[] = "x.o", deps[] = "x.d", missing[] = "missing.o";
	BENCH(b);

	write_text(object, "old");
	write_text(deps, "old");
	struct action *a = add(&b, "rm \"$4\"");
	add_output(a, "-o", object);
	add_output(a, "-MF", deps);
	ran(&b, 0);
	assert_text(object, "old");
	ck_assert(!is_there(deps));
	ck_assert_uint_eq(count_entries("."), 1);

	drop_actions(&b);
	add_output(add(&b, ":"), "-o", missing);
	ran(&b, 0);
	ck_assert(!is_there(missing));

	drop_actions(&b);
	add_output(add(&b, "rm \"$2\""), "-o", missing);
	ck_assert_int_eq(run(&b), -ENOENT);
	ck_assert_int_eq(b.remote.error.status, EXIT_STATUS_OUTPUT);
	assert_contains(b.remote.error.message, missing);
	ck_assert_uint_eq(count_entries("."), 1);
}

TEST(cannot_be_written)
{
	char output[] = "missing/x.o";
	BENCH(b);

	add_output(add(&b, "echo new >\"$2\""), "-o", output);
	add(&b, "exit 9");
	ck_assert_int_eq(run(&b), -ENOENT);
	ck_assert_int_eq(b.remote.error.status, EXIT_STATUS_OUTPUT);
	assert_contains(b.remote.error.message, "missing/x.o");
}

TEST(output_of_any_bytes)
{
	char output[] = "x.o";
	cleanup_strbuf struct strbuf made = {0};
	BENCH(b);

	add_output(add(&b, "{ printf '\\000\\377end 0 1\\nbye\\n\\000'; "
			   "dd if=/dev/zero bs=1024 count=200 2>/dev/null; } >\"$2\""),
		   "-o", output);
	ran(&b, 0);
	ck_assert_int_eq(io_read_file(output, 1 << 20, &made), 0);
	ck_assert_uint_eq(made.len, 15 + 200 * 1024);
	ck_assert_mem_eq(made.data, "\0\377end 0 1\nbye\n", 15);
}

TEST(standard_input)
{
	char output[] = "x.o";
	BENCH(b);

	struct action *a = add(&b, "cat >\"$2\"; echo end >>\"$2\"");
	add_output(a, "-o", output);
	a->reads_input = true;
	write_text("../input", "int $x; '%s' \\n \"\\\n");
	struct diverted d = divert(STDIN_FILENO, "../input", O_RDONLY);
	int r = run(&b);
	restore(d);
	ck_assert_int_eq(r, 0);
	assert_text(output, "int $x; '%s' \\n \"\\\nend\n");

	d = divert(STDIN_FILENO, "/dev/null", O_RDONLY);
	r = run(&b);
	restore(d);
	ck_assert_int_eq(r, 0);
	assert_text(output, "end\n");

	d = divert(STDIN_FILENO, "/", O_RDONLY);
	r = run(&b);
	restore(d);
	ck_assert_int_eq(r, -EISDIR);
	ck_assert_int_eq(b.remote.error.status, EXIT_STATUS_USAGE);
	assert_contains(b.remote.error.message, "standard input");
}

/* What is not its own is not read. */
TEST(standard_input_of_others)
{
	BENCH(b);

	write_text("../input", "text");
	add(&b, "cat");
	struct diverted d = divert(STDIN_FILENO, "../input", O_RDONLY);
	cleanup_free char *printed = ran_saying(&b, STDOUT_FILENO, 0);
	restore(d);
	ck_assert_str_eq(printed, "");
}

TEST(environment)
{
	BENCH(b);

	ck_assert_int_eq(mkdir("inc", 0755), 0);
	write_text("inc/x.h", "");
	cleanup_free char *cpath = str_printf("%s/inc:%s", b.remote.root, b.remote.include);
	setenv("CPATH", cpath, 1);
	setenv("C_INCLUDE_PATH", "/nowhere:", 1);
	setenv("SOURCE_DATE_EPOCH", "12 '3", 1);
	setenv("UNKNOWN_TO_CLANG", "x", 1);
	unsetenv("TZ");
	cleanup_free char *define = str_printf("-D%s", b.remote.root);
	add_words(&b,
		  "echo \"${CPATH#\"${PWD%\"${1#-D}\"}\"}|$C_INCLUDE_PATH|$SOURCE_DATE_EPOCH|"
		  "${UNKNOWN_TO_CLANG-unset}|${TZ-unset}|$CC_PRINT_HEADERS\"",
		  (const char *const[]){define, NULL});
	cleanup_free char *printed = ran_saying(&b, STDOUT_FILENO, 0);
	unsetenv("CPATH");
	unsetenv("C_INCLUDE_PATH");
	unsetenv("SOURCE_DATE_EPOCH");
	unsetenv("UNKNOWN_TO_CLANG");
	cleanup_free char *want = str_printf("%s|/nowhere:|12 '3|unset|unset|1\n", cpath);
	ck_assert_str_eq(printed, want);
}

/* Options of ours: what does not compile BPF goes as it is. */
TEST(options)
{
	BENCH(b);

	b.executor.colour = true;
	add(&b, "echo \"$*\"");
	cleanup_free char *verbatim = ran_saying(&b, STDOUT_FILENO, 0);
	ck_assert_str_eq(verbatim, "end\n");

	struct action *a = &b.actions[0];
	drop_actions(&b);
	/* Not a script in an argument, as some stand before it. The root is named by no name of it,
	 * which would come back as nothing. */
	write_program("../there/bin/clang", "echo \"$*\" | sed 's,=/.*/root/=/,=ROOT/=/,'");
	strv_add(&a->argv, b.remote.builder.toolchain.clang);
	strv_add(&a->argv, "end");
	a->insert = 1;
	a->compiles = true;
	b.plan.n = 1;
	cleanup_free char *compiled = ran_saying(&b, STDOUT_FILENO, 0);
	ck_assert_str_eq(compiled, "-fcolor-diagnostics -ffile-prefix-map=ROOT/=/ -Xclang "
				   "-gembed-source -Xclang -dwarf-version=5 end\n");

	b.executor.colour = false;
	b.remote.project.clang.emit_llvm = true;
	cleanup_free char *ir = ran_saying(&b, STDOUT_FILENO, 0);
	ck_assert_str_eq(ir, "-ffile-prefix-map=ROOT/=/ end\n");
}

TEST(logs_commands)
{
	BENCH(b);

	b.executor.log = keep_log;
	add(&b, "exit 1");
	ran(&b, 1);
	ck_assert_str_eq(logged, "sh -c 'exit 1' script end\n");
}

TEST(refuses)
{
	char output[] = "x.o";
	BENCH(b);

	struct action *a = add(&b, "echo >\"$2\"");
	add_output(a, "-o", output);
	a->more_outputs = true;
	ck_assert_int_eq(run(&b), -ENOTSUP);
	ck_assert_int_eq(b.remote.error.status, EXIT_STATUS_USAGE);
	assert_contains(b.remote.error.message, "further files");
	error_free(&b.remote.error);
	a->more_outputs = false;
	a->many_outputs = true;
	ck_assert_int_eq(run(&b), -ENOTSUP);
	ck_assert_int_eq(b.remote.error.status, EXIT_STATUS_USAGE);
	assert_contains(b.remote.error.message, "several sources");
	ck_assert_uint_eq(count_entries("."), 0);
	ck_assert_uint_eq(count_entries("../home"), 0); /* it was not even asked */
}

/* A header of the builder's asks for one that the host has: it is sent, and all is done again. */
TEST(runs_again)
{
	char output[] = "x.o";
	BENCH(b);

	ck_assert_int_eq(mkdir("inc", 0755), 0);
	write_text("inc/more.h", "more");
	cleanup_free char *theirs = str_printf("-D%s", b.remote.include);
	struct action *a = add_words(
		&b,
		"printf 'x.c\\n%s/more.h\\n\\n...\\n' \"${2#-D}\" "
		">\"$CC_PRINT_HEADERS_FILE\"; [ ! -e inc/more.h ] || cat inc/more.h >\"$4\"",
		(const char *const[]){"-Iinc", theirs, NULL});
	add_output(a, "-o", output);
	ran(&b, 0);
	assert_text(output, "more");
	ck_assert_uint_eq(b.remote.remote.files.n, 1);
}

/* A builder that never has enough of the host's files is not to be trusted with all of them. */
TEST(does_not_run_again_for_ever)
{
	char output[] = "x.o";
	BENCH(b);

	ck_assert_int_eq(mkdir("inc", 0755), 0);
	for (int i = 0; i < 10; i++) {
		cleanup_free char *name = str_printf("inc/%d.h", i);
		write_text(name, "");
	}
	cleanup_free char *theirs = str_printf("-D%s", b.remote.include);
	struct action *a =
		add_words(&b,
			  "i=0; while [ -e inc/$i.h ]; do i=$((i + 1)); done; "
			  "echo \"${2#-D}/$i.h\" >\"$CC_PRINT_HEADERS_FILE\"; echo $i >\"$4\"",
			  (const char *const[]){"-Iinc", theirs, NULL});
	add_output(a, "-o", output);
	ck_assert_int_eq(run(&b), -ELOOP);
	ck_assert_int_eq(b.remote.error.status, EXIT_STATUS_FAILED);
	assert_contains(b.remote.error.message, "4 rounds");
	ck_assert_uint_eq(b.remote.remote.files.n, 4);
	ck_assert(!is_there(output));
	ck_assert_uint_eq(count_entries("."), 1);
}

/* Interrupted: no error of its own, and nothing is left. */
TEST(interrupted)
{
	char output[] = "x.o";
	int control[2];
	BENCH(b);

	write_text(output, "old");
	ck_assert_int_eq(io_pipe(control), 0);
	b.remote.builder.session.control = control[0];
	add_output(add(&b, "echo half >\"$2\"; sleep 50"), "-o", output);
	add(&b, "exit 9");
	close(control[1]);
	int r = run(&b);
	close(control[0]);
	ck_assert_int_eq(r, 0);
	assert_text(output, "old");
	ck_assert_uint_eq(count_entries("."), 1);
}

TEST(builder_is_lost)
{
	char output[] = "x.o";
	BENCH(b);

	write_text(output, "old");
	add_output(add(&b, "echo half >\"$2\"; echo alas >&2; kill -KILL $PPID; exec sleep 1"),
		   "-o", output);
	struct diverted d = divert(STDERR_FILENO, "../said", O_WRONLY | O_CREAT | O_TRUNC);
	int r = run(&b);
	restore(d);
	ck_assert_int_lt(r, 0);
	ck_assert_int_eq(b.remote.error.status, EXIT_STATUS_LOST);
	ck_assert_ptr_ne(b.remote.error.message, NULL);
	assert_text(output, "old");
	ck_assert_uint_eq(count_entries("."), 1);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, empty_plan);
	tcase_add_test(c, places_the_output);
	tcase_add_test(c, sees_what_was_sent);
	tcase_add_test(c, sees_what_changed);
	tcase_add_test(c, goes_on_behind_a_failure);
	tcase_add_test(c, says);
	tcase_add_test(c, dependency_file);
	tcase_add_test(c, rules);
	tcase_add_test(c, written_in_place);
	tcase_add_test(c, written_in_place_and_failed);
	tcase_add_test(c, removed_or_left_empty);
	tcase_add_test(c, cannot_be_written);
	tcase_add_test(c, output_of_any_bytes);
	tcase_add_test(c, standard_input);
	tcase_add_test(c, standard_input_of_others);
	tcase_add_test(c, environment);
	tcase_add_test(c, options);
	tcase_add_test(c, logs_commands);
	tcase_add_test(c, refuses);
	tcase_add_test(c, runs_again);
	tcase_add_test(c, does_not_run_again_for_ever);
	tcase_add_test(c, interrupted);
	tcase_add_test(c, builder_is_lost);
}

int main(void)
{
	return suite_run("executor_remote", add_tests);
}
