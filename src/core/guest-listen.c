/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>

#include "guest-listen.h"
#include "shared/io.h"

enum {
	CONSOLE_MAX = 64 << 10,
	LINE_MAX_SHOWN = 300,
	CONSOLE_ROOM = 2 * CONSOLE_MAX,
};

#define SECOND INT64_C(1000000000)

struct listening {
	const struct guest_listen *l;
	struct strbuf console;
	struct pollfd fds[3];
	int64_t silent_since, began;
};

__attribute__((format(printf, 3, 4))) static int lose(struct listening *s, int error,
						      const char *format, ...)
{
	cleanup_strbuf struct strbuf why = {0};
	struct verify_kernel *k = s->l->answers->kernel;
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&why, format, args);
	va_end(args);
	k->error = error;
	return strbuf_finish(&why, &k->failure) < 0 ? -ENOMEM : error;
}

/* Of what it was asked for the last is a command, which is its user's. */
static const char *in_command(const struct guest_answers *a)
{
	bool runs = a->greeted && a->has_command && !a->command_ended && a->object == a->n_objects;

	return runs ? ", while the command ran" : "";
}

/* Keeps twice the maximum at most, so that not each byte moves all others. */
static int keep_console(struct strbuf *console, const char *data, size_t len)
{
	size_t from = console->len;

	strbuf_add(console, data, len);
	if (console->error)
		return console->error;
	for (size_t i = from; i < console->len; i++) /* it becomes text of C */
		if (!console->data[i])
			console->data[i] = '?';
	if (console->len > CONSOLE_ROOM) {
		memmove(console->data, console->data + console->len - CONSOLE_MAX, CONSOLE_MAX);
		console->len = CONSOLE_MAX;
		console->data[CONSOLE_MAX] = '\0';
	}
	return 0;
}

/* 0, or as guest_listen(). */
static int take_answers(struct listening *s, const char *data, size_t len)
{
	struct guest_answers *a = s->l->answers;

	int r = guest_answers_take(a, data, len);
	if (r == -EFBIG)
		return lose(s, r, "flooded: %s", a->why);
	if (r == -EPROTO)
		return lose(s, r, "cannot be trusted: %s", a->why);
	if (r == 0)
		s->silent_since = io_clock();
	return r;
}

/* Of one that is readable, or at its end. */
static int read_one(struct listening *s, size_t i)
{
	char data[1 << 16];
	ssize_t n = read(s->fds[i].fd, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		s->fds[i].fd = -1;
		return 0;
	}
	return i == 0 ? take_answers(s, data, (size_t)n)
		      : keep_console(&s->console, data, (size_t)n);
}

/* A program that answers a little for ever is ended too: each object has its time, and the boot and
 * the command. */
static int64_t time_left(const struct listening *s, bool *ret_is_total)
{
	const struct guest_answers *a = s->l->answers;
	int64_t timeout = s->l->timeout, boot = s->l->boot_timeout;
	int64_t now = io_clock();
	int64_t silence = s->silent_since + (a->greeted ? timeout : boot) * SECOND - now;
	int64_t total = s->began + (boot + timeout * ((int64_t)a->n_objects + 1)) * SECOND - now;

	*ret_is_total = total < silence;
	return total < silence ? total : silence;
}

static int wait_for_more(struct listening *s)
{
	bool is_total;
	int64_t left = time_left(s, &is_total);

	if (left <= 0 && is_total)
		return lose(s, -ETIMEDOUT, "did not end within %lld s",
			    (long long)((io_clock() - s->began) / SECOND));
	if (left <= 0)
		return lose(s, -ETIMEDOUT, "no answer for %lld s%s",
			    (long long)((io_clock() - s->silent_since) / SECOND),
			    in_command(s->l->answers));
	if (poll(s->fds, 3, (int)(left / 1000000) + 1) < 0 && errno != EINTR)
		return lose(s, -errno, "cannot be listened to: %s", strerror(errno));
	return 0;
}

/* What stands behind the last of these words on its line, of any length. */
static char *find_on_console(const struct strbuf *console, const char *words)
{
	const char *found = NULL;

	for (const char *at = console->data; at && (at = strstr(at, words)); at += strlen(words))
		found = at + strlen(words);
	return found ? strndup(found, strcspn(found, "\r\n")) : NULL;
}

/* Why did it end without having answered all? */
static int explain_end(struct listening *s)
{
	cleanup_free char *panic = find_on_console(&s->console, "Kernel panic - not syncing: ");

	if (panic)
		return lose(s, -EIO, "panicked: %.200s%s", panic, in_command(s->l->answers));
	if (!s->l->answers->greeted) {
		size_t len = 0;
		const char *last =
			s->console.len ? str_last_line(s->console.data, s->console.len, &len) : "";
		return lose(s, -EIO, "ended before it could answer%s%.*s", len ? ": " : "",
			    (int)(len < LINE_MAX_SHOWN ? len : LINE_MAX_SHOWN), last);
	}
	return lose(s, -EIO, "ended before all was answered%s", in_command(s->l->answers));
}

static int listen_on(struct listening *s)
{
	while (!s->l->answers->done && (s->fds[0].fd >= 0 || s->fds[1].fd >= 0)) {
		for (size_t i = 0; i < 3; i++)
			s->fds[i].revents = 0;
		int r = wait_for_more(s);
		for (size_t i = 0; i < 2 && r == 0; i++)
			if (s->fds[i].fd >= 0 && s->fds[i].revents)
				r = read_one(s, i);
		if (r < 0)
			return r;
		if (s->fds[2].revents)
			return -ECANCELED;
	}
	return s->l->answers->done ? 0 : explain_end(s);
}

static int hand_console(struct listening *s)
{
	struct strbuf *c = &s->console;
	size_t from = c->len > CONSOLE_MAX ? c->len - CONSOLE_MAX : 0;

	if (!c->len)
		return 0;
	char *end = strdup(c->data + from);
	s->l->answers->kernel->console = end;
	return end ? 0 : -ENOMEM;
}

int guest_listen(const struct guest_listen *l)
{
	struct listening s = {.l = l,
			      .fds = {{.fd = l->from, .events = POLLIN},
				      {.fd = l->console, .events = POLLIN},
				      {.fd = l->control, .events = POLLIN}}};

	s.began = s.silent_since = io_clock();
	int r = listen_on(&s);
	int kept = hand_console(&s);
	strbuf_free(&s.console);
	return r == -ENOMEM || kept == 0 ? r : kept;
}
