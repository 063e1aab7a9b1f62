/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's side of an exchange; builder.sh says how the two talk. The session's command runs in a
 * thread of its own, on pipes; this one holds the conversation, and never waits for one stream
 * while the other side waits for it on another.
 *
 * Nothing that comes back has a name: an output is told by its number, and what to do with it is
 * the caller's affair. So a builder cannot write where it was not asked to.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive-maker.h"
#include "builder-script.h" /* made from builder.sh */
#include "exchange.h"
#include "root-filter.h"
#include "script.h"
#include "shared/digest.h"
#include "shared/io.h"
#include "shared/thread.h"
#include "workspace.h"

enum {
	MAX_NOISE = 64 << 10, /* that a login shell may print before we are answered */
	MAX_STREAM = 64 << 20,
	MAX_OUTPUT = 1 << 30,
	N_STREAMS = 2 + EXCHANGE_MAX_OUTPUTS,
	N_SIGNS = N_STREAMS + 1,
	GRACE = 10, /* seconds for a builder to end once it was told to */
};

struct talk {
	const struct exchange *x;
	struct exchange_report *report;
	struct crossbpf_run run;
	pthread_t thread;
	int error, status;           /* of run(), once the thread ended */
	int in, out, err;            /* our ends of the command's streams; -1: closed */
	int stop;                    /* closed, the backend ends the command; -1: it was */
	int64_t deadline;            /* of turn(); 0: none */
	char token[DIGEST_HEX_SIZE]; /* names this exchange, and what it makes of the workspace */
	char mark[DIGEST_HEX_SIZE + sizeof("end of \n")]; /* behind each output's content */
	struct strbuf noise;                              /* on standard error */
	struct strbuf buffer; /* from standard output, from `at` on not taken yet */
	size_t at;
	bool live;      /* standard error is an action's, and goes on to ours */
	bool *begun;    /* each action */
	int64_t *began; /* when each was */
	size_t n_running, n_begun, n_kept;
	bool failed; /* one of them did: the rest may not be begun */
	struct root_filter filter;
	struct workspace workspace;
};

static void shut(int *fd)
{
	closep(fd);
	*fd = -1;
}

/* The command's thread. */

static void *run_command(void *arg)
{
	struct talk *t = arg;

	t->error = t->x->run(t->x->run_ctx, &t->run, &t->status);
	for (int i = 0; i < 3; i++)
		shut(&t->run.fd[i]); /* so that we see the end */
	return NULL;
}

/* Sentences for the user. */

static int say(struct talk *t, int error, const char *why, const char *hint)
{
	if (!t->report->why[0]) {
		snprintf(t->report->why, sizeof(t->report->why), "%s", why);
		snprintf(t->report->hint, sizeof(t->report->hint), "%s", hint ? hint : "");
	}
	return error;
}

static int distrust(struct talk *t, const char *what)
{
	cleanup_free char *why = str_printf(
		"the builder cannot be trusted: it sent %s, which it was not asked for", what);

	return say(t, -EPROTO, why ? why : "the builder cannot be trusted",
		   "nothing of it was written; choose another builder");
}

/* The last line that the other side complained in. */
static char *last_line(const struct strbuf *text)
{
	size_t end = text->len;

	while (end && (text->data[end - 1] == '\n' || text->data[end - 1] == '\r'))
		end--;
	size_t begin = end;
	while (begin && text->data[begin - 1] != '\n')
		begin--;
	return str_printf("%.*s", (int)(end - begin), text->data ? text->data + begin : "");
}

/* The conversation. */

/* Of one action what it says goes on as it comes. */
static void take_noise(struct talk *t, const char *data, size_t len)
{
	cleanup_strbuf struct strbuf text = {0};

	if (t->live)
		root_filter_stream(&t->filter, data, len, &text);
	if (text.len)
		io_write_fd(STDERR_FILENO, text.data, text.len);
	if (!t->live && t->noise.len + len < MAX_NOISE)
		strbuf_add(&t->noise, data, len);
}

/* Reads what is there of one stream, and closes it at its end. */
static int take_from(struct talk *t, int *fd)
{
	char chunk[65536];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n == 0) {
		shut(fd);
		if (fd == &t->err)
			take_noise(t, "", 0);
	} else if (fd == &t->err) {
		take_noise(t, chunk, (size_t)n);
	} else {
		t->report->bytes_received += (uint64_t)n;
		strbuf_add(&t->buffer, chunk, (size_t)n);
	}
	return t->buffer.error ? t->buffer.error : t->noise.error;
}

/* Has the backend end the command, whatever the builder thinks of it. */
static void stop_command(struct talk *t)
{
	shut(&t->stop);
}

static int time_left(const struct talk *t)
{
	int64_t left = (t->deadline - io_now()) / 1000000 + 1;

	return !t->deadline ? -1 : left > 0 ? (int)left : 0;
}

/* Waits until something comes, or, with something to write, can be written; -ETIMEDOUT. */
static int turn(struct talk *t, bool writes, bool *ret_writable)
{
	struct pollfd fds[] = {{.fd = t->out, .events = POLLIN},
			       {.fd = t->err, .events = POLLIN},
			       {.fd = writes ? t->in : -1, .events = POLLOUT},
			       {.fd = t->stop >= 0 ? t->x->control : -1, .events = POLLIN}};
	int r = 0;

	int n = poll(fds, 4, time_left(t));
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ETIMEDOUT;
	if (fds[3].revents)
		stop_command(t);
	if (fds[1].revents)
		r = take_from(t, &t->err);
	if (r == 0 && fds[0].revents)
		r = take_from(t, &t->out);
	*ret_writable = fds[2].revents;
	return r;
}

/* Until both streams end, or time is over. */
static void drain(struct talk *t, int seconds)
{
	t->deadline = io_now() + (int64_t)seconds * 1000000000;
	while ((t->out >= 0 || t->err >= 0) && turn(t, false, &(bool){false}) == 0)
		t->buffer.len = t->at = 0;
}

static int lost(struct talk *t)
{
	if (t->x->control >= 0) {
		struct pollfd control = {.fd = t->x->control, .events = POLLIN};
		if (poll(&control, 1, 0) > 0)
			return -EINTR;
	}
	cleanup_free char *said = last_line(&t->noise);
	cleanup_free char *why =
		str_printf("the builder was lost%s%s", said && *said ? ": " : "", said ? said : "");
	return say(t, -EPIPE, why ? why : "the builder was lost",
		   "run the build again: what was finished is kept");
}

static int send_bytes(struct talk *t, const char *data, size_t len)
{
	while (len) {
		bool writable = false;
		int r = turn(t, true, &writable);
		if (r < 0)
			return r;
		if (t->buffer.len - t->at > MAX_NOISE) /* it has nothing to say yet */
			return distrust(t, "answers");
		if (t->out < 0)
			return lost(t);
		if (!writable)
			continue;
		ssize_t n = write(t->in, data, len);
		if (n < 0 && errno == EPIPE)
			return lost(t);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
			t->report->bytes_sent += (uint64_t)n;
		}
	}
	return 0;
}

/* Makes sure that `len` bytes are there to be taken. */
static int await_bytes(struct talk *t, size_t len)
{
	if (t->at &&
	    t->at >= t->buffer.len - t->at) { /* moved once, a byte is behind it for good */
		memmove(t->buffer.data, t->buffer.data + t->at, t->buffer.len - t->at);
		t->buffer.len -= t->at;
		t->at = 0;
	}
	while (t->buffer.len - t->at < len) {
		bool unused;
		if (t->out < 0)
			return lost(t);
		int r = turn(t, false, &unused);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Takes a line, without its end, NUL-terminated; valid until the next is taken. */
static int take_line(struct talk *t, char **ret_line)
{
	size_t len = 0;

	for (;; len++) {
		int r = await_bytes(t, len + 1);
		if (r < 0)
			return r;
		if (t->buffer.data[t->at + len] == '\n')
			break;
		if (len > MAX_NOISE)
			return distrust(t, "an endless line");
	}
	*ret_line = t->buffer.data + t->at;
	(*ret_line)[len] = '\0';
	t->at += len + 1;
	return 0;
}

/* Past what a login shell printed. */
static int take_hello(struct talk *t, char **ret_dir)
{
	static const char hello[] = "crossbpf-exchange 4 ";
	char *line;

	for (size_t noise = 0; noise < MAX_NOISE; noise += strlen(line) + 1) {
		int r = take_line(t, &line);
		if (r < 0)
			return r;
		if (strncmp(line, hello, strlen(hello)) != 0)
			continue;
		if (line[strlen(hello)] != '/')
			return distrust(t, "no greeting");
		*ret_dir = strdup(line + strlen(hello));
		t->report->begun = true;
		t->noise.len = 0;
		return *ret_dir ? 0 : -ENOMEM;
	}
	return distrust(t, "noise without an end");
}

/* What is to be done there. */

/* Directories in which actions run. */
static int list_dirs(const struct exchange *x, struct strv *ret_dirs)
{
	for (size_t i = 0; i < x->n; i++)
		if (i == 0 || strcmp(x->actions[i].dir, x->actions[i - 1].dir) != 0)
			strv_add_once(ret_dirs, x->actions[i].dir);
	return ret_dirs->error;
}

static int refuse_file(struct talk *t, int error, const char *bad)
{
	if (!bad)
		return error;
	cleanup_free char *why = str_printf("cannot send %s: %s", bad, strerror(-error));
	return say(t, error, why ? why : strerror(-error),
		   "make it readable, or do not include it");
}

/* Sends the script and what is missing there; *ret_line is the answer. */
static int send_job(struct talk *t, const struct workspace_request *request, char **ret_line)
{
	cleanup_workspace_change struct workspace_change change = {0};
	cleanup_strbuf struct strbuf script = {0}, head = {0};
	cleanup_free char *bad = NULL;

	int r = workspace_change(&t->workspace, request, &change, &bad);
	if (r < 0)
		return refuse_file(t, r, bad);
	r = script_make(t->x, &t->workspace, t->token, &change, &script);
	if (r == 0)
		r = workspace_lock_for(&t->workspace, &change, t->x->control);
	if (r < 0)
		return r;
	strbuf_printf(&head, "%zu %zu\n", script.len / SCRIPT_BLOCK,
		      change.archive.len / SCRIPT_BLOCK);
	r = send_bytes(t, head.data, head.len);
	if (r == 0)
		r = send_bytes(t, script.data, script.len);
	if (r == 0)
		r = send_bytes(t, change.archive.data, change.archive.len);
	return r < 0 ? r : take_line(t, ret_line);
}

static int fill(struct talk *t, const char *root)
{
	cleanup_strv struct strv dirs = {0};
	char *line;

	int r = list_dirs(t->x, &dirs);
	struct workspace_request request = {t->x->files, &dirs, t->x->project, root};
	if (r == 0)
		r = workspace_begin(&t->workspace, t->x->control);
	if (r == 0)
		r = send_job(t, &request, &line);
	if (r == 0 && strcmp(line, "stale") == 0) {
		workspace_forget(&t->workspace);
		r = send_job(t, &request, &line);
	}
	if (r < 0)
		return r;
	if (strncmp(line, "filled ", 7) != 0)
		return distrust(t, "a line");
	if (strcmp(line, "filled 0") != 0) {
		drain(t, GRACE);
		cleanup_free char *said = last_line(&t->noise);
		cleanup_free char *why =
			str_printf("the builder could not take the files: %s", said ? said : "");
		return say(t, -ENOSPC, why ? why : "the builder could not take the files",
			   "give it more room, or another directory");
	}
	workspace_filled(&t->workspace);
	t->live = t->x->live;
	if (t->live && t->noise.len) /* what came with that line */
		take_noise(t, t->noise.data, t->noise.len);
	return 0;
}

/* A number of an action that began, or -1. */
static long parse_action(const struct talk *t, const char *text, char **ret_rest)
{
	unsigned long n = strtoul(text, ret_rest, 10);

	return *ret_rest != text && text[0] >= '0' && text[0] <= '9' && n < t->x->n ? (long)n : -1;
}

/* "I STATUS SIGNS" */
static int parse_end(struct talk *t, const char *text, long *ret_action,
		     struct exchange_result *ret_result, char ret_signs[N_SIGNS + 1])
{
	char *rest;

	*ret_action = parse_action(t, text, &rest);
	if (*ret_action < 0 || *rest != ' ' || !t->begun[*ret_action])
		return distrust(t, "the end of a command");
	if (rest[1] < '0' || rest[1] > '9')
		return distrust(t, "no exit status");
	unsigned long status = strtoul(rest + 1, &rest, 10);
	if (status > 255 || *rest != ' ')
		return distrust(t, "no exit status");
	ret_result->status = (int)status;
	const char *signs = rest + 1;
	if (strlen(signs) != N_SIGNS || strspn(signs, "+0-") != N_SIGNS || signs[N_STREAMS] == '+')
		return distrust(t, "an output");
	ret_result->first = signs[N_STREAMS] == '0';
	if (ret_result->first && (!t->x->actions[*ret_action].first || status != 0))
		return distrust(t, "the end of a command");
	for (size_t i = 2 + t->x->actions[*ret_action].n_outputs; i < N_STREAMS; i++)
		if (signs[i] != '-')
			return distrust(t, "an output");
	memcpy(ret_signs, signs, N_SIGNS + 1);
	return 0;
}

/* Takes what stands before the mark, of at most `limit` bytes; there the host's files have the
 * names that they have here. */
static int take_content(struct talk *t, size_t limit, struct strbuf *ret_content)
{
	size_t mark_len = strlen(t->mark), looked = 0;
	const char *from = NULL, *end = NULL;

	while (!end) {
		int r = await_bytes(t, looked + mark_len);
		if (r < 0)
			return r;
		size_t len = t->buffer.len - t->at;
		from = t->buffer.data + t->at;
		end = memmem(from + looked, len - looked, t->mark, mark_len);
		looked = len - mark_len + 1;
		if ((end ? (size_t)(end - from) : looked) > limit)
			return distrust(t, "more than an output may have");
	}
	root_filter_text(&t->filter, from, (size_t)(end - from), ret_content);
	t->at += (size_t)(end - from) + mark_len;
	return ret_content->error;
}

static int take_contents(struct talk *t, const char *signs, struct strbuf texts[N_STREAMS],
			 struct exchange_result *ret_result)
{
	size_t left = MAX_OUTPUT;
	int r = 0;

	for (size_t i = 0; i < N_STREAMS && r == 0; i++) {
		struct exchange_data *data = i == 0   ? &ret_result->error
					     : i == 1 ? &ret_result->output
						      : &ret_result->outputs[i - 2];
		if (signs[i] == '+')
			r = take_content(t, i < 2 ? MAX_STREAM : left, &texts[i]);
		*data = (struct exchange_data){texts[i].len ? texts[i].data : "", texts[i].len,
					       signs[i] != '-'};
		left -= i < 2 ? 0 : texts[i].len;
	}
	return r;
}

/* An action ended. */
static int take_end(struct talk *t, const char *text)
{
	struct exchange_result result = {0};
	struct strbuf texts[N_STREAMS] = {0};
	char signs[N_SIGNS + 1];
	long n = 0;

	int r = parse_end(t, text, &n, &result, signs);
	if (r < 0)
		return r;
	t->begun[n] = false;
	t->n_running--;
	t->failed = t->failed || result.status != 0;
	r = take_contents(t, signs, texts, &result);
	if (r == 0) {
		result.duration = io_now() - t->began[n];
		t->x->on_end(t->x->ctx, (size_t)n, &result);
	}
	for (size_t i = 0; i < N_STREAMS; i++)
		strbuf_free(&texts[i]);
	return r;
}

/* It says that it did all that there was to do. */
static int take_bye(struct talk *t)
{
	bool all = t->n_begun == t->x->n || (t->failed && !t->x->keep_going);

	return t->n_running == 0 && all ? 0 : distrust(t, "an early end");
}

/* "I yes" or "I no", and behind that what it was made of, or what was said. */
static int take_kept(struct talk *t, const char *text)
{
	cleanup_strbuf struct strbuf content = {0};
	char *rest;

	unsigned long n = strtoul(text, &rest, 10);
	bool is_there = strcmp(rest, " yes") == 0;
	if (t->n_begun || n != t->n_kept || n >= t->x->n_kept ||
	    (!is_there && strcmp(rest, " no") != 0))
		return distrust(t, "a kept file");
	t->n_kept++;
	int r = take_content(t, MAX_STREAM, &content);
	if (r == 0)
		t->x->on_kept(t->x->ctx, n, is_there, content.data ? content.data : "",
			      content.len);
	return r;
}

static int take_start(struct talk *t, const char *text)
{
	char *rest;
	long n = parse_action(t, text, &rest);

	if (n < 0 || *rest || t->began[n] || t->n_kept < t->x->n_kept)
		return distrust(t, "the start of a command");
	t->begun[n] = true;
	t->n_begun++;
	t->n_running++;
	t->began[n] = io_now();
	if (t->x->on_start)
		t->x->on_start(t->x->ctx, (size_t)n);
	return 0;
}

static int converse(struct talk *t)
{
	cleanup_free char *dir = NULL, *root = NULL;
	char *line;

	int r = take_hello(t, &dir);
	if (r < 0)
		return r;
	root = t->x->host_paths ? strdup("") : str_printf("%s/root", dir);
	if (!root || root_filter_init(&t->filter, root) < 0)
		return -ENOMEM;
	r = fill(t, root);
	while (r == 0) {
		r = take_line(t, &line);
		if (r < 0)
			return r;
		if (strcmp(line, "bye") == 0)
			return take_bye(t);
		if (strncmp(line, "start ", 6) == 0)
			r = take_start(t, line + 6);
		else if (strncmp(line, "end ", 4) == 0)
			r = take_end(t, line + 4);
		else if (strncmp(line, "kept ", 5) == 0)
			r = take_kept(t, line + 5);
		else
			r = distrust(t, "a line");
	}
	return r;
}

static int make_token(char ret_token[DIGEST_HEX_SIZE])
{
	uint8_t bytes[DIGEST_SIZE];

	int r = io_random(bytes, sizeof(bytes));
	if (r == 0)
		digest_hex(bytes, ret_token);
	return r;
}

static int open_streams(struct talk *t)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, stop[2] = {-1, -1};

	int r = io_pipe(in);
	if (r == 0)
		r = io_pipe(out);
	if (r == 0)
		r = io_pipe(err);
	if (r == 0)
		r = io_pipe(stop);
	t->in = in[1];
	t->out = out[0];
	t->err = err[0];
	t->stop = stop[1];
	t->run.control = stop[0];
	t->run.fd[0] = in[0];
	t->run.fd[1] = out[1];
	t->run.fd[2] = err[1];
	/* What is written must never wait while something is to be read. */
	if (r == 0 && fcntl(t->in, F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	return r;
}

static void talk_free(struct talk *t)
{
	closep(&t->in);
	closep(&t->out);
	closep(&t->err);
	closep(&t->stop);
	closep(&t->run.control);
	for (int i = 0; i < 3; i++)
		closep(&t->run.fd[i]);
	strbuf_free(&t->noise);
	strbuf_free(&t->buffer);
	root_filter_free(&t->filter);
	workspace_free(&t->workspace);
	free(t->begun);
	free(t->began);
}

/* Ends the conversation, and with it what may still run there: at the end of its input it ends
 * itself; if not, or where it is not to be trusted, the backend ends it. */
static int hang_up(struct talk *t, int r)
{
	shut(&t->in);
	if (r == -EPROTO)
		stop_command(t);
	drain(t, GRACE);
	stop_command(t);
	drain(t, 3); /* what has these streams now is none of the command's */
	shut(&t->out);
	shut(&t->err);
	pthread_join(t->thread, NULL);
	if (t->error < 0 && (r == 0 || r == -EPIPE)) {
		t->report->why[0] = '\0'; /* the backend has said why */
		r = t->error;
	}
	return r;
}

static int exchange_run(const struct exchange *x, struct exchange_report *ret_report)
{
	CLEANUP(talk_free)
	struct talk t = {
		.x = x,
		.report = ret_report,
		.run = {.size = sizeof(t.run), .control = -1, .fd = {-1, -1, -1}},
		.in = -1,
		.out = -1,
		.err = -1,
		.stop = -1,
		.workspace = {.lock = -1},
		.begun = calloc(x->n + 1, sizeof(*t.begun)),
		.began = calloc(x->n + 1, sizeof(*t.began)),
	};
	const char *argv[] = {"sh",
			      "-c",
			      builder_script,
			      "crossbpf",
			      t.token,
			      t.workspace.id,
			      x->host_paths ? "/tmp/.crossbpf" : "",
			      NULL};
	static const char *const no_env[] = {NULL};
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

	*ret_report = (struct exchange_report){0};
	t.run.argv = argv;
	t.run.env = no_env;
	int r = t.begun && t.began ? make_token(t.token) : -ENOMEM;
	snprintf(t.mark, sizeof(t.mark), "end of %s\n", t.token);
	cleanup_free char *record = str_printf("%s-%s", x->place, x->id);
	if (r == 0)
		r = record ? workspace_open(x->cache_dir, record, t.token, &t.workspace) : -ENOMEM;
	if (r == 0)
		r = open_streams(&t);
	if (r < 0)
		return r;
	sigaction(SIGPIPE, &ignore, &before); /* a builder that is lost is an error, not our end */
	r = thread_start(&t.thread, run_command, &t);
	if (r == 0)
		r = hang_up(&t, converse(&t));
	sigaction(SIGPIPE, &before, NULL);
	return r;
}

const struct exchange_module *crossbpf_exchange_init(void)
{
	static const struct exchange_module module = {
		sizeof(module),   exchange_run,          archive_begin,    archive_begin_file,
		archive_add_data, archive_add_directory, archive_add_link, archive_end,
	};

	return &module;
}
