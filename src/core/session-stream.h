/* SPDX-License-Identifier: BSD-2-Clause */
/* A command in a session whose output is read as it comes: no more of it is taken than is wanted.
 */
#ifndef CROSSBPF_SESSION_STREAM_H
#define CROSSBPF_SESSION_STREAM_H

#include <pthread.h>
#include <sys/types.h>

#include "session.h"

struct session_stream {
	struct session *session;
	const char *const *argv, *const *env;
	int fd[3];
	int out;   /* our end of its standard output */
	int stop;  /* closed, the backend ends it */
	int order; /* the other end of that */
	pthread_t thread;
	int error, status;
	struct crossbpf_error why;
};

/* `argv` and `env` must outlive it; it reads from the file `in`, or nothing (-1), and its errors go
 * to `error`, which is borrowed. */
int session_stream_start(struct session *s, const char *const *argv, const char *const *env, int in,
			 int error, struct session_stream *ret_stream, struct crossbpf_error *e);
/* Up to `len` bytes; 0 at the end, -EINTR where we are interrupted. */
ssize_t session_stream_read(struct session_stream *s, void *ret_data, size_t len);
/* All of it; -EFBIG past `limit` bytes. */
int session_stream_collect(struct session_stream *s, size_t limit, struct strbuf *ret_output);
/* Ends it, if it has not yet, in any case. Where it was ended, nothing is an error. */
int session_stream_finish(struct session_stream *s, int *ret_status, struct crossbpf_error *e);

#endif
