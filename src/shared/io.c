/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "io.h"

int io_read_fd(int fd, size_t limit, struct strbuf *ret_content)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		if ((size_t)n > limit - ret_content->len)
			return -EFBIG;
		strbuf_add(ret_content, chunk, (size_t)n);
	}
	strbuf_add(ret_content, "", 0);
	return ret_content->error;
}

int io_read_file(const char *path, size_t limit, struct strbuf *ret_content)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : io_read_fd(fd, limit, ret_content);
}

bool io_is_ready_later(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	if (errno != EAGAIN)
		return false;
	(void)poll(&p, 1, -1);
	return true;
}

int io_write_fd(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && (errno == EINTR || io_is_ready_later(fd, POLLOUT)))
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int io_replace_file(const char *path, const void *data, size_t len)
{
	cleanup_free char *temporary = str_printf("%s.XXXXXX", path);
	if (!temporary)
		return -ENOMEM;

	cleanup_close int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;

	int r = io_write_fd(fd, data, len);
	if (r == 0 && close(TAKE_FD(fd)) < 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}

/* Where nothing is, or a regular file, which is to be replaced as a whole. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? errno == ENOENT : S_ISREG(st.st_mode);
}

static int write_in_place(const char *path, const void *data, size_t len, struct stat *ret_st)
{
	cleanup_close int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);

	if (fd < 0)
		return -errno;
	int r = io_write_fd(fd, data, len);
	return r < 0 ? r : fstat(fd, ret_st) < 0 ? -errno : 0;
}

/* A new file beside `path`. One of this name may be there: of a thread, or of a process that was
 * killed, and had the same number in another container. */
static int open_beside(const char *path, char **ret_name)
{
	static unsigned number;
	const char *name = io_basename(path);

	for (;;) {
		cleanup_free char *temporary = str_printf(
			"%.*s.%.200s.crossbpf-%ld-%u.tmp", (int)(name - path), path, name,
			(long)getpid(), __atomic_fetch_add(&number, 1, __ATOMIC_RELAXED));
		if (!temporary)
			return -ENOMEM;
		int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0)
			*ret_name = TAKE_PTR(temporary);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
}

int io_write_output(const char *path, const void *data, size_t len, struct stat *ret_st)
{
	cleanup_free char *temporary = NULL;

	if (!is_replaceable(path))
		return write_in_place(path, data, len, ret_st);

	cleanup_close int fd = open_beside(path, &temporary);
	if (fd < 0)
		return fd;

	int r = io_write_fd(fd, data, len);
	/* NFS tells at a close only that there was no room. */
	if (r == 0 && close(fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	else if (fstat(fd, ret_st) < 0)
		r = -errno;
	return r;
}

int io_make_parents(const char *path, mode_t mode)
{
	cleanup_free char *dir = strdup(path);
	if (!dir)
		return -ENOMEM;

	for (char *slash = dir[0] ? strchr(dir + 1, '/') : NULL; slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(dir, mode) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

#ifndef HAVE_PIPE2
static pthread_mutex_t spawn_lock = PTHREAD_MUTEX_INITIALIZER;
#endif

void io_lock_spawn(void)
{
#ifndef HAVE_PIPE2
	pthread_mutex_lock(&spawn_lock);
#endif
}

void io_unlock_spawn(void)
{
#ifndef HAVE_PIPE2
	pthread_mutex_unlock(&spawn_lock);
#endif
}

int io_pipe(int ret_fds[2])
{
#ifdef HAVE_PIPE2
	return pipe2(ret_fds, O_CLOEXEC) < 0 ? -errno : 0;
#else
	int r = 0;

	io_lock_spawn();
	if (pipe(ret_fds) < 0) {
		r = -errno;
	} else {
		fcntl(ret_fds[0], F_SETFD, FD_CLOEXEC);
		fcntl(ret_fds[1], F_SETFD, FD_CLOEXEC);
	}
	io_unlock_spawn();
	return r;
#endif
}

int io_pipe_ends(int *ret_read, int *ret_write)
{
	int fds[2];
	int r = io_pipe(fds);

	if (r == 0) {
		*ret_read = fds[0];
		*ret_write = fds[1];
	}
	return r;
}

static char *temporary_template(void)
{
	const char *dir = getenv("TMPDIR");

	return str_printf("%s/crossbpf-XXXXXX", dir && dir[0] == '/' ? dir : "/tmp");
}

int io_temporary_dir(char **ret_path)
{
	cleanup_free char *path = temporary_template();

	if (!path)
		return -ENOMEM;
	if (!mkdtemp(path))
		return -errno;
	*ret_path = TAKE_PTR(path);
	return 0;
}

/* A descriptor of a new file, or a negative errno. */
static int make_temporary(char **ret_path)
{
	cleanup_free char *path = temporary_template();

	if (!path)
		return -ENOMEM;
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_path = TAKE_PTR(path);
	return fd;
}

int io_temporary_file(char **ret_path)
{
	int fd = make_temporary(ret_path);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int io_temporary(int *ret_fd)
{
	cleanup_free char *path = NULL;
	int fd = make_temporary(&path);

	if (fd < 0)
		return fd;
	unlink(path);
	*ret_fd = fd;
	return 0;
}

int io_random(void *ret_bytes, size_t len)
{
	cleanup_close int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

	return fd < 0 || read(fd, ret_bytes, len) != (ssize_t)len ? -EIO : 0;
}

int64_t io_mtime(const struct stat *st)
{
#ifdef __APPLE__
	const struct timespec *t = &st->st_mtimespec;
#else
	const struct timespec *t = &st->st_mtim;
#endif
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

int64_t io_tick(int64_t mtime)
{
	return mtime % 1000000000 == 0 ? 2000000000 : 10000000;
}

int64_t io_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t io_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void io_sleep(int64_t ns)
{
	struct timespec left = {.tv_sec = ns / 1000000000, .tv_nsec = (long)(ns % 1000000000)};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

int64_t io_ctime(const struct stat *st)
{
#ifdef __APPLE__
	const struct timespec *t = &st->st_ctimespec;
#else
	const struct timespec *t = &st->st_ctim;
#endif
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

bool io_is_own(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

char *io_absolute(const char *dir, const char *path)
{
	return path[0] == '/' ? strdup(path) : str_printf("%s/%s", dir, path);
}

const char *io_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int io_working_directory(char **ret_dir)
{
	const char *pwd = getenv("PWD");
	struct stat named, real;

	if (pwd && pwd[0] == '/' && stat(pwd, &named) == 0 && stat(".", &real) == 0 &&
	    named.st_dev == real.st_dev && named.st_ino == real.st_ino) {
		*ret_dir = strdup(pwd);
		return *ret_dir ? 0 : -ENOMEM;
	}
	for (size_t room = 256;; room *= 2) {
		cleanup_free char *dir = malloc(room);
		if (!dir)
			return -ENOMEM;
		if (getcwd(dir, room)) {
			*ret_dir = TAKE_PTR(dir);
			return 0;
		}
		if (errno != ERANGE)
			return -errno;
	}
}

/* The directory that an XDG variable names, else ~/`fallback`. */
static int own_dir(const char *variable, const char *fallback, char **ret_path)
{
	const char *xdg = getenv(variable), *home = getenv("HOME");
	char *path;

	/* The XDG base directory specification: a relative path is to be ignored. */
	if (xdg && xdg[0] == '/')
		path = str_printf("%s/crossbpf", xdg);
	else if (home && home[0] == '/')
		path = str_printf("%s/%s/crossbpf", home, fallback);
	else
		return -ENOENT;
	if (!path)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *io_find_program(const char *dirs, const char *name, bool (*fits)(const char *path))
{
	for (const char *dir = dirs ? dirs : getenv("PATH"); dir;) {
		size_t len = strcspn(dir, ":");
		cleanup_free char *file = str_printf("%.*s/%s", (int)len, dir, name);
		if (*dir == '/' && file && is_program(file) && (!fits || fits(file)))
			return TAKE_PTR(file);
		dir = dir[len] ? dir + len + 1 : NULL;
	}
	return NULL;
}

int io_cache_dir(char **ret_path)
{
	return own_dir("XDG_CACHE_HOME", ".cache", ret_path);
}

int io_config_dir(char **ret_path)
{
	return own_dir("XDG_CONFIG_HOME", ".config", ret_path);
}
