/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "command.h"
#include "common/find.h"
#include "common/socket-place.h"
#include "shared/io.h"
#include "shared/process.h"
#include "spare-protocol.h"
#include "spare.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: SO_NOSIGPIPE */
#endif

enum { END_MS = 3000 }; /* for so long one that is told to end may take */

/* The first word that it reads is the length of the script, which sets what no spare's environment
 * has, and becomes the command. Its own first word says that it waits, and has a dd that can read
 * it. Its variables may be no image's, which would have them in the command's environment. */
static const char waiting[] =
	"dd if=/dev/null iflag=fullblock 2>/dev/null && echo && read -r crossbpf_length && "
	"crossbpf_script=$(dd bs=$crossbpf_length count=1 iflag=fullblock 2>/dev/null) && "
	"eval \"unset crossbpf_length crossbpf_script\n$crossbpf_script\"";

static char *place_of(const struct container *c)
{
	return socket_place(c->name);
}

void spare_leave(const struct container *c)
{
	cleanup_free char *place = place_of(c);
	cleanup_free char *path =
		find_installed("CROSSBPF_LIBEXECDIR", CROSSBPF_LIBEXECDIR, "crossbpf-docker-spare");
	cleanup_free char *seconds = str_printf("%u", c->spare);
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	cleanup_strv struct strv argv = {0};
	int status;

	if (!c->spare || !place || !path || null < 0 || access(place, F_OK) == 0)
		return;
	strv_add_all(&argv, (const char *const[]){path, place, seconds, NULL});
	strv_add_all(&argv, (const char *const *)c->engine.words.v);
	strv_add_all(&argv,
		     (const char *const[]){"exec", "-i", c->name, "sh", "-c", waiting, NULL});
	struct process process = {
		.argv = (const char *const *)argv.v,
		.env = process_environment(),
		.dir = "/",
		.fd = {null, null, null},
		.control = -1,
		.alone = true,
	};
	if (seconds && !argv.error)
		(void)process_run(&process, &status); /* it goes to the background at once */
}

/* -ENOENT where nobody listens. */
static int reach(const char *place, int *ret_socket)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (!place || strlen(place) >= sizeof(address.sun_path) || access(place, F_OK) < 0)
		return -ENOENT;
	memcpy(address.sun_path, place, strlen(place) + 1);
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -ENOENT;
#ifdef SO_NOSIGPIPE
	(void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == ECONNREFUSED)
			unlink(place); /* it was killed */
		return -ENOENT;
	}
	*ret_socket = TAKE_FD(fd);
	return 0;
}

static int send_streams(int fd, const int streams[SPARE_STREAMS], spare_length length)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(SPARE_STREAMS * sizeof(int))];
	} control = {0};
	struct iovec data = {.iov_base = &length, .iov_len = sizeof(length)};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(SPARE_STREAMS * sizeof(int));
	memcpy(CMSG_DATA(rights), streams, SPARE_STREAMS * sizeof(int));
	return sendmsg(fd, &message, MSG_NOSIGNAL) == sizeof(length) ? 0 : -EPIPE;
}

static int send_script(int fd, const char *script)
{
	for (size_t left = strlen(script); left;) {
		ssize_t n = send(fd, script, left, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return -EPIPE;
		if (n > 0) {
			script += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

/* Until it said something, or hung up. -ETIMEDOUT. */
static int await(int fd, int control, int timeout_ms, bool *ret_told)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = control, .events = POLLIN}};

	for (;;) {
		int n = poll(fds, 2, timeout_ms);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -ETIMEDOUT;
		if (n > 0 && fds[0].revents)
			return 0;
		if (n > 0 && fds[1].revents && process_is_told(control)) {
			*ret_told = true;
			return 0;
		}
	}
}

/* Its next word; -EPIPE where it hung up instead. */
static int hear(int fd, int control, bool *ret_ended, spare_status *ret_word)
{
	int r = await(fd, control, -1, ret_ended);

	if (r < 0)
		return r;
	if (*ret_ended) {
		(void)shutdown(fd, SHUT_WR);
		(void)await(fd, -1, END_MS, ret_ended);
		return 0;
	}
	return recv(fd, ret_word, sizeof(*ret_word), MSG_WAITALL) == sizeof(*ret_word) ? 0 : -EPIPE;
}

int spare_run(const struct container *c, const struct crossbpf_run *run, const char *dir,
	      const char *mark, bool *ret_ended, int *ret_status)
{
	cleanup_free char *place = place_of(c), *script = NULL;
	cleanup_close int fd = -1;
	spare_status word;

	if (c->is_private || run->flags || reach(place, &fd) < 0)
		return -ENOENT;
	script = command_script(run, dir, mark);
	if (!script || strlen(script) > SPARE_SCRIPT_MAX)
		return -ENOENT;
	/* Before it has all of them, and says so, it begins nothing: somebody else may have been
	 * quicker, or its time may have been over. */
	if (send_streams(fd, run->fd, (spare_length)strlen(script)) < 0 ||
	    send_script(fd, script) < 0)
		return -ENOENT;
	int r = hear(fd, run->control, ret_ended, &word);
	if (r < 0)
		return r == -EPIPE ? -ENOENT : r;
	if (!*ret_ended)
		r = hear(fd, run->control, ret_ended, &word);
	if (r == 0 && !*ret_ended)
		*ret_status = word;
	return r;
}
