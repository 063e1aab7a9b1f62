/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <pthread.h>
#include <sqlite3.h>
#include <time.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif

#include "core/state.h"
#include "shared/io.h"

#define FILE_NAME "cache/state/id.db"

#ifdef __linux__
/* Taken by SQLite for the C library's: nothing here is of a power failure, so nobody waits for the
 * disk. */
int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}
#endif

/* Longer than a tick: what was written before can be told from what is written after. */
static void settle(void)
{
	struct timespec time = {.tv_nsec = 15000000};

	nanosleep(&time, NULL);
}

/* A compile of `inputs` to `output`, which then holds what is in all of them. */
struct compile {
	const char *output;
	const char *inputs[6], *search[6];
	char command;
	int64_t duration;
};

static void get_command(const struct compile *c, uint8_t ret_command[DIGEST_SIZE])
{
	memset(ret_command, c->command, DIGEST_SIZE);
}

static void write_output(const struct compile *c, struct state_output *ret)
{
	cleanup_strbuf struct strbuf content = {0};
	struct digest d;

	for (size_t i = 0; c->inputs[i]; i++)
		if (strcmp(c->inputs[i], "/dev/null") != 0 && strcmp(c->inputs[i], "pipe") != 0 &&
		    strcmp(c->inputs[i], "inc") != 0) {
			cleanup_free char *text = read_text(c->inputs[i]);
			ck_assert_msg(text != NULL, "%s", c->inputs[i]);
			strbuf_puts(&content, text);
		}
	ck_assert_int_eq(content.error, 0);
	ret->path = c->output;
	ck_assert_int_eq(
		io_write_output(c->output, content.data ? content.data : "", content.len, &ret->st),
		0);
	digest_init(&d);
	digest_bytes(&d, content.data ? content.data : "", content.len);
	digest_finish_bytes(&d, ret->digest);
}

static void record(struct state *s, const struct compile *c, int64_t began)
{
	cleanup_strv struct strv inputs = {0}, search = {0};
	struct state_output output;
	struct state_done done = {
		.began = began,
		.duration = c->duration ? c->duration : 7,
		.inputs = &inputs,
		.search = &search,
		.outputs = &output,
		.n_outputs = 1,
	};

	for (size_t i = 0; c->inputs[i]; i++)
		strv_add(&inputs, c->inputs[i]);
	for (size_t i = 0; c->search[i]; i++)
		strv_add(&search, c->search[i]);
	get_command(c, done.command);
	write_output(c, &output);
	ck_assert_int_eq(state_record(s, &done), 0);
}

static struct state *open_state(void)
{
	struct state *s;

	ck_assert_int_eq(state_open(FILE_NAME, ".", &s), 0);
	return s;
}

static void close_state(struct state **s)
{
	state_save(*s, false);
	state_close(*s);
	*s = NULL;
}

static void reopen(struct state **s)
{
	close_state(s);
	*s = open_state();
}

/* Does what is there hold still, and is compiled, in a build of its own. */
static void build(const struct compile *c)
{
	settle();
	cleanup_state struct state *s = open_state();
	record(s, c, io_now());
	close_state(&s);
}

static bool is_fresh(struct state *s, const struct compile *c, char **ret_why)
{
	uint8_t command[DIGEST_SIZE];

	get_command(c, command);
	bool fresh = state_is_fresh(s, c->output, command, ret_why);
	ck_assert_int_eq(fresh, *ret_why == NULL);
	return fresh;
}

static void check_fresh_in(struct state *s, const struct compile *c)
{
	cleanup_free char *why = NULL;

	ck_assert_msg(is_fresh(s, c, &why), "%s is stale: %s", c->output, why);
}

static void check_stale_in(struct state *s, const struct compile *c, const char *part)
{
	cleanup_free char *why = NULL;

	ck_assert_msg(!is_fresh(s, c, &why), "%s is fresh", c->output);
	assert_contains(why, part);
}

/* In a build of its own, which remembers what it saw: what it says, the next one says as well. */
static void check_fresh(const struct compile *c)
{
	for (int i = 0; i < 2; i++) {
		cleanup_state struct state *s = open_state();
		check_fresh_in(s, c);
		close_state(&s);
	}
}

static void check_stale(const struct compile *c, const char *part)
{
	cleanup_state struct state *s = open_state();

	check_stale_in(s, c, part);
}

static void set_times(const char *path, const struct stat *st)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

#define NO_RECORD "there is no record of it"

static const struct compile x = {
	.output = "x.o",
	.inputs = {"x.c", "inc/both.h", "inc/x.h"},
	.search = {"early", "inc"},
};
static const struct compile y = {
	.output = "y.o",
	.inputs = {"y.c", "inc/both.h", "inc/y.h"},
	.search = {"early", "inc"},
};

static void make_files(void)
{
	ck_assert_int_eq(mkdir("early", 0755), 0);
	ck_assert_int_eq(mkdir("inc", 0755), 0);
	write_text("x.c", "x");
	write_text("y.c", "y");
	write_text("inc/both.h", "both");
	write_text("inc/x.h", "of x");
	write_text("inc/y.h", "of y");
}

static void begin(void)
{
	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	record(s, &x, io_now());
	record(s, &y, io_now());
	close_state(&s);
}

TEST(file_of_a_project)
{
	cleanup_free char *path = NULL;

	ck_assert_int_eq(state_file("/cache dir", "0123", &path), 0);
	ck_assert_str_eq(path, "/cache dir/state/0123.db");
}

TEST(nothing_is_known_at_first)
{
	make_files();
	cleanup_state struct state *s = open_state();

	check_stale_in(s, &x, NO_RECORD);
	ck_assert_int_eq(state_duration(s, "x.o"), 0);
	reopen(&s);
	check_stale_in(s, &x, NO_RECORD);
}

TEST(fresh_once_recorded)
{
	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	record(s, &x, io_now());
	check_fresh_in(s, &x);
	check_stale_in(s, &y, NO_RECORD);
	reopen(&s);
	check_fresh_in(s, &x);
	check_stale_in(s, &y, NO_RECORD);
	close_state(&s);
	check_fresh(&x);
}

TEST(not_saved_is_not_known)
{
	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	record(s, &x, io_now());
	state_close(s);
	s = open_state();
	check_stale_in(s, &x, NO_RECORD);
	/* Soon after it was opened is too soon. */
	record(s, &x, io_now());
	state_save(s, true);
	state_close(s);
	s = open_state();
	check_stale_in(s, &x, NO_RECORD);
}

TEST(in_memory_only)
{
	make_files();
	settle();
	cleanup_state struct state *s = NULL;
	ck_assert_int_eq(state_open(NULL, ".", &s), 0);
	check_stale_in(s, &x, NO_RECORD);
	record(s, &x, io_now());
	check_fresh_in(s, &x);
	state_save(s, false);
	state_settle(s);
	check_fresh_in(s, &x);
	ck_assert_uint_eq(count_entries("."), 5);
}

TEST(no_root)
{
	struct state *s = NULL;

	ck_assert_int_eq(state_open(NULL, "missing", &s), -ENOENT);
	ck_assert_int_eq(state_open(FILE_NAME, "missing", &s), -ENOENT);
	write_text("file", "");
	ck_assert_int_eq(state_open(NULL, "file", &s), -ENOTDIR);
	ck_assert_ptr_eq(s, NULL);
	state_close(NULL);
}

TEST(paths_are_from_the_root)
{
	static const struct compile c = {"x.o", {"x.c", "inc/x.h"}, {"inc"}, 0, 0};
	cleanup_state struct state *s = NULL;

	ck_assert_int_eq(mkdir("root", 0755), 0);
	ck_assert_int_eq(chdir("root"), 0);
	make_files();
	settle();
	ck_assert_int_eq(state_open("../s.db", ".", &s), 0);
	record(s, &c, io_now());
	close_state(&s);
	ck_assert_int_eq(chdir(".."), 0);
	ck_assert_int_eq(state_open("s.db", "root", &s), 0);
	check_fresh_in(s, &c);
	state_close(s);
	write_text("root/inc/x.h", "other");
	ck_assert_int_eq(state_open("s.db", "root", &s), 0);
	check_stale_in(s, &c, "inc/x.h has changed");
}

TEST(settles)
{
	cleanup_state struct state *s = open_state();
	int64_t before = io_now();

	state_settle(s);
	ck_assert_int_lt(io_now() - before, 1000000000);
	state_settle(s);
}

TEST(duration)
{
	struct compile c = x;

	make_files();
	c.duration = INT64_C(123456789012);
	build(&c);
	cleanup_state struct state *s = open_state();
	ck_assert_int_eq(state_duration(s, "x.o"), c.duration);
	ck_assert_int_eq(state_duration(s, "y.o"), 0);
	ck_assert_int_eq(state_duration(s, ""), 0);
	c.duration = 5;
	record(s, &c, io_now());
	ck_assert_int_eq(state_duration(s, "x.o"), 5);
}

TEST(command)
{
	struct compile c = x;

	begin();
	c.command = 1;
	check_stale(&c, "command or compiler");
	check_fresh(&x);
	build(&c);
	check_fresh(&c);
	check_stale(&x, "command or compiler");
}

TEST(input_changed)
{
	begin();
	write_text("inc/x.h", "of x, other");
	check_stale(&x, "inc/x.h has changed");
	check_fresh(&y);
	write_text("inc/both.h", "changed too");
	check_stale(&x, "inc/both.h has changed");
	check_stale(&y, "inc/both.h has changed");
	build(&x);
	check_fresh(&x);
	check_stale(&y, "inc/both.h has changed");
	build(&y);
	check_fresh(&y);
	check_fresh(&x);
	write_text("y.c", "");
	check_stale(&y, "y.c has changed");
	check_fresh(&x);
}

/* Also for the build after, though this one remembered that it saw the file. */
TEST(input_changed_and_seen)
{
	begin();
	write_text("inc/x.h", "of x, other");
	for (int i = 0; i < 3; i++) {
		cleanup_state struct state *s = open_state();
		check_stale_in(s, &x, "inc/x.h has changed");
		check_fresh_in(s, &y);
		close_state(&s);
	}
}

TEST(same_size_and_time_set_back)
{
	struct stat st;

	begin();
	settle();
	ck_assert_int_eq(stat("inc/x.h", &st), 0);
	write_text("inc/x.h", "OF X");
	set_times("inc/x.h", &st);
	check_stale(&x, "inc/x.h has changed");
	check_fresh(&y);
}

TEST(touched)
{
	begin();
	settle();
	write_text("inc/both.h", "both");
	write_text("x.o", "xbothof x");
	check_fresh(&x);
	check_fresh(&y);
	ck_assert_int_eq(chmod("inc/both.h", 0600), 0);
	ck_assert_int_eq(link("inc/both.h", "link"), 0);
	check_fresh(&x);
}

#ifdef __linux__
static bool was_opened(int watch)
{
	char events[4096];

	return read(watch, events, sizeof(events)) > 0;
}

TEST(reads_only_where_in_doubt)
{
	cleanup_close int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	begin();
	settle();
	check_fresh(&x); /* the output was new before */
	ck_assert_int_ge(watch, 0);
	ck_assert_int_ge(inotify_add_watch(watch, "inc/both.h", IN_OPEN), 0);
	ck_assert_int_ge(inotify_add_watch(watch, "x.o", IN_OPEN), 0);
	check_fresh(&x);
	check_fresh(&y);
	ck_assert(!was_opened(watch));
	/* It is touched; once old enough it is read once. */
	ck_assert_int_eq(utimensat(AT_FDCWD, "inc/both.h", NULL, 0), 0);
	settle();
	cleanup_state struct state *s = open_state();
	check_fresh_in(s, &x);
	ck_assert(was_opened(watch));
	check_fresh_in(s, &y);
	ck_assert(!was_opened(watch));
	close_state(&s);
	check_fresh(&x);
	check_fresh(&y);
	ck_assert(!was_opened(watch));
}
#endif

TEST(edited_and_edited_back)
{
	begin();
	write_text("inc/x.h", "other");
	check_stale(&x, "inc/x.h has changed");
	write_text("inc/x.h", "of x");
	check_fresh(&x);
}

TEST(input_deleted)
{
	begin();
	ck_assert_int_eq(rename("inc/x.h", "kept"), 0);
	check_stale(&x, "inc/x.h is gone");
	check_fresh(&y);
	ck_assert_int_eq(rename("kept", "inc/x.h"), 0);
	check_fresh(&x);
	ck_assert_int_eq(unlink("inc/x.h"), 0);
	ck_assert_int_eq(mkdir("inc/x.h", 0755), 0);
	check_stale(&x, "inc/x.h is gone");
	ck_assert_int_eq(rename("inc", "away"), 0);
	check_stale(&x, "inc/both.h is gone");
	check_stale(&y, "inc/both.h is gone");
}

TEST(input_replaced_by_a_link)
{
	begin();
	write_text("other", "else");
	write_text("same", "of x");
	ck_assert_int_eq(unlink("inc/x.h"), 0);
	ck_assert_int_eq(symlink("../other", "inc/x.h"), 0);
	check_stale(&x, "inc/x.h has changed");
	ck_assert_int_eq(unlink("inc/x.h"), 0);
	ck_assert_int_eq(symlink("../same", "inc/x.h"), 0);
	check_fresh(&x);
	/* What it leads to counts. */
	write_text("same", "no more");
	check_stale(&x, "inc/x.h has changed");
	ck_assert_int_eq(unlink("same"), 0);
	check_stale(&x, "inc/x.h is gone");
}

TEST(output_changed)
{
	begin();
	write_text("x.o", "other");
	check_stale(&x, "its output x.o has changed");
	check_fresh(&y);
	write_text("x.o", "xbothof x");
	check_fresh(&x);
	ck_assert_int_eq(unlink("x.o"), 0);
	check_stale(&x, "its output x.o is gone");
	write_text("x.o", "XBOTHOF X");
	check_stale(&x, "its output x.o has changed");
	ck_assert_int_eq(rename("y.o", "x.o"), 0);
	check_stale(&x, "its output x.o has changed");
	check_stale(&y, "its output y.o is gone");
}

TEST(many_outputs)
{
	cleanup_strv struct strv inputs = {0}, search = {0};
	struct state_output outputs[2];
	struct compile dep = x;
	struct state_done done = {
		.inputs = &inputs, .search = &search, .outputs = outputs, .n_outputs = 2};

	make_files();
	settle();
	dep.output = "x.d";
	strv_add(&inputs, "x.c");
	cleanup_state struct state *s = open_state();
	done.began = io_now();
	write_output(&x, &outputs[0]);
	write_output(&dep, &outputs[1]);
	ck_assert_int_eq(state_record(s, &done), 0);
	reopen(&s);
	check_fresh_in(s, &x);
	check_stale_in(s, &dep, NO_RECORD);
	close_state(&s);
	write_text("x.d", "");
	check_stale(&x, "its output x.d has changed");
}

/* Another content within one tick: of the same size, and maybe of the same times. */
TEST(changed_within_a_tick)
{
	for (int i = 0; i < 24; i++) {
		static const char *const changed[] = {"x.o", "inc/x.h"};
		const char *path = changed[i % 2];

		if (i == 0)
			make_files();
		write_text("inc/x.h", "of x");
		settle();
		cleanup_state struct state *s = open_state();
		record(s, &x, io_now());
		if (i % 4 < 2)
			write_text(path, i % 2 ? "OF X" : "XBOTHOF X");
		state_save(s, false);
		if (i % 4 >= 2)
			write_text(path, i % 2 ? "OF X" : "XBOTHOF X");
		state_close(s);
		s = open_state();
		check_stale_in(s, &x, path);
	}
}

/* And between what a build sees and the end of it. */
TEST(changed_within_a_tick_after_a_look)
{
	begin();
	for (int i = 0; i < 30; i++) {
		write_text("inc/x.h", "of x");
		cleanup_state struct state *s = open_state();
		check_fresh_in(s, &x);
		write_text("inc/x.h", "OF X");
		reopen(&s);
		check_stale_in(s, &x, "inc/x.h has changed");
		close_state(&s);
	}
}

static void not_remembered(const struct compile *c)
{
	check_stale(c, NO_RECORD);
}

TEST(input_changed_meanwhile)
{
	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	int64_t began = io_now();
	write_text("inc/x.h", "new");
	record(s, &x, began);
	record(s, &y, began);
	check_stale_in(s, &x, NO_RECORD);
	close_state(&s);
	not_remembered(&x);
	check_fresh(&y);

	/* Too short a time before it to be sure. */
	s = open_state();
	write_text("inc/y.h", "new");
	record(s, &y, io_now());
	close_state(&s);
	not_remembered(&y);

	/* What was known of it is forgotten. */
	build(&x);
	check_fresh(&x);
	s = open_state();
	began = io_now();
	write_text("x.c", "new");
	record(s, &x, began);
	close_state(&s);
	not_remembered(&x);
	build(&x);
	check_fresh(&x);
}

TEST(header_appeared_meanwhile)
{
	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	int64_t began = io_now();
	write_text("early/x.h", "before the other");
	record(s, &x, began);
	record(s, &y, began);
	close_state(&s);
	not_remembered(&x);
	check_fresh(&y);
}

TEST(input_of_no_content)
{
	static const struct compile dir = {"d.o", {"x.c", "inc"}, {NULL}, 0, 0},
				    null = {"n.o", {"x.c", "/dev/null"}, {NULL}, 0, 0},
				    fifo = {"f.o", {"x.c", "pipe"}, {NULL}, 0, 0};

	make_files();
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	build(&dir);
	not_remembered(&dir);
	build(&null);
	not_remembered(&null);
	build(&fifo);
	not_remembered(&fifo);

	/* One that is no more when it is recorded. */
	cleanup_strv struct strv inputs = {0}, search = {0};
	struct state_output output;
	struct state_done done = {
		.inputs = &inputs, .search = &search, .outputs = &output, .n_outputs = 1};
	cleanup_state struct state *s = open_state();
	done.began = io_now();
	write_output(&x, &output);
	strv_add(&inputs, "missing");
	ck_assert_int_eq(state_record(s, &done), 0);
	check_stale_in(s, &x, NO_RECORD);
}

TEST(empty_input)
{
	make_files();
	write_text("inc/x.h", "");
	build(&x);
	check_fresh(&x);
	write_text("inc/x.h", "x");
	check_stale(&x, "inc/x.h has changed");
}

TEST(no_input)
{
	static const struct compile c = {.output = "c.o"};

	build(&c);
	check_fresh(&c);
	write_text("c.o", "other");
	check_stale(&c, "its output c.o has changed");
}

TEST(header_appears)
{
	begin();
	write_text("early/x.h", "of x, too");
	check_stale(&x, "early/x.h has appeared");
	check_fresh(&y);
	ck_assert_int_eq(unlink("early/x.h"), 0);
	ck_assert_int_eq(symlink("../inc/x.h", "early/x.h"), 0);
	check_stale(&x, "early/x.h has appeared");
	ck_assert_int_eq(unlink("early/x.h"), 0);
	/* Found where the command stands. */
	write_text("both.h", "");
	check_stale(&x, "both.h has appeared");
	check_stale(&y, "both.h has appeared");
	/* Built with it, it is no surprise any more. */
	build(&x);
	check_fresh(&x);
}

TEST(other_file_appears)
{
	begin();
	write_text("early/z.h", "");
	write_text("inc/z.h", "");
	write_text("z.c", "");
	ck_assert_int_eq(mkdir("early/sub", 0755), 0);
	write_text("early/sub/x.h", "");
	check_fresh(&x);
	check_fresh(&y);
	ck_assert_int_eq(unlink("early/z.h"), 0);
	check_fresh(&x);
	/* And a header after it. */
	write_text("early/x.h", "");
	check_stale(&x, "early/x.h has appeared");
	check_fresh(&y);
}

/* Those there are when it is built are no surprise. */
TEST(header_of_another_directory)
{
	make_files();
	write_text("early/x.h", "not read");
	build(&x);
	check_fresh(&x);
	write_text("early/x.h", "not read either");
	check_fresh(&x);
}

TEST(directory_appears)
{
	static const struct compile c = {"c.o", {"x.c", "inc/x.h"}, {"gen", "inc"}, 0, 0};

	make_files();
	build(&c);
	check_fresh(&c);
	ck_assert_int_eq(mkdir("staged", 0755), 0);
	write_text("staged/x.h", "generated");
	ck_assert_int_eq(rename("staged", "gen"), 0);
	check_stale(&c, "gen/x.h has appeared");
	build(&c);
	check_fresh(&c);
	ck_assert_int_eq(rename("gen", "staged"), 0);
	check_fresh(&c);
}

TEST(nested_directories_appear)
{
	static const struct compile c = {
		"c.o", {"x.c", "inc/x.h"}, {"out/gen/inc", "/missing-here/a/b", "inc"}, 0, 0};

	make_files();
	build(&c);
	check_fresh(&c);
	ck_assert_int_eq(mkdir("out", 0755), 0);
	ck_assert_int_eq(mkdir("out/gen", 0755), 0);
	ck_assert_int_eq(mkdir("out/gen/inc", 0755), 0);
	write_text("out/gen/inc/x.h", "generated");
	check_stale(&c, "out/gen/inc/x.h has appeared");
	build(&c);
	check_fresh(&c);
}

/* One that was there, went, and came again with more in it. */
TEST(directory_goes_and_comes)
{
	begin();
	ck_assert_int_eq(rmdir("early"), 0);
	check_fresh(&x);
	ck_assert_int_eq(mkdir("early", 0755), 0);
	check_fresh(&x);
	write_text("early/x.h", "");
	check_stale(&x, "early/x.h has appeared");
	ck_assert_int_eq(rename("early", "late"), 0);
	check_fresh(&x);
	ck_assert_int_eq(symlink("late", "early"), 0);
	check_stale(&x, "early/x.h has appeared");
	check_fresh(&y);
}

TEST(header_that_is_asked_for)
{
	static const struct compile c = {"c.o", {"x.c", "inc/x.h"}, {"early", "inc"}, 0, 0};

	make_files();
	write_text("x.c", "#if __has_include(<feature.h>)\n#endif\n");
	write_text("inc/x.h", "#if __has_include(\"sub/more.h\")\n#endif\n");
	build(&c);
	check_fresh(&c);
	write_text("early/other.h", "");
	check_fresh(&c);
	write_text("inc/feature.h", "");
	check_stale(&c, "inc/feature.h has appeared");
	ck_assert_int_eq(unlink("inc/feature.h"), 0);
	ck_assert_int_eq(mkdir("early/sub", 0755), 0);
	write_text("early/sub/more.h", "");
	check_stale(&c, "early/sub/more.h has appeared");
	/* Known as well of a file whose version was known before. */
	build(&c);
	check_fresh(&c);
	write_text("early/feature.h", "");
	check_stale(&c, "early/feature.h has appeared");
}

/* To another branch and back, where the build directory changes with it. */
TEST(there_and_back)
{
	begin();
	ck_assert_int_eq(rename("x.o", "a.o"), 0);
	write_text("inc/x.h", "branch b");
	build(&x);
	check_fresh(&x);
	ck_assert_int_eq(rename("x.o", "b.o"), 0);
	for (int i = 0; i < 3; i++) {
		/* Only the last is remembered of one action. */
		write_text("inc/x.h", "of x");
		ck_assert_int_eq(rename("a.o", "x.o"), 0);
		check_stale(&x, "inc/x.h has changed");
		ck_assert_int_eq(rename("x.o", "a.o"), 0);
		write_text("inc/x.h", "branch b");
		ck_assert_int_eq(rename("b.o", "x.o"), 0);
		check_fresh(&x);
		ck_assert_int_eq(rename("x.o", "b.o"), 0);
	}
}

static unsigned count(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *row;

	ck_assert_int_eq(sqlite3_open(FILE_NAME, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
	int n = sqlite3_column_int(row, 0);
	sqlite3_finalize(row);
	sqlite3_close(db);
	return (unsigned)n;
}

TEST(many_edits)
{
	begin();
	for (int i = 0; i < 14; i++) {
		cleanup_free char *text = str_printf("edit %d", i);
		write_text("inc/both.h", text);
		build(&x);
	}
	check_fresh(&x);
	/* This one names the first of all the versions. */
	check_stale(&y, "inc/both.h has changed");
	ck_assert_uint_le(
		count("SELECT count(*) FROM file WHERE path = CAST('inc/both.h' AS BLOB)"), 10);
	ck_assert_uint_le(count("SELECT count(*) FROM file"), 26);
	write_text("inc/both.h", "both");
	check_fresh(&y);
	check_stale(&x, "inc/both.h has changed");
	write_text("inc/both.h", "edit 13");
	check_fresh(&x);
}

/* In one handle too: what was dropped is made again. */
TEST(many_edits_in_turn)
{
	make_files();
	for (int i = 0; i < 20; i++) {
		cleanup_free char *text = str_printf("edit %d", i % 10);
		write_text("inc/both.h", text);
		build(i % 3 ? &x : &y);
		check_fresh(i % 3 ? &x : &y);
	}
}

TEST(recorded_twice)
{
	struct compile c = x;

	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	record(s, &x, io_now());
	state_save(s, false);
	c.inputs[1] = "inc/y.h";
	c.command = 3;
	record(s, &c, io_now());
	check_fresh_in(s, &c);
	record(s, &c, io_now());
	reopen(&s);
	check_fresh_in(s, &c);
	check_stale_in(s, &x, "command");
	close_state(&s);
	write_text("inc/both.h", "of no importance now");
	check_fresh(&c);
	write_text("inc/y.h", "of importance");
	check_stale(&c, "inc/y.h has changed");
}

TEST(two_at_once)
{
	make_files();
	settle();
	cleanup_state struct state *a = open_state(), *b = open_state();

	record(a, &x, io_now());
	record(b, &y, io_now());
	state_save(a, false);
	state_save(b, false);
	cleanup_state struct state *c = open_state();
	check_fresh_in(c, &x);
	check_fresh_in(c, &y);
	close_state(&c);
	close_state(&a);
	close_state(&b);
	check_fresh(&x);
	check_fresh(&y);
	write_text("inc/x.h", "other");
	check_stale(&x, "inc/x.h has changed");
	check_fresh(&y);
	write_text("early/y.h", "");
	check_stale(&y, "early/y.h has appeared");
}

/* Each has numbers of its own for the same files, and for others. */
TEST(two_in_turn)
{
	enum { N = 12 };
	struct compile compiles[N];
	char outputs[N][16], headers[N][24];

	make_files();
	for (int i = 0; i < N; i++) {
		snprintf(outputs[i], sizeof(outputs[i]), "%d.o", i);
		snprintf(headers[i], sizeof(headers[i]), "inc/%d.h", i);
		write_text(headers[i], headers[i]);
		compiles[i] = x;
		compiles[i].output = outputs[i];
		compiles[i].inputs[2] = headers[i];
	}
	settle();
	cleanup_state struct state *a = open_state(), *b = open_state();
	for (int i = 0; i < N; i++) {
		struct state *s = i % 2 ? a : b;
		record(s, &compiles[i], io_now());
		if (i % 4 < 3)
			state_save(s, false);
	}
	state_save(a, false);
	state_save(b, false);
	/* And once more, of what the other one stored. */
	record(a, &compiles[0], io_now());
	state_save(a, false);
	record(b, &compiles[1], io_now());
	close_state(&b);
	close_state(&a);
	a = open_state();
	for (int i = 0; i < N; i++)
		check_fresh_in(a, &compiles[i]);
	close_state(&a);
	for (int i = 0; i < N; i++) {
		write_text(headers[i], "other");
		a = open_state();
		for (int j = 0; j < N; j++)
			if (j > i)
				check_fresh_in(a, &compiles[j]);
			else
				check_stale_in(a, &compiles[j], headers[j]);
		close_state(&a);
	}
}

/* One collects versions that the other one's actions name. */
TEST(two_with_many_edits)
{
	begin();
	for (int i = 0; i < 12; i++) {
		cleanup_free char *text = str_printf("edit %d", i);
		write_text("inc/both.h", text);
		settle();
		cleanup_state struct state *a = open_state(), *b = open_state();
		record(a, &x, io_now());
		state_save(a, false);
		record(b, &y, io_now());
		close_state(&b);
		close_state(&a);
		check_fresh(&x);
		check_fresh(&y);
	}
}

struct worker {
	struct state *state;
	int number;
};

static void *work(void *ctx)
{
	const struct worker *w = ctx;

	for (int i = 0; i < 20; i++) {
		cleanup_free char *output = str_printf("%d-%d.o", w->number, i);
		struct compile c = x;
		c.output = output;
		record(w->state, &c, io_now());
		state_save(w->state, true);
	}
	return NULL;
}

TEST(many_threads)
{
	enum { N = 4 };
	struct worker workers[N];
	pthread_t threads[N];

	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	for (int i = 0; i < N; i++) {
		workers[i] = (struct worker){s, i};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	reopen(&s);
	for (int i = 0; i < N * 20; i++) {
		cleanup_free char *output = str_printf("%d-%d.o", i / 20, i % 20);
		struct compile c = x;
		c.output = output;
		check_fresh_in(s, &c);
	}
}

TEST(odd_names)
{
	static const char *const names[] = {"a b",  "quote'\"", "new\nline", "\xff\xfe",
					    "a%s;", "-dash",    "\\",        "#$"};

	ck_assert_int_eq(mkdir("odd 'dir\n", 0755), 0);
	ck_assert_int_eq(mkdir("odd\xff", 0755), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *input = str_printf("odd 'dir\n/%s.h", names[i]);
		cleanup_free char *output = str_printf("odd\xff/%s.o", names[i]);
		cleanup_free char *before = str_printf("odd\xff/%s.h", names[i]);
		cleanup_free char *appeared = str_printf("%s has appeared", before);
		cleanup_free char *changed = str_printf("%s has changed", input);
		const struct compile c = {output, {input}, {"odd\xff", "odd 'dir\n"}, 0, 0};

		write_text(input, "1");
		build(&c);
		check_fresh(&c);
		write_text(before, "");
		check_stale(&c, appeared);
		ck_assert_int_eq(unlink(before), 0);
		write_text(input, "2");
		check_stale(&c, changed);
	}
}

static void copy_file(const char *from, struct strbuf *ret_content)
{
	ck_assert_int_eq(io_read_file(from, 1 << 20, ret_content), 0);
}

static void put_file(const char *data, size_t len)
{
	cleanup_close int fd = open(FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_fd(fd, data, len), 0);
}

/* A header of the one has changed, so that it is stale; the other may be fresh or not. Now and then
 * all of it is made anew. */
static void check_damaged(bool anew)
{
	cleanup_state struct state *s = open_state();
	cleanup_free char *why_x = NULL, *why_y = NULL;

	ck_assert_msg(!is_fresh(s, &x, &why_x), "x.o is fresh");
	is_fresh(s, &y, &why_y);
	if (!anew)
		return;
	record(s, &x, io_now());
	record(s, &y, io_now());
	reopen(&s);
	check_fresh_in(s, &x);
	check_fresh_in(s, &y);
}

static void prepare_damage(struct strbuf *ret_content)
{
	begin();
	copy_file(FILE_NAME, ret_content);
	write_text("inc/x.h", "it has changed");
	settle();
}

TEST(cut)
{
	cleanup_strbuf struct strbuf content = {0};

	prepare_damage(&content);
	for (size_t len = 0, i = 0; len < content.len; len += 1 + len / 7, i++) {
		put_file(content.data, len);
		check_damaged(i % 4 == 0);
	}
	for (size_t len = 0; len <= content.len; len += 4096) {
		put_file(content.data, len);
		check_damaged(true);
	}
}

static uint32_t next_random(uint32_t *random)
{
	*random = *random * 1664525 + 1013904223;
	return *random >> 8;
}

#ifndef FLIPS
#define FLIPS 400
#endif

TEST(flipped_bits)
{
	cleanup_strbuf struct strbuf content = {0};
	uint32_t random = 7;

	prepare_damage(&content);
	for (unsigned i = 0; i < FLIPS; i++) {
		/* Half of them in the first pages, where the structure is. */
		size_t at = next_random(&random) % (i % 2 ? content.len : content.len / 4);
		char kept = content.data[at];
		content.data[at] ^= (char)(1U << (next_random(&random) % 8));
		put_file(content.data, content.len);
		check_damaged(i % 20 == 0);
		content.data[at] = kept;
	}
}

TEST(overwritten)
{
	cleanup_strbuf struct strbuf content = {0};
	uint32_t random = 11;

	prepare_damage(&content);
	for (unsigned i = 0; i < 60; i++) {
		cleanup_free char *copy = malloc(content.len);
		size_t at = next_random(&random) % content.len,
		       n = 1 + next_random(&random) % (i % 2 ? 16 : 5000);

		memcpy(copy, content.data, content.len);
		for (size_t j = at; j < at + n && j < content.len; j++)
			copy[j] = i % 3 ? (char)next_random(&random) : '\0';
		put_file(copy, content.len);
		check_damaged(i % 5 == 0);
	}
}

TEST(no_database)
{
	static const char garbage[] = "This is no database, nor was it ever one. Not of any kind.";
	cleanup_strbuf struct strbuf content = {0};

	prepare_damage(&content);
	put_file(garbage, sizeof(garbage));
	check_damaged(true);
	/* Nor is what lies beside it. */
	copy_file(FILE_NAME, &content);
	write_text(FILE_NAME "-journal", garbage);
	put_file(garbage, sizeof(garbage));
	check_damaged(true);
	ck_assert(!is_there(FILE_NAME "-journal"));
}

static void run_sql(const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	ck_assert_int_eq(sqlite3_open(FILE_NAME, &db), SQLITE_OK);
	int r = sqlite3_exec(db, sql, NULL, NULL, &error);
	ck_assert_msg(r == SQLITE_OK, "%s: %s", sql, error);
	sqlite3_close(db);
}

TEST(sound_but_of_other_content)
{
	static const char *const damage[] = {
		"PRAGMA user_version = 99",
		"PRAGMA user_version = -1",
		"DROP TABLE file",
		"DROP TABLE action",
		"DROP TABLE meta",
		"DELETE FROM meta",
		"DELETE FROM file",
		"DELETE FROM action",
		"UPDATE file SET digest = x'00'",
		"UPDATE file SET seen = x'0011'",
		"UPDATE file SET seen = NULL",
		"UPDATE file SET id = 0",
		"UPDATE file SET id = -5",
		"UPDATE file SET id = 'x'",
		"UPDATE file SET id = 1 << 40",
		"UPDATE file SET path = path || 'x'",
		"UPDATE dir SET seen = x''",
		"UPDATE dir SET id = -1",
		"UPDATE action SET inputs = x''",
		"UPDATE action SET inputs = x'01'",
		"UPDATE action SET inputs = zeroblob(4)",
		"UPDATE action SET outputs = inputs",
		"UPDATE action SET command = x'00'",
		"UPDATE action SET command = zeroblob(32)",
		"UPDATE action SET sum = 0",
		"UPDATE action SET sum = NULL",
		"UPDATE action SET output = output || 'x'",
	};
	cleanup_strbuf struct strbuf content = {0};

	prepare_damage(&content);
	for (size_t i = 0; i < LENGTH(damage); i++) {
		put_file(content.data, content.len);
		run_sql(damage[i]);
		check_damaged(true);
		check_fresh(&x);
	}
}

/* What is read only where a directory has changed. */
TEST(lookups_of_other_content)
{
	static const char *const damage[] = {
		"DROP TABLE lookup",
		"DROP TABLE absent",
		"DELETE FROM absent",
		"UPDATE lookup SET sum = 0",
		"UPDATE lookup SET absents = x''",
		"UPDATE lookup SET absents = zeroblob(8)",
		"UPDATE lookup SET output = output || 'x'",
		"UPDATE absent SET id = 0",
		"UPDATE absent SET dir = 100000",
		"UPDATE absent SET dir = NULL",
	};
	cleanup_strbuf struct strbuf content = {0};

	begin();
	copy_file(FILE_NAME, &content);
	write_text("early/x.h", "it has appeared");
	settle();
	for (size_t i = 0; i < LENGTH(damage); i++) {
		cleanup_free char *why = NULL;

		put_file(content.data, content.len);
		run_sql(damage[i]);
		cleanup_state struct state *s = open_state();
		ck_assert_msg(!is_fresh(s, &x, &why), "fresh after %s", damage[i]);
	}
}

TEST(place_that_cannot_be_had)
{
	static const char *const files[] = {"a-dir", "a-file/x.db", "missing/a/b/x.db"};

	make_files();
	ck_assert_int_eq(mkdir("a-dir", 0700), 0);
	write_text("a-dir/kept", "");
	write_text("a-file", "");
	settle();
	for (size_t i = 0; i < LENGTH(files); i++) {
		cleanup_state struct state *s = NULL;

		ck_assert_int_eq(state_open(files[i], ".", &s), 0);
		check_stale_in(s, &x, NO_RECORD);
		record(s, &x, io_now());
		check_fresh_in(s, &x);
		state_save(s, false);
		check_fresh_in(s, &x);
	}
	ck_assert(is_there("a-dir/kept"));
	ck_assert(is_there("missing/a/b/x.db"));
}

/* Readable all the same: what is remembered is of use. */
TEST(directory_that_cannot_be_written)
{
	if (geteuid() == 0)
		return; /* root can */
	begin();
	ck_assert_int_eq(chmod(FILE_NAME, 0400), 0);
	ck_assert_int_eq(chmod("cache/state", 0500), 0);
	cleanup_state struct state *s = open_state();
	check_fresh_in(s, &x);
	write_text("inc/x.h", "other");
	reopen(&s);
	check_stale_in(s, &x, "inc/x.h has changed");
	settle();
	record(s, &x, io_now());
	reopen(&s);
	check_stale_in(s, &x, "inc/x.h has changed");
	check_fresh_in(s, &y);
	state_close(s);
	ck_assert_int_eq(chmod("cache/state", 0700), 0);
	ck_assert_int_eq(unlink(FILE_NAME), 0);
	ck_assert_int_eq(chmod("cache/state", 0500), 0);
	s = open_state();
	check_stale_in(s, &x, NO_RECORD);
	record(s, &x, io_now());
	check_fresh_in(s, &x);
	close_state(&s);
	ck_assert_int_eq(chmod("cache/state", 0700), 0);
}

/* It goes while it is in use. */
TEST(file_deleted_meanwhile)
{
	begin();
	cleanup_state struct state *s = open_state();
	ck_assert_int_eq(unlink(FILE_NAME), 0);
	record(s, &x, io_now());
	check_fresh_in(s, &x);
	reopen(&s);
	check_stale_in(s, &x, NO_RECORD);
	record(s, &x, io_now());
	close_state(&s);
	check_fresh(&x);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, file_of_a_project);
	tcase_add_test(tests, nothing_is_known_at_first);
	tcase_add_test(tests, fresh_once_recorded);
	tcase_add_test(tests, not_saved_is_not_known);
	tcase_add_test(tests, in_memory_only);
	tcase_add_test(tests, no_root);
	tcase_add_test(tests, paths_are_from_the_root);
	tcase_add_test(tests, settles);
	tcase_add_test(tests, duration);
	tcase_add_test(tests, command);
	tcase_add_test(tests, input_changed);
	tcase_add_test(tests, input_changed_and_seen);
	tcase_add_test(tests, same_size_and_time_set_back);
	tcase_add_test(tests, touched);
#ifdef __linux__
	tcase_add_test(tests, reads_only_where_in_doubt);
#endif
	tcase_add_test(tests, edited_and_edited_back);
	tcase_add_test(tests, input_deleted);
	tcase_add_test(tests, input_replaced_by_a_link);
	tcase_add_test(tests, output_changed);
	tcase_add_test(tests, many_outputs);
	tcase_add_test(tests, changed_within_a_tick);
	tcase_add_test(tests, changed_within_a_tick_after_a_look);
	tcase_add_test(tests, input_changed_meanwhile);
	tcase_add_test(tests, header_appeared_meanwhile);
	tcase_add_test(tests, input_of_no_content);
	tcase_add_test(tests, empty_input);
	tcase_add_test(tests, no_input);
	tcase_add_test(tests, header_appears);
	tcase_add_test(tests, other_file_appears);
	tcase_add_test(tests, header_of_another_directory);
	tcase_add_test(tests, directory_appears);
	tcase_add_test(tests, nested_directories_appear);
	tcase_add_test(tests, directory_goes_and_comes);
	tcase_add_test(tests, header_that_is_asked_for);
	tcase_add_test(tests, there_and_back);
	tcase_add_test(tests, many_edits);
	tcase_add_test(tests, many_edits_in_turn);
	tcase_add_test(tests, recorded_twice);
	tcase_add_test(tests, two_at_once);
	tcase_add_test(tests, two_in_turn);
	tcase_add_test(tests, two_with_many_edits);
	tcase_add_test(tests, many_threads);
	tcase_add_test(tests, odd_names);
	tcase_add_test(tests, cut);
	tcase_add_test(tests, flipped_bits);
	tcase_add_test(tests, overwritten);
	tcase_add_test(tests, no_database);
	tcase_add_test(tests, sound_but_of_other_content);
	tcase_add_test(tests, lookups_of_other_content);
	tcase_add_test(tests, place_that_cannot_be_had);
	tcase_add_test(tests, directory_that_cannot_be_written);
	tcase_add_test(tests, file_deleted_meanwhile);
}

int main(void)
{
	return suite_run("state", add_tests);
}
