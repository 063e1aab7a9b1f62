/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves what a command and its caller say to each other, in pieces that fit: never more into libssh
 * than the peer's window has room for, never a write to a descriptor that would have to wait. So no
 * stream waits for another. (libssh's own ssh_connector loses what comes past a full window.)
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "pump.h"
#include "shared/thread.h"

enum {
	INPUT = 32 << 10,
	OUTPUT = 64 << 10,
	PIECE = 4096, /* of which a pipe that is said to be writable takes all: PIPE_BUF */
	TICK_MS = 1000,
	NO_STATUS = -1,
	START_SECONDS = 1,
	N_FDS = 6,
};

struct output {
	char data[OUTPUT];
	const char *at;
	size_t len;
	bool closed; /* nobody reads it */
};

struct pump {
	struct link *link;
	const struct crossbpf_run *run;
	const char *line;
	struct start *start;
	ssh_channel channel;
	struct ssh_channel_callbacks_struct callbacks;
	struct waiter waiter;
	char input[INPUT];
	size_t in_at, in_len;
	bool in_end, in_end_sent;
	struct output output[2];
	int status;
	bool ended, lost, refused, over;
	bool told;
	struct watch since; /* it was */
	int error;
	struct termios terminal;
	bool is_raw;
};

static void take_status(ssh_session session, ssh_channel channel, int status, void *userdata)
{
	struct pump *p = userdata;

	(void)session, (void)channel;
	p->status = status;
}

static void take_signal(ssh_session session, ssh_channel channel, const char *name, int core,
			const char *message, const char *language, void *userdata)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {{"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"FPE", SIGFPE},   {"HUP", SIGHUP},
		       {"ILL", SIGILL},   {"INT", SIGINT},   {"KILL", SIGKILL}, {"PIPE", SIGPIPE},
		       {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV}, {"TERM", SIGTERM}, {"USR1", SIGUSR1},
		       {"USR2", SIGUSR2}};
	struct pump *p = userdata;

	(void)session, (void)channel, (void)core, (void)message, (void)language;
	p->status = 255;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (name && strcmp(name, signals[i].name) == 0)
			p->status = 128 + signals[i].number;
}

/* The steps before a command runs. */

typedef int step_fn(struct pump *p);

static int open_channel(struct pump *p)
{
	return ssh_channel_open_session(p->channel);
}

static int request_terminal(struct pump *p)
{
	const char *term = getenv("TERM");
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	ioctl(p->run->fd[1], TIOCGWINSZ, &size);
	return ssh_channel_request_pty_size(p->channel, term ? term : "dumb", size.ws_col,
					    size.ws_row);
}

static int request_command(struct pump *p)
{
	return ssh_channel_request_exec(p->channel, p->line);
}

static void tell(struct pump *p)
{
	if (!p->told)
		watch_start(&p->since);
	p->told = true;
}

/* It is not left before it is known what is to be ended over there, as long as that comes. */
static void check_told(struct pump *p)
{
	if (p->told && (p->start->began || watch_look(&p->since) >= START_SECONDS))
		p->ended = true;
}

/* True where control says that the command is to end. */
static bool take_order(struct pump *p)
{
	struct winsize size;
	char order;
	ssize_t n = read(p->run->control, &order, 1);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n == 1 && order == 'w') {
		if (p->channel && ioctl(p->run->fd[1], TIOCGWINSZ, &size) == 0) {
			pthread_mutex_lock(&p->link->lock);
			ssh_channel_change_pty_size(p->channel, size.ws_col, size.ws_row);
			pthread_mutex_unlock(&p->link->lock);
		}
		return false;
	}
	return n <= 0 || order == 'k';
}

static void take_wakes(struct pump *p)
{
	char bytes[64];

	while (read(p->waiter.wake[0], bytes, sizeof(bytes)) > 0)
		;
}

/* Until something can be done. With `streams` also on the caller's. */
static void await(struct pump *p, bool streams)
{
	pthread_mutex_lock(&p->link->lock);
	short events = link_events(p->link);
	int fd = ssh_get_fd(p->link->session);
	pthread_mutex_unlock(&p->link->lock);
	struct pollfd fds[N_FDS] = {
		{.fd = fd, .events = events},
		{.fd = p->waiter.wake[0], .events = POLLIN},
		{.fd = p->told ? -1 : p->run->control, .events = POLLIN},
		{.fd = streams && !p->in_len && !p->in_end ? p->run->fd[0] : -1, .events = POLLIN},
		{.fd = streams && p->output[0].len ? p->run->fd[1] : -1, .events = POLLOUT},
		{.fd = streams && p->output[1].len ? p->run->fd[2] : -1, .events = POLLOUT},
	};
	if (poll(fds, N_FDS, TICK_MS) < 0)
		return;
	if (fds[1].revents)
		take_wakes(p);
	if (fds[2].revents && take_order(p))
		tell(p);
	if (fds[3].revents) {
		ssize_t n = read(p->run->fd[0], p->input, sizeof(p->input));
		if (n > 0)
			p->in_len = (size_t)n;
		else if (n == 0 || (errno != EINTR && errno != EAGAIN))
			p->in_end = true;
		p->in_at = 0;
	}
	for (int i = 0; i < 2; i++) {
		struct output *o = &p->output[i];
		if (!fds[4 + i].revents)
			continue;
		ssize_t n = write(p->run->fd[1 + i], o->at, o->len < PIECE ? o->len : PIECE);
		if (n > 0) {
			o->at += n;
			o->len -= (size_t)n;
		} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
			o->closed = true;
			o->len = 0;
		}
	}
}

/* False where it cannot be taken, or not in time. */
static bool step(struct pump *p, step_fn *fn)
{
	struct watch watch;

	watch_start(&watch);
	while (!p->ended && !p->lost) {
		pthread_mutex_lock(&p->link->lock);
		p->lost = !link_turn(p->link);
		int r = p->lost ? SSH_ERROR : fn(p);
		p->lost = p->lost || !ssh_is_connected(p->link->session);
		pthread_mutex_unlock(&p->link->lock);
		if (r == SSH_OK)
			return true;
		if (r != SSH_AGAIN)
			return false;
		if (watch_look(&watch) >= OPERATION_SECONDS)
			p->lost = true;
		else
			await(p, false);
		check_told(p);
	}
	return false;
}

/* With the lock held: what fits, in each direction. */
static void send_input(struct pump *p)
{
	uint32_t room = ssh_channel_window_size(p->channel);

	if (p->in_len && room) {
		uint32_t len = p->in_len < room ? (uint32_t)p->in_len : room;
		int n = ssh_channel_write(p->channel, p->input + p->in_at, len);
		if (n > 0) {
			p->in_at += (size_t)n;
			p->in_len -= (size_t)n;
		} else if (n < 0) {
			p->in_len = 0; /* it takes no more */
			p->in_end = true;
		}
	}
	if (p->in_end && !p->in_len && !p->in_end_sent)
		p->in_end_sent = ssh_channel_send_eof(p->channel) != SSH_AGAIN;
}

static void take_output(struct pump *p, int i)
{
	struct output *o = &p->output[i];

	if (o->len)
		return;
	int n = ssh_channel_read_nonblocking(p->channel, o->data, sizeof(o->data), i);
	if (n <= 0)
		return;
	o->at = o->data;
	o->len = (size_t)n;
	if (i == 0 && start_take(p->start, o->data, (size_t)n, &o->at, &o->len) < 0)
		p->error = -ENOMEM;
	if (o->closed)
		o->len = 0;
}

static void turn(struct pump *p)
{
	pthread_mutex_lock(&p->link->lock);
	p->lost = !link_turn(p->link);
	if (!p->lost) {
		send_input(p);
		take_output(p, 0);
		take_output(p, 1);
	}
	bool closed = ssh_channel_is_closed(p->channel);
	p->over =
		(ssh_channel_is_eof(p->channel) && p->status != NO_STATUS) || (closed && !p->lost);
	/* What came before the line was lost is the caller's still. */
	p->over = p->over && !p->output[0].len && !p->output[1].len &&
		  ssh_channel_poll(p->channel, 0) <= 0 && ssh_channel_poll(p->channel, 1) <= 0;
	pthread_mutex_unlock(&p->link->lock);
	if (p->output[0].closed)
		tell(p); /* it is of no use to anybody */
	check_told(p);
}

static void make_raw(struct pump *p)
{
	if (tcgetattr(p->run->fd[0], &p->terminal) < 0)
		return;
	struct termios raw = p->terminal;
	cfmakeraw(&raw);
	p->is_raw = tcsetattr(p->run->fd[0], TCSADRAIN, &raw) == 0;
}

static bool start_channel(struct pump *p)
{
	pthread_mutex_lock(&p->link->lock);
	p->channel = ssh_channel_new(p->link->session);
	if (p->channel) {
		ssh_callbacks_init(&p->callbacks);
		p->callbacks.userdata = p;
		p->callbacks.channel_exit_status_function = take_status;
		p->callbacks.channel_exit_signal_function = take_signal;
		ssh_set_channel_callbacks(p->channel, &p->callbacks);
	}
	pthread_mutex_unlock(&p->link->lock);
	if (!p->channel) {
		p->error = -ENOMEM;
		return false;
	}
	if (!step(p, open_channel)) {
		p->refused = !p->lost && !p->ended;
		return false;
	}
	if ((p->run->flags & CROSSBPF_RUN_TTY) && !step(p, request_terminal))
		return false;
	return step(p, request_command);
}

static void *pump(void *arg)
{
	struct pump *p = arg;
	bool tty = p->run->flags & CROSSBPF_RUN_TTY;

	if (start_channel(p)) {
		if (tty)
			make_raw(p);
		while (!p->over && !p->lost && !p->ended && p->error == 0) {
			turn(p);
			if (!p->over && !p->lost && !p->ended)
				await(p, true);
		}
		if (p->is_raw)
			tcsetattr(p->run->fd[0], TCSADRAIN, &p->terminal);
	} else if (!p->ended && !p->refused && p->error == 0) {
		p->lost = true;
	}
	if (p->channel) {
		pthread_mutex_lock(&p->link->lock);
		ssh_remove_channel_callbacks(p->channel, &p->callbacks);
		ssh_channel_free(p->channel); /* closes it first */
		pthread_mutex_unlock(&p->link->lock);
	}
	return NULL;
}

/* In a thread of its own, as there signals are blocked: nobody dies of a pipe that nobody reads. */
static int run_thread(struct pump *p)
{
	pthread_t thread;

	int r = thread_start(&thread, pump, p);
	if (r == 0)
		pthread_join(thread, NULL);
	return r < 0 ? r : p->error;
}

int pump_run(struct link *l, const struct crossbpf_run *run, const char *line, struct start *start,
	     enum pump_end *ret_end, int *ret_status)
{
	struct pump *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->link = l;
	p->run = run;
	p->line = line;
	p->start = start;
	p->status = NO_STATUS;
	int r = link_join(l, &p->waiter);
	if (r == 0)
		r = run_thread(p);
	link_leave(l, &p->waiter);
	if (r == 0) {
		*ret_end = p->ended                            ? PUMP_ENDED
			   : p->refused                        ? PUMP_REFUSED
			   : p->over && p->status != NO_STATUS ? PUMP_DONE
							       : PUMP_LOST;
		*ret_status = p->status;
	}
	free(p);
	return r;
}
