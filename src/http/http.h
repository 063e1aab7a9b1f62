/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gets from and puts on one HTTP(S) server, by libcurl.
 *
 * A module of its own, http.so, as libcurl would be more than half of what each start of crossbpf
 * costs. It exports one symbol, crossbpf_http_init.
 */
#ifndef CROSSBPF_HTTP_H
#define CROSSBPF_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crossbpf-backend.h"

struct http;
struct strbuf;

/* What is said here is copied. */
struct http_server {
	const char *url;   /* "https://host/path", without a '/' at its end */
	const char *token; /* for "Authorization: Bearer", or NULL */
	/* Without a token, is ~/.netrc, or the file that NETRC names, asked for a user and a
	 * password? */
	bool netrc;
	bool direct;       /* by no proxy, whatever the environment says */
	const char *agent; /* who we are */
	/* Is it to end now? Asked about once a second, in any thread that waits. */
	bool (*stop)(void *ctx);
	void *ctx;
};

/* How a request ended. */
struct http_answer {
	long status;   /* of HTTP, 200 to 599; 0: there was no whole answer */
	char why[256]; /* a reason, where there was none; or where a redirection leads */
};

struct http_module {
	uint32_t size;
	/* NULL where memory ran out. Once in a process at a time. */
	struct http *(*open)(const struct http_server *server);
	/* No request may be under way. */
	void (*close)(struct http *h);
	/*
	 * Any number of threads may have requests under way, each with SIGPIPE blocked. `name` is
	 * what follows the server's url: "/ac/0123". Ends within `milliseconds`. Certificates are
	 * verified, redirections not followed: nothing is sent to another host.
	 *
	 * 0 with an answer; -ECANCELED where it was told to stop, -ETIMEDOUT, -EFBIG for a body of
	 * more than `limit` bytes, -ENOMEM, or -EIO where there was no whole answer.
	 */
	int (*get)(struct http *h, const char *name, unsigned milliseconds, size_t limit,
		   struct strbuf *ret_body, struct http_answer *ret_answer);
	int (*put)(struct http *h, const char *name, unsigned milliseconds, const void *data,
		   size_t len, struct http_answer *ret_answer);
};

CROSSBPF_BACKEND_EXPORT const struct http_module *crossbpf_http_init(void);

#endif
