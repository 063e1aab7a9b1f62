/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a command in a session of a backend, with the caller's streams:
 *
 *	run-in-session [-i] [-n N] [-e NAME=VALUE]... [-w DIR] [-d DIR]... [-c FD] BACKEND[:WHERE]
 *		ROOT [KEY=VALUE...] -- ARGV...
 *
 * -d names a further directory of the project's, -c a control descriptor, -n how often it is run in
 * one session. -i prints the builder's identity in place of a command; so do --up, --down, --status
 * with those operations. The status is the command's, 200 for an error, 201 for a lost builder.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/project.h"
#include "core/session.h"
#include "shared/process.h"
#include "shared/strv.h"

enum { STATUS_ERROR = 200, STATUS_GONE = 201, MAX_SETTINGS = 64 };

struct request {
	const char *operation, *dir;
	int times, control;
	struct strv env, dirs;
	struct crossbpf_kv settings[MAX_SETTINGS + 1];
	char *backend, *where;
	const char *root;
	char **argv;
};

static int usage(void)
{
	fprintf(stderr, "usage: run-in-session [OPTIONS] BACKEND[:WHERE] ROOT [KEY=VALUE...] -- "
			"ARGV...\n");
	exit(2);
}

static char **read_options(char **at, struct request *q)
{
	for (; *at && (*at)[0] == '-'; at++) {
		const char *name = *at;
		if (strcmp(name, "-i") == 0 || strncmp(name, "--", 2) == 0) {
			q->operation = name;
			continue;
		}
		const char *value = *++at;
		if (!value)
			usage();
		switch (name[1]) {
		case 'n':
			q->times = atoi(value);
			break;
		case 'e':
			strv_add(&q->env, value);
			break;
		case 'w':
			q->dir = value;
			break;
		case 'd':
			strv_add(&q->dirs, value);
			break;
		case 'c':
			q->control = atoi(value);
			break;
		default:
			usage();
		}
	}
	return at;
}

static void read_request(char **at, struct request *q)
{
	size_t n = 0;

	at = read_options(at, q);
	if (!at[0] || !at[1])
		usage();
	q->backend = *at++;
	q->where = strchr(q->backend, ':');
	if (q->where)
		*q->where++ = '\0';
	q->root = *at++;
	for (; *at && strcmp(*at, "--") != 0; at++) {
		char *value = strchr(*at, '=');
		if (!value || n == MAX_SETTINGS)
			usage();
		*value++ = '\0';
		q->settings[n++] = (struct crossbpf_kv){*at, value};
	}
	q->argv = *at ? at + 1 : at;
}

static void log_line(const char *message)
{
	fprintf(stderr, "log: %s\n", message);
}

static int report_error(const struct crossbpf_error *e)
{
	fprintf(stderr, "error: %s\n", e->message);
	if (e->hint)
		fprintf(stderr, "hint: %s\n", e->hint);
	return e->status == EXIT_STATUS_LOST ? STATUS_GONE : STATUS_ERROR;
}

static void say(void *ctx, const char *message, const char *hint)
{
	(void)ctx;
	fprintf(stderr, "error: %s\nhint: %s\n", message, hint ? hint : "");
}

static void say_log(void *ctx, int level, const char *message)
{
	(void)ctx, (void)level;
	log_line(message);
}

/* The operations that need no session. */
static int operate(const struct request *q, const struct project *project)
{
	static const struct crossbpf_host host = {
		.size = sizeof(host), .abi = CROSSBPF_BACKEND_ABI, .error = say, .log = say_log};
	static const char *const no_dirs[] = {NULL};
	struct crossbpf_project p = {
		.size = sizeof(p),
		.id = project->id,
		.root = project->root,
		.dirs = q->dirs.n ? (const char *const *)q->dirs.v : no_dirs,
	};
	cleanup_error struct crossbpf_error e = {0};
	struct plugin plugin;
	char text[4096];
	int r;

	if (plugin_load(getenv("CROSSBPF_BACKENDDIR"), q->backend, &plugin, &e) < 0)
		return report_error(&e);
	if (strcmp(q->operation, "--up") == 0) {
		r = plugin.backend.up(&host, q->settings, &p);
	} else if (strcmp(q->operation, "--down") == 0) {
		r = plugin.backend.down(&host, q->settings, &p);
	} else if (strcmp(q->operation, "--probe") == 0) {
		r = plugin.backend.probe(&host, q->settings, text, sizeof(text));
		if (r < 0)
			puts(text);
	} else {
		r = plugin.backend.status(&host, q->settings, &p, text, sizeof(text));
		if (r == 0)
			puts(text);
	}
	plugin_unload(&plugin);
	return r < 0 ? STATUS_ERROR : 0;
}

static int identify(struct session *s)
{
	char text[256];

	if (s->plugin.backend.identity(s->handle, text, sizeof(text)) < 0)
		return STATUS_ERROR;
	puts(text);
	return 0;
}

static int run_all(struct session *s, const struct request *q, struct crossbpf_error *e)
{
	struct crossbpf_run run = {
		.size = sizeof(run),
		.argv = (const char *const *)q->argv,
		.env = strcmp(q->backend, "native") == 0 ? process_environment()
							 : (const char *const *)q->env.v,
		.dir = q->dir,
		.fd = {0, 1, 2},
		.control = q->control,
	};
	int status = 0;

	if (isatty(0) && isatty(1))
		run.flags = CROSSBPF_RUN_TTY;
	for (int i = 0; i < q->times; i++)
		if (session_run(s, &run, &status, e) < 0)
			return report_error(e);
	return status;
}

int main(int argc, char **argv)
{
	struct request q = {.times = 1, .control = -1};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_project struct project project = {0};
	cleanup_session struct session s = {.log = log_line, .asked_for = true};

	(void)argc;
	read_request(argv + 1, &q);
	if (project_at(q.root, &project, &e) < 0)
		return report_error(&e);
	if (q.operation && strcmp(q.operation, "-i") != 0)
		return operate(&q, &project);
	s.settings = q.settings;
	s.dirs = q.dirs.n ? (const char *const *)q.dirs.v : NULL;
	s.control = q.control;
	if (session_open(&s, getenv("CROSSBPF_BACKENDDIR"), q.backend, q.where, &project, &e) < 0)
		return report_error(&e);
	return q.operation ? identify(&s) : run_all(&s, &q, &e);
}
