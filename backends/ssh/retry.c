/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/options.h"
#include "retry.h"
#include "shared/io.h"

static const int64_t ms = 1000000;
enum { ALL_MS = 20000, FIRST_MS = 100, LONGEST_MS = 2000 };

bool retry_is_worth(const char *said)
{
	/* The first two are ssh's, the last libssh's. */
	static const char *const before[] = {
		"kex_exchange_identification: ", "ssh_exchange_identification: ", "Socket error: "};
	static const char *const dropped[] = {"onnection closed by remote host",
					      "onnection reset by peer", "disconnected"};

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		const char *what = strstr(said, before[i]);
		for (size_t j = 0; what && j < sizeof(dropped) / sizeof(dropped[0]); j++)
			if (strstr(what, dropped[j]))
				return true;
	}
	return false;
}

/* False where the command is to end. */
static bool pause_for(int64_t pause, int control)
{
	int64_t until = io_now() + pause, left;
	struct pollfd fd = {.fd = control, .events = POLLIN};
	char order;

	while ((left = until - io_now()) > 0) {
		if (poll(&fd, 1, (int)(left / ms) + 1) <= 0)
			continue;
		ssize_t n = read(control, &order, 1);
		if (n == 0 || (n == 1 && order == 'k') ||
		    (n < 0 && errno != EINTR && errno != EAGAIN))
			return false;
	}
	return true;
}

enum retry_result retry_wait(struct retry *r, const struct crossbpf_host *host, int control)
{
	uint16_t random = 0;

	if (!r->until) {
		r->until = io_now() + ALL_MS * ms;
		r->pause = FIRST_MS * ms;
	}
	if (io_now() >= r->until)
		return RETRY_NO_MORE;
	host->log(host->ctx, CROSSBPF_LOG_DEBUG,
		  "ssh: the host dropped the connection before the login: it is tried again");
	(void)io_random(&random, sizeof(random));
	int64_t pause = r->pause / 2 + r->pause * random / UINT16_MAX;
	r->pause = r->pause * 2 < LONGEST_MS * ms ? r->pause * 2 : LONGEST_MS * ms;
	return pause_for(pause, control) ? RETRY_NOW : RETRY_ENDED;
}

int retry_give_up(const struct connection *c, const struct crossbpf_host *host)
{
	return complain(host, -EAGAIN,
			"run fewer commands at once, as by make -j4, or raise MaxSessions and "
			"MaxStartups in its sshd_config",
			"%s takes no more connections at once: each attempt was dropped before the "
			"login",
			c->name);
}
