/* SPDX-License-Identifier: BSD-2-Clause */
/* libssh: a connection of this program's own, for all its commands. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/options.h"
#include "pump.h"
#include "quote.h"
#include "shared/io.h"

static int libssh_connect(struct connection *c)
{
	c->link_free = link_free;
	return link_open(c, &c->link);
}

/* On a connection of its own, where there is no room for a command on the first: a server may take
 * one at a time on each. */
static int pump_anywhere(const struct connection *c, const struct crossbpf_run *run,
			 const char *line, struct start *start, enum pump_end *ret_end,
			 int *ret_status)
{
	cleanup_connection struct connection aside = {
		.host = run->host,
		.name = c->name,
		.config = c->config,
		.link_free = link_free,
		.run = run,
	};

	int r = pump_run(c->link, run, line, start, ret_end, ret_status);
	if (r < 0 || *ret_end != PUMP_REFUSED)
		return r;
	r = link_open(&aside, &aside.link);
	if (r == -EINTR) {
		*ret_end = PUMP_ENDED;
		return 0;
	}
	if (r < 0)
		return -ECANCELED; /* it has complained */
	return pump_run(aside.link, run, line, start, ret_end, ret_status);
}

static void ignore_error(void *ctx, const char *message, const char *hint)
{
	(void)ctx, (void)message, (void)hint;
}

static void ignore_log(void *ctx, int level, const char *message)
{
	(void)ctx, (void)level, (void)message;
}

static int ask_nobody(void *ctx, const char *prompt, int echo, char *buf, size_t len)
{
	(void)ctx, (void)prompt, (void)echo, (void)buf, (void)len;
	return -ENOTTY;
}

/* To close a channel does not end what runs over there. */
static void end_group(const struct connection *c, long group)
{
	static const struct crossbpf_host nobody = {.size = sizeof(nobody),
						    .abi = CROSSBPF_BACKEND_ABI,
						    .error = ignore_error,
						    .log = ignore_log,
						    .ask = ask_nobody};
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	cleanup_free char *line = NULL;
	cleanup_start struct start start = {0};
	struct crossbpf_run run = {
		.size = sizeof(run), .host = &nobody, .fd = {null, null, null}, .control = -1};
	enum pump_end end;
	int status;

	if (group > 1 && null >= 0 && start_init(&start) == 0 && quote_kill(group, &line) == 0)
		(void)pump_anywhere(c, &run, line, &start, &end, &status);
}

static int report(const struct connection *c, const struct crossbpf_run *run,
		  const struct start *start, enum pump_end end, int status)
{
	if (end == PUMP_LOST)
		return complain(run->host, -EPIPE, "run the build again: what was finished is kept",
				"the connection to %s was lost", c->name);
	if (end == PUMP_REFUSED)
		return complain(run->host, -EPIPE, "is MaxSessions 0 in its sshd_config?",
				"%s takes no command", c->name);
	int r = start_judge(start, run, c->name);
	return r == 0 && !start->began ? start_refuse(start, run, c->name, status) : r;
}

static int libssh_run(struct connection *c, const struct crossbpf_run *run, int *ret_status)
{
	cleanup_start struct start start = {0};
	cleanup_free char *line = NULL;
	enum pump_end end = PUMP_DONE;
	int status = 0;

	int r = start_init(&start);
	if (r == 0)
		r = quote_run(run, start.mark, false, &line);
	if (r == 0)
		r = pump_anywhere(c, run, line, &start, &end, &status);
	if (r == -ECANCELED)
		return r;
	if (r < 0)
		return complain(run->host, r, NULL, "cannot run '%s' on %s: %s", run->argv[0],
				c->name, strerror(-r));
	if (end == PUMP_ENDED) {
		end_group(c, start.group);
		*ret_status = 128 + 15;
		return 0;
	}
	r = report(c, run, &start, end, status);
	if (r == 0)
		*ret_status = status;
	return r;
}

const struct transport libssh_transport = {
	TRANSPORT_SIZES,
	.name = "libssh",
	.connect = libssh_connect,
	.run = libssh_run,
};
