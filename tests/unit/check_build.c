/* SPDX-License-Identifier: BSD-2-Clause */
/* The compiler is a shell script here: $0 is the source without its ending, $2 where the object
 * goes, $5 where the dependency file goes, $7 what that is to name. */
#include "suite.h"

#include <poll.h>
#include <sys/resource.h>

#include "core/build.h"
#include "core/project.h"
#include "make-object.h"
#include "object/object.h"
#include "shared/io.h"

extern char **environ;

#define DEPS "echo \"$7: $0.c\" >\"$5\"; "
#define GOOD DEPS "cp good.o \"$2\""

enum { MAX_ACTIONS = 64 };

struct ended {
	const struct build_action *action;
	int status;
	bool done, uses_arch;
	size_t size;
	int64_t duration;
	uint8_t digest[DIGEST_SIZE];
	enum exit_status error_status; /* 0: there was no error */
	char error[256], said[4096];
};

/* A session, a state, a plan, and what was heard of it. */
struct bench {
	struct project project;
	struct session session;
	struct build_action actions[MAX_ACTIONS];
	struct build_variant variants[MAX_ACTIONS]; /* one for each, with its script */
	const struct build_action *order[MAX_ACTIONS];
	struct build_plan plan;
	struct build build;
	struct crossbpf_error error;
	char *root, *tmp;
	size_t left;
	struct ended ended[MAX_ACTIONS];
	const struct build_action *started[MAX_ACTIONS];
	size_t n_started, n_ended, running, most;
	char words[512];        /* of the last command that was started */
	size_t interrupt_after; /* close the control descriptor at that start */
	bool mark_failures;     /* by a file "failed" */
	int control[2];
};

static void on_start(void *ctx, const struct build_action *action, const struct strv *argv)
{
	struct bench *b = ctx;

	b->started[b->n_started++] = action;
	b->running++;
	if (b->running > b->most)
		b->most = b->running;
	b->words[0] = '\0';
	for (size_t i = 0; i < argv->n; i++) {
		size_t len = strlen(b->words);
		snprintf(b->words + len, sizeof(b->words) - len, "%s|", argv->v[i]);
	}
	if (b->n_started == b->interrupt_after) {
		close(b->control[1]);
		b->control[1] = -1;
	}
}

static void on_end(void *ctx, const struct build_result *r)
{
	struct bench *b = ctx;
	struct ended *e = &b->ended[b->n_ended++];

	b->running--;
	*e = (struct ended){
		.action = r->action,
		.status = r->status,
		.done = r->done,
		.uses_arch = r->uses_arch,
		.size = r->size,
		.duration = r->duration,
		.error_status = r->error ? r->error->status : EXIT_STATUS_OK,
	};
	memcpy(e->digest, r->digest, DIGEST_SIZE);
	if (r->error)
		snprintf(e->error, sizeof(e->error), "%s", r->error->message);
	ck_assert_uint_eq(strlen(r->said), r->said_len);
	snprintf(e->said, sizeof(e->said), "%s", r->said);
	if (b->mark_failures && !r->done)
		write_text("failed", "");
}

static void write_object(const char *path, const char *type)
{
	struct made m;
	cleanup_fclose FILE *f = fopen(path, "w");

	made_object_with(&m, false, type);
	ck_assert_ptr_ne(f, NULL);
	ck_assert_uint_eq(fwrite(m.data, 1, m.len, f), m.len);
}

static void bench_open(struct bench *b)
{
	*b = (struct bench){.session = {.control = -1}, .control = {-1, -1}};
	b->root = getcwd(NULL, 0);
	b->tmp = str_printf("%s/tmp", b->root);
	ck_assert_int_eq(mkdir("tmp", 0700), 0);
	setenv("TMPDIR", b->tmp, 1);
	write_object("good.o", "some");
	ck_assert_int_eq(project_at(b->root, &b->project, &b->error), 0);
	ck_assert_int_eq(
		session_open(&b->session, BACKEND_DIR, "native", NULL, &b->project, &b->error), 0);
	b->plan.actions = b->actions;
	b->build = (struct build){
		.session = &b->session,
		.plan = &b->plan,
		.root = b->root,
		.env = (const char *const *)environ,
		.lanes = 1,
		.ctx = b,
		.on_start = on_start,
		.on_end = on_end,
	};
	ck_assert_int_eq(state_open(NULL, b->root, MODULE_DIR, &b->build.state), 0);
}

static void bench_close(struct bench *b)
{
	for (size_t i = 0; i < b->plan.n; i++) {
		free(b->actions[i].source);
		free(b->actions[i].object);
		free(b->actions[i].dep);
		strv_free(&b->variants[i].argv);
	}
	state_close(b->build.state);
	session_close(&b->session);
	project_free(&b->project);
	error_free(&b->error);
	closep(&b->control[0]);
	closep(&b->control[1]);
	free(b->root);
	free(b->tmp);
	setenv("TMPDIR", "/tmp", 1);
}

/* It is large. */
#define BENCH(b)                                                             \
	static struct bench b##_place;                                       \
	__attribute__((cleanup(bench_closep))) struct bench *b = &b##_place; \
	bench_open(b)

static void bench_closep(struct bench **b)
{
	bench_close(*b);
}

/* NAME.o of NAME.c, which is there, by a script. */
static struct build_action *add(struct bench *b, const char *name, const char *script)
{
	struct build_action *a = &b->actions[b->plan.n];

	a->source = str_printf("%s.c", name);
	a->object = str_printf("%s.o", name);
	struct build_variant *v = &b->variants[b->plan.n];
	*v = (struct build_variant){.target = "bpfel", .arch = "x86"};
	strv_add(&v->argv, "sh");
	strv_add(&v->argv, "-c");
	strv_take(&v->argv, str_printf("shift; %s", script)); /* the source, which comes first */
	strv_add(&v->argv, name);
	a->variant = v;
	a->command[0] = (uint8_t)b->plan.n;
	write_text(a->source, name);
	b->order[b->plan.n++] = a;
	return a;
}

/* What was written within the last tick of the clock would not be remembered. */
static void settle(void)
{
	usleep(2 * (useconds_t)(io_tick(1) / 1000));
}

static int run(struct bench *b)
{
	settle();
	b->left = 77;
	b->n_started = b->n_ended = 0;
	return build_run(&b->build, b->order, b->plan.n, &b->left, &b->error);
}

/* Nothing is left behind. */
static void ran(struct bench *b)
{
	int r = run(b);

	ck_assert_msg(r == 0, "%s", b->error.message);
	ck_assert_uint_eq(count_entries("tmp"), 0);
}

static const struct ended *of(const struct bench *b, const char *source)
{
	for (size_t i = 0; i < b->n_ended; i++)
		if (strcmp(b->ended[i].action->source, source) == 0)
			return &b->ended[i];
	ck_abort_msg("%s did not end", source);
}

TEST(makes_an_object)
{
	uint8_t digest[DIGEST_SIZE];
	cleanup_strbuf struct strbuf object = {0};
	struct object_stamp stamp;
	cleanup_free char *why = NULL;
	const char *unsound = NULL;
	struct digest d;
	BENCH(b);

	const struct build_action *a = add(b, "a", GOOD "; echo said; echo more >&2");
	ran(b);
	ck_assert_uint_eq(b->left, 0);
	ck_assert_uint_eq(b->n_started, 1);
	ck_assert_uint_eq(b->n_ended, 1);
	const struct ended *e = &b->ended[0];
	ck_assert_ptr_eq(e->action, a);
	ck_assert_int_eq(e->status, 0);
	ck_assert(e->done && !e->uses_arch);
	ck_assert_int_eq(e->error_status, EXIT_STATUS_OK);
	ck_assert_str_eq(e->said, "said\nmore\n");
	ck_assert_int_gt(e->duration, 0);

	ck_assert_int_eq(io_read_file("a.o", 1 << 20, &object), 0);
	ck_assert_uint_eq(e->size, object.len);
	digest_init(&d);
	digest_bytes(&d, object.data, object.len);
	digest_finish_bytes(&d, digest);
	ck_assert_mem_eq(e->digest, digest, DIGEST_SIZE);
	ck_assert_int_eq(object_read_stamp(object.data, object.len, &stamp, &unsound), 0);
	ck_assert_str_eq(stamp.target, "bpfel");
	ck_assert_str_eq(stamp.arch, "any");
	ck_assert_int_gt(state_duration(b->build.state, "a.o"), 0);
}

TEST(object_that_depends_on_the_architecture)
{
	BENCH(b);

	write_object("regs.o", "pt_regs");
	add(b, "a", DEPS "cp regs.o \"$2\"");
	add(b, "b", "echo \"$7: b.c d/asm/types.h\" >\"$5\"; cp good.o \"$2\"");
	ran(b);
	ck_assert(of(b, "a.c")->done && of(b, "a.c")->uses_arch);
	ck_assert(of(b, "b.c")->done && of(b, "b.c")->uses_arch);
}

/* Its words, then where its outputs go, in a directory that is gone behind it. */
TEST(words_of_the_command)
{
	cleanup_free char *begin = NULL;
	BENCH(b);

	add(b, "a", GOOD);
	ran(b);
	begin = str_printf("sh|-c|shift; %s|a|a.c|-o|%s/crossbpf-", GOOD, b->tmp);
	ck_assert_msg(strncmp(b->words, begin, strlen(begin)) == 0, "%s", b->words);
	assert_contains(b->words, "/0.o|-MD|-MF|");
	assert_contains(b->words, "/0.d|-MQ|a.o|");
	ck_assert(!strstr(b->words, "-fcolor-diagnostics"));
}

TEST(colour)
{
	BENCH(b);

	b->build.colour = true;
	add(b, "a", "echo \"$1\"; exit 1");
	ran(b);
	ck_assert_str_eq(b->ended[0].said, "-fcolor-diagnostics\n");
	assert_contains(b->words, "|a|a.c|-fcolor-diagnostics|-o|");
}

/* In the root, with the environment that was given, and nothing to read. */
TEST(surroundings)
{
	static const char *const env[] = {"PATH=/bin:/usr/bin", "SOME=thing", NULL};
	BENCH(b);

	b->build.env = env;
	add(b, "a", "cat; echo \"$SOME $TMPDIR\"; ls -d good.o; exit 1");
	ck_assert_int_eq(chdir("/"), 0);
	int r = run(b);
	ck_assert_int_eq(chdir(b->root), 0);
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(b->ended[0].said, "thing \ngood.o\n");
}

TEST(dependency_file)
{
	BENCH(b);

	struct build_action *a = add(b, "a", "echo \"$7: a.c x.h\" >\"$5\"; cp good.o \"$2\"");
	a->dep = strdup("deps/a.d");
	write_text("x.h", "");
	ran(b);
	ck_assert(b->ended[0].done);
	assert_text("deps/a.d", "a.o: a.c x.h\n");
}

TEST(one_lane)
{
	static const char *const names[] = {"a", "b", "c"};
	BENCH(b);

	b->build.lanes = 0;
	for (size_t i = 0; i < LENGTH(names); i++)
		add(b, names[i], GOOD);
	ran(b);
	ck_assert_uint_eq(b->n_ended, 3);
	ck_assert_uint_eq(b->most, 1);
	for (size_t i = 0; i < LENGTH(names); i++) {
		ck_assert_ptr_eq(b->started[i], &b->actions[i]);
		ck_assert_ptr_eq(b->ended[i].action, &b->actions[i]);
		ck_assert(b->ended[i].done);
	}
}

/* Each waits for the others. */
TEST(four_lanes)
{
	static const char script[] =
		">at-$0; n=0; while [ ! -e at-a ] || [ ! -e at-b ] || [ ! -e at-c ] || "
		"[ ! -e at-d ]; do n=$((n + 1)); [ $n -lt 500 ] || exit 1; sleep 0.02; done; " GOOD;
	static const char *const names[] = {"a", "b", "c", "d"};
	BENCH(b);

	b->build.lanes = 4;
	for (size_t i = 0; i < LENGTH(names); i++)
		add(b, names[i], script);
	ran(b);
	ck_assert_uint_eq(b->most, 4);
	ck_assert_uint_eq(b->n_ended, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_msg(b->ended[i].done, "%s: %s", b->ended[i].said, b->ended[i].error);
}

/* What each said is told as a whole, in its order, with the streams of no other. */
TEST(diagnostics_are_whole)
{
	static const char script[] = "for i in 1 2 3 4 5 6 7 8; do printf '%s out ' $0; "
				     "printf '%s %s\\n' $0 $i >&2; done; exit 1";
	BENCH(b);

	b->build.lanes = 4;
	b->build.keep_going = true;
	for (char name[] = "a"; name[0] <= 'l'; name[0]++)
		add(b, name, script);
	ran(b);
	ck_assert_uint_eq(b->n_ended, 12);
	for (size_t i = 0; i < b->n_ended; i++) {
		cleanup_strbuf struct strbuf expected = {0};
		char c = b->ended[i].action->source[0];
		for (int k = 1; k <= 8; k++)
			strbuf_printf(&expected, "%c out %c %d\n", c, c, k);
		ck_assert_str_eq(b->ended[i].said, expected.data);
	}
}

/* What a lane's last compiler said, longer than this one's, is gone. */
TEST(nothing_is_left_of_the_last_action)
{
	BENCH(b);

	b->build.keep_going = true;
	add(b, "a", GOOD "; echo much was said of this");
	add(b, "b", "exit 0");
	add(b, "c", "cp good.o \"$2\"; echo c");
	add(b, "d", "exit 3");
	ran(b);
	ck_assert(b->ended[0].done);
	ck_assert_str_eq(b->ended[0].said, "much was said of this\n");
	ck_assert(!b->ended[1].done);
	ck_assert_str_eq(b->ended[1].said, "");
	assert_contains(b->ended[1].error, "wrote no object for b.c");
	/* Without a dependency file it cannot be told what was read. */
	ck_assert(!b->ended[2].done);
	ck_assert_str_eq(b->ended[2].said, "c\n");
	ck_assert_int_eq(b->ended[2].error_status, EXIT_STATUS_FAILED);
	ck_assert_int_eq(b->ended[3].status, 3);
	ck_assert_int_eq(b->ended[3].error_status, EXIT_STATUS_OK);
	ck_assert(!is_there("b.o") && !is_there("c.o") && !is_there("d.o"));
}

/* Gives an action a duration, as if it had been run. */
static void remember(struct bench *b, size_t i, int64_t duration)
{
	const struct build_action *a = &b->actions[i];
	cleanup_strv struct strv inputs = {0}, none = {0};
	struct state_output output = {.path = a->object};

	strv_add(&inputs, a->source);
	write_text(a->object, "");
	ck_assert_int_eq(stat(a->object, &output.st), 0);
	struct state_done done = {
		.began = io_now(),
		.duration = duration,
		.inputs = &inputs,
		.search = &none,
		.outputs = &output,
		.n_outputs = 1,
	};
	ck_assert_int_eq(state_record(b->build.state, &done), 0);
	ck_assert(state_duration(b->build.state, a->object) == duration);
}

/* What was never run comes before all, in its order. */
TEST(longest_first)
{
	static const char *const expected[] = {"b.c", "f.c", "c.c", "d.c", "e.c", "a.c"};
	BENCH(b);

	for (char name[] = "a"; name[0] <= 'f'; name[0]++)
		add(b, name, GOOD);
	settle();
	remember(b, 0, 100);
	remember(b, 2, 5000000000);
	remember(b, 3, 300);
	remember(b, 4, 300);
	ran(b);
	ck_assert_uint_eq(b->n_started, 6);
	for (size_t i = 0; i < 6; i++)
		ck_assert_str_eq(b->started[i]->source, expected[i]);
	/* The durations are the new ones now. */
	ck_assert_int_ne(state_duration(b->build.state, "a.o"), 100);
}

TEST(stops_at_a_failure)
{
	BENCH(b);

	add(b, "a", GOOD);
	add(b, "b", "echo 'b.c:1:1: error: no' >&2; exit 1");
	add(b, "c", GOOD);
	add(b, "d", GOOD);
	ran(b);
	ck_assert_uint_eq(b->left, 2);
	ck_assert_uint_eq(b->n_ended, 2);
	ck_assert(b->ended[0].done && !b->ended[1].done);
	ck_assert_int_eq(b->ended[1].status, 1);
	ck_assert_str_eq(b->ended[1].said, "b.c:1:1: error: no\n");
	ck_assert_int_eq(b->ended[1].error_status, EXIT_STATUS_OK);
	ck_assert(is_there("a.o") && !is_there("b.o") && !is_there("c.o"));
	ck_assert(state_duration(b->build.state, "b.o") == 0);
}

/* Also in more lanes than there are actions. */
TEST(keeps_going)
{
	BENCH(b);

	b->build.lanes = 100000;
	b->build.keep_going = true;
	add(b, "a", "exit 1");
	add(b, "b", GOOD);
	add(b, "c", "exit 2");
	add(b, "d", GOOD);
	ran(b);
	ck_assert_uint_eq(b->left, 0);
	ck_assert_uint_eq(b->n_ended, 4);
	ck_assert(!of(b, "a.c")->done && of(b, "b.c")->done);
	ck_assert(!of(b, "c.c")->done && of(b, "d.c")->done);
	ck_assert_int_eq(of(b, "c.c")->status, 2);
}

/* What has begun in the other lanes ends. */
TEST(what_has_begun_ends)
{
	BENCH(b);

	b->build.lanes = 2;
	b->mark_failures = true;
	add(b, "a", "while [ ! -e at-b ]; do sleep 0.02; done; exit 1");
	add(b, "b", ">at-b; while [ ! -e failed ]; do sleep 0.02; done; " GOOD);
	add(b, "c", GOOD);
	ran(b);
	ck_assert_uint_eq(b->left, 1);
	ck_assert_uint_eq(b->n_ended, 2);
	ck_assert(!of(b, "a.c")->done && of(b, "b.c")->done);
	ck_assert(!is_there("c.o"));
}

TEST(compiler_is_killed)
{
	BENCH(b);

	write_text("a.o", "old");
	add(b, "a", GOOD "; echo dying; kill -9 $$");
	ran(b);
	ck_assert_int_eq(b->ended[0].status, 128 + SIGKILL);
	ck_assert(!b->ended[0].done);
	ck_assert_int_eq(b->ended[0].error_status, EXIT_STATUS_OK);
	ck_assert_str_eq(b->ended[0].said, "dying\n");
	assert_text("a.o", "old");
}

TEST(compiler_that_is_none)
{
	static const struct {
		const char *script, *message;
	} table[] = {
		{"exit 0", "wrote no object for a.c: "},
		{DEPS, "wrote no object for a.c: "},
		{"cp good.o \"$2\"", "for a.c: "},
		{DEPS "mkdir \"$2\"", "wrote no object for a.c: "},
		{DEPS ">\"$2\"", "for a.c is no sound BPF object: "},
		{DEPS "echo garbage >\"$2\"", "for a.c is no sound BPF object: "},
		{DEPS "head -c 100 good.o >\"$2\"", "for a.c is no sound BPF object: "},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		BENCH(b);
		write_text("a.o", "old");
		add(b, "a", table[i].script);
		ck_assert_int_eq(run(b), 0);
		ck_assert_uint_eq(b->n_ended, 1);
		ck_assert(!b->ended[0].done);
		ck_assert_int_eq(b->ended[0].status, 0);
		ck_assert_int_eq(b->ended[0].error_status, EXIT_STATUS_FAILED);
		assert_contains(b->ended[0].error, table[i].message);
		assert_text("a.o", "old");
		ck_assert(state_duration(b->build.state, "a.o") == 0);
		suite_begin();
	}
}

TEST(compiler_is_missing)
{
	BENCH(b);

	add(b, "a", GOOD);
	strv_free(&b->variants[0].argv);
	strv_add(&b->variants[0].argv, "/missing/clang");
	add(b, "b", GOOD);
	ran(b);
	ck_assert_uint_eq(b->n_ended, 1);
	ck_assert_uint_eq(b->left, 1);
	ck_assert(!b->ended[0].done);
	ck_assert_int_eq(b->ended[0].error_status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b->ended[0].error, "/missing/clang");
}

/* Built, but not known to be up to date. */
TEST(dependencies_that_are_none)
{
	cleanup_free char *why = NULL;
	BENCH(b);

	add(b, "a", "echo nothing >\"$5\"; cp good.o \"$2\"");
	ran(b);
	ck_assert(b->ended[0].done);
	ck_assert(is_there("a.o"));
	ck_assert(!state_is_fresh(b->build.state, "a.o", b->actions[0].command, &why));
}

/* A file stands where a directory is to be, or a directory where a file is. */
TEST(output_cannot_be_written)
{
	static const char *const objects[] = {"file/a.o", "file/d/a.o", "dir"};

	for (size_t i = 0; i < LENGTH(objects); i++) {
		BENCH(b);
		write_text("file", "old");
		ck_assert_int_eq(mkdir("dir", 0700), 0);
		struct build_action *a = add(b, "a", GOOD);
		free(a->object);
		a->object = strdup(objects[i]);
		ran(b);
		ck_assert(!b->ended[0].done);
		ck_assert_int_eq(b->ended[0].error_status, EXIT_STATUS_OUTPUT);
		assert_contains(b->ended[0].error, "cannot write ");
		assert_contains(b->ended[0].error, objects[i]);
		assert_text("file", "old");
		ck_assert_uint_eq(count_entries("dir"), 0);
		ck_assert(state_duration(b->build.state, objects[i]) == 0);
		suite_begin();
	}
}

/* Root may write everywhere. */
TEST(old_object_stays_in_a_directory_that_is_shut)
{
	if (geteuid() == 0)
		return;
	BENCH(b);

	ck_assert_int_eq(mkdir("o", 0700), 0);
	write_text("o/a.o", "old");
	struct build_action *a = add(b, "a", GOOD);
	free(a->object);
	a->object = strdup("o/a.o");
	ck_assert_int_eq(chmod("o", 0500), 0);
	ran(b);
	ck_assert_int_eq(chmod("o", 0700), 0);
	ck_assert_int_eq(b->ended[0].error_status, EXIT_STATUS_OUTPUT);
	assert_text("o/a.o", "old");
	ck_assert_uint_eq(count_entries("o"), 1);
}

TEST(dependency_file_cannot_be_written)
{
	cleanup_free char *why = NULL;
	BENCH(b);

	write_text("file", "old");
	struct build_action *a = add(b, "a", GOOD);
	a->dep = strdup("file/a.d");
	ran(b);
	ck_assert(!b->ended[0].done);
	ck_assert_int_eq(b->ended[0].error_status, EXIT_STATUS_OUTPUT);
	assert_contains(b->ended[0].error, "cannot write file/a.d");
	ck_assert(!state_is_fresh(b->build.state, "a.o", a->command, &why));
}

static void make_control(struct bench *b, size_t after)
{
	ck_assert_int_eq(io_pipe(b->control), 0);
	b->session.control = b->control[0];
	b->interrupt_after = after;
}

/* What ends is not told of, and no object is replaced, whatever the compiler makes of it. */
TEST(interrupted)
{
	BENCH(b);

	make_control(b, 2);
	b->build.keep_going = true;
	write_text("b.o", "old");
	add(b, "a", GOOD);
	add(b, "b", GOOD "; trap 'exit 0' TERM; sleep 20");
	add(b, "c", GOOD);
	add(b, "d", GOOD);
	ran(b);
	ck_assert_uint_eq(b->left, 2);
	ck_assert_uint_eq(b->n_started, 2);
	ck_assert_uint_eq(b->n_ended, 1);
	ck_assert_str_eq(b->ended[0].action->source, "a.c");
	assert_text("b.o", "old");
	ck_assert(!is_there("c.o") && !is_there("d.o"));
}

TEST(interrupted_in_all_lanes)
{
	BENCH(b);

	make_control(b, 3);
	b->build.lanes = 3;
	for (char name[] = "a"; name[0] <= 'f'; name[0]++)
		add(b, name, "sleep 20");
	ran(b);
	ck_assert_uint_eq(b->n_started, 3);
	ck_assert_uint_eq(b->n_ended, 0);
	ck_assert_uint_eq(b->left, 3);
}

TEST(interrupted_before_it_began)
{
	BENCH(b);

	make_control(b, 0);
	close(b->control[1]);
	b->control[1] = -1;
	add(b, "a", GOOD);
	ran(b);
	ck_assert_uint_eq(b->n_started, 0);
	ck_assert_uint_eq(b->left, 1);
}

/* A descriptor that says nothing is no interruption. Nobody need hear of a start. */
TEST(control_that_stays_open)
{
	BENCH(b);

	make_control(b, 0);
	b->build.on_start = NULL;
	add(b, "a", GOOD);
	ran(b);
	ck_assert(b->ended[0].done);
}

TEST(no_temporary_directory)
{
	cleanup_free char *missing = NULL;
	BENCH(b);

	missing = str_printf("%s/missing", b->root);
	setenv("TMPDIR", missing, 1);
	add(b, "a", GOOD);
	ck_assert_int_eq(run(b), -ENOENT);
	ck_assert_int_eq(b->error.status, EXIT_STATUS_OUTPUT);
	assert_contains(b->error.message, "no temporary directory");
	assert_contains(b->error.hint, "TMPDIR");
	ck_assert_uint_eq(b->n_started, 0);
}

/* Each lane has a file open. */
TEST(no_descriptor_for_a_lane)
{
	struct rlimit old, few;
	BENCH(b);

	b->build.lanes = MAX_ACTIONS;
	for (char name[] = "a0"; name[0] <= 'f';
	     name[1] == '9' ? name[0]++, name[1] = '0' : name[1]++)
		add(b, name, GOOD);
	cleanup_close int fd = dup(0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = (rlim_t)fd + 10;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	int r = run(b);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	ck_assert_int_eq(r, -EMFILE);
	ck_assert_int_eq(b->error.status, EXIT_STATUS_OUTPUT);
	assert_contains(b->error.message, "no temporary file");
	ck_assert_uint_eq(b->n_started, 0);
	ck_assert_uint_eq(b->left, b->plan.n);
	ck_assert_uint_eq(count_entries("tmp"), 0);
}

/* What was built is known to be up to date, by its command. */
TEST(state_is_kept)
{
	cleanup_free char *why = NULL, *other = NULL;
	uint8_t another[DIGEST_SIZE] = {99};
	BENCH(b);

	const struct build_action *a = add(b, "a", GOOD);
	ran(b);
	ck_assert_msg(state_is_fresh(b->build.state, "a.o", a->command, &why), "%s", why);
	ck_assert(!state_is_fresh(b->build.state, "a.o", another, &other));
}

TEST(nothing_to_do)
{
	BENCH(b);

	ran(b);
	ck_assert_uint_eq(b->left, 0);
}

/* clang writes beside its output first. */
TEST(killed_compiler_leaves_files)
{
	BENCH(b);

	add(b, "a", ">\"$2-1234.tmp\"; kill -9 $$");
	ran(b);
}
static void add_tests(TCase *c)
{
	tcase_add_test(c, makes_an_object);
	tcase_add_test(c, object_that_depends_on_the_architecture);
	tcase_add_test(c, words_of_the_command);
	tcase_add_test(c, colour);
	tcase_add_test(c, surroundings);
	tcase_add_test(c, dependency_file);
	tcase_add_test(c, one_lane);
	tcase_add_test(c, four_lanes);
	tcase_add_test(c, diagnostics_are_whole);
	tcase_add_test(c, nothing_is_left_of_the_last_action);
	tcase_add_test(c, longest_first);
	tcase_add_test(c, stops_at_a_failure);
	tcase_add_test(c, keeps_going);
	tcase_add_test(c, what_has_begun_ends);
	tcase_add_test(c, compiler_is_killed);
	tcase_add_test(c, compiler_that_is_none);
	tcase_add_test(c, compiler_is_missing);
	tcase_add_test(c, dependencies_that_are_none);
	tcase_add_test(c, output_cannot_be_written);
	tcase_add_test(c, old_object_stays_in_a_directory_that_is_shut);
	tcase_add_test(c, dependency_file_cannot_be_written);
	tcase_add_test(c, interrupted);
	tcase_add_test(c, interrupted_in_all_lanes);
	tcase_add_test(c, interrupted_before_it_began);
	tcase_add_test(c, control_that_stays_open);
	tcase_add_test(c, no_temporary_directory);
	tcase_add_test(c, no_descriptor_for_a_lane);
	tcase_add_test(c, state_is_kept);
	tcase_add_test(c, nothing_to_do);
	tcase_add_test(c, killed_compiler_leaves_files);
}

int main(void)
{
	return suite_run("build", add_tests);
}
