/* SPDX-License-Identifier: BSD-2-Clause */
/* The compiler is a shell script here: $0 is the source without its ending, $4 the object's name,
 * $6 where that goes there, $8 where the dependency file goes. */
#include "suite.h"

#include "core/build.h"
#include "make-object.h"
#include "object/object.h"
#include "remote-bench.h"

#define DEPS "echo \"$4: $0.c\" >\"$8\"; "
#define GOOD DEPS "cp good.o \"$6\""

enum { MAX_ACTIONS = 40 };

struct ended {
	const struct build_action *action;
	int status;
	bool done;
	size_t size;
	int64_t duration;
	enum exit_status error_status; /* 0: there was no error */
	char error[256], said[1024];
};

struct bench {
	struct remote_bench remote;
	struct build_action actions[MAX_ACTIONS];
	struct build_variant variants[MAX_ACTIONS];
	const struct build_action *order[MAX_ACTIONS];
	struct build_plan plan;
	struct build build;
	size_t left;
	struct ended ended[MAX_ACTIONS];
	size_t n_started, n_ended;
	char words[512]; /* of the last command that was started */
};

static void on_start(void *ctx, const struct build_action *action, const struct strv *argv)
{
	struct bench *b = ctx;

	(void)action;
	b->n_started++;
	b->words[0] = '\0';
	for (size_t i = 0; i < argv->n; i++) {
		size_t len = strlen(b->words);
		snprintf(b->words + len, sizeof(b->words) - len, "%s|", argv->v[i]);
	}
}

static void on_end(void *ctx, const struct build_result *r)
{
	struct bench *b = ctx;
	struct ended *e = &b->ended[b->n_ended++];

	*e = (struct ended){
		.action = r->action,
		.status = r->status,
		.done = r->done,
		.size = r->size,
		.duration = r->duration,
		.error_status = r->error ? r->error->status : EXIT_STATUS_OK,
	};
	if (r->error)
		snprintf(e->error, sizeof(e->error), "%s", r->error->message);
	ck_assert_uint_eq(strlen(r->said), r->said_len);
	snprintf(e->said, sizeof(e->said), "%s", r->said);
}

static void write_object(const char *path)
{
	struct made m;
	cleanup_fclose FILE *f = fopen(path, "w");

	made_object_with(&m, false, "some");
	ck_assert_ptr_ne(f, NULL);
	ck_assert_uint_eq(fwrite(m.data, 1, m.len, f), m.len);
}

static void bench_open(struct bench *b)
{
	*b = (struct bench){.n_ended = 0};
	remote_bench_open(&b->remote);
	send_file(&b->remote, "good.o", "");
	write_object("good.o");
	b->remote.remote.looked = io_now();
	b->plan.actions = b->actions;
	b->build = (struct build){
		.session = &b->remote.builder.session,
		.remote = &b->remote.remote,
		.plan = &b->plan,
		.root = b->remote.root,
		.lanes = 2,
		.ctx = b,
		.on_start = on_start,
		.on_end = on_end,
	};
	ck_assert_int_eq(state_open(NULL, b->remote.root, MODULE_DIR, &b->build.state), 0);
}

static void bench_closep(struct bench **place)
{
	struct bench *b = *place;

	for (size_t i = 0; i < b->plan.n; i++) {
		free(b->actions[i].source);
		free(b->actions[i].object);
		free(b->actions[i].dep);
		strv_free(&b->variants[i].argv);
	}
	state_close(b->build.state);
	remote_bench_close(&b->remote);
}

/* It is large. */
#define BENCH(b)                                                             \
	static struct bench b##_place;                                       \
	__attribute__((cleanup(bench_closep))) struct bench *b = &b##_place; \
	bench_open(b)

/* NAME.o of NAME.c, which is there, by a script. */
static struct build_action *add(struct bench *b, const char *name, const char *script)
{
	struct build_action *a = &b->actions[b->plan.n];
	struct build_variant *v = &b->variants[b->plan.n];

	a->source = str_printf("%s.c", name);
	a->object = str_printf("%s.o", name);
	*v = (struct build_variant){.target = "bpfel", .arch = "x86"};
	strv_add(&v->argv, "sh");
	strv_add(&v->argv, "-c");
	strv_add(&v->argv, script);
	strv_add(&v->argv, name);
	a->variant = v;
	a->command[0] = (uint8_t)b->plan.n;
	send_file(&b->remote, a->source, name);
	b->order[b->plan.n++] = a;
	return a;
}

static int run(struct bench *b)
{
	b->left = 77;
	b->n_started = b->n_ended = 0;
	return build_run(&b->build, b->order, b->plan.n, &b->left, &b->remote.error);
}

static void ran(struct bench *b)
{
	int r = run(b);

	ck_assert_msg(r == 0, "%s", b->remote.error.message);
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
	struct object_stamp stamp;
	cleanup_strbuf struct strbuf object = {0};
	const char *unsound = NULL;
	BENCH(b);

	add(b, "a", GOOD "; echo said >&2");
	ran(b);
	ck_assert_uint_eq(b->left, 0);
	ck_assert_uint_eq(b->n_started, 1);
	ck_assert_uint_eq(b->n_ended, 1);
	ck_assert(b->ended[0].done);
	ck_assert_int_eq(b->ended[0].error_status, EXIT_STATUS_OK);
	ck_assert_str_eq(b->ended[0].said, "said\n");
	ck_assert_int_gt(b->ended[0].duration, 0);
	ck_assert_int_eq(io_read_file("a.o", 1 << 20, &object), 0);
	ck_assert_uint_eq(b->ended[0].size, object.len);
	ck_assert_int_eq(object_read_stamp(object.data, object.len, &stamp, &unsound), 0);
	ck_assert_str_eq(stamp.target, "bpfel");
	ck_assert_uint_eq(count_entries("."), 3); /* and good.o, a.c */
	assert_contains(b->words, "|a|a.c|-MD|-MQ|a.o|");
}

static struct strv told;

static int take_read(void *ctx, const struct build_action *action, const struct strv *read)
{
	(void)ctx;
	strv_add(&told, action->source);
	strv_add_all(&told, (const char *const *)read->v);
	return told.error;
}

/* Only what would be read: nothing is written. */
TEST(tells_what_is_read)
{
	BENCH(b);

	add(b, "a", "echo \"$4: a.c /usr/include/x.h\" >\"$8\"");
	add(b, "b", "echo broken >&2; exit 3");
	add(b, "c", "exit 0");
	b->build.on_read = take_read;
	b->build.keep_going = true;
	told = (struct strv){0};
	ran(b);
	ck_assert_uint_eq(told.n, 3);
	ck_assert_str_eq(told.v[0], "a.c");
	ck_assert_str_eq(told.v[1], "a.c");
	ck_assert_str_eq(told.v[2], "/usr/include/x.h");
	ck_assert_int_eq(of(b, "a.c")->error_status, EXIT_STATUS_OK);
	ck_assert_int_eq(of(b, "b.c")->status, 3);
	ck_assert_str_eq(of(b, "b.c")->said, "broken\n");
	ck_assert_int_eq(of(b, "c.c")->error_status, EXIT_STATUS_FAILED);
	assert_contains(of(b, "c.c")->error, "does not say what it reads for c.c");
	ck_assert(!is_there("a.o"));
	assert_contains(b->words, "|-M|-MQ|");
	strv_free(&told);
}

TEST(nothing)
{
	BENCH(b);

	ran(b);
	ck_assert_uint_eq(b->left, 0);
	ck_assert_uint_eq(count_entries("../home"), 0);
}

/* One exchange for all of them. */
TEST(many)
{
	BENCH(b);

	for (int i = 0; i < MAX_ACTIONS; i++) {
		cleanup_free char *name = str_printf("a %d", i);
		add(b, name, i % 10 == 3 ? "echo \"no $0\" >&2; exit 3" : GOOD);
	}
	b->build.keep_going = true;
	ran(b);
	ck_assert_uint_eq(b->left, 0);
	ck_assert_uint_eq(b->n_ended, MAX_ACTIONS);
	for (int i = 0; i < MAX_ACTIONS; i++) {
		cleanup_free char *source = str_printf("a %d.c", i);
		const struct ended *e = of(b, source);
		ck_assert_int_eq(e->done, i % 10 != 3);
		ck_assert_int_eq(e->status, i % 10 == 3 ? 3 : 0);
	}
}

/* What was not begun is counted. */
TEST(stops_at_a_failure)
{
	BENCH(b);

	b->build.lanes = 1;
	add(b, "a", GOOD);
	add(b, "b", "echo alas >&2; exit 4");
	add(b, "c", GOOD);
	add(b, "d", GOOD);
	ran(b);
	ck_assert_uint_eq(b->left, 2);
	ck_assert(of(b, "a.c")->done);
	ck_assert_int_eq(of(b, "b.c")->status, 4);
	ck_assert_int_eq(of(b, "b.c")->error_status, EXIT_STATUS_OK);
	ck_assert_str_eq(of(b, "b.c")->said, "alas\n");
	ck_assert(!is_there("c.o"));
}

TEST(colour)
{
	BENCH(b);

	b->build.colour = true;
	add(b, "a", "echo \"$2\" >&2; exit 1");
	ran(b);
	ck_assert_str_eq(b->ended[0].said, "-fcolor-diagnostics\n");
}

/* It is told that it made nothing, and that is no failure of the builder's. */
TEST(no_object)
{
	BENCH(b);

	b->build.keep_going = true;
	add(b, "a", DEPS);
	add(b, "b", "cp good.o \"$6\"");
	add(b, "c", "rm \"$6\"; " DEPS);
	add(b, "d", DEPS "echo no object >\"$6\"");
	add(b, "e", GOOD);
	ran(b);
	for (const char *name = "abcd"; *name; name++) {
		cleanup_free char *source = str_printf("%c.c", *name);
		const struct ended *e = of(b, source);
		ck_assert(!e->done);
		ck_assert_int_ne(e->error_status, EXIT_STATUS_OK);
		assert_contains(e->error, *name == 'd' ? "d" : source);
	}
	ck_assert(of(b, "e.c")->done);
	ck_assert(!is_there("a.o"));
	ck_assert(!is_there("b.o"));
	ck_assert(!is_there("c.o"));
}

/* With the host's stamp for what only the builder has. */
TEST(dependency_file)
{
	BENCH(b);

	memset(b->remote.builder.toolchain.headers, 'c', DIGEST_HEX_SIZE - 1);
	cleanup_free char *script = str_printf(
		"echo \"$4: $0.c $PWD/x.h %s/y.h\" >\"$8\"; cp good.o \"$6\"", b->remote.include);
	struct build_action *a = add(b, "a", script);
	a->dep = strdup("deps/a.d");
	ran(b);
	ck_assert(b->ended[0].done);
	cleanup_free char *stamp =
		str_printf("%s/builder/%s", b->remote.cache, b->remote.builder.toolchain.headers);
	cleanup_free char *want =
		str_printf("a.o: a.c %s/x.h %s\n%s:\n", b->remote.root, stamp, stamp);
	assert_text("deps/a.d", want);
}

/* Nobody here could see a change of the builder's headers: without a stamp none is named. */
TEST(dependency_file_without_a_stamp)
{
	BENCH(b);

	cleanup_free char *script =
		str_printf("echo \"$4: $0.c %s/y.h\" >\"$8\"; cp good.o \"$6\"", b->remote.include);
	struct build_action *a = add(b, "a", script);
	a->dep = strdup("a.d");
	ran(b);
	ck_assert(b->ended[0].done);
	assert_text("a.d", "a.o: a.c\n");
}

/* Those whose headers of the builder's led to a file of the host's are done again, no others. */
TEST(runs_again)
{
	BENCH(b);

	ck_assert_int_eq(mkdir("inc", 0755), 0);
	write_text("inc/more.h", "");
	strv_take(&b->remote.remote.dirs, str_printf("%s/inc", b->remote.root));
	cleanup_free char *script = str_printf(
		"echo $0 >>'%s/ran'; if [ -e inc/more.h ]; then h=inc/more.h; else h=%s/more.h; "
		"fi; echo \"$h\" >\"$CC_PRINT_HEADERS_FILE\"; " GOOD,
		b->remote.here, b->remote.include);
	cleanup_free char *plain = str_printf("echo $0 >>'%s/ran'; " GOOD, b->remote.here);
	b->build.lanes = 1;
	add(b, "a", script);
	add(b, "b", plain);
	add(b, "c", script);
	ran(b);
	ck_assert_uint_eq(b->left, 0);
	ck_assert_uint_eq(b->n_ended, 3);
	ck_assert(of(b, "a.c")->done && of(b, "b.c")->done && of(b, "c.c")->done);
	/* By the time that c ran the file was known, and not there yet. */
	assert_text("../ran", "a\nb\nc\na\nc\n");
}

/* So are those that failed for it; and what was not begun for that alone is begun. */
TEST(runs_again_what_failed)
{
	BENCH(b);

	ck_assert_int_eq(mkdir("inc", 0755), 0);
	write_text("inc/more.h", "");
	strv_take(&b->remote.remote.dirs, str_printf("%s/inc", b->remote.root));
	cleanup_free char *script =
		str_printf("echo $0 >>'%s/ran'; echo \"%s/more.h\" >\"$CC_PRINT_HEADERS_FILE\"; "
			   "[ -e inc/more.h ] || exit 1; " GOOD,
			   b->remote.here, b->remote.include);
	cleanup_free char *plain = str_printf("echo $0 >>'%s/ran'; " GOOD, b->remote.here);
	cleanup_free char *bad = str_printf("echo $0 >>'%s/ran'; exit 1", b->remote.here);
	b->build.lanes = 1;
	add(b, "a", script);
	add(b, "b", plain);
	add(b, "c", bad);
	add(b, "d", plain);
	ck_assert_int_eq(run(b), 0);
	ck_assert_uint_eq(b->left, 1);
	ck_assert(of(b, "a.c")->done && of(b, "b.c")->done);
	ck_assert_int_eq(of(b, "c.c")->status, 1);
	assert_text("../ran", "a\na\nb\nc\n");
}

TEST(does_not_run_again_for_ever)
{
	BENCH(b);

	ck_assert_int_eq(mkdir("inc", 0755), 0);
	for (int i = 0; i < 10; i++) {
		cleanup_free char *name = str_printf("inc/%d.h", i);
		write_text(name, "");
	}
	strv_take(&b->remote.remote.dirs, str_printf("%s/inc", b->remote.root));
	cleanup_free char *script =
		str_printf("i=0; while [ -e inc/$i.h ]; do i=$((i + 1)); done; "
			   "echo \"%s/$i.h\" >\"$CC_PRINT_HEADERS_FILE\"; " GOOD,
			   b->remote.include);
	add(b, "a", script);
	ck_assert_int_eq(run(b), -ELOOP);
	ck_assert_int_eq(b->remote.error.status, EXIT_STATUS_FAILED);
	assert_contains(b->remote.error.message, "a.c: ");
	ck_assert_uint_eq(b->n_ended, 0);
	ck_assert_uint_eq(b->left, 1);
	ck_assert(!is_there("a.o"));
}

TEST(interrupted)
{
	int control[2];
	BENCH(b);

	ck_assert_int_eq(io_pipe(control), 0);
	b->remote.builder.session.control = control[0];
	add(b, "a", "sleep 50");
	add(b, "b", "sleep 50");
	close(control[1]);
	int r = run(b);
	close(control[0]);
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(b->left, 2);
	ck_assert_uint_eq(b->n_ended, 0);
}

/* What ended before is done. */
TEST(builder_is_lost)
{
	BENCH(b);

	b->build.lanes = 1;
	add(b, "a", GOOD);
	add(b, "b", "kill -KILL 0; exec sleep 1");
	int r = run(b);
	ck_assert_int_lt(r, 0);
	ck_assert_int_eq(b->remote.error.status, EXIT_STATUS_LOST);
	ck_assert_uint_eq(b->left, 1);
	ck_assert(of(b, "a.c")->done);
	ck_assert(is_there("a.o"));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, makes_an_object);
	tcase_add_test(c, tells_what_is_read);
	tcase_add_test(c, nothing);
	tcase_add_test(c, many);
	tcase_add_test(c, stops_at_a_failure);
	tcase_add_test(c, colour);
	tcase_add_test(c, no_object);
	tcase_add_test(c, dependency_file);
	tcase_add_test(c, dependency_file_without_a_stamp);
	tcase_add_test(c, runs_again);
	tcase_add_test(c, runs_again_what_failed);
	tcase_add_test(c, does_not_run_again_for_ever);
	tcase_add_test(c, interrupted);
	tcase_add_test(c, builder_is_lost);
}

int main(void)
{
	return suite_run("build_remote", add_tests);
}
