/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli-cache.h"
#include "cli-shared.h"
#include "cli.h"
#include "core/cache-url.h"
#include "shared/io.h"

enum { MAX_TOKEN = 16 << 10 };

static const char token_variable[] = "CROSSBPF_CACHE_TOKEN";

/* *ret_url is NULL where there is none. */
static int find_url(const struct conf *conf, const char **ret_url, struct crossbpf_error *e)
{
	const char *named = cli_directory("CROSSBPF_CACHE_REMOTE", NULL);
	cleanup_error struct crossbpf_error wrong = {0};

	*ret_url = named ? named : conf ? conf->cache_remote : NULL;
	if (!named)
		return 0;
	if (strcmp(named, "off") == 0)
		*ret_url = NULL;
	else if (cache_url_check(named, &wrong) < 0)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, wrong.hint,
				 "CROSSBPF_CACHE_REMOTE: %s", wrong.message);
	return 0;
}

static int find_write(const struct conf *conf, bool *ret_write, struct crossbpf_error *e)
{
	const char *value = cli_setting("CROSSBPF_CACHE_REMOTE_WRITE", NULL);

	if (!value)
		value = conf && conf->cache_write ? conf->cache_write : "false";
	*ret_write = strcmp(value, "true") == 0;
	if (*ret_write || strcmp(value, "false") == 0)
		return 0;
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL,
			 "CROSSBPF_CACHE_REMOTE_WRITE is '%s', neither true nor false", value);
}

/* Without the end of its line. */
static int read_token(const char *path, char **ret_token)
{
	cleanup_strbuf struct strbuf content = {0};

	int r = io_read_file(path, MAX_TOKEN, &content);
	if (r < 0)
		return r;
	size_t len = content.len;
	while (len && (content.data[len - 1] == '\n' || content.data[len - 1] == '\r'))
		len--;
	if (content.data && memchr(content.data, '\0', len))
		return -EINVAL;
	*ret_token = strndup(content.data ? content.data : "", len);
	return *ret_token ? 0 : -ENOMEM;
}

int cli_shared_take_token(char **ret_token, struct crossbpf_error *e)
{
	const char *value = cli_setting(token_variable, NULL);
	char *token = value ? strdup(value) : NULL;

	if (value && !token)
		return error_no_memory(e);
	unsetenv(token_variable);
	*ret_token = token;
	return 0;
}

struct token {
	char *text, *from; /* whence: a file or a variable; NULL: there is none */
};

static void token_free(struct token *t)
{
	free(t->text);
	free(t->from);
}
#define cleanup_token CLEANUP(token_free)

static int find_token(const struct conf *conf, const char *root, const char *text,
		      struct token *ret_token)
{
	const char *file = cli_directory("CROSSBPF_CACHE_TOKEN_FILE", NULL);

	if (!text && !file && conf)
		file = conf->cache_token_file;
	if (!text && !file)
		return 0;
	ret_token->from = text ? strdup(token_variable) : cli_cache_path(root, file);
	if (!ret_token->from)
		return -ENOMEM;
	if (!text)
		return read_token(ret_token->from, &ret_token->text);
	ret_token->text = strdup(text);
	return ret_token->text ? 0 : -ENOMEM;
}

/* Why the token may not be sent there; NULL: it may. */
static const char *refuse_token(const struct token *t, const char *url)
{
	if (!t->from)
		return NULL;
	if (!cache_remote_is_token(t->text))
		return "what it holds is no token";
	return cache_url_is_private(url) ? NULL : "without TLS others would see it: use https";
}

static int check_token(struct token *t, int r, const char *url, char **ret_why)
{
	const char *why = r < 0 ? strerror(-r) : refuse_token(t, url);

	if (r == -ENOMEM || !why)
		return r;
	*ret_why = str_printf("the shared cache %s is not used: its token, of %s: %s", url, t->from,
			      why);
	return *ret_why ? 0 : -ENOMEM;
}

static bool is_interrupted(void *ctx)
{
	(void)ctx;
	return cli_is_interrupted();
}

int cli_shared_open(const struct conf *conf, const char *root, const char *token_text,
		    void (*warn)(void *ctx, const char *message, const char *hint), void *ctx,
		    struct cache_remote **ret_shared, struct crossbpf_error *e)
{
	struct cache_remote_settings settings = {
		.module_dir = cli_module_dir(), .stop = is_interrupted, .warn = warn, .ctx = ctx};
	const char *timeout = conf ? conf->cache_timeout : NULL;
	cleanup_token struct token token = {0};
	cleanup_free char *why = NULL;

	*ret_shared = NULL;
	int r = find_url(conf, &settings.url, e);
	if (r == 0)
		r = find_write(conf, &settings.write, e);
	if (r < 0 || !settings.url)
		return r;
	r = find_token(conf, root, token_text, &token);
	if (check_token(&token, r, settings.url, &why) < 0)
		return error_no_memory(e);
	if (why) {
		warn(ctx, why, NULL);
		return 0;
	}
	settings.token = token.text;
	settings.timeout = timeout ? (unsigned)strtoul(timeout, NULL, 10) : CACHE_REMOTE_TIMEOUT;
	*ret_shared = cache_remote_new(&settings);
	return *ret_shared ? 0 : error_no_memory(e);
}

void cli_shared_close(struct cache_remote *shared, bool verbose)
{
	uint64_t taken, sent;

	if (!shared)
		return;
	cache_remote_finish(shared);
	cache_remote_count(shared, &taken, &sent);
	cleanup_free char *line =
		str_printf("the shared cache %s: %" PRIu64 " taken, %" PRIu64 " sent",
			   cache_remote_url(shared), taken, sent);
	if (verbose && line)
		cli_log(line);
	cache_remote_close(shared);
}
