/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "shared/io.h"
#include "ssh-config.h"

void ssh_config_free(struct ssh_config *c)
{
	free(TAKE_PTR(c->host));
	free(TAKE_PTR(c->port));
	free(TAKE_PTR(c->user));
	free(TAKE_PTR(c->key));
}

/* The value behind a keyword, which is in quotes or not; NULL where the line has another keyword.
 * The caller frees. */
static char *value_of(const char *line, size_t len, const char *keyword)
{
	size_t n = strlen(keyword);
	const char *end = line + len;

	while (line < end && (*line == ' ' || *line == '\t'))
		line++;
	if ((size_t)(end - line) <= n || strncasecmp(line, keyword, n) != 0 ||
	    !strchr(" \t=", line[n]))
		return NULL;
	line += n;
	while (line < end && strchr(" \t=", *line))
		line++;
	while (end > line && strchr(" \t\r", end[-1]))
		end--;
	if (end - line >= 2 && *line == '"' && end[-1] == '"') {
		line++;
		end--;
	}
	return strndup(line, (size_t)(end - line));
}

/* The first that is said counts, as for ssh. */
static void take_line(struct ssh_config *c, const char *line, size_t len)
{
	const struct {
		const char *keyword;
		char **to;
	} all[] = {{"HostName", &c->host},
		   {"Port", &c->port},
		   {"User", &c->user},
		   {"IdentityFile", &c->key}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!*all[i].to)
			*all[i].to = value_of(line, len, all[i].keyword);
}

static bool is_host_line(const char *line, size_t len)
{
	cleanup_free char *value = value_of(line, len, "Host");

	return value;
}

static bool is_made_of(const char *text, const char *letters)
{
	return text && text[0] && text[0] != '-' && !text[strspn(text, letters)];
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* A path that ssh takes as it stands once its % are doubled. */
static bool is_plain_path(const char *path)
{
	return path && path[0] == '/' && !strpbrk(path, "\"\\\n") && !strstr(path, "${");
}

static bool is_sound(const struct ssh_config *c)
{
	return is_made_of(c->host, LETTERS DIGITS ".-:%_") && is_made_of(c->port, DIGITS) &&
	       strlen(c->port) <= 5 && is_made_of(c->user, LETTERS DIGITS "._-") &&
	       is_plain_path(c->key);
}

int ssh_config_read(const char *text, struct ssh_config *ret_config)
{
	cleanup_ssh_config struct ssh_config c = {0};
	unsigned hosts = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		hosts += is_host_line(text, len);
		if (hosts == 1)
			take_line(&c, text, len);
		text += len + (text[len] == '\n');
	}
	if (!is_sound(&c))
		return -EINVAL;
	*ret_config = c;
	c = (struct ssh_config){0};
	return 0;
}

static void add_file(struct strbuf *b, const char *keyword, const char *path)
{
	strbuf_printf(b, "\t%s \"", keyword);
	for (; *path; path++)
		strbuf_puts(b, *path == '%' ? "%%" : (const char[]){*path, '\0'});
	strbuf_puts(b, "\"\n");
}

int ssh_config_write(const struct ssh_config *c, const char *name, const char *known_hosts,
		     bool learns, const char *path)
{
	cleanup_strbuf struct strbuf b = {0};

	if (!is_sound(c) || !is_plain_path(known_hosts))
		return -EINVAL;
	strbuf_printf(&b,
		      "# Written by crossbpf, anew each time that the machine comes up.\n"
		      "Host %s\n\tHostName %s\n\tPort %s\n\tUser %s\n",
		      name, c->host, c->port, c->user);
	add_file(&b, "IdentityFile", c->key);
	add_file(&b, "UserKnownHostsFile", known_hosts);
	strbuf_printf(&b,
		      "\tGlobalKnownHostsFile /dev/null\n"
		      "\tStrictHostKeyChecking %s\n"
		      "\tIdentitiesOnly yes\n"
		      "\tIdentityAgent none\n"
		      "\tPasswordAuthentication no\n"
		      "\tKbdInteractiveAuthentication no\n"
		      "\tGSSAPIAuthentication no\n"
		      "\tCheckHostIP no\n"
		      "\tUpdateHostKeys no\n",
		      learns ? "accept-new" : "yes");
	return b.error ? b.error : io_replace_file(path, b.data, b.len);
}
