/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds of a small project, whose state is kept in FILE_NAME; for the suites of state.c. */
#ifndef CROSSBPF_TESTS_MAKE_STATE_H
#define CROSSBPF_TESTS_MAKE_STATE_H

#include "suite.h"

#include <time.h>

#include "core/state.h"
#include "no-sync.h"
#include "shared/io.h"

#define FILE_NAME "cache/state/id.db"

/* Longer than a tick: what was written before can be told from what is written after. */
static inline void settle(void)
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

static inline void get_command(const struct compile *c, uint8_t ret_command[DIGEST_SIZE])
{
	memset(ret_command, c->command, DIGEST_SIZE);
}

static inline void write_output(const struct compile *c, struct state_output *ret)
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

static inline void record_search(struct state *s, const struct compile *c, int64_t began,
				 bool dirs_found)
{
	cleanup_strv struct strv inputs = {0}, search = {0};
	struct state_output output;
	struct state_done done = {
		.began = began,
		.duration = c->duration ? c->duration : 7,
		.inputs = &inputs,
		.search = &search,
		.dirs_found = dirs_found,
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

static inline void record(struct state *s, const struct compile *c, int64_t began)
{
	record_search(s, c, began, false);
}

static inline struct state *open_state(void)
{
	struct state *s;

	ck_assert_int_eq(state_open(FILE_NAME, ".", MODULE_DIR, &s), 0);
	return s;
}

static inline void close_state(struct state **s)
{
	state_save(*s, false);
	state_close(*s);
	*s = NULL;
}

static inline void reopen(struct state **s)
{
	close_state(s);
	*s = open_state();
}

/* Does what is there hold still, and is compiled, in a build of its own. */
static inline void build(const struct compile *c)
{
	settle();
	cleanup_state struct state *s = open_state();
	record(s, c, io_now());
	close_state(&s);
}

static inline bool is_fresh(struct state *s, const struct compile *c, char **ret_why)
{
	uint8_t command[DIGEST_SIZE];

	get_command(c, command);
	bool fresh = state_is_fresh(s, c->output, command, ret_why);
	ck_assert_int_eq(fresh, *ret_why == NULL);
	return fresh;
}

static inline void check_fresh_in(struct state *s, const struct compile *c)
{
	cleanup_free char *why = NULL;

	ck_assert_msg(is_fresh(s, c, &why), "%s is stale: %s", c->output, why);
}

static inline void check_stale_in(struct state *s, const struct compile *c, const char *part)
{
	cleanup_free char *why = NULL;

	ck_assert_msg(!is_fresh(s, c, &why), "%s is fresh", c->output);
	assert_contains(why, part);
}

/* In a build of its own, which remembers what it saw: what it says, the next one says as well. */
static inline void check_fresh(const struct compile *c)
{
	for (int i = 0; i < 2; i++) {
		cleanup_state struct state *s = open_state();
		check_fresh_in(s, c);
		close_state(&s);
	}
}

static inline void check_stale(const struct compile *c, const char *part)
{
	cleanup_state struct state *s = open_state();

	check_stale_in(s, c, part);
}

static inline void set_times(const char *path, const struct stat *st)
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

static inline void make_files(void)
{
	ck_assert_int_eq(mkdir("early", 0755), 0);
	ck_assert_int_eq(mkdir("inc", 0755), 0);
	write_text("x.c", "x");
	write_text("y.c", "y");
	write_text("inc/both.h", "both");
	write_text("inc/x.h", "of x");
	write_text("inc/y.h", "of y");
}

static inline void begin(void)
{
	make_files();
	settle();
	cleanup_state struct state *s = open_state();
	record(s, &x, io_now());
	record(s, &y, io_now());
	close_state(&s);
}

#endif
