/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "io.h"
#include "terminal.h"

enum { INTERRUPT = 0x03, END = 0x04, BACKSPACE = 0x08, DELETE = 0x7f };

/* Byte by byte, so that ^C is an answer, and the terminal never left in this mode. */
static int read_answer(int tty, bool echo, char *buf, size_t len)
{
	size_t n = 0;

	for (;;) {
		char c;
		ssize_t got = read(tty, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || c == INTERRUPT || c == END)
			return -EINTR;
		if (c == '\n' || c == '\r')
			break;
		if (c == BACKSPACE || c == DELETE)
			n -= n > 0;
		else if (n + 1 >= len)
			return -ENOSPC;
		else
			buf[n++] = c;
		if (echo)
			io_write_fd(tty, &c, 1);
	}
	buf[n] = '\0';
	return 0;
}

int terminal_ask(const char *prompt, bool echo, char *buf, size_t len)
{
	struct termios before, during;

	if (!isatty(STDIN_FILENO))
		return -ENOTTY;
	cleanup_close int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0 || tcgetattr(tty, &before) < 0)
		return -ENOTTY;
	during = before;
	during.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	during.c_cc[VMIN] = 1;
	during.c_cc[VTIME] = 0;
	if (tcsetattr(tty, TCSAFLUSH, &during) < 0)
		return -ENOTTY;
	int r = io_write_fd(tty, prompt, strlen(prompt));
	if (r == 0)
		r = read_answer(tty, echo, buf, len);
	io_write_fd(tty, "\n", 1);
	tcsetattr(tty, TCSAFLUSH, &before);
	return r;
}
