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
enum { FIRST_MS = 100, LONGEST_MS = 2000 };

/* The line that tells of it; NULL where there is none. */
static const char *find_drop(const char *said)
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
				return what;
	}
	return NULL;
}

bool retry_is_worth(const char *said)
{
	return find_drop(said);
}

/* False where the command is to end. */
static bool pause_for(int pause_ms, int control)
{
	int64_t until = io_now() + pause_ms * ms;
	struct pollfd fd = {.fd = control, .events = POLLIN};
	int left = pause_ms;
	char order;

	while (left > 0) {
		int polled = poll(&fd, 1, left);
		if (polled == 0)
			break;
		ssize_t n = polled > 0 ? read(control, &order, 1) : -1;
		if (n == 0 || (n == 1 && order == 'k') ||
		    (n < 0 && errno != EINTR && errno != EAGAIN))
			return false;
		/* A clock that was set back makes it no longer. */
		int64_t rest = (until - io_now()) / ms;
		left = rest < left ? (int)rest : left;
	}
	return true;
}

enum retry_result retry_wait(struct retry *r, const struct crossbpf_host *host, int control)
{
	uint16_t random = 0;

	if (r->left_ms <= 0)
		return RETRY_NO_MORE;
	if (!r->pause_ms)
		r->pause_ms = FIRST_MS;
	host->log(host->ctx, CROSSBPF_LOG_DEBUG,
		  "ssh: the host dropped the connection before the login: it is tried again");
	(void)io_random(&random, sizeof(random));
	int pause = r->pause_ms / 2 + r->pause_ms * random / UINT16_MAX;
	if (pause > r->left_ms)
		pause = r->left_ms;
	r->left_ms -= pause;
	r->pause_ms = r->pause_ms * 2 < LONGEST_MS ? r->pause_ms * 2 : LONGEST_MS;
	return pause_for(pause, control) ? RETRY_NOW : RETRY_ENDED;
}

int retry_give_up(const struct connection *c, const struct crossbpf_host *host, const char *said)
{
	const char *drop = find_drop(said);
	const char *line = drop ? drop : said;

	return complain(host, -EAGAIN,
			"run fewer commands at once, as by make -j4, or raise MaxSessions and "
			"MaxStartups in its sshd_config; its log says why it dropped them",
			"%s takes no more connections at once, or none of ours: each attempt was "
			"dropped before the login: %.*s",
			c->name, (int)strcspn(line, "\r\n"), line);
}
