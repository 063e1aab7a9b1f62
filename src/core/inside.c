/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "inside.h"
#include "shared/cleanup.h"
#include "shared/strbuf.h"

/* Each step by itself, so that no link is followed, whenever it was made. */
int inside_open_parent(const char *root, const char *name, const char **ret_base)
{
	cleanup_close int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *part = name, *slash;

	for (; dir >= 0 && (slash = strchr(part, '/')); part = slash + 1) {
		cleanup_free char *step = strndup(part, (size_t)(slash - part));
		if (!step)
			return -ENOMEM;
		if (mkdirat(dir, step, 0777) < 0 && errno != EEXIST)
			return -errno;
		int inner = openat(dir, step, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner < 0)
			return errno == ENOTDIR ? -ELOOP : -errno;
		close(dir);
		dir = inner;
	}
	*ret_base = part;
	return dir < 0 ? -errno : TAKE_FD(dir);
}

int inside_open_temporary(int dir, const char *base, bool is_program, char **ret_name)
{
	for (unsigned number = 0;; number++) {
		cleanup_free char *name =
			str_printf(".%.200s.crossbpf-%ld-%u.tmp", base, (long)getpid(), number);
		if (!name)
			return -ENOMEM;
		int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				is_program ? 0777 : 0666);
		if (fd >= 0)
			*ret_name = TAKE_PTR(name);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
}

int inside_take_mode(int fd, const struct stat *replaced, bool is_program)
{
	mode_t program = is_program ? 0111 : 0;
	mode_t mode = (replaced->st_mode & 0666) | (program & (replaced->st_mode >> 2 | 0100));

	if (getuid() == 0 && fchown(fd, replaced->st_uid, replaced->st_gid) < 0)
		return -errno;
	return fchmod(fd, mode) < 0 ? -errno : 0;
}

int inside_check_written(int fd)
{
	return close(fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0 ? -errno : 0;
}
