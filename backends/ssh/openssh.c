/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user's own ssh, by a control connection: the first command makes it, the others go through
 * it, also those of other processes, and nothing is asked or agreed upon again. Where it was lost
 * each command makes a connection of its own.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "common/call.h"
#include "common/memory.h"
#include "common/options.h"
#include "common/socket-place.h"
#include "refusal.h"
#include "relay.h"
#include "retry.h"
#include "shared/digest.h"
#include "shared/io.h"
#include "shared/process.h"
#include "quote.h"

enum { KILL_MS = 5000, MAX_STOPPED = 4, LOG_LIMIT = 64 << 10, ENDED_STATUS = 128 + 15 };

static char *name_control(const struct connection *c, const struct resolved *resolved, int n)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	digest_init(&d);
	digest_string(&d, c->name);
	digest_string(&d, c->config);
	for (size_t i = 0; i < resolved->lines.n; i++)
		digest_string(&d, resolved->lines.v[i]);
	if (n)
		digest_bytes(&d, &n, sizeof(n));
	digest_finish(&d, hex);
	hex[16] = '\0';
	return socket_place(hex);
}

/* Appends what each command on a control connection begins with. */
static void add_control(struct strv *words, const struct connection *c)
{
	client_add_options(words, c);
	client_add_control(words, c->control);
}

/* The same for all but the one that makes it. */
static void add_overrides(struct strv *words, const struct connection *c)
{
	if (c->overrides.n)
		strv_add_all(words, (const char *const *)c->overrides.v);
}

/* ssh -O check and the like: asks the process that holds the control connection. *ret_late, which
 * may be NULL, is whether it took the question and gave no answer. */
static bool order(const struct connection *c, const char *what, bool *ret_late)
{
	cleanup_strv struct strv words = {0};
	cleanup_call struct call call = {.timeout_ms = KILL_MS};

	if (ret_late)
		*ret_late = false;
	if (!c->control || access(c->control, F_OK) < 0)
		return false;
	add_control(&words, c);
	add_overrides(&words, c);
	strv_add_all(&words, (const char *const[]){"-O", what, "--", c->name, NULL});
	call.argv = (const char *const *)words.v;
	bool done = !words.error && call_run(&call) == 0 && call.status == 0 && !call.late;
	if (ret_late)
		*ret_late = call.late;
	return done;
}

/* What the clients of a control connection cannot see: their own signs of life are its. (Where it
 * is gone, the client has a connection of its own.) */
static bool is_alive(void *ctx)
{
	bool late;

	order(ctx, "check", &late);
	return !late;
}

/* Keys are never taken unseen, unless the user's configuration says so. */
static void choose_options(struct connection *c, const struct resolved *resolved)
{
	const char *checking = resolved_value(resolved, "stricthostkeychecking");

	if (strcmp(checking, "ask") == 0) {
		strv_add(&c->options, "-o");
		strv_add(&c->options, "StrictHostKeyChecking=yes");
	}
	strv_add(&c->options, "-o");
	strv_add(&c->options, client_may_ask() ? "BatchMode=no" : "BatchMode=yes");
}

/* A user's configuration may say what a command cannot be run with. Only what it says is set back:
 * an ssh older than 8.7 takes none of these words. (RequestTTY is by -T and -tt.) */
static void choose_overrides(struct connection *c, const struct resolved *resolved)
{
	static const struct {
		const char *keyword, *wanted, *setting;
	} all[] = {{"stdinnull", "no", "StdinNull=no"},
		   {"forkafterauthentication", "no", "ForkAfterAuthentication=no"},
		   {"sessiontype", "default", "SessionType=default"}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *value = resolved_value(resolved, all[i].keyword);
		if (!value[0] || strcmp(value, all[i].wanted) == 0)
			continue;
		strv_add(&c->overrides, "-o");
		strv_add(&c->overrides, all[i].setting);
	}
}

/*
 * The control connections that were made to a host. Which one is now's is known by what ssh makes
 * of its configuration; after a change of that, those from before are known by this list alone.
 */
static char *controls_file(const struct connection *c)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	digest_init(&d);
	digest_string(&d, c->name);
	digest_string(&d, c->config);
	digest_finish(&d, hex);
	hex[16] = '\0';
	cleanup_free char *name = str_printf("%s.controls", hex);
	return name ? memory_path("ssh", name) : NULL;
}

static void note_control(const struct connection *c)
{
	cleanup_free char *file = controls_file(c);
	cleanup_free char *lock_file = file ? str_printf("%s.lock", file) : NULL;
	cleanup_close int lock = memory_lock(lock_file);
	cleanup_strv struct strv known = {0}, kept = {0};

	(void)lock;
	memory_read(file, &known);
	for (size_t i = 0; i < known.n; i++)
		if (access(known.v[i], F_OK) == 0)
			strv_add_once(&kept, known.v[i]);
	strv_add_once(&kept, c->control);
	memory_write(file, &kept);
}

/* What drops us then may be a host on the way, or a program: ssh says the same of all of them. */
static bool is_by_proxy(const struct resolved *resolved)
{
	return resolved_has(resolved, "proxyjump") || resolved_has(resolved, "proxycommand");
}

/* *ret_dropped, which the caller frees: what was said, where another attempt may be worth it. */
static int try_control(const struct connection *c, const struct resolved *resolved,
		       char **ret_dropped)
{
	cleanup_strv struct strv words = {0};
	cleanup_call struct call call = {0};

	/* A user who is asked may take a while; and a process group of its own could not ask. */
	if (!client_may_ask())
		call.timeout_ms = 2 * CONNECT_SECONDS * 1000;
	if (c->control)
		unlink(c->control); /* of one that is gone */
	add_control(&words, c);
	/* What it says is why the host does not take us. */
	strv_add_all(&words, (const char *const[]){"-o", "LogLevel=INFO", NULL});
	if (c->control) {
		call.dir = "/"; /* it outlives us, and would keep a file system busy */
		strv_add_all(&words, (const char *const[]){"-M", "-N", "-f", "-o", NULL});
		strv_take(&words, c->persist ? str_printf("ControlPersist=%u", c->persist)
					     : strdup("ControlPersist=yes"));
	} else {
		add_overrides(&words, c);
	}
	strv_add_all(&words, (const char *const[]){"-T", "--", c->name, NULL});
	if (!c->control)
		strv_add(&words, "exit");
	call.argv = (const char *const *)words.v;
	int r = words.error ? words.error : call_run(&call);
	if (r < 0)
		return complain(c->host, r, NULL, "cannot run ssh: %s", strerror(-r));
	/* Without a control connection the status is the login shell's. */
	if (call.late || call.status == 255 || (c->control && call.status != 0)) {
		cleanup_free char *said = call.late ? call_reason(&call) : call_tail(&call);
		if (said && !call.late && !is_by_proxy(resolved) && retry_is_worth(said)) {
			*ret_dropped = TAKE_PTR(said);
			return -EAGAIN;
		}
		return refuse_as_said(c, resolved, said ? said : "out of memory");
	}
	return 0;
}

static int start_control(const struct connection *c, const struct resolved *resolved)
{
	struct retry retry = {.left_ms = RETRY_CONNECT_MS};

	for (;;) {
		cleanup_free char *dropped = NULL;
		int r = try_control(c, resolved, &dropped);
		if (!dropped)
			return r;
		if (retry_wait(&retry, c->host, -1) != RETRY_NOW)
			return retry_give_up(c, c->host, dropped);
	}
}

/* Finds the one that is there, or a name for another. One that is stopped keeps its name: it
 * removes that when it ends, whoever has it by then. */
static bool find_connected(struct connection *c, const struct resolved *resolved)
{
	bool late = true;

	for (int n = 0; n < MAX_STOPPED && late; n++) {
		free(c->control);
		c->control = name_control(c, resolved, n);
		if (order(c, "check", &late))
			return true;
	}
	return false;
}

static int openssh_connect(struct connection *c)
{
	cleanup_resolved struct resolved resolved = {0};

	int r = resolve(c, &resolved);
	if (r == -ENOENT)
		return complain(c->host, r, "install OpenSSH's client, or use transport=libssh",
				"there is no ssh in PATH");
	if (r < 0)
		return r;
	strv_free(&c->options);
	strv_free(&c->overrides);
	strv_free(&c->files);
	choose_options(c, &resolved);
	choose_overrides(c, &resolved);
	bool connected = find_connected(c, &resolved);
	c->files = resolved.files;
	resolved.files = (struct strv){0};
	if (c->options.error || c->overrides.error)
		return complain(c->host, -ENOMEM, NULL, "out of memory");
	if (!c->control)
		c->host->log(c->host->ctx, CROSSBPF_LOG_DEBUG,
			     "no directory can hold a control connection's socket: each command "
			     "makes a connection");
	if (connected)
		return 0;
	r = start_control(c, &resolved);
	if (r == 0 && c->control)
		note_control(c);
	return r;
}

/* A command line for one command over there. What the client itself says is not the command's to
 * say: it goes to the file `log`, or nowhere (NULL). */
static void command_words(struct strv *words, const struct connection *c, const char *line,
			  bool tty, const char *log)
{
	add_control(words, c);
	add_overrides(words, c);
	if (log)
		strv_add_all(words, (const char *const[]){"-E", log, "-o", "LogLevel=ERROR", NULL});
	else
		strv_add(words, "-q");
	strv_add_all(words, (const char *const[]){"-o", "ControlMaster=no", "-o", "BatchMode=yes",
						  tty ? "-tt" : "-T", "--", c->name, line, NULL});
}

/* To end a client does not end what runs over there. */
static void end_group(const struct connection *c, long group)
{
	cleanup_strv struct strv words = {0};
	cleanup_call struct call call = {.timeout_ms = KILL_MS};
	cleanup_free char *line = NULL;

	if (group <= 1 || quote_kill(group, &line) < 0)
		return;
	command_words(&words, c, line, false, NULL);
	call.argv = (const char *const *)words.v;
	if (!words.error)
		(void)call_run(&call);
}

/* Why was there no command? What the client says of that is for the user it talks to. */
static int explain_start(const struct connection *c, const struct crossbpf_host *host)
{
	cleanup_connection struct connection again = {
		.host = host, .name = c->name, .config = c->config, .persist = c->persist};

	int r = openssh_connect(&again);
	if (r < 0)
		return r;
	return complain(host, -EPIPE, "run it again",
			"the connection to %s was lost, and is there again", c->name);
}

static int complain_of_loss(const struct connection *c, const struct crossbpf_host *host,
			    const char *or_what)
{
	return complain(host, -EPIPE, "run the build again: what was finished is kept",
			"the connection to %s was lost%s", c->name, or_what);
}

static int judge(const struct connection *c, const struct crossbpf_run *run,
		 const struct relay *relay, int status)
{
	const struct start *s = &relay->start;
	int r = start_judge(s, run, c->name);

	if (r < 0)
		return r;
	if (!s->began)
		return status == 255 ? explain_start(c, run->host)
				     : start_refuse(s, run, c->name, status);
	if (status != ENDING_STATUS || relay->ending.said)
		return 0;
	bool connected = order(c, "check", NULL);
	/* On a terminal nothing is said behind the command. */
	if ((run->flags & CROSSBPF_RUN_TTY) && connected)
		return 0;
	/* A command may end the shell that is to say it, by kill -KILL $PPID. */
	return complain_of_loss(c, run->host, connected ? ", or its shell there was killed" : "");
}

/* One attempt at a command. */
struct attempt {
	char *log; /* the file of what the client says; or NULL */
	struct relay relay;
	bool ended; /* as it was told */
	int status;
};

static void attempt_free(struct attempt *a)
{
	relay_free(&a->relay);
	if (a->log)
		unlink(a->log);
	free(a->log);
}

static int begin_attempt(struct attempt *a, struct connection *c, const struct crossbpf_run *run,
			 struct strv *words)
{
	cleanup_free char *line = NULL;
	int r = relay_init(&a->relay, run);

	if (r == 0)
		r = quote_run(run, a->relay.start.mark, true, &line);
	if (r < 0)
		return r;
	/* Without one it is only not known why it did not begin. */
	(void)io_temporary_file(&a->log);
	command_words(words, c, line, run->flags & CROSSBPF_RUN_TTY, a->log);
	a->relay.is_alive = is_alive;
	a->relay.ctx = c;
	return words->error ? words->error : relay_begin(&a->relay);
}

static int attempt_run(struct attempt *a, struct connection *c, const struct crossbpf_run *run)
{
	cleanup_strv struct strv words = {0};

	int r = begin_attempt(a, c, run, &words);
	if (r < 0)
		return complain(run->host, r, NULL, "cannot run '%s' on %s: %s", run->argv[0],
				c->name, strerror(-r));
	struct process process = {
		.argv = (const char *const *)words.v,
		.env = process_environment(),
		.fd = {run->fd[0], a->relay.say[0], a->relay.say[1]},
		.control = a->relay.stop[0],
		.keeps_group = run->control < 0,
		.ret_ended = &a->ended,
	};
	r = process_run(&process, &a->status);
	relay_end(&a->relay);
	return r < 0 ? complain(run->host, r, "is ssh still installed?", "cannot run ssh: %s",
				strerror(-r))
		     : 0;
}

/* What the client said that was dropped before it had logged in; else NULL. The caller frees. */
static char *find_drop(const struct attempt *a)
{
	cleanup_strbuf struct strbuf said = {0};
	char *text = NULL;

	if (a->ended || a->relay.start.began || a->status != ENDING_STATUS || !a->log ||
	    io_read_file(a->log, LOG_LIMIT, &said) < 0 || !said.len || !retry_is_worth(said.data))
		return NULL;
	return strbuf_finish(&said, &text) < 0 ? NULL : text;
}

/* How long are other attempts worth it, once one was dropped? */
static int patience(const struct connection *c, const struct crossbpf_host *host)
{
	const struct connection asked = {.host = host, .name = c->name, .config = c->config};
	cleanup_resolved struct resolved resolved = {0};

	if (order(c, "check", NULL))
		return RETRY_COMMAND_MS;
	if (resolve(&asked, &resolved) < 0 || is_by_proxy(&resolved))
		return 0;
	return c->control ? RETRY_CONNECT_MS : RETRY_COMMAND_MS;
}

/* *ret_dropped, which the caller frees: what was said, where surely nothing began over there. */
static int try_run(struct connection *c, const struct crossbpf_run *run, char **ret_dropped,
		   int *ret_status)
{
	CLEANUP(attempt_free) struct attempt a = {.relay = RELAY_NONE};

	int r = attempt_run(&a, c, run);
	if (r < 0)
		return r;
	if (a.relay.lost)
		return complain_of_loss(c, run->host, "");
	*ret_dropped = find_drop(&a);
	if (*ret_dropped)
		return -EAGAIN;
	if (a.ended) {
		end_group(c, a.relay.start.group);
		a.status = ENDED_STATUS; /* whatever the client made of it */
	} else {
		r = judge(c, run, &a.relay, a.status);
	}
	if (r == 0)
		*ret_status = a.status;
	return r;
}

static int openssh_run(struct connection *c, const struct crossbpf_run *run, int *ret_status)
{
	struct retry retry = {0};

	for (int n = 0;; n++) {
		cleanup_free char *dropped = NULL;
		int r = try_run(c, run, &dropped, ret_status);
		if (!dropped)
			return r;
		if (n == 0)
			retry.left_ms = patience(c, run->host);
		if (n == 0 && !retry.left_ms)
			return explain_start(c, run->host);
		switch (retry_wait(&retry, run->host, run->control)) {
		case RETRY_NOW:
			break;
		case RETRY_NO_MORE:
			return retry_give_up(c, run->host, dropped);
		case RETRY_ENDED:
			*ret_status = ENDED_STATUS;
			return 0;
		}
	}
}

/* Which socket is ours is known by what ssh makes of the configuration. */
static int find_control(struct connection *c)
{
	cleanup_resolved struct resolved resolved = {0};

	int r = resolve(c, &resolved);
	if (r == 0) {
		c->control = name_control(c, &resolved, 0);
		choose_overrides(c, &resolved);
	}
	return r == -ENOENT ? 0 : r;
}

static bool openssh_connected(struct connection *c)
{
	return find_control(c) == 0 && order(c, "check", NULL);
}

static int end_control(const struct connection *c)
{
	bool late;

	order(c, "exit", &late);
	if (!late)
		return 0;
	return complain(c->host, -ETIMEDOUT, "it was left alone; end that process",
			"the ssh that holds the control connection %s does not answer", c->control);
}

static int openssh_end(struct connection *c)
{
	cleanup_free char *file = controls_file(c);
	cleanup_strv struct strv known = {0};
	int ended = 0;

	memory_read(file, &known);
	memory_forget(file);
	int r = find_control(c);
	if (r == 0)
		ended = end_control(c);
	for (size_t i = 0; i < known.n; i++) {
		free(c->control);
		c->control = strdup(known.v[i]);
		int one = end_control(c);
		ended = one < 0 ? one : ended;
	}
	return r < 0 ? r : ended;
}

const struct transport openssh_transport = {
	TRANSPORT_SIZES,
	.name = "openssh",
	.connect = openssh_connect,
	.run = openssh_run,
	.connected = openssh_connected,
	.end = openssh_end,
	.stays = true,
};
