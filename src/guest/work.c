/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "work.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "command.h"
#include "examine.h"
#include "guest-protocol.h"
#include "place.h"
#include "request.h"
#include "shared/io.h"

/* A process that holds what an object's programs are attached by. */
struct holder {
	pid_t pid;     /* 0: it ended */
	int control;   /* closed: it may end */
	bool answered; /* all of its object */
};

struct work {
	struct examine x;
	struct holder *holders; /* owned; as many as there are objects */
	size_t n_holders;
	bool is_init;
};

static int answer_guest(struct answer *a)
{
	struct utsname u;

	if (uname(&u) < 0)
		return -errno;
	return answer_line(a, json_pack("{s:s, s:i, s:o, s:o, s:b}", "event", "guest", "version",
					GUEST_PROTOCOL, "release",
					answer_text(a, u.release, strlen(u.release)), "machine",
					answer_text(a, u.machine, strlen(u.machine)), "btf",
					place_has_btf()));
}

/* Of an object that ended the process that looked at it. */
static int answer_lost(const struct work *w, size_t number, int status)
{
	char text[128];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "libbpf was ended by it: %s",
			 strsignal(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text), "the guest could not look at it: %s",
			 strerror(WEXITSTATUS(status)));
	return answer_line(w->x.answer,
			   json_pack("{s:s, s:I, s:i, s:s}", "event", "object", "object",
				     (json_int_t)number, "error",
				     WIFSIGNALED(status) ? EFAULT : WEXITSTATUS(status), "message",
				     text));
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return ECHILD << 8;
	return status;
}

/* In the new process. */
static void hold(const struct work *w, size_t number, int ready, int control)
{
	for (size_t i = 0; i < w->n_holders; i++)
		if (w->holders[i].pid)
			close(w->holders[i].control);
	/* What libbpf pins of one object is not there for the next. */
	if (!w->is_init || !w->x.request->attach)
		(void)place_own_pins();
	_exit(-examine_object(&w->x, number, ready, control));
}

/* Its programs are attached, or it is over, once this returns. */
static int begin(struct work *w, size_t number)
{
	cleanup_close int ready = -1, control = -1;
	int tell_ready = -1, tell_control = -1;
	char byte;
	int r = io_pipe_ends(&ready, &tell_ready);

	if (r == 0)
		r = io_pipe_ends(&control, &tell_control);
	pid_t pid = r == 0 ? fork() : -1;
	if (pid == 0) {
		close(tell_control);
		hold(w, number, tell_ready, control);
	}
	closep(&tell_ready);
	if (pid < 0) {
		closep(&tell_control);
		return r < 0 ? r : -errno;
	}
	ssize_t n;
	while ((n = read(ready, &byte, 1)) < 0 && errno == EINTR)
		;
	w->holders[w->n_holders++] =
		(struct holder){.pid = pid, .control = tell_control, .answered = n == 1};
	return 0;
}

static int end(struct work *w, size_t number)
{
	struct holder *h = &w->holders[number];
	pid_t pid = h->pid;

	if (!pid)
		return 0;
	h->pid = 0;
	close(h->control);
	int status = wait_for(pid);
	return status && !h->answered ? answer_lost(w, number, status) : 0;
}

static int do_all(struct work *w)
{
	size_t n = w->x.request->objects.n;
	int r = answer_guest(w->x.answer);

	w->holders = calloc(n + 1, sizeof(*w->holders));
	if (!w->holders)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = begin(w, i);
		/* Where nothing is attached, nothing is to be held; and one that was lost is told
		 * of before the next. */
		if (r == 0 && (!w->x.request->attach || !w->holders[i].answered))
			r = end(w, i);
	}
	if (r == 0 && w->x.request->command)
		r = command_run(&w->x);
	for (size_t i = 0; w->x.request->attach && i < w->n_holders; i++) {
		int ended = end(w, i);
		r = r ? r : ended;
	}
	return r;
}

int work_do(const char *directory, int fd, bool is_init, struct crossbpf_error *e)
{
	cleanup_request struct request request = {0};
	cleanup_place struct place place = {.is_init = is_init};
	struct answer answer = {0};
	int r = request_read(&request, directory, e);

	if (r == 0)
		r = place_prepare(&place, request.attach, e);
	if (r == 0)
		r = answer_open(&answer, fd);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_FAILED, NULL, "cannot begin: %s", strerror(-r));
	struct work w = {
		.x = {.request = &request,
		      .btf = place_has_btf() ? NULL : request.btf,
		      .cgroup = place.cgroup,
		      .counts = place.counts,
		      .answer = &answer},
		.is_init = is_init,
	};
	r = do_all(&w);
	free(w.holders);
	/* Behind its last line it may be ended. */
	place_free(&place);
	if (r == 0)
		r = answer_line(&answer, json_pack("{s:s}", "event", "done"));
	answer_close(&answer);
	return r == 0 ? 0
		      : error_set(e, r, EXIT_STATUS_OUTPUT, NULL, "cannot answer: %s",
				  strerror(-r));
}
