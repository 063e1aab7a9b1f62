/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * docker: a warm container for each project and image, entered by the user's own docker, podman or
 * nerdctl. It sees nothing of the host: no directory, no network. What is to be compiled is sent
 * into memory that lies where the host's paths begin.
 */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/call.h"
#include "common/memory.h"
#include "common/options.h"
#include "crossbpf-backend.h"
#include "docker/command.h"
#include "docker/container.h"
#include "docker/engine.h"
#include "docker/holder.h"
#include "docker/spare.h"
#include "shared/io.h"
#include "shared/process.h"

enum {
	PROBE_MS = 900,
	PROBE_MOST_MS = 7200,
	ANSWERS_SECONDS = 60, /* for so long an engine that answered is not asked again */
	SURE_NS = 1000000000,
	KILLED_LOOKS = 5, /* for so long the engine may take to learn that a container is dead: */
	KILLED_LOOK_NS = 200000000,
};

struct crossbpf_session {
	struct container container;
	struct holder holder; /* of a private one */
	int64_t seen;         /* when open() was told by the engine that it runs, or 0 */
	unsigned commands;    /* how many were begun */
};

static int why_not(char *ret_why, size_t len, const char *why)
{
	snprintf(ret_why, len, "%s", why ? why : "out of memory");
	return -ENOENT;
}

static int docker_probe(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
			char *ret_why, size_t len)
{
	static atomic_int patience_ms = PROBE_MS; /* what is asked again has longer each time */
	cleanup_engine struct engine engine = {0};
	cleanup_call struct call call = {.timeout_ms = patience_ms};
	cleanup_strv struct strv words = {0};
	cleanup_free char *why = NULL;

	int r = engine_find(host, conf, &engine, &why);
	if (r < 0)
		return why_not(ret_why, len, why);
	cleanup_free char *memory = engine_memory(&engine);
	if (memory_is_fresh(memory, ANSWERS_SECONDS))
		return 0;
	strv_add(&words, "version"); /* of both sides: it fails where the engine's is missing */
	r = engine_call(&engine, &call, &words);
	if (r == 0 && call.status == 0 && !call.late) {
		strv_free(&words);
		strv_add(&words, engine.name);
		memory_write(memory, &words);
		return 0;
	}
	cleanup_free char *reason = r < 0 ? str_printf("%s", strerror(-r)) : call_reason(&call);
	why = str_printf("%s does not answer: %s", engine.name, reason ? reason : "out of memory");
	why_not(ret_why, len, why);
	if (!call.late)
		return -ENOENT;
	if (patience_ms < PROBE_MOST_MS)
		patience_ms = 2 * patience_ms;
	return -ETIMEDOUT;
}

static int docker_open(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		       const struct crossbpf_project *project,
		       struct crossbpf_session **ret_session)
{
	cleanup_container struct container container = {0};
	bool asked = false;

	int r = container_plan(host, conf, project, &container);
	if (r < 0)
		return r;
	struct crossbpf_session *session = calloc(1, sizeof(*session));
	r = session ? container_ensure(&container, &asked)
		    : complain(host, -ENOMEM, NULL, "out of memory");
	if (r < 0) {
		if (container.is_private && session)
			container_remove(&container);
		free(session);
		return r;
	}
	session->container = container;
	container = (struct container){0};
	session->seen = asked ? io_now() : 0;
	if (session->container.is_private)
		holder_begin(&session->holder, &session->container);
	*ret_session = session;
	return 0;
}

static void docker_close(struct crossbpf_session *session)
{
	if (!session)
		return;
	if (session->container.is_private)
		container_remove(&session->container);
	else if (session->commands)
		spare_leave(&session->container);
	holder_end(&session->holder);
	container_free(&session->container);
	free(session);
}

/*
 * Could this status be the engine's word that it reached no container, or of one that was killed?
 * docker says 1, 126, 127 or 255, podman 125, 127 or 255; 137 is a SIGKILL to all in it. To ask
 * costs as much as half a command: compilers fail with 1 every day, and where open() itself has
 * just asked, such a failure is taken for theirs. (If it was not, the next command finds out.)
 */
static bool is_doubtful(const struct crossbpf_session *session, int status)
{
	if (status == 1)
		return io_now() - session->seen > SURE_NS;
	return (status >= 125 && status <= 127) || status == 137 || status == 255;
}

static int lost(struct container *c, const struct crossbpf_host *host)
{
	memory_forget(c->answers);
	return complain(host, -EPIPE, "run the build again: it starts a new one",
			"the container %s is gone", c->name);
}

/* Why could a command not be started? 0: it was, and this status is its own. */
static int check_start(struct container *c, const struct crossbpf_run *run, const char *dir)
{
	cleanup_strv struct strv words = {0};
	cleanup_call struct call call = {0};
	const struct crossbpf_host *host = run->host;

	command_check_words(&words, c->name, run->argv[0], dir);
	if (engine_call(&c->engine, &call, &words) < 0)
		return 0;
	if (call.status == COMMAND_CHECK_NO_DIR)
		return complain(host, -ENOENT, NULL, "there is no directory %s in the container %s",
				dir, c->name);
	if (call.status == COMMAND_CHECK_NO_PROGRAM)
		return complain(host, -ENOENT, "take an image that has it",
				"there is no program '%s' in the image %s", run->argv[0],
				c->image.name);
	return 0;
}

static int judge(struct crossbpf_session *session, const struct crossbpf_run *run, const char *dir,
		 int status)
{
	struct container *c = &session->container;

	if (is_doubtful(session, status)) {
		/* What is killed with all in a container ends before the engine knows of it. */
		unsigned looks = status == 137 ? KILLED_LOOKS : 1;
		while (container_runs(c) && --looks)
			io_sleep(KILLED_LOOK_NS);
		if (looks)
			return lost(c, run->host);
		if (status == 126 || status == 127)
			return check_start(c, run, dir);
	}
	container_touch(c);
	return 0;
}

/* Runs it by the engine's command line, whose streams are the command's. */
static int run_by_engine(struct container *c, const struct crossbpf_run *run, const char *dir,
			 const char *mark, bool *ret_ended, int *ret_status)
{
	cleanup_strv struct strv argv = {0};

	strv_add_all(&argv, (const char *const *)c->engine.words.v);
	command_words(&argv, c->name, run, dir, mark);
	if (argv.error)
		return -ENOMEM;
	struct process process = {
		.argv = (const char *const *)argv.v,
		.env = process_environment(),
		.fd = {run->fd[0], run->fd[1], run->fd[2]},
		.control = run->control,
		.ret_ended = ret_ended,
	};
	return process_run(&process, ret_status);
}

static int enter(struct crossbpf_session *session, const struct crossbpf_run *run, const char *dir,
		 bool *ret_ended, int *ret_status)
{
	struct container *c = &session->container;
	unsigned number = __atomic_fetch_add(&session->commands, 1, __ATOMIC_RELAXED);
	cleanup_free char *mark =
		str_printf("%ld.%u.%lld", (long)getpid(), number, (long long)io_now());

	if (!mark)
		return -ENOMEM;
	int r = spare_run(c, run, dir, mark, ret_ended, ret_status);
	if (r == -ENOENT)
		r = run_by_engine(c, run, dir, mark, ret_ended, ret_status);
	if (r == 0 && *ret_ended)
		container_end_command(c, mark);
	return r;
}

static int docker_run(struct crossbpf_session *session, const struct crossbpf_run *run,
		      int *ret_status)
{
	const struct crossbpf_host *host = run->host;
	struct container *c = &session->container;
	bool ended = false;
	int status = 0;

	if (run->flags & ~CROSSBPF_RUN_TTY)
		return complain(host, -EOPNOTSUPP, "install the two from one release",
				"this crossbpf asks for more than its docker backend knows");
	cleanup_free char *dir =
		io_absolute(c->project->root, run->dir ? run->dir : c->project->root);
	int r = dir ? enter(session, run, dir, &ended, &status) : -ENOMEM;
	if (r == -EPIPE)
		return lost(c, host);
	if (r < 0)
		return complain(host, r, "is the engine still installed?", "cannot run %s: %s",
				c->engine.name, strerror(-r));
	if (ended)
		status = 128 + 15; /* whatever the engine made of it */
	else
		r = judge(session, run, dir, status);
	if (r == 0)
		*ret_status = status;
	return r;
}

static int docker_identity(struct crossbpf_session *session, char *buf, size_t len)
{
	return answer(session->container.host, container_image_id(&session->container), buf, len);
}

static int docker_up(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		     const struct crossbpf_project *project)
{
	struct crossbpf_session *session;
	int r = docker_open(host, conf, project, &session);

	if (r == 0)
		docker_close(session);
	return r;
}

static int docker_down(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		       const struct crossbpf_project *project)
{
	cleanup_container struct container container = {0};
	int r = container_plan(host, conf, project, &container);

	return r < 0 ? r : container_remove_all(&container);
}

static int docker_status(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
			 const struct crossbpf_project *project, char *buf, size_t len)
{
	cleanup_container struct container container = {0};
	cleanup_free char *text = NULL;

	int r = container_plan(host, conf, project, &container);
	if (r == 0)
		r = container_describe(&container, &text);
	return r < 0 ? r : answer(host, text, buf, len);
}

static const struct crossbpf_backend docker = {
	.size = sizeof(docker),
	.abi = CROSSBPF_BACKEND_ABI,
	.name = "docker",
	.summary = "a container of docker, podman or nerdctl, kept warm",
	.caps = CROSSBPF_CAP_HOST_PATHS | CROSSBPF_CAP_PRIVATE | CROSSBPF_CAP_LOAD,
	.keys = option_keys,
	.key_size = sizeof(option_keys[0]),
	.probe = docker_probe,
	.open = docker_open,
	.run = docker_run,
	.close = docker_close,
	.identity = docker_identity,
	.up = docker_up,
	.down = docker_down,
	.status = docker_status,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return &docker;
}
