/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "holder.h"
#include "shared/io.h"
#include "shared/process.h"
#include "shared/thread.h"

/* Process 1 ends when it is told so, and with it all that runs in the container. */
static const char script[] = "cat >/dev/null; kill -TERM 1";

static void *hold(void *arg)
{
	struct holder *h = arg;
	/* With a control descriptor it is of a process group of its own: no ^C ends it. */
	struct process process = {
		.argv = (const char *const *)h->argv.v,
		.env = process_environment(),
		.fd = {h->in, h->null, h->null},
		.control = h->control,
	};
	int status;

	(void)process_run(&process, &status);
	return NULL;
}

static int open_all(struct holder *h)
{
	h->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int r = h->null < 0 ? -errno : io_pipe_ends(&h->in, &h->hold);
	return r < 0 ? r : io_pipe_ends(&h->control, &h->order);
}

static void free_all(struct holder *h)
{
	int *const fds[] = {&h->in, &h->hold, &h->control, &h->order, &h->null};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		closep(fds[i]);
		*fds[i] = -1;
	}
	strv_free(&h->argv);
}

void holder_begin(struct holder *h, const struct container *c)
{
	*h = (struct holder){.in = -1, .hold = -1, .control = -1, .order = -1, .null = -1};
	strv_add_all(&h->argv, (const char *const *)c->engine.words.v);
	strv_add_all(&h->argv,
		     (const char *const[]){"exec", "-i", c->name, "sh", "-c", script, NULL});
	h->began = !h->argv.error && open_all(h) == 0 && thread_start(&h->thread, hold, h) == 0;
	if (!h->began)
		free_all(h);
}

void holder_end(struct holder *h)
{
	if (!h->began)
		return;
	closep(&h->hold);
	closep(&h->order);
	h->hold = h->order = -1;
	pthread_join(h->thread, NULL);
	free_all(h);
	h->began = false;
}
