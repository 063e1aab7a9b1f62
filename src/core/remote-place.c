/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "remote-place.h"
#include "shared/io.h"
#include "shared/thread.h"
#include "shell-script.h" /* made from shell.sh */

static const char *const no_env[] = {NULL};

static int make_token(struct place *p, struct crossbpf_error *e)
{
	uint8_t bytes[16];

	if (io_random(bytes, sizeof(bytes)) < 0)
		return error_set(e, -EIO, EXIT_STATUS_OUTPUT, NULL, "cannot read /dev/urandom");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(p->token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

int place_plan(struct place *p, struct crossbpf_error *e)
{
	const struct session *session = p->session;
	bool is_private = session_can(session, CROSSBPF_CAP_PRIVATE);

	if (p->loads && !session_can(session, CROSSBPF_CAP_PRIVATE | CROSSBPF_CAP_LOAD))
		return error_set(e, -EOPNOTSUPP, EXIT_STATUS_USAGE,
				 "leave --load out, or choose another with --backend",
				 "the %s backend cannot grant what loading BPF programs needs",
				 session->plugin.backend.name);
	if (is_private)
		p->flags |= CROSSBPF_PROJECT_PRIVATE;
	if (p->loads)
		p->flags |= CROSSBPF_PROJECT_LOAD;
	p->remote.module_dir = p->module_dir;
	/* In the project's own place are what builds have sent. */
	return is_private && session_has_host_paths(session) ? 0 : make_token(p, e);
}

int place_open(struct place *p, struct crossbpf_error *e)
{
	return session_open_loaded(p->session, p->flags, e);
}

const struct exchange_module *place_module(struct place *p, struct crossbpf_error *e)
{
	return remote_module(&p->remote, e);
}

/* Whose place, and what to do there. */
void place_argv(const struct place *p, const char *mode, struct strv *ret_argv)
{
	const char *const words[] = {"sh", "-c",     shell_script, "crossbpf",
				     mode, p->token, p->root,      NULL};

	strv_add_all(ret_argv, words);
}

static void shut(int *fd)
{
	closep(fd);
	*fd = -1;
}

static void *run_stream(void *arg)
{
	struct place_stream *s = arg;
	struct crossbpf_run run = {
		.size = sizeof(run),
		.argv = s->argv,
		.env = no_env,
		.fd = {s->fd[0], s->fd[1], s->fd[2]},
		.control = s->order,
	};

	s->error = session_run(s->place->session, &run, &s->status, &s->why);
	shut(&s->fd[1]); /* so that its end is seen */
	return NULL;
}

static void close_stream(struct place_stream *s)
{
	for (int i = 0; i < 2; i++)
		shut(&s->fd[i]);
	shut(&s->out);
	shut(&s->stop);
	shut(&s->order);
}

static int open_stream(struct place_stream *s, int in)
{
	int pair[2];

	s->fd[0] = in < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : fcntl(in, F_DUPFD_CLOEXEC, 3);
	if (s->fd[0] < 0)
		return -errno;
	int r = io_pipe(pair);
	if (r < 0)
		return r;
	s->out = pair[0];
	s->fd[1] = pair[1];
	r = io_pipe(pair);
	if (r < 0)
		return r;
	s->order = pair[0];
	s->stop = pair[1];
	return 0;
}

int place_start(struct place *p, const struct strv *argv, int in, struct place_stream *ret_stream,
		struct crossbpf_error *e)
{
	struct place_stream *s = ret_stream;

	if (argv->error)
		return error_no_memory(e);
	*s = (struct place_stream){
		.place = p,
		.argv = (const char *const *)argv->v,
		.fd = {-1, -1, STDERR_FILENO},
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

ssize_t place_read(struct place_stream *s, void *ret_data, size_t len)
{
	struct pollfd fds[] = {{.fd = s->out, .events = POLLIN},
			       {.fd = s->place->session->control}}; /* its end alone */

	for (;;) {
		int n = poll(fds, 2, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		if (session_is_interrupted(s->place->session))
			return -EINTR;
		if (!fds[0].revents)
			continue;
		ssize_t got = read(s->out, ret_data, len);
		if (got >= 0 || errno != EINTR)
			return got < 0 ? -errno : got;
	}
}

int place_finish(struct place_stream *s, int *ret_status, struct crossbpf_error *e)
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

static int collect(struct place_stream *s, size_t limit, struct strbuf *ret_answer)
{
	char chunk[16384];
	ssize_t n;

	while ((n = place_read(s, chunk, sizeof(chunk))) > 0) {
		if (ret_answer->len + (size_t)n > limit)
			return -EFBIG;
		strbuf_add(ret_answer, chunk, (size_t)n);
	}
	return n < 0 ? (int)n : ret_answer->error;
}

int place_call(struct place *p, const struct strv *argv, int in, size_t limit,
	       struct strbuf *ret_answer, int *ret_status, struct crossbpf_error *e)
{
	struct place_stream s;

	int r = place_start(p, argv, in, &s, e);
	if (r < 0)
		return r;
	int collected = collect(&s, limit, ret_answer);
	r = place_finish(&s, ret_status, e);
	if (r == 0 && collected < 0)
		r = error_set(e, collected, EXIT_STATUS_LOST, NULL,
			      "cannot read what the builder answered: %s", strerror(-collected));
	return r;
}

int place_run(struct place *p, const char *dir, const char *const *command, const int fd[3],
	      bool is_terminal, const char *const *env, int *ret_status, struct crossbpf_error *e)
{
	cleanup_strv struct strv argv = {0};

	place_argv(p, "run", &argv);
	strv_add(&argv, dir);
	strv_add_all(&argv, command);
	if (argv.error)
		return error_no_memory(e);
	struct crossbpf_run run = {
		.size = sizeof(run),
		.flags = is_terminal ? CROSSBPF_RUN_TTY : 0,
		.argv = (const char *const *)argv.v,
		.env = env,
		.fd = {fd[0], fd[1], fd[2]},
		.control = p->session->control,
	};
	return session_run(p->session, &run, ret_status, e);
}

void place_free(struct place *p)
{
	cleanup_error struct crossbpf_error ignored = {0};
	cleanup_strbuf struct strbuf answer = {0};
	cleanup_strv struct strv argv = {0};
	int status;

	if (p->token[0] && p->session->handle) {
		p->session->control = -1; /* whatever ended the rest */
		place_argv(p, "clean", &argv);
		(void)place_call(p, &argv, -1, 1 << 16, &answer, &status, &ignored);
	}
	remote_free(&p->remote);
	*p = (struct place){0};
}
