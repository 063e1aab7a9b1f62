/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf run: loads an object, attaches its programs for as long as it runs, and prints what they
 * have to say. */
#include "config.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "attach.h"
#include "cli/cli.h"
#include "events.h"
#include "guardian.h"
#include "loader.h"
#include "printk.h"
#include "run-maps.h"
#include "shared/io.h"
#include "unpinned.h"

enum {
	OPTION_DURATION = 256,
	OPTION_NO_MAPS,
	AWAIT_NS = 50000000,
	PRINTK_MS = 100, /* on some kernels trace_pipe says too late that there is something */
};

struct job {
	struct open_options options;
	struct strv events; /* MAP=TYPE */
	double duration;    /* in seconds; 0: until it is ended */
	bool json, no_maps;
};

struct running {
	struct opened o;
	struct attachments all;
	struct output output;
	struct events events;
	struct printk printk;
	int64_t until; /* by io_clock(); 0: for ever */
};

static void job_free(struct job *j)
{
	open_options_free(&j->options);
	strv_free(&j->events);
}
#define cleanup_job CLEANUP(job_free)

static void running_free(struct running *r)
{
	attachments_free(&r->all);
	guardian_end();
	printk_close(&r->printk);
	events_close(&r->events);
	opened_close(&r->o);
	output_free(&r->output);
}
#define cleanup_running CLEANUP(running_free)

static int parse_duration(struct job *j, const char *text, struct crossbpf_error *e)
{
	char *end;

	j->duration = strtod(text, &end);
	return end != text && !*end && j->duration > 0 && j->duration < 1e9
		       ? 0
		       : error_set(e, -EINVAL, EXIT_STATUS_USAGE, "seconds, such as 10 or 0.5",
				   "--duration %s: that is no time", text);
}

/* 1: taken; 0: it is none of ours; or a negative errno. */
static int take_option(struct job *j, int letter, struct crossbpf_error *e)
{
	switch (letter) {
	case 'e':
		strv_add(&j->events, optarg);
		return 1;
	case 'j':
		j->json = true;
		return 1;
	case OPTION_DURATION:
		return parse_duration(j, optarg, e) < 0 ? -EINVAL : 1;
	case OPTION_NO_MAPS:
		j->no_maps = true;
		return 1;
	default:
		return open_options_take(&j->options, letter, optarg);
	}
}

static int parse_options(struct job *j, int argc, char **argv, struct crossbpf_error *e)
{
	static const struct option longs[] = {
		{"duration", required_argument, NULL, OPTION_DURATION},
		{"event", required_argument, NULL, 'e'},
		{"json", no_argument, NULL, 'j'},
		{"no-maps", no_argument, NULL, OPTION_NO_MAPS},
		OPEN_LONGS,
		{0}};
	int letter, r;

	while ((letter = getopt_long(argc, argv, OPEN_LETTERS "e:j", longs, NULL)) != -1) {
		r = take_option(j, letter, e);
		if (r <= 0)
			return r < 0 ? r : cli_refuse_option("run", longs, argv, e);
	}
	if (j->events.error)
		return error_no_memory(e);
	if (optind == argc)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf run --help tells more",
				 "no object was named");
	return 0;
}

static bool wants_guardian(const struct attachments *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].family == &attach_tc)
			return true;
	return false;
}

static void tell_attached(const struct attachments *all)
{
	cleanup_strbuf struct strbuf line = {0};

	for (size_t i = 0; i < all->n; i++)
		strbuf_printf(&line, "%s %s=%s", i ? "," : "attached",
			      bpf_program__name(all->v[i].program), all->v[i].place);
	strbuf_puts(&line, "; ^C ends");
	if (!line.error)
		cli_log(line.data);
}

/* What is heard is heard from before the first program is attached. */
static int start(struct running *r, const struct job *j, const char *path, char *const *words,
		 size_t n, struct crossbpf_error *e)
{
	int error = opened_open(&r->o, path, &j->options, e);

	if (error == 0)
		error = attachments_plan(&r->all, &r->o, words, n, e);
	if (error == 0 && wants_guardian(&r->all))
		error = guardian_start(e);
	if (error == 0) {
		unpinned_make(r->o.object);
		error = opened_load(&r->o, e);
	}
	if (error == 0)
		error = events_open(&r->events, &r->o, &j->events, &r->output, e);
	if (error < 0)
		return error;
	if (printk_is_used(&r->o))
		printk_open(&r->printk);
	return attachments_make(&r->all, e);
}

/* For poll(2): -1 is as long as it takes. */
static int wait_ms(const struct running *r)
{
	int64_t ms = r->until ? (r->until - io_clock() + 999999) / 1000000 : -1;

	if (r->until && ms < 0)
		ms = 0;
	if (r->printk.fd >= 0 && (ms < 0 || ms > PRINTK_MS))
		ms = PRINTK_MS;
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static bool is_over(const struct running *r)
{
	return cli_is_interrupted() || r->output.error || (r->until && io_clock() >= r->until);
}

/* Until a signal, the end of its time, or of who reads what is printed. */
static int listen_for(struct running *r, struct crossbpf_error *e)
{
	enum { INTERRUPTS, OUTPUT, PRINTK, EVENTS };
	size_t n = EVENTS + r->events.n;
	cleanup_free struct pollfd *fds = calloc(n, sizeof(*fds));

	if (!fds)
		return error_no_memory(e);
	fds[INTERRUPTS] = (struct pollfd){.fd = r->output.interrupts, .events = POLLIN};
	fds[OUTPUT] = (struct pollfd){.fd = STDOUT_FILENO};
	fds[PRINTK] = (struct pollfd){.fd = r->printk.fd, .events = POLLIN};
	for (size_t i = 0; i < r->events.n; i++)
		fds[EVENTS + i] = (struct pollfd){.fd = events_fd(&r->events, i), .events = POLLIN};
	while (!is_over(r)) {
		if (poll(fds, n, wait_ms(r)) < 0 && errno != EINTR)
			return error_set(e, -errno, EXIT_STATUS_FAILED, NULL, "poll: %s",
					 strerror(errno));
		if (fds[OUTPUT].revents)
			r->output.error = -EPIPE;
		for (size_t i = 0; i < r->events.n; i++)
			if (fds[EVENTS + i].revents)
				events_print(&r->events, i);
		printk_print(&r->printk, &r->output);
	}
	return 0;
}

/* What is detached may still be at work on another processor: a grace period of the kernel's RCU is
 * over once it is not. Where the kernel has no such call for us, that is soon. */
static void await_programs(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		io_sleep(AWAIT_NS);
}

/* The guardian removes the filters that it made. */
static void detach(struct running *r)
{
	for (size_t i = 0; i < r->all.n; i++)
		free(TAKE_PTR(r->all.v[i].clsact));
	attachments_undo(&r->all);
	guardian_end();
	await_programs();
}

/* Detached, it is said what was heard until then; and counted. */
static void finish(struct running *r, const struct job *j)
{
	detach(r);
	events_print_rest(&r->events);
	printk_print(&r->printk, &r->output);
	if (!j->no_maps)
		run_print_maps(&r->o, &r->output);
	output_flush(&r->output);
}

/* Who reads no more has what was wanted. */
static int output_status(const struct output *o)
{
	if (!o->error || o->error == -EPIPE || (o->error == -EINTR && cli_is_interrupted()))
		return EXIT_STATUS_OK;
	fprintf(stderr, "crossbpf: cannot write to standard output: %s\n", strerror(-o->error));
	return EXIT_STATUS_OUTPUT;
}

static int run(const struct job *j, const char *path, char *const *words, size_t n,
	       struct crossbpf_error *e)
{
	cleanup_running struct running r = {.output.json = j->json, .printk.fd = -1};

	signal(SIGPIPE, SIG_IGN);
	/* A shell has what it starts by '&' ignore it; but this is how a script ends it, too. */
	signal(SIGINT, SIG_DFL);
	r.output.interrupts = cli_catch_interrupts();
	int error = start(&r, j, path, words, n, e);
	if (error < 0)
		return error;
	tell_attached(&r.all);
	if (j->duration > 0)
		r.until = io_clock() + (int64_t)(j->duration * 1e9);
	error = listen_for(&r, e);
	finish(&r, j);
	return error < 0 ? error : output_status(&r.output);
}

int loader_run(int argc, char **argv)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_job struct job j = {0};

	if (parse_options(&j, argc, argv, &e) < 0)
		return cli_report(&e);
	int r = run(&j, argv[optind], argv + optind + 1, (size_t)(argc - optind - 1), &e);
	return r < 0 ? cli_report(&e) : r;
}
