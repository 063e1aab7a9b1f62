/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include "client.h"
#include "common/find.h"
#include "shared/strbuf.h"

bool client_is_there(void)
{
	return find_in_path(CLIENT_PROGRAM);
}

bool client_may_ask(void)
{
	if (!isatty(STDIN_FILENO))
		return false;
	cleanup_close int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	return tty >= 0;
}

void client_add_config(struct strv *words, const struct connection *c)
{
	if (c->config) {
		strv_add(words, "-F");
		strv_add(words, c->config);
	}
}

static void add_setting(struct strv *words, const char *setting)
{
	strv_add(words, "-o");
	strv_add(words, setting);
}

void client_add_options(struct strv *words, const struct connection *c)
{
	/* What a user's configuration may ask of each connection, and no build needs. */
	static const char *const unwanted[] = {
		"ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no", "RemoteCommand=none",
		"PermitLocalCommand=no",   "EscapeChar=none", "Tunnel=no"};

	strv_add(words, CLIENT_PROGRAM);
	client_add_config(words, c);
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		add_setting(words, unwanted[i]);
	strv_add(words, "-o");
	strv_take(words, str_printf("ConnectTimeout=%d", CONNECT_SECONDS));
	strv_add(words, "-o");
	strv_take(words, str_printf("ServerAliveInterval=%d", ALIVE_SECONDS));
	strv_add(words, "-o");
	strv_take(words, str_printf("ServerAliveCountMax=%d", ALIVE_TIMES));
	if (c->options.n)
		strv_add_all(words, (const char *const *)c->options.v);
}

void client_add_control(struct strv *words, const char *control)
{
	cleanup_strbuf struct strbuf path = {0};

	/* A % begins what ssh puts something else for. */
	for (const char *at = control ? control : "none"; *at; at++)
		strbuf_puts(&path, *at == '%' ? "%%" : (const char[]){*at, '\0'});
	strv_add(words, "-S");
	strv_add(words, path.error ? "none" : path.data);
}
