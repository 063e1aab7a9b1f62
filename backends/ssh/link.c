/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "auth.h"
#include "common/options.h"
#include "known-hosts.h"
#include "link.h"
#include "refusal.h"
#include "retry.h"
#include "shared/io.h"
#include "shared/strbuf.h"

static const int64_t second = 1000000000, longest_pause = 2000000000;

void watch_start(struct watch *w)
{
	*w = (struct watch){.at = io_now()};
}

int watch_look(struct watch *w)
{
	int64_t now = io_now(), passed = now - w->at;

	if (passed > 0)
		w->total += passed < longest_pause ? passed : longest_pause;
	w->at = now;
	return (int)(w->total / second);
}

short link_events(struct link *l)
{
	int flags = ssh_get_poll_flags(l->session);

	return (short)(POLLIN | ((flags & SSH_WRITE_PENDING) ? POLLOUT : 0));
}

void link_wait(struct link *l, int ms)
{
	struct pollfd fd = {.fd = ssh_get_fd(l->session), .events = link_events(l)};

	poll(&fd, 1, ms);
}

static void wake_others(struct link *l)
{
	for (const struct waiter *w = l->waiters; w; w = w->next) {
		ssize_t n = write(w->wake[1], "w", 1); /* full: it wakes anyway */
		(void)n;
	}
}

bool link_turn(struct link *l)
{
	if (ssh_event_dopoll(l->event, 0) == SSH_ERROR || !ssh_is_connected(l->session))
		return false;
	if (l->received.in_bytes != l->known) {
		l->known = l->received.in_bytes;
		watch_start(&l->quiet);
		l->asked = 0;
		wake_others(l);
	}
	int quiet = watch_look(&l->quiet);
	if (quiet >= (ALIVE_TIMES + 1) * ALIVE_SECONDS)
		return false;
	if (quiet >= (l->asked + 1) * ALIVE_SECONDS) {
		l->asked++;
		ssh_send_keepalive(l->session);
	}
	return true;
}

int link_join(struct link *l, struct waiter *w)
{
	int r = io_pipe(w->wake);

	if (r < 0)
		return r;
	if (fcntl(w->wake[0], F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(w->wake[1], F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	pthread_mutex_lock(&l->lock);
	if (!l->waiters) { /* nobody listened before */
		watch_start(&l->quiet);
		l->asked = 0;
	}
	w->next = l->waiters;
	l->waiters = w;
	pthread_mutex_unlock(&l->lock);
	return r;
}

void link_leave(struct link *l, struct waiter *w)
{
	pthread_mutex_lock(&l->lock);
	for (struct waiter **at = &l->waiters; *at; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			break;
		}
	pthread_mutex_unlock(&l->lock);
	closep(&w->wake[0]);
	closep(&w->wake[1]);
}

void link_free(struct link *l)
{
	if (!l)
		return;
	if (l->event) {
		ssh_event_remove_session(l->event, l->session);
		ssh_event_free(l->event);
	}
	if (l->session && ssh_is_connected(l->session))
		ssh_disconnect(l->session);
	ssh_free(l->session);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* What of the user's configuration libssh ignores, or does otherwise. */
static int check_known(const struct connection *c, const struct resolved *resolved)
{
	static const char *const unknown[] = {"proxyjump", "proxycommand", "hostkeyalias",
					      "revokedhostkeys", "knownhostscommand"};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (resolved_has(resolved, unknown[i]))
			return complain(c->host, -EOPNOTSUPP, "take transport=openssh",
					"%s has a %s in ssh's configuration, and transport=libssh "
					"knows none",
					c->name, unknown[i]);
	return 0;
}

static void add_line(ssh_session session, enum ssh_options_e option, const char *keyword,
		     struct strv *lines)
{
	char *value = NULL;

	if (ssh_options_get(session, option, &value) == SSH_OK)
		strv_take(lines, str_printf("%s %s", keyword, value));
	ssh_string_free_char(value);
}

/* Where there is no ssh to ask, libssh reads the configuration itself. */
static int set_by_libssh(const struct connection *c, ssh_session session,
			 struct resolved *ret_resolved)
{
	unsigned port = 22;
	struct strv *lines = &ret_resolved->lines;

	if (ssh_options_set(session, SSH_OPTIONS_HOST, c->name) < 0 ||
	    ssh_options_parse_config(session, c->config) < 0)
		return SSH_ERROR;
	ssh_options_get_port(session, &port);
	strv_take(lines, str_printf("port %u", port));
	add_line(session, SSH_OPTIONS_HOST, "hostname", lines);
	add_line(session, SSH_OPTIONS_USER, "user", lines);
	add_line(session, SSH_OPTIONS_IDENTITY, "identityfile", lines);
	add_line(session, SSH_OPTIONS_KNOWNHOSTS, "userknownhostsfile", lines);
	add_line(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "globalknownhostsfile", lines);
	return lines->error ? SSH_ERROR : SSH_OK;
}

static int set_options(const struct connection *c, struct resolved *resolved, ssh_session session)
{
	long timeout = CONNECT_SECONDS;
	bool process = false;

	if (ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &timeout) < 0)
		return SSH_ERROR;
	if (!resolved->lines.n)
		return set_by_libssh(c, session, resolved);
	if (ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &process) < 0 ||
	    ssh_options_set(session, SSH_OPTIONS_HOST, resolved_value(resolved, "hostname")) < 0 ||
	    ssh_options_set(session, SSH_OPTIONS_PORT_STR, resolved_value(resolved, "port")) < 0 ||
	    ssh_options_set(session, SSH_OPTIONS_USER, resolved_value(resolved, "user")) < 0)
		return SSH_ERROR;
	return 0;
}

static int connect_within(const struct connection *c, struct link *l, char **ret_dropped)
{
	struct watch watch;
	int r;

	watch_start(&watch);
	ssh_set_blocking(l->session, 0);
	while ((r = ssh_connect(l->session)) == SSH_AGAIN) {
		if (watch_look(&watch) >= CONNECT_SECONDS)
			return refuse_host(c, "no answer");
		link_wait(l, 100);
	}
	if (r != SSH_OK && retry_is_worth(ssh_get_error(l->session)))
		*ret_dropped = strdup(ssh_get_error(l->session));
	if (*ret_dropped)
		return -EAGAIN;
	return r == SSH_OK ? 0 : refuse_host(c, ssh_get_error(l->session));
}

/* *ret_dropped, which the caller frees: what was said, where another attempt may be worth it. */
static int log_in(const struct connection *c, struct resolved *resolved, struct link *l,
		  char **ret_dropped)
{
	l->session = ssh_new();
	if (!l->session || set_options(c, resolved, l->session) < 0)
		return complain(c->host, -EINVAL, "mend ssh's configuration",
				"libssh cannot make out the host %s: %s", c->name,
				l->session ? ssh_get_error(l->session) : "out of memory");
	int r = known_hosts_prepare(c, resolved, l->session);
	if (r == 0)
		r = connect_within(c, l, ret_dropped);
	if (r == 0)
		r = known_hosts_check(c, resolved, l->session);
	if (r == 0)
		r = auth_log_in(c, resolved, l);
	if (r < 0)
		return r;
	ssh_set_counters(l->session, NULL, &l->received);
	l->event = ssh_event_new();
	if (!l->event || ssh_event_add_session(l->event, l->session) != SSH_OK)
		return complain(c->host, -ENOMEM, NULL, "out of memory");
	watch_start(&l->quiet);
	return 0;
}

static int try_link(const struct connection *c, char **ret_dropped, struct link **ret_link)
{
	cleanup_resolved struct resolved resolved = {0};

	int r = resolve(c, &resolved);
	if (r == 0)
		r = check_known(c, &resolved);
	if (r < 0 && r != -ENOENT)
		return r;
	struct link *l = calloc(1, sizeof(*l));
	if (!l)
		return complain(c->host, -ENOMEM, NULL, "out of memory");
	pthread_mutex_init(&l->lock, NULL);
	r = log_in(c, &resolved, l, ret_dropped);
	if (r < 0)
		link_free(l);
	else
		*ret_link = l;
	return r;
}

int link_open(const struct connection *c, struct link **ret_link)
{
	/* For a command there is one that the host took. */
	struct retry retry = {.left_ms = c->run ? RETRY_COMMAND_MS : RETRY_CONNECT_MS};

	for (;;) {
		cleanup_free char *dropped = NULL;
		int r = try_link(c, &dropped, ret_link);
		if (!dropped)
			return r;
		switch (retry_wait(&retry, c->host, c->run ? c->run->control : -1)) {
		case RETRY_NOW:
			break;
		case RETRY_NO_MORE:
			return retry_give_up(c, c->host, dropped);
		case RETRY_ENDED:
			return -EINTR;
		}
	}
}
