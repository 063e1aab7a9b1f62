/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-protocol.h"
#include "place.h"
#include "shared/io.h"
#include "shared/strv.h"
#include "work.h"

/* The device of a virtio port comes a while after its driver. */
enum { PORT_TRIES = 500 };
static const int64_t port_pause = 20000000; /* nanoseconds */

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)dprintf(STDERR_FILENO, "crossbpf-guest: ");
	(void)vdprintf(STDERR_FILENO, format, args);
	(void)dprintf(STDERR_FILENO, "\n");
	va_end(args);
}

/* An initramfs may have none when the kernel opens it for init. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_CLOEXEC | O_NOCTTY);

	for (int i = 0; fd >= 0 && i < 3; i++)
		(void)dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static void load_module(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
		say("module %s: %s", io_basename(path), strerror(errno));
}

static void load_modules(void)
{
	cleanup_closedir DIR *dir = opendir(GUEST_MODULES);
	cleanup_strv struct strv paths = {0};
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			strv_take(&paths, str_printf("%s/%s", GUEST_MODULES, entry->d_name));
	strv_sort(&paths);
	for (size_t i = 0; i < paths.n; i++)
		load_module(paths.v[i]);
}

static bool is_port(const char *name)
{
	static const char wanted[] = GUEST_PORT;
	cleanup_free char *path = str_printf("/sys/class/virtio-ports/%s/name", name);
	cleanup_strbuf struct strbuf text = {0};

	if (!path || io_read_file(path, 4096, &text) < 0 || !text.data)
		return false;
	text.data[strcspn(text.data, "\n")] = '\0';
	return strcmp(text.data, wanted) == 0;
}

static int try_port(void)
{
	cleanup_closedir DIR *dir = opendir("/sys/class/virtio-ports");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !is_port(entry->d_name))
			continue;
		cleanup_free char *path = str_printf("/dev/%s", entry->d_name);
		return path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	}
	return -1;
}

static int open_port(void)
{
	int fd = try_port();

	for (int i = 0; fd < 0 && i < PORT_TRIES; i++) {
		io_sleep(port_pause);
		fd = try_port();
	}
	return fd;
}

static void work(void)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_close int port = open_port();

	if (port < 0) {
		say("there is no virtio port '%s'; are its modules in %s?", GUEST_PORT,
		    GUEST_MODULES);
		_exit(EXIT_STATUS_FAILED);
	}
	if (work_do(GUEST_DIRECTORY, port, true, &e) == 0)
		_exit(EXIT_STATUS_OK);
	say("%s", e.message ? e.message : "memory ran out");
	_exit(e.status);
}

/* A process of its own does the work: that it ends must not be the end of init, with which the
 * kernel panics. */
static void watch(void)
{
	int status = 0;
	pid_t pid = fork(), ended;

	if (pid == 0)
		work();
	if (pid < 0) {
		say("cannot start: %s", strerror(errno));
		return;
	}
	do /* also those that nobody else waits for */
		ended = waitpid(-1, &status, 0);
	while (ended != pid && (ended > 0 || errno == EINTR));
	if (WIFSIGNALED(status))
		say("ended: %s", strsignal(WTERMSIG(status)));
}

void init_run(void)
{
	place_mount();
	open_console();
	load_modules();
	watch();
	sync();
	(void)reboot(RB_POWER_OFF);
	/* A kernel that cannot starts anew, which ends a machine that was told so. */
	(void)reboot(RB_AUTOBOOT);
	for (;;)
		(void)pause();
}
