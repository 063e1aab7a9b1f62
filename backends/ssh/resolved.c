/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

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

void resolved_files(const struct resolved *r, const char *keyword, struct strv *list)
{
	const struct passwd *user = getpwuid(getuid()); /* as ssh itself: HOME says nothing */

	for (size_t i = 0; i < r->lines.n; i++) {
		const char *value = value_in(r->lines.v[i], keyword);
		if (!value || strcmp(value, "none") == 0)
			continue;
		bool is_home = strncmp(value, "~/", 2) == 0 || strncmp(value, "%d/", 3) == 0;
		if (is_home && user)
			strv_take(list, str_printf("%s%s", user->pw_dir, strchr(value, '/')));
		else
			strv_add(list, value);
	}
}
