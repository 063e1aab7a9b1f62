/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "common/call.h"
#include "common/options.h"
#include "resolved.h"

void resolved_free(struct resolved *r)
{
	strv_free(&r->lines);
	strv_free(&r->files);
}

static void split_lines(char *text, struct strv *lines)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest))
		strv_add(lines, line);
}

/* What ssh says with -v, line by line. */
static void hear_line(void *ctx, int level, const char *line)
{
	static const char label[] = "Reading configuration data ";
	const char *file = strstr(line, label);

	(void)level;
	if (file)
		strv_add_once(ctx, file + sizeof(label) - 1);
}

int resolve(const struct connection *c, struct resolved *ret_resolved)
{
	cleanup_strv struct strv words = {0};
	cleanup_strbuf struct strbuf answer = {0};
	cleanup_resolved struct resolved resolved = {0};
	const struct crossbpf_host listener = {.ctx = &resolved.files, .log = hear_line};
	cleanup_call struct call call = {
		.answer = &answer, .log = &listener, .timeout_ms = CONNECT_SECONDS * 1000};

	if (!client_is_there())
		return -ENOENT;
	strv_add(&words, CLIENT_PROGRAM);
	client_add_config(&words, c);
	/* With a command, as ForkAfterAuthentication wants one, and then no other. */
	strv_add_all(&words, (const char *const[]){"-v", "-G", "-o", "RemoteCommand=none", "--",
						   c->name, "true", NULL});
	call.argv = (const char *const *)words.v;
	int r = words.error ? words.error : call_run(&call);
	if (r < 0)
		return complain(c->host, r, NULL, "cannot run ssh: %s", strerror(-r));
	if (call.status != 0 || !answer.len) {
		cleanup_free char *reason = call_reason(&call);
		return complain(c->host, -EINVAL, "mend ssh's configuration",
				"ssh cannot make out the host %s: %s", c->name,
				reason ? reason : "out of memory");
	}
	resolved.name = c->name;
	split_lines(answer.data, &resolved.lines);
	if (resolved.lines.error || resolved.files.error)
		return complain(c->host, -ENOMEM, NULL, "out of memory");
	*ret_resolved = resolved;
	resolved = (struct resolved){0};
	return 0;
}

/* The value in a line of this keyword, or NULL. */
static const char *value_in(const char *line, const char *keyword)
{
	size_t len = strlen(keyword);

	return strncmp(line, keyword, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

const char *resolved_value(const struct resolved *r, const char *keyword)
{
	for (size_t i = 0; i < r->lines.n; i++) {
		const char *value = value_in(r->lines.v[i], keyword);
		if (value)
			return value;
	}
	return "";
}

bool resolved_has(const struct resolved *r, const char *keyword)
{
	const char *value = resolved_value(r, keyword);

	return value[0] && strcmp(value, "none") != 0;
}

/* "~/x" and "~NAME/x". HOME says nothing to ssh. */
static char *expand_home(const char *value)
{
	size_t len = strcspn(value, "/");
	cleanup_free char *name = len > 1 ? strndup(value + 1, len - 1) : NULL;
	const struct passwd *user = name ? getpwnam(name) : getpwuid(getuid());

	return value[0] == '~' && user ? str_printf("%s%s", user->pw_dir, value + len)
				       : strdup(value);
}

/* What ssh puts for %LETTER; false where that is not known here. */
static bool put_token(const struct resolved *r, char letter, struct strbuf *b)
{
	const struct passwd *user = getpwuid(getuid());
	char host[256] = "";

	switch (letter) {
	case '%':
		strbuf_putc(b, '%');
		return true;
	case 'd':
	case 'u':
		strbuf_puts(b, !user ? "" : letter == 'd' ? user->pw_dir : user->pw_name);
		return user;
	case 'h':
		strbuf_puts(b, resolved_value(r, "hostname"));
		return true;
	case 'i':
		strbuf_printf(b, "%lu", (unsigned long)getuid());
		return true;
	case 'k':
		strbuf_puts(b, resolved_has(r, "hostkeyalias") ? resolved_value(r, "hostkeyalias")
							       : r->name);
		return true;
	case 'l':
	case 'L':
		gethostname(host, sizeof(host) - 1);
		strbuf_printf(b, "%.*s", (int)strcspn(host, letter == 'L' ? "." : ""), host);
		return true;
	case 'n':
		strbuf_puts(b, r->name ? r->name : "");
		return r->name;
	case 'p':
		strbuf_puts(b, resolved_value(r, "port"));
		return true;
	case 'r':
		strbuf_puts(b, resolved_value(r, "user"));
		return true;
	default:
		return false;
	}
}

/* NULL where memory ran out, or where ssh could not make it out either; the caller frees. */
static char *expand(const struct resolved *r, const char *value)
{
	cleanup_free char *from = expand_home(value);
	cleanup_strbuf struct strbuf b = {0};
	char *expanded = NULL;

	for (const char *at = from; at && *at; at++) {
		const char *end = strncmp(at, "${", 2) == 0 ? strchr(at, '}') : NULL;
		if (end) {
			cleanup_free char *name = strndup(at + 2, (size_t)(end - at - 2));
			const char *variable = name ? getenv(name) : NULL;
			if (!variable)
				return NULL;
			strbuf_puts(&b, variable);
			at = end;
		} else if (*at == '%') {
			if (!put_token(r, *++at, &b))
				return NULL;
		} else {
			strbuf_putc(&b, *at);
		}
	}
	return from && b.len && strbuf_finish(&b, &expanded) == 0 ? expanded : NULL;
}

void resolved_files(const struct resolved *r, const char *keyword, struct strv *list)
{
	for (size_t i = 0; i < r->lines.n; i++) {
		const char *value = value_in(r->lines.v[i], keyword);
		cleanup_free char *file =
			value && strcmp(value, "none") != 0 ? expand(r, value) : NULL;
		if (file)
			strv_add(list, file);
	}
}

void resolved_known_hosts(const struct resolved *r, const char *keyword, struct strv *list)
{
	for (size_t i = 0; i < r->lines.n; i++) {
		const char *value = value_in(r->lines.v[i], keyword);
		cleanup_free char *words = value ? strdup(value) : NULL;
		char *rest = NULL;
		if (value && !words)
			list->error = -ENOMEM;
		for (char *file = words ? strtok_r(words, " ", &rest) : NULL; file;
		     file = strtok_r(NULL, " ", &rest))
			if (strcmp(file, "none") != 0)
				strv_take(list, expand_home(file));
	}
}

char *resolved_agent(const struct resolved *r)
{
	const char *value = resolved_value(r, "identityagent");
	const char *variable = getenv("SSH_AUTH_SOCK");

	if (strcmp(value, "none") == 0)
		return NULL;
	if (value[0] == '$' && value[1] != '{')
		variable = getenv(value + 1);
	else if (value[0] && strcmp(value, "SSH_AUTH_SOCK") != 0)
		return expand_home(value); /* ssh has put the rest */
	return variable && variable[0] ? strdup(variable) : NULL;
}
