/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "project.h"
#include "session.h"
#include "shared/io.h"
#include "shared/terminal.h"

enum {
	STATUS_SIZE = 4096,
};

static const int64_t second = 1000000000;          /* in nanoseconds */
enum { PROBE_PATIENCE = 10, CROWD_PATIENCE = 60 }; /* seconds */
enum { PAUSE_MS = 500 };

static void host_error(void *ctx, const char *message, const char *hint)
{
	struct report *report = ctx;

	pthread_mutex_lock(&report->lock);
	error_set(&report->error, 0, EXIT_STATUS_NO_BACKEND, hint, "%s", message);
	pthread_mutex_unlock(&report->lock);
}

static void host_log(void *ctx, int level, const char *message)
{
	struct report *report = ctx;

	if (report->log)
		report->log(message);
	else if (report->inform && level >= CROSSBPF_LOG_INFO)
		report->inform(message);
}

static int host_ask(void *ctx, const char *prompt, int echo, char *buf, size_t len)
{
	(void)ctx;
	return terminal_ask(prompt, echo, buf, len);
}

/* The host for one callback, or for all that come one after another. */
static void report_begin(struct report *report, const struct session *s)
{
	*report = (struct report){
		.host =
			{
				.size = sizeof(report->host),
				.abi = CROSSBPF_BACKEND_ABI,
				.ctx = report,
				.error = host_error,
				.log = host_log,
				.ask = host_ask,
			},
		.log = s->log,
		.inform = s->inform,
	};
	pthread_mutex_init(&report->lock, NULL);
}

static void report_end(struct report *report)
{
	error_free(&report->error);
}
#define cleanup_report CLEANUP(report_end)

/* Tells the user what the plugin said of its failure `r`. */
static int take_reported(struct session *s, struct report *report, int r, enum exit_status status,
			 struct crossbpf_error *e)
{
	pthread_mutex_lock(&report->lock);
	error_set(e, r, status, report->error.hint, "%s: %s", s->plugin.backend.name,
		  report->error.message ? report->error.message : strerror(-r));
	error_free(&report->error);
	pthread_mutex_unlock(&report->lock);
	return r;
}

/* The settings, and the place that was named, which wins over theirs. */
static struct crossbpf_kv *list_settings(const struct crossbpf_kv *settings, const char *where)
{
	size_t n = 0, given = 0;

	while (settings && settings[given].key)
		given++;
	struct crossbpf_kv *all = calloc(given + 2, sizeof(*all));
	if (!all)
		return NULL;
	if (where)
		all[n++] = (struct crossbpf_kv){"where", where};
	for (size_t i = 0; i < given; i++)
		all[n++] = settings[i];
	return all;
}

static void forget_reported(struct report *report)
{
	pthread_mutex_lock(&report->lock);
	error_free(&report->error);
	pthread_mutex_unlock(&report->lock);
}

/* False where it is interrupted. */
static bool pause_for(const struct session *s, int ms)
{
	struct pollfd control = {.fd = s->control}; /* its end alone: a byte there is a command's */

	(void)poll(&control, 1, ms);
	return !session_is_interrupted(s);
}

static int open_handle(struct session *s, struct crossbpf_error *e)
{
	int64_t until = io_clock() + CROWD_PATIENCE * second;

	for (bool told = false;; told = true) {
		int r = s->plugin.backend.open(&s->report.host, s->conf, &s->project, &s->handle);
		if (r >= 0)
			return 0;
		/* A builder that is crowded may take us once others are done. */
		if (r != -EAGAIN || !s->asked_for || io_clock() >= until || !pause_for(s, PAUSE_MS))
			return take_reported(s, &s->report, r, EXIT_STATUS_NO_BACKEND, e);
		forget_reported(&s->report);
		if (!told)
			host_log(&s->report, CROSSBPF_LOG_INFO,
				 "the builder takes no more sessions for now: waits for a minute");
	}
}

int session_load(struct session *s, const char *dir, const char *name, const char *where,
		 const struct project *project, struct crossbpf_error *e)
{
	static const char *const no_dirs[] = {NULL};

	*s = (struct session){
		.log = s->log,
		.inform = s->inform,
		.control = s->control,
		.dirs = s->dirs,
		.settings = s->settings,
		.asked_for = s->asked_for,
	};
	report_begin(&s->report, s);
	s->conf = list_settings(s->settings, where);
	if (!s->conf)
		return error_no_memory(e);
	s->project = (struct crossbpf_project){
		.size = sizeof(s->project),
		.id = project->id,
		.root = project->root,
		.dirs = s->dirs ? s->dirs : no_dirs,
	};
	return plugin_load(dir, name, &s->plugin, e);
}

int session_probe(struct session *s, struct crossbpf_error *e)
{
	int64_t until = io_clock() + PROBE_PATIENCE * second;
	char why[256] = "";
	int r;

	/* Where the machine is busy, an engine takes longer than `auto` has time for. */
	do
		r = s->plugin.backend.probe(&s->report.host, s->conf, why, sizeof(why));
	while (r == -ETIMEDOUT && s->asked_for && io_clock() < until);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_NO_BACKEND,
				 "crossbpf doctor says what each backend lacks; or choose another",
				 "backend '%s' cannot work here: %s", s->plugin.backend.name,
				 why[0] ? why : strerror(-r));
	return 0;
}

int session_open(struct session *s, const char *dir, const char *name, const char *where,
		 const struct project *project, struct crossbpf_error *e)
{
	int r = session_load(s, dir, name, where, project, e);
	if (r == 0)
		r = session_probe(s, e);
	return r < 0 ? r : open_handle(s, e);
}

int session_open_loaded(struct session *s, uint32_t flags, struct crossbpf_error *e)
{
	s->project.flags = flags;
	int r = session_probe(s, e);
	return r < 0 ? r : open_handle(s, e);
}

typedef int operation_fn(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
			 const struct crossbpf_project *project);

static int operate(struct session *s, operation_fn *operation, bool *ret_any,
		   struct crossbpf_error *e)
{
	*ret_any = operation;
	int r = operation ? operation(&s->report.host, s->conf, &s->project) : 0;
	return r < 0 ? take_reported(s, &s->report, r, EXIT_STATUS_NO_BACKEND, e) : 0;
}

int session_up(struct session *s, bool *ret_any, struct crossbpf_error *e)
{
	return operate(s, s->plugin.backend.up, ret_any, e);
}

int session_down(struct session *s, bool *ret_any, struct crossbpf_error *e)
{
	return operate(s, s->plugin.backend.down, ret_any, e);
}

int session_status(struct session *s, char **ret_text, struct crossbpf_error *e)
{
	char text[STATUS_SIZE] = "";

	*ret_text = NULL;
	if (!s->plugin.backend.status)
		return 0;
	int r = s->plugin.backend.status(&s->report.host, s->conf, &s->project, text, sizeof(text));
	if (r < 0)
		return take_reported(s, &s->report, r, EXIT_STATUS_NO_BACKEND, e);
	*ret_text = strdup(text);
	return *ret_text ? 0 : error_no_memory(e);
}

int session_reopen(struct session *s, const char *const *dirs, struct crossbpf_error *e)
{
	if (s->handle)
		s->plugin.backend.close(s->handle);
	s->handle = NULL;
	s->project.dirs = dirs;
	return open_handle(s, e);
}

void session_close(struct session *s)
{
	if (s->handle)
		s->plugin.backend.close(s->handle);
	s->handle = NULL;
	plugin_unload(&s->plugin);
	free(s->conf);
	s->conf = NULL;
	report_end(&s->report);
}

bool session_sees_host_files(const struct session *s)
{
	return s->plugin.backend.caps & CROSSBPF_CAP_HOST_FILES;
}

bool session_can(const struct session *s, uint64_t caps)
{
	return (s->plugin.backend.caps & caps) == caps;
}

bool session_has_host_paths(const struct session *s)
{
	return s->plugin.backend.caps & CROSSBPF_CAP_HOST_PATHS;
}

int session_identity(struct session *s, char *buf, size_t len, struct crossbpf_error *e)
{
	buf[0] = '\0';
	if (!s->plugin.backend.identity)
		return 0;
	int r = s->plugin.backend.identity(s->handle, buf, len);
	return r < 0 ? take_reported(s, &s->report, r, EXIT_STATUS_NO_BACKEND, e) : 0;
}

int session_next(struct session *s)
{
	return s->plugin.backend.next ? s->plugin.backend.next(s->handle) : -ENOENT;
}

bool session_is_interrupted(const struct session *s)
{
	struct pollfd control = {.fd = s->control, .events = POLLIN};

	return s->control >= 0 && poll(&control, 1, 0) > 0 && (control.revents & POLLHUP);
}

int session_run(struct session *s, const struct crossbpf_run *run, int *ret_status,
		struct crossbpf_error *e)
{
	cleanup_report struct report report;
	struct crossbpf_run reported = *run;

	report_begin(&report, s);
	reported.host = &report.host;
	int r = s->plugin.backend.run(s->handle, &reported, ret_status);
	if (r < 0)
		return take_reported(s, &report, r,
				     r == -EPIPE ? EXIT_STATUS_LOST : EXIT_STATUS_NO_BACKEND, e);
	return 0;
}
