/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "guest-here.h"
#include "guest-streams.h"
#include "remote-exec.h"
#include "session-stream.h"
#include "shared/io.h"
#include "shared/thread.h"
#include "variant.h"

enum { START_SECONDS = 60 };

static int open_streams(struct guest_streams *s, struct crossbpf_error *e)
{
	int r = guest_streams_open(s);

	return r < 0 ? error_set(e, r, EXIT_STATUS_OUTPUT, NULL, "cannot make a pipe: %s",
				 strerror(-r))
		     : 0;
}

static int listen_to(const struct guest_here *h, const struct guest_streams *s,
		     struct guest_answers *a)
{
	const struct guest_listen l = {.answers = a,
				       .control = h->control,
				       .timeout = h->timeout,
				       .boot_timeout = h->timeout > START_SECONDS ? h->timeout
										  : START_SECONDS};
	int64_t began = io_clock();
	int r = guest_streams_listen(s, l);

	a->kernel->seconds = (double)(io_clock() - began) / 1e9;
	return r;
}

/* Here: it leads a group of its own, as its command is to end with it. */
static int run_here(const struct guest_here *h, const char *dir, struct guest_answers *a,
		    struct crossbpf_error *e)
{
	cleanup_guest_streams struct guest_streams s = GUEST_STREAMS_NONE;
	const char *const argv[] = {h->load->guest, dir, NULL};
	pid_t pid;

	int r = open_streams(&s, e);
	if (r < 0)
		return r;
	r = guest_streams_start(&s, argv, &pid);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_NO_BACKEND,
				 "install a crossbpf that was built with libbpf, for this machine",
				 "cannot start %s: %s", argv[0], strerror(-r));
	r = listen_to(h, &s, a);
	guest_streams_end(pid);
	return r == -ENOMEM ? error_no_memory(e) : r;
}

/* There, as root: the command runs in a thread, which ends when its control descriptor does. */
struct remote_run {
	struct remote_exec *exec;
	int fd[3];
	int r, status;
	struct crossbpf_error error;
};

/* The status of the script below where it cannot be root. */
enum { NOT_ROOT = 96 };

static void *run_command(void *arg)
{
	static const char script[] = "[ \"$(id -u)\" != 0 ] || exec ./crossbpf-guest .\n"
				     "sudo -n true 2>/dev/null || exit 96\n"
				     "exec sudo -n ./crossbpf-guest .";
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
	cleanup_guest_streams struct guest_streams s = GUEST_STREAMS_NONE;
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
	if (runs && run.r == 0 && run.status == NOT_ROOT && !a->greeted)
		return error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND,
				 "log in there as root, or let that user run sudo without a "
				 "password",
				 "only root may have a kernel load programs, and the user on the "
				 "other machine is not, nor by sudo");
	return r == -ENOMEM ? error_no_memory(e)
	       : runs       ? r
			    : error_set(e, r, EXIT_STATUS_OUTPUT, NULL, "cannot start a thread: %s",
					strerror(-r));
}

static struct place place_there(struct session *s, const char *module_dir)
{
	return (struct place){
		.session = s, .module_dir = module_dir, .loads = session_can(s, CROSSBPF_CAP_LOAD)};
}

int guest_here_arch(struct session *s, const char *module_dir, const char **ret_arch,
		    struct crossbpf_error *e)
{
	static const char *const ask[] = {"sh", "-c", "uname -m", "crossbpf", NULL};
	static const char *const none[] = {NULL};
	struct place place = place_there(s, module_dir);
	cleanup_strbuf struct strbuf answer = {0};
	size_t len;
	int status;

	int r = place_plan(&place, e);
	if (r == 0)
		r = place_open(&place, e);
	if (r == 0)
		r = session_capture(s, ask, none, &answer, &status, e);
	if (r < 0)
		return r;
	/* A login shell may have said something before. */
	const char *last = str_last_line(answer.data, answer.len, &len);
	cleanup_free char *machine = strndup(last, len);
	if (!machine)
		return error_no_memory(e);
	if (status != 0 || !machine[0])
		return error_set(e, -EPROTO, EXIT_STATUS_NO_BACKEND,
				 "crossbpf exec --on it -- uname -m shows what is wrong",
				 "`uname -m` tells nothing of the other machine (status %d)",
				 status);
	*ret_arch = variant_arch_of_machine(machine);
	return *ret_arch ? 0
			 : error_set(e, -ENOTSUP, EXIT_STATUS_NO_BACKEND,
				     "name a machine of another kind",
				     "the other machine calls itself '%.64s', for which there is "
				     "no program that has its kernel load others",
				     machine);
}

static int run_there(const struct guest_here *h, const char *dir, struct guest_answers *a,
		     struct crossbpf_error *e)
{
	cleanup_strv struct strv in = {0}, out = {0};

	strv_add(&in, "");
	if (in.error)
		return error_no_memory(e);
	cleanup_exec struct remote_exec x = {
		.place = place_there(h->session, h->module_dir),
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
