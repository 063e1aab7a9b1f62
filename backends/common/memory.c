/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "shared/io.h"
#include "shared/strbuf.h"

enum { MEMORY_LIMIT = 1 << 20 };

char *memory_path(const char *backend, const char *name)
{
	cleanup_free char *dir = NULL;

	return io_cache_dir(&dir) < 0 ? NULL : str_printf("%s/%s/%s", dir, backend, name);
}

bool memory_read(const char *path, struct strv *ret_strings)
{
	cleanup_strbuf struct strbuf content = {0};

	if (!path || io_read_file(path, MEMORY_LIMIT, &content) < 0 || content.len == 0 ||
	    content.data[content.len - 1] != '\0')
		return false;
	for (const char *at = content.data, *end = at + content.len; at < end; at += strlen(at) + 1)
		strv_add(ret_strings, at);
	return !ret_strings->error;
}

void memory_write(const char *path, const struct strv *strings)
{
	cleanup_strbuf struct strbuf content = {0};

	for (size_t i = 0; i < strings->n; i++)
		strbuf_add(&content, strings->v[i], strlen(strings->v[i]) + 1);
	if (path && !content.error && !strings->error && io_make_parents(path, 0700) == 0)
		(void)io_replace_file(path, content.data, content.len);
}

bool memory_is_fresh(const char *path, unsigned seconds)
{
	struct stat st;

	if (!path || stat(path, &st) < 0)
		return false;
	int64_t age = io_now() - io_mtime(&st);
	return age >= 0 && age < (int64_t)seconds * 1000000000;
}

void memory_touch(const char *path)
{
	if (path)
		(void)utimensat(AT_FDCWD, path, NULL, 0);
}

void memory_forget(const char *path)
{
	if (path)
		unlink(path);
}

int memory_lock(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (!path || io_make_parents(path, 0700) < 0)
		return -1;
	cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || fcntl(fd, F_SETLKW, &lock) < 0)
		return -1;
	return TAKE_FD(fd);
}
