/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend that does not see the host's files, for the tests of what is sent and brought back:
 * this machine with the home directory $TEST_BUILDER and nothing else of the environment but PATH.
 * Its `sh` is $TEST_BUILDER_SHELL, words parted by blanks.
 */
#include "config.h"

#include "crossbpf-backend.h"
#include "place.h"
#include "shared/strv.h"

static const char *setting(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value && value[0] ? value : fallback;
}

static int elsewhere_run(struct crossbpf_session *session, const struct crossbpf_run *run,
			 int *ret_status)
{
	cleanup_strv struct strv argv = {0}, env = {0};
	cleanup_free char *shell = strdup(setting("TEST_BUILDER_SHELL", "sh"));
	struct crossbpf_run there = *run;
	char *rest = NULL;

	for (char *word = shell ? strtok_r(shell, " ", &rest) : NULL; word;
	     word = strtok_r(NULL, " ", &rest))
		strv_add(&argv, word);
	strv_add_all(&argv, run->argv + 1); /* argv[0] is sh */
	strv_take(&env, str_printf("PATH=%s", setting("PATH", "/usr/bin:/bin")));
	strv_take(&env, str_printf("HOME=%s", setting("TEST_BUILDER", "/nonexistent")));
	strv_add_all(&env, run->env);
	if (!shell || argv.error || env.error)
		abort();
	there.argv = (const char *const *)argv.v;
	there.env = (const char *const *)env.v;
	there.dir = "/";
	return place_run(session, &there, ret_status);
}

static int elsewhere_identity(struct crossbpf_session *session, char *buf, size_t len)
{
	const char *identity = getenv("TEST_BUILDER_IDENTITY"); /* "": a builder without a name */

	(void)session;
	strncpy(buf, identity ? identity : "elsewhere", len - 1);
	buf[len - 1] = '\0';
	return 0;
}

static const struct crossbpf_backend elsewhere = {
	.size = sizeof(elsewhere),
	.abi = CROSSBPF_BACKEND_ABI,
	.name = "elsewhere",
	.summary = "this machine, as if it were another",
	.probe = place_probe,
	.open = place_open,
	.run = elsewhere_run,
	.close = place_close,
	.identity = elsewhere_identity,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return &elsewhere;
}
