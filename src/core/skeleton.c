/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "project.h"
#include "shared/io.h"
#include "shared/process.h"
#include "shared/strv.h"
#include "skeleton.h"
#include "tool.h"

enum { MAX_SKELETON = 256 << 20, MAX_SAID = 1 << 20 };

void skeleton_free(struct skeleton *s)
{
	strbuf_free(&s->text);
	error_free(&s->error);
}

/* Ours would only ask the builder. */
static bool is_anothers(const char *path)
{
	cleanup_free char *real = realpath(path, NULL);

	return !real || !strstr(io_basename(real), "crossbpf");
}

int skeleton_find_bpftool(char **ret_path)
{
	const char *path = getenv("PATH");
	cleanup_free char *dirs =
		str_printf("%s:/usr/sbin:/usr/local/sbin:/sbin", path ? path : "");

	*ret_path = dirs ? io_find_program(dirs, tool_program(TOOL_BPFTOOL), is_anothers) : NULL;
	return dirs ? 0 : -ENOMEM;
}

/* The last line of what it said, which is its error. */
static char *last_line(const char *said, size_t len)
{
	static const char mark[] = "Error: ";
	const char *line = str_last_line(said, len, &len);
	size_t skip = len > sizeof(mark) && memcmp(line, mark, sizeof(mark) - 1) == 0
			      ? sizeof(mark) - 1
			      : 0;

	return strndup(line + skip, len - skip);
}

static int refuse(const struct skeleton *s, int status, const char *said, size_t len,
		  struct crossbpf_error *e)
{
	cleanup_free char *line = said && len ? last_line(said, len) : NULL;
	bool foreign = line && strstr(line, "Endian mismatch");

	if (line && *line)
		return error_set(e, -ENOEXEC, EXIT_STATUS_FAILED,
				 foreign ? "a newer bpftool reads both byte orders, and for C "
					   "there is also crossbpf gen c, or --emit c"
					 : NULL,
				 "bpftool makes no skeleton of %s: %s", s->object, line);
	return error_set(e, -ENOEXEC, EXIT_STATUS_FAILED, NULL,
			 "bpftool makes no skeleton of %s: its exit status is %d", s->object,
			 status);
}

/* Here */

static int read_again(int fd, size_t limit, struct strbuf *ret_content)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : io_read_fd(fd, limit, ret_content);
}

int skeleton_make_here(struct skeleton *s, const char *bpftool, const char *const *env, int control,
		       struct crossbpf_error *e)
{
	const char *const argv[] = {bpftool, "gen", "skeleton", s->object, "name", s->ident, NULL};
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cleanup_close int text = -1, said = -1;
	cleanup_strbuf struct strbuf message = {0};
	int status = 0;

	int r = null < 0 ? -errno : io_temporary(&text);
	if (r == 0)
		r = io_temporary(&said);
	struct process p = {.argv = argv, .env = env, .fd = {null, text, said}, .control = control};
	if (r == 0)
		r = process_run(&p, &status);
	if (r == 0)
		r = read_again(said, MAX_SAID, &message);
	if (r == 0 && status == 0)
		r = read_again(text, MAX_SKELETON, &s->text);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_FAILED, NULL, "cannot run %s: %s", bpftool,
				 strerror(-r));
	return status || !s->text.len ? refuse(s, status, message.data, message.len, e) : 0;
}

int skeleton_ask_version(const char *bpftool, const char *const *env, int control,
			 struct strbuf *ret_said)
{
	const char *const argv[] = {bpftool, "version", NULL};
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	cleanup_close int said = -1;
	int status = 0;

	int r = null < 0 ? -errno : io_temporary(&said);
	struct process p = {.argv = argv, .env = env, .fd = {null, said, null}, .control = control};
	if (r == 0)
		r = process_run(&p, &status);
	return r < 0 ? r : read_again(said, MAX_SAID, ret_said);
}

int skeleton_refuse_here(const char *builder, struct crossbpf_error *e)
{
	return tool_fail_missing(TOOL_BPFTOOL, builder, e);
}

/* There */

struct batch {
	struct skeleton *all;
	struct strv *argv;
	struct exchange_action *actions;
	size_t n, n_ended;
	bool failed, missing; /* one of them; bpftool */
};

static void batch_free(struct batch *b)
{
	for (size_t i = 0; b->argv && i < b->n; i++)
		strv_free(&b->argv[i]);
	free(b->argv);
	free(b->actions);
}
#define cleanup_batch CLEANUP(batch_free)

/* As tool.sh copies what it names, and runs bpftool on the copies. */
static int make_argv(const struct remote *remote, const struct skeleton *s, struct strv *argv)
{
	const char *const copied[] = {remote->project->dir, s->object, "--", "-", "--", NULL};
	const char *const words[] = {"word", "gen",  "word", "skeleton", "file", s->object,
				     "word", "name", "word", s->ident,   NULL};

	tool_begin_argv(argv, "copy", TOOL_BPFTOOL, &remote->builder->toolchain);
	strv_add_all(argv, copied);
	strv_add_all(argv, words);
	return argv->error;
}

static int make_batch(struct batch *b, const struct remote *remote)
{
	b->argv = calloc(b->n + 1, sizeof(*b->argv));
	b->actions = calloc(b->n + 1, sizeof(*b->actions));
	if (!b->argv || !b->actions)
		return -ENOMEM;
	for (size_t i = 0; i < b->n; i++) {
		if (make_argv(remote, &b->all[i], &b->argv[i]) < 0)
			return -ENOMEM;
		b->actions[i] = (struct exchange_action){
			.argv = (const char *const *)b->argv[i].v,
			.dir = remote->project->dir,
			.outputs = {{.variable = "COPY_OUTPUT"}, {.variable = "COPY_ROOT"}},
			.n_outputs = 2,
		};
	}
	return 0;
}

static void on_end(void *ctx, size_t i, const struct exchange_result *result)
{
	struct batch *b = ctx;
	struct skeleton *s = &b->all[i];

	b->n_ended++;
	if (result->status == 0)
		strbuf_add(&s->text, result->output.data, result->output.len);
	if (result->status == TOOL_MISSING)
		b->missing = true;
	else if (s->text.error)
		s->result = error_no_memory(&s->error);
	else if (result->status || !s->text.len)
		s->result =
			refuse(s, result->status, result->error.data, result->error.len, &s->error);
	else {
	}
	b->failed = b->failed || s->result < 0;
}

int skeleton_make_there(struct skeleton *all, size_t n, bool keep_going, struct remote *remote,
			struct crossbpf_error *e)
{
	cleanup_batch struct batch b = {.all = all, .n = n};

	for (size_t i = 0; i < n; i++)
		remote_add_file(remote, all[i].object);
	if (remote->files.error || remote->outside.error)
		return error_no_memory(e);
	int r = remote_connect(remote, e);
	if (r < 0)
		return r;
	if (make_batch(&b, remote) < 0)
		return error_no_memory(e);
	struct exchange x = {
		.actions = b.actions,
		.n = n,
		.keep_going = keep_going,
		.ctx = &b,
		.on_end = on_end,
	};
	r = remote_run(remote, &x, e);
	if (r < 0)
		return r;
	if (b.missing)
		return tool_fail_missing(TOOL_BPFTOOL, remote->builder->name, e);
	if (b.n_ended != n && (keep_going || !b.failed))
		return error_set(e, -EPROTO, EXIT_STATUS_LOST, "try again",
				 "%s: of %zu skeletons only %zu came back", remote->builder->name,
				 n, b.n_ended);
	return 0;
}

int skeleton_take_failure(struct skeleton *all, size_t n, struct crossbpf_error *e)
{
	for (size_t i = 0; i < n; i++) {
		if (all[i].result == 0)
			continue;
		*e = all[i].error;
		all[i].error = (struct crossbpf_error){0};
		return all[i].result;
	}
	return 0;
}
