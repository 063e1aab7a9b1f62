/* SPDX-License-Identifier: BSD-2-Clause */
/* A session of a backend: where commands run. The one place that calls a plugin's operations. */
#ifndef CROSSBPF_SESSION_H
#define CROSSBPF_SESSION_H

#include <pthread.h>
#include <stdbool.h>

#include "plugin.h"
#include "shared/strbuf.h"

struct project;

/* What a plugin says through its host. */
struct report {
	struct crossbpf_host host;
	pthread_mutex_t lock;                /* guards `error` */
	struct crossbpf_error error;         /* what it last said through host->error() */
	void (*log)(const char *message);    /* or NULL */
	void (*inform)(const char *message); /* or NULL */
};

struct session {
	struct plugin plugin;
	struct crossbpf_session *handle;
	struct report report;     /* of all callbacks but run(), each of which has its own */
	struct crossbpf_kv *conf; /* what the plugin is told: where, and the settings */
	struct crossbpf_project project;
	void (*log)(const char *message);    /* every line of the plugin's, or NULL */
	void (*inform)(const char *message); /* without `log`: those at level INFO; or NULL */
	const char *const *dirs; /* further directories of the host that will be named; or NULL */
	const struct crossbpf_kv *settings; /* of its section in crossbpf.conf; or NULL */
	int control;    /* of every command that is run here: at its end they are ended; -1: none */
	bool asked_for; /* by the user, by its name: what is late or crowded is tried again */
};

/*
 * Loads the backend NAME from DIR and opens a session on it. `where` (or NULL) is what followed
 * the colon in NAME:WHERE. `log`, `inform`, `control`, `dirs`, `settings` and `asked_for` are the
 * caller's to set before. The session must not move in memory while it is open; session_close() is
 * also right for one that never opened.
 */
int session_open(struct session *s, const char *dir, const char *name, const char *where,
		 const struct project *project, struct crossbpf_error *e);
/* Opens it anew: where the builder was lost, or is to hold the files of other directories of the
 * host's too: `dirs`, absolute names, NULL-terminated, which must outlive the session. */
int session_reopen(struct session *s, const char *const *dirs, struct crossbpf_error *e);
void session_close(struct session *s);
#define cleanup_session CLEANUP(session_close)

/* The first half of session_open(): loads the backend and opens nothing. What follows needs no
 * more. */
int session_load(struct session *s, const char *dir, const char *name, const char *where,
		 const struct project *project, struct crossbpf_error *e);
/* Could it be opened here? */
int session_probe(struct session *s, struct crossbpf_error *e);
/* Starts, or stops and removes, the builder. *ret_any says whether the backend has anything to
 * start: without, nothing was done. */
int session_up(struct session *s, bool *ret_any, struct crossbpf_error *e);
int session_down(struct session *s, bool *ret_any, struct crossbpf_error *e);
/* What runs now, in a line or more; the caller frees. NULL where the backend has nothing to tell.
 */
int session_status(struct session *s, char **ret_text, struct crossbpf_error *e);

/* Do commands see the host's files at the host's paths? */
bool session_sees_host_files(const struct session *s);

/* May files be put there under the host's own names? */
bool session_has_host_paths(const struct session *s);

/* Has it these capabilities, CROSSBPF_CAP_…? */
bool session_can(const struct session *s, uint64_t caps);

/* Opens one that was loaded. What `flags` asks for, session_can() must have allowed. */
int session_open_loaded(struct session *s, uint32_t flags, struct crossbpf_error *e);

/* Names the builder behind it; "" where the backend cannot. */
int session_identity(struct session *s, char *buf, size_t len, struct crossbpf_error *e);

/* Goes on to the backend's next place, as this one has no clang. -ENOENT, without an error, where
 * there is none; the session can then only be closed. */
int session_next(struct session *s);

/* Has its control descriptor come to its end? (A byte there is one command's; the end is seen by
 * all.) */
bool session_is_interrupted(const struct session *s);

/* Runs one command on the streams in `run`, whose host is set here; any number of threads may. */
int session_run(struct session *s, const struct crossbpf_run *run, int *ret_status,
		struct crossbpf_error *e);

/* Runs `argv` without input or standard error, and collects its standard output, 16 MiB at most. In
 * session-stream.c. */
int session_capture(struct session *s, const char *const *argv, const char *const *env,
		    struct strbuf *ret_output, int *ret_status, struct crossbpf_error *e);

#endif
