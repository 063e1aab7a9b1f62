/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "shared/io.h"
#include "shared/process.h"

enum { ANSWER_LIMIT = 1 << 20, LINE_LIMIT = 4096 };

/* The thread that listens. It ends with the program rather than at the end of the pipe: who is left
 * running in the background (podman's conmon) may hold that open. */
struct listener {
	struct call *call;
	int said;         /* read end of what the program writes to */
	int stop;         /* at its end: the program ended */
	int control;      /* write end; an order here ends the program */
	int64_t deadline; /* or 0 */
	struct strbuf line;
};

void call_free(struct call *c)
{
	for (int i = 0; i < CALL_LINES; i++)
		free(c->last[i]);
	memset(c->last, 0, sizeof(c->last));
}

static void keep_line(struct call *c, char *line)
{
	free(c->last[CALL_LINES - 1]);
	memmove(c->last + 1, c->last, (CALL_LINES - 1) * sizeof(c->last[0]));
	c->last[0] = line;
}

static void end_line(struct listener *l)
{
	cleanup_free char *line = NULL;

	if (l->line.len && strbuf_finish(&l->line, &line) == 0) {
		if (l->call->log)
			l->call->log->log(l->call->log->ctx, CROSSBPF_LOG_INFO, line);
		keep_line(l->call, TAKE_PTR(line));
	}
	strbuf_free(&l->line);
}

/* False at the end. A line without end, such as a progress bar's, is cut. */
static bool take_said(struct listener *l)
{
	char chunk[4096];
	ssize_t n = read(l->said, chunk, sizeof(chunk));

	if (n < 0)
		return errno == EINTR;
	for (ssize_t i = 0; i < n; i++) {
		bool ends = chunk[i] == '\n' || chunk[i] == '\r';
		if (!ends && chunk[i] != '\0')
			strbuf_putc(&l->line, chunk[i]);
		if (ends || l->line.len >= LINE_LIMIT)
			end_line(l);
	}
	return n > 0;
}

static int remaining_ms(const struct listener *l)
{
	int64_t left = (l->deadline - io_now()) / 1000000;
	int most = l->call->timeout_ms; /* also where a clock was set back */

	return !l->deadline ? -1 : left < 0 ? 0 : left > most ? most : (int)left;
}

static void order_end(struct listener *l)
{
	ssize_t n = write(l->control, "k", 1);

	(void)n;
	l->deadline = 0;
	l->call->late = true;
}

static void *listen_to_end(void *arg)
{
	struct listener *l = arg;
	struct pollfd fds[2] = {{.fd = l->said, .events = POLLIN},
				{.fd = l->stop, .events = POLLIN}};

	for (;;) {
		int n = poll(fds, 2, remaining_ms(l));
		if (n < 0 && errno != EINTR)
			break;
		if (n == 0)
			order_end(l);
		if (n <= 0)
			continue;
		if (fds[0].revents) {
			if (!take_said(l))
				fds[0].fd = -1;
		} else if (fds[1].revents) {
			break;
		}
	}
	end_line(l);
	return NULL;
}

static int run_listened(struct call *c, struct process *process, struct listener *l)
{
	cleanup_close int say = -1, ended = -1;
	pthread_t thread;

	int r = io_pipe_ends(&l->said, &say);
	if (r == 0)
		r = io_pipe_ends(&l->stop, &ended);
	if (r == 0 && c->timeout_ms)
		r = io_pipe_ends(&process->control, &l->control);
	if (r < 0)
		return r;
	if (c->timeout_ms)
		l->deadline = io_now() + (int64_t)c->timeout_ms * 1000000;
	process->fd[2] = say;
	if (process->fd[1] < 0)
		process->fd[1] = say;
	r = -pthread_create(&thread, NULL, listen_to_end, l);
	if (r < 0)
		return r;
	r = process_run(process, &c->status);
	close(TAKE_FD(say));
	close(TAKE_FD(ended));
	pthread_join(thread, NULL);
	return r;
}

static int read_answer(struct call *c, int fd)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : io_read_fd(fd, ANSWER_LIMIT, c->answer);
}

int call_run(struct call *c)
{
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC), answer = -1;
	struct listener l = {.call = c, .said = -1, .stop = -1, .control = -1};
	int r = null < 0 ? -errno : c->answer ? io_temporary(&answer) : 0;

	if (r < 0)
		return r;
	struct process process = {
		.argv = c->argv,
		.env = process_environment(),
		.dir = c->dir,
		.fd = {null, answer, -1},
		.control = -1,
		.keeps_group = c->stays,
		.alone = c->outlives,
	};
	r = run_listened(c, &process, &l);
	closep(&l.said);
	closep(&l.stop);
	closep(&l.control);
	closep(&process.control);
	strbuf_free(&l.line);
	if (r == 0 && c->answer)
		r = read_answer(c, answer);
	return r;
}

char *call_reason(const struct call *c)
{
	if (c->late)
		return str_printf("no answer within %d ms", c->timeout_ms);
	/* What went wrong is the last that it said, but for "See 'docker run --help'." */
	for (int i = 0; i < CALL_LINES && c->last[i]; i++)
		if (!strstr(c->last[i], " --help'"))
			return str_printf("%s", c->last[i]);
	return str_printf("it ended with status %d", c->status);
}

char *call_tail(const struct call *c)
{
	cleanup_strbuf struct strbuf tail = {0};
	char *string;

	for (int i = CALL_LINES - 1; i >= 0; i--)
		if (c->last[i])
			strbuf_printf(&tail, "%s%s", tail.len ? "\n" : "", c->last[i]);
	if (!tail.len)
		return call_reason(c);
	return strbuf_finish(&tail, &string) < 0 ? NULL : string;
}
