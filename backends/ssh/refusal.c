/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "client.h"
#include "common/call.h"
#include "common/options.h"
#include "refusal.h"
#include "shared/shell.h"

/* The file in which a user's known hosts are, the first of several. */
static char *known_hosts(const struct resolved *r)
{
	cleanup_strv struct strv files = {0};

	resolved_known_hosts(r, "userknownhostsfile", &files);
	return strdup(files.n && !files.error ? files.v[0] : "~/.ssh/known_hosts");
}

static void add_ssh(struct strbuf *b, const struct connection *c)
{
	strbuf_puts(b, "ssh ");
	if (c->config) {
		strbuf_puts(b, "-F ");
		shell_quote(b, c->config);
		strbuf_putc(b, ' ');
	}
}

/*
 * By ssh itself, which shows the fingerprint again and asks: what ssh-keyscan fetched would be
 * another answer of the network's, taken unseen. It also finds the way that a build goes, by jump
 * hosts and aliases. A connection that is there, or what the configuration says of commands, must
 * not keep it from asking.
 */
static void add_command_that_adds(struct strbuf *b, const struct connection *c,
				  const struct resolved *r)
{
	add_ssh(b, c);
	strbuf_puts(b, "-o StrictHostKeyChecking=ask -o RemoteCommand=none ");
	if (strcmp(resolved_value(r, "batchmode"), "yes") == 0)
		strbuf_puts(b, "-o BatchMode=no ");
	if (resolved_has(r, "controlpath"))
		strbuf_puts(b, "-o ControlPath=none ");
	shell_quote(b, c->name);
	strbuf_puts(b, " true");
}

static void add_command_that_removes(struct strbuf *b, const struct resolved *r, const char *file)
{
	const char *port = resolved_value(r, "port");
	const char *name = resolved_value(r, "hostname");
	cleanup_free char *entry = NULL;

	if (resolved_has(r, "hostkeyalias"))
		entry = strdup(resolved_value(r, "hostkeyalias"));
	else if (strcmp(port, "22") == 0)
		entry = strdup(name);
	else
		entry = str_printf("[%s]:%s", name, port);
	strbuf_puts(b, "ssh-keygen -f ");
	shell_quote(b, file);
	strbuf_puts(b, " -R ");
	shell_quote(b, entry ? entry : name);
}

int refuse_key(const struct connection *c, const struct resolved *resolved, bool changed,
	       const char *file, const char *fingerprint)
{
	cleanup_strbuf struct strbuf hint = {0};
	cleanup_free char *first = file ? strdup(file) : known_hosts(resolved);

	file = first;
	if (!file)
		return complain(c->host, -ENOMEM, NULL, "out of memory");
	if (changed) {
		strbuf_puts(&hint, "if that host was really set up anew: ");
		add_command_that_removes(&hint, resolved, file);
		strbuf_puts(&hint, " && ");
	} else {
		strbuf_puts(&hint, "compare that with the host's own, then: ");
	}
	add_command_that_adds(&hint, c, resolved);
	const char *text = hint.error ? NULL : hint.data;
	if (changed)
		return complain(c->host, -EACCES, text,
				"%s has another host key than %s says, %s: somebody may be between "
				"you and it",
				c->name, file, fingerprint);
	return complain(c->host, -EACCES, text, "the host key of %s is not known: %s", c->name,
			fingerprint);
}

static int refuse_keys(const struct connection *c)
{
	return complain(c->host, -EACCES,
			"name the right key as IdentityFile, and say IdentitiesOnly yes, in ssh's "
			"configuration",
			"%s does not let us in: too many keys were offered before the right one",
			c->name);
}

int refuse_user(const struct connection *c, const struct resolved *resolved, const char *said)
{
	if (strstr(said, "Too many authentication failures"))
		return refuse_keys(c);

	cleanup_strbuf struct strbuf hint = {0};

	strbuf_puts(&hint, "this has to work without a question: ");
	add_ssh(&hint, c);
	shell_quote(&hint, c->name);
	strbuf_puts(&hint, " true (is the key in the agent, see ssh-add -l, or named as "
			   "IdentityFile?)");
	return complain(c->host, -EACCES, hint.error ? NULL : hint.data,
			"%s does not let %s in: %s", c->name, resolved_value(resolved, "user"),
			said);
}

int refuse_host(const struct connection *c, const char *said)
{
	return complain(c->host, -EHOSTUNREACH, "is it up, and is its name right?",
			"%s cannot be reached: %s", c->name, said);
}

/* "debug1: Server host key: ssh-ed25519 SHA256:…": what ssh says of that only when asked to
 * talk. */
static char *ask_fingerprint(const struct connection *c)
{
	static const char label[] = "Server host key: ";
	cleanup_strv struct strv words = {0};
	cleanup_strbuf struct strbuf answer = {0};
	cleanup_call struct call call = {.answer = &answer,
					 .timeout_ms = 2 * CONNECT_SECONDS * 1000};

	client_add_options(&words, c);
	strv_add_all(&words,
		     (const char *const[]){"-v", "-E", "/dev/stdout", "-S", "none", "-T", "-o",
					   "BatchMode=yes", "--", c->name, "exit", NULL});
	call.argv = (const char *const *)words.v;
	if (words.error || call_run(&call) < 0 || !answer.data)
		return NULL;
	/* With a jump host the last is the host's own: it is met behind the others. */
	const char *last = NULL;
	for (const char *at = answer.data; (at = strstr(at, label)); at += sizeof(label) - 1)
		last = at + sizeof(label) - 1;
	return last ? str_printf("%.*s", (int)strcspn(last, "\r\n"), last) : NULL;
}

/* Where a way there breaks (ProxyJump, ProxyCommand), what broke says why, and ssh behind it only
 * that nobody is there any more. */
static size_t without_echo(const char *said)
{
	static const char *const echoes[] = {
		"\nstdio forwarding failed",
		"\nkex_exchange_identification: ", "\nssh_exchange_identification: "};
	size_t len = strlen(said);

	for (size_t i = 0; i < sizeof(echoes) / sizeof(echoes[0]); i++) {
		const char *echo = strstr(said, echoes[i]);
		if (echo && (size_t)(echo - said) < len)
			len = (size_t)(echo - said);
	}
	return len;
}

/* The last line, without "ssh: " before it. */
static char *last_line(const char *said)
{
	size_t end = without_echo(said), begin = end;

	while (begin && said[begin - 1] != '\n')
		begin--;
	if (strncmp(said + begin, "ssh: ", 5) == 0)
		begin += 5;
	return strndup(said + begin, end - begin);
}

/* "Offending ED25519 key in FILE:3" */
static char *find_offending(const char *said)
{
	const char *line = strstr(said, "Offending "), *in = line ? strstr(line, " key in ") : NULL;

	if (!in)
		return NULL;
	in += strlen(" key in ");
	size_t len = strcspn(in, "\r\n");
	while (len && in[len - 1] != ':')
		len--;
	return len > 1 ? strndup(in, len - 1) : NULL;
}

int refuse_as_said(const struct connection *c, const struct resolved *resolved, const char *said)
{
	cleanup_free char *last = last_line(said);
	const char *line = last ? last : "out of memory";

	if (strstr(said, "Host key verification failed")) {
		cleanup_free char *fingerprint = ask_fingerprint(c);
		cleanup_free char *file = find_offending(said);
		return refuse_key(c, resolved, strstr(said, "has changed") != NULL, file,
				  fingerprint ? fingerprint : line);
	}
	if (strstr(said, "Too many authentication failures"))
		return refuse_keys(c);
	if (strstr(said, "Permission denied"))
		return refuse_user(c, resolved, line);
	return refuse_host(c, line);
}
