/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-here.h"
#include "guest-listen.h"
#include "remote-exec.h"
#include "shared/io.h"
#include "shared/process.h"
#include "shared/thread.h"

enum { START_SECONDS = 60 };

struct streams {
	int answers, to_answers, console, to_console, null;
};

static void streams_close(struct streams *s)
{
	closep(&s->answers);
	closep(&s->to_answers);
	closep(&s->console);
	closep(&s->to_console);
	closep(&s->null);
}
#define cleanup_streams CLEANUP(streams_close)

static int open_streams(struct streams *s, struct crossbpf_error *e)
{
	s->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int r = s->null < 0 ? -errno : io_pipe_ends(&s->answers, &s->to_answers);
	if (r == 0)
		r = io_pipe_ends(&s->console, &s->to_console);
	return r < 0 ? error_set(e, r, EXIT_STATUS_OUTPUT, NULL, "cannot make a pipe: %s",
				 strerror(-r))
		     : 0;
}

/* The guest's side is somebody else's from now on. */
static void close_ends(struct streams *s)
{
	closep(&s->to_answers);
	closep(&s->to_console);
	s->to_answers = s->to_console = -1;
}

static int listen_to(const struct guest_here *h, const struct streams *s, struct guest_answers *a)
{
	const struct guest_listen l = {.answers = a,
				       .from = s->answers,
				       .console = s->console,
				       .control = h->control,
				       .timeout = h->timeout,
				       .boot_timeout = h->timeout > START_SECONDS ? h->timeout
										  : START_SECONDS};
	int64_t began = io_clock();
	int r = guest_listen(&l);

	a->kernel->seconds = (double)(io_clock() - began) / 1e9;
	return r < 0 && a->kernel->error == r ? 0 : r;
}

/* Here: it leads a group of its own, as its command is to end with it. */
static int run_here(const struct guest_here *h, const char *dir, struct guest_answers *a,
		    struct crossbpf_error *e)
{
	cleanup_streams struct streams s = {-1, -1, -1, -1, -1};
	const char *const argv[] = {h->load->guest, dir, NULL};
	pid_t pid;
	int status;

	int r = open_streams(&s, e);
	if (r < 0)
		return r;
	const struct process p = {.argv = argv,
				  .env = process_environment(),
				  .fd = {s.null, s.to_answers, s.to_console},
				  .control = -1};
	r = process_start(NULL, &p, true, &pid);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_NO_BACKEND,
				 "install a crossbpf that was built with libbpf, for this machine",
				 "cannot start %s: %s", argv[0], strerror(-r));
	close_ends(&s);
	r = listen_to(h, &s, a);
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return r == -ENOMEM ? error_no_memory(e) : r;
}

/* There, as root: the command runs in a thread, which ends when its control descriptor does. */
struct remote_run {
	struct remote_exec *exec;
	int fd[3];
	int r, status;
	struct crossbpf_error error;
};

static void *run_command(void *arg)
{
	static const char script[] = "[ \"$(id -u)\" = 0 ] || exec sudo -n ./crossbpf-guest .\n"
				     "exec ./crossbpf-guest .";
	static const char *const command[] = {"sh", "-c", script, NULL};
	static const char *const none[] = {NULL};
	struct remote_run *run = arg;

	run->r = exec_run(run->exec, command, run->fd, false, none, &run->status, &run->error);
	close(run->fd[1]);
	close(run->fd[2]);
	return NULL;
}

static int talk(const struct guest_here *h, struct remote_exec *x, struct guest_answers *a,
		struct crossbpf_error *e)
{
	cleanup_streams struct streams s = {-1, -1, -1, -1, -1};
	struct remote_run run = {.exec = x};
	int before = h->session->control, ends[2];
	pthread_t thread;

	int r = open_streams(&s, e);
	if (r == 0 && io_pipe(ends) < 0)
		r = error_set(e, -errno, EXIT_STATUS_OUTPUT, NULL, "cannot make a pipe: %s",
			      strerror(errno));
	if (r < 0)
		return r;
	h->session->control = ends[0];
	run.fd[0] = s.null;
	run.fd[1] = TAKE_FD(s.to_answers);
	run.fd[2] = TAKE_FD(s.to_console);
	r = thread_start(&thread, run_command, &run);
	bool runs = r == 0;
	if (runs)
		r = listen_to(h, &s, a);
	close(ends[1]); /* whatever came of it, it ends now */
	if (runs)
		pthread_join(thread, NULL);
	h->session->control = before;
	close(ends[0]);
	bool is_lost = runs && run.r < 0 && !a->done;
	if (is_lost && r != -ECANCELED && !a->greeted) {
		*e = run.error;
		return run.r;
	}
	error_free(&run.error);
	return r == -ENOMEM ? error_no_memory(e)
	       : runs       ? r
			    : error_set(e, r, EXIT_STATUS_OUTPUT, NULL, "cannot start a thread: %s",
					strerror(-r));
}

static int run_there(const struct guest_here *h, const char *dir, struct guest_answers *a,
		     struct crossbpf_error *e)
{
	cleanup_strv struct strv in = {0}, out = {0};

	strv_add(&in, "");
	if (in.error)
		return error_no_memory(e);
	cleanup_exec struct remote_exec x = {
		.place = {.session = h->session, .module_dir = h->module_dir},
		.dir = dir,
		.in = &in,
		.out = &out,
	};
	int r = exec_begin(&x, e);
	return r < 0 ? r : talk(h, &x, a, e);
}

int guest_here(const struct guest_here *h, struct guest_answers *a, struct crossbpf_error *e)
{
	cleanup_free char *dir = NULL;
	struct guest_load load = *h->load;

	/* Here it is run from where it is: a copy that was open a moment ago while another thread
	 * started something could be busy. */
	load.guest = h->session ? load.guest : NULL;
	int r = io_temporary_dir(&dir);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to another directory",
				 "cannot make a temporary directory: %s", strerror(-r));
	r = guest_load_write(&load, dir, e);
	if (r == 0)
		r = h->session ? run_there(h, dir, a, e) : run_here(h, dir, a, e);
	guest_load_remove(h->load, dir);
	return r;
}
