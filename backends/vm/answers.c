/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answers.h"
#include "shared/cleanup.h"

enum { CONNECT_MS = 1000, GREETING_MS = 1500 };

static int open_socket(int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static bool wait_for(int fd, short events, int ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do
		n = poll(&p, 1, ms);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

static bool greets(const struct addrinfo *a)
{
	cleanup_close int fd = open_socket(a->ai_family);
	char greeting[4];
	int error = 0;
	socklen_t len = sizeof(error);

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return false;
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0 &&
	    (errno != EINPROGRESS || !wait_for(fd, POLLOUT, CONNECT_MS)))
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error)
		return false;
	return wait_for(fd, POLLIN, GREETING_MS) &&
	       recv(fd, greeting, sizeof(greeting), 0) == sizeof(greeting) &&
	       memcmp(greeting, "SSH-", sizeof(greeting)) == 0;
}

bool answers(const char *host, const char *port)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	bool any = false;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		return false;
	for (const struct addrinfo *a = found; a && !any; a = a->ai_next)
		any = greets(a);
	freeaddrinfo(found);
	return any;
}

unsigned short answers_free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	cleanup_close int fd = open_socket(AF_INET);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return 0;
	return ntohs(address.sin_port);
}
