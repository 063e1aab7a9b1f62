/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "common/find.h"
#include "shared/io.h"

/* A socket's name has 104 bytes on macOS; ssh first makes it with 17 more. */
enum { LONGEST_CONTROL = 104 - 17 - 1 };

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

/* Nobody else may put a socket there in place of ours. */
static bool is_private(const char *dir)
{
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == getuid() &&
	       (st.st_mode & 077) == 0;
}

static char *control_in(const char *dir, const char *key)
{
	cleanup_free char *path = dir ? str_printf("%s/%s", dir, key) : NULL;

	/* ssh would put the environment's word for it, which nothing keeps it from. */
	if (!path || path[0] != '/' || strlen(path) > LONGEST_CONTROL || strstr(path, "${"))
		return NULL;
	if (io_make_parents(path, 0700) < 0 || !is_private(dir))
		return NULL;
	return TAKE_PTR(path);
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

char *client_control(const char *key)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	cleanup_free char *cache = NULL;
	bool has_runtime = runtime && runtime[0], has_cache = io_cache_dir(&cache) == 0;
	cleanup_free char *in_runtime = has_runtime ? str_printf("%s/crossbpf", runtime) : NULL;
	cleanup_free char *in_cache = has_cache ? str_printf("%s/ssh/control", cache) : NULL;
	cleanup_free char *in_tmp = str_printf("/tmp/crossbpf-%ld", (long)getuid());
	char *control = control_in(in_runtime, key);

	if (!control)
		control = control_in(in_cache, key);
	return control ? control : control_in(in_tmp, key);
}
