/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "common/find.h"
#include "common/options.h"
#include "shared/io.h"

static const char *const engines[] = {"docker", "podman", "nerdctl", NULL};

static const char *first_in_path(void)
{
	for (size_t i = 0; engines[i]; i++)
		if (find_in_path(engines[i]))
			return engines[i];
	return NULL;
}

static bool is_engine(const char *program)
{
	for (size_t i = 0; engines[i]; i++)
		if (strcmp(io_basename(program), engines[i]) == 0)
			return true;
	return false;
}

static bool is_there(const char *program)
{
	return strchr(program, '/') ? access(program, X_OK) == 0 : find_in_path(program);
}

int engine_find(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		struct engine *ret_engine, char **ret_why)
{
	const char *asked = option(conf, "engine");
	const char *program = asked ? asked : first_in_path();
	cleanup_free char *why = NULL;

	if (!program)
		why = str_printf("there is no docker, podman or nerdctl in PATH");
	else if (!is_engine(program))
		why = str_printf("engine '%s' is none of docker, podman and nerdctl", program);
	else if (!is_there(program))
		why = str_printf("there is no program '%s'", program);
	else
		goto found;
	*ret_why = TAKE_PTR(why);
	return -ENOENT;

found:;
	struct strv words = {0};
	strv_add(&words, program);
	option_list(conf, "engine_options", &words);
	if (words.error) {
		strv_free(&words);
		return -ENOMEM;
	}
	*ret_engine =
		(struct engine){.host = host, .name = io_basename(words.v[0]), .words = words};
	return 0;
}

void engine_free(struct engine *e)
{
	strv_free(&e->words);
}

void engine_digest(const struct engine *e, struct digest *d)
{
	static const char *const variables[] = {"DOCKER_HOST",          "DOCKER_CONTEXT",
						"DOCKER_CONFIG",        "CONTAINER_HOST",
						"CONTAINER_CONNECTION", "CONTAINERD_ADDRESS",
						"CONTAINERD_NAMESPACE", NULL};

	for (size_t i = 0; i < e->words.n; i++)
		digest_string(d, e->words.v[i]);
	for (size_t i = 0; variables[i]; i++)
		digest_string(d, getenv(variables[i]));
}

int engine_call(const struct engine *e, struct call *c, const struct strv *words)
{
	cleanup_strv struct strv argv = {0};

	strv_add_all(&argv, (const char *const *)e->words.v);
	if (words->n)
		strv_add_all(&argv, (const char *const *)words->v);
	if (argv.error || words->error)
		return -ENOMEM;
	c->argv = (const char *const *)argv.v;
	int r = call_run(c);
	c->argv = NULL;
	return r;
}

bool engine_ask(const struct engine *e, struct strbuf *answer, const char *const *words)
{
	cleanup_strv struct strv list = {0};
	cleanup_call struct call c = {.answer = answer};

	strv_add_all(&list, words);
	return engine_call(e, &c, &list) == 0 && c.status == 0;
}

int engine_complain(const struct engine *e, const struct call *c, int r, const char *what)
{
	cleanup_free char *reason = r < 0 ? str_printf("%s", strerror(-r)) : call_reason(c);

	return complain(e->host, r < 0 ? r : -EIO, "is the engine running, and may you use it?",
			"%s: %s: %s", what, e->name, reason ? reason : "out of memory");
}
