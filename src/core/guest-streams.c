/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-streams.h"
#include "shared/io.h"
#include "shared/process.h"

void guest_streams_close(struct guest_streams *s)
{
	closep(&s->null);
	closep(&s->answers);
	closep(&s->to_answers);
	closep(&s->console);
	closep(&s->to_console);
}

int guest_streams_open(struct guest_streams *s)
{
	s->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int r = s->null < 0 ? -errno : io_pipe_ends(&s->answers, &s->to_answers);

	return r < 0 ? r : io_pipe_ends(&s->console, &s->to_console);
}

int guest_streams_start(struct guest_streams *s, const char *const *argv, pid_t *ret_pid)
{
	const struct process p = {.argv = argv,
				  .env = process_environment(),
				  .fd = {s->null, s->to_answers, s->to_console},
				  .control = -1};
	int r = process_start(NULL, &p, true, ret_pid);

	close(TAKE_FD(s->to_answers));
	close(TAKE_FD(s->to_console));
	return r;
}

int guest_streams_listen(const struct guest_streams *s, struct guest_listen l)
{
	l.from = s->answers;
	l.console = s->console;
	int r = guest_listen(&l);

	return r < 0 && l.answers->kernel->error == r ? 0 : r;
}

void guest_streams_end(pid_t pid)
{
	kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
