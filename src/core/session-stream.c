/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "session-stream.h"
#include "shared/io.h"
#include "shared/thread.h"

enum { CAPTURE_LIMIT = 16 << 20 };

static void shut(int *fd)
{
	closep(fd);
	*fd = -1;
}

static void *run_stream(void *arg)
{
	struct session_stream *s = arg;
	struct crossbpf_run run = {
		.size = sizeof(run),
		.argv = s->argv,
		.env = s->env,
		.fd = {s->fd[0], s->fd[1], s->fd[2]},
		.control = s->order,
	};

	s->error = session_run(s->session, &run, &s->status, &s->why);
	shut(&s->fd[1]); /* so that its end is seen */
	return NULL;
}

static void close_stream(struct session_stream *s)
{
	for (int i = 0; i < 2; i++)
		shut(&s->fd[i]);
	shut(&s->out);
	shut(&s->stop);
	shut(&s->order);
}

static int open_stream(struct session_stream *s, int in)
{
	s->fd[0] = in < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : fcntl(in, F_DUPFD_CLOEXEC, 3);
	if (s->fd[0] < 0)
		return -errno;
	int r = io_pipe_ends(&s->out, &s->fd[1]);
	return r < 0 ? r : io_pipe_ends(&s->order, &s->stop);
}

int session_stream_start(struct session *session, const char *const *argv, const char *const *env,
			 int in, int error, struct session_stream *ret_stream,
			 struct crossbpf_error *e)
{
	struct session_stream *s = ret_stream;

	*s = (struct session_stream){
		.session = session,
		.argv = argv,
		.env = env,
		.fd = {-1, -1, error},
		.out = -1,
		.stop = -1,
		.order = -1,
	};
	int r = open_stream(s, in);
	if (r == 0)
		r = thread_start(&s->thread, run_stream, s);
	if (r == 0)
		return 0;
	close_stream(s);
	return error_set(e, r, EXIT_STATUS_OUTPUT, NULL, "cannot begin a command: %s",
			 strerror(-r));
}

ssize_t session_stream_read(struct session_stream *s, void *ret_data, size_t len)
{
	struct pollfd fds[] = {{.fd = s->out, .events = POLLIN},
			       {.fd = s->session->control}}; /* its end alone */

	for (;;) {
		int n = poll(fds, 2, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		if (session_is_interrupted(s->session))
			return -EINTR;
		if (!fds[0].revents)
			continue;
		ssize_t got = read(s->out, ret_data, len);
		if (got >= 0 || errno != EINTR)
			return got < 0 ? -errno : got;
	}
}

int session_stream_finish(struct session_stream *s, int *ret_status, struct crossbpf_error *e)
{
	char rest;
	/* Without a wait: at its end, or not, and then it is to be ended. */
	struct pollfd out = {.fd = s->out, .events = POLLIN};
	bool ended = poll(&out, 1, 0) > 0 && read(s->out, &rest, 1) == 0;

	if (!ended)
		shut(&s->stop);
	shut(&s->out);
	pthread_join(s->thread, NULL);
	close_stream(s);
	if (ended && s->error < 0) {
		error_free(e);
		*e = s->why;
		return s->error;
	}
	error_free(&s->why);
	*ret_status = s->status;
	return 0;
}

int session_stream_collect(struct session_stream *s, size_t limit, struct strbuf *ret_output)
{
	char chunk[16384];
	ssize_t n;

	strbuf_add(ret_output, "", 0); /* also nothing is a string */
	while ((n = session_stream_read(s, chunk, sizeof(chunk))) > 0) {
		if (ret_output->len + (size_t)n > limit)
			return -EFBIG;
		strbuf_add(ret_output, chunk, (size_t)n);
	}
	return n < 0 ? (int)n : ret_output->error;
}

int session_capture(struct session *s, const char *const *argv, const char *const *env,
		    struct strbuf *ret_output, int *ret_status, struct crossbpf_error *e)
{
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct session_stream stream;

	if (null < 0)
		return error_set(e, -errno, EXIT_STATUS_OUTPUT, NULL, "cannot open /dev/null: %s",
				 strerror(errno));
	int r = session_stream_start(s, argv, env, -1, null, &stream, e);
	if (r < 0)
		return r;
	int collected = session_stream_collect(&stream, CAPTURE_LIMIT, ret_output);
	r = session_stream_finish(&stream, ret_status, e);
	if (r == 0 && collected < 0)
		r = error_set(e, collected, EXIT_STATUS_NO_BACKEND, NULL,
			      "%s: cannot read what '%s' printed: %s", s->plugin.backend.name,
			      argv[0], strerror(-collected));
	return r;
}
