/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-store.h"
#include "shared/io.h"

/* The ranges of the counts' file that are locked. */
enum { LOCK_COUNTS, LOCK_PRUNE };

#define HOUR (INT64_C(3600) * 1000000000)

static const char *const kind_names[CACHE_KINDS] = {
	[CACHE_OBJECT] = "object", [CACHE_MANIFEST] = "manifest"};

/* They are this machine's own: as they are in memory. */
struct counts_file {
	char magic[8];
	struct cache_counts counts;
	uint64_t check;
};

static const char magic[8] = "counts1";

void cache_store_close(struct cache_store *s)
{
	closep(&s->base);
	for (size_t i = 0; i < CACHE_KINDS; i++)
		closep(&s->kinds[i]);
	closep(&s->temporary);
	closep(&s->counts);
	*s = (struct cache_store)CACHE_STORE_CLOSED;
}

/* The owner of the directory that it is made in could do as he likes with it; and root leaves
 * nothing in a user's home that the user cannot use. */
static int check_parent(const char *dir)
{
	cleanup_free char *path = strdup(dir);
	struct stat st;

	for (char *slash; path && (slash = strrchr(path, '/'));) {
		slash[slash == path] = '\0';
		if (stat(path, &st) == 0)
			return st.st_uid == geteuid() || st.st_uid == 0 ? 0 : -EPERM;
		if (errno != ENOENT || slash == path)
			return -errno;
	}
	return path ? 0 : -ENOMEM;
}

static int make_base(const char *dir)
{
	int r = check_parent(dir);

	if (r == 0)
		r = io_make_parents(dir, 0700);
	return r == 0 && mkdir(dir, 0700) < 0 && errno != EEXIST ? -errno : r;
}

static int open_own_dir(int at, const char *name)
{
	cleanup_close int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP) &&
	    fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return -EPERM;
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return io_is_own(&st) ? TAKE_FD(fd) : -EPERM;
}

static int open_in(int base, const char *name, bool make, int *ret_fd)
{
	int fd = open_own_dir(base, name);

	if (fd == -ENOENT && make)
		fd = mkdirat(base, name, 0700) < 0 && errno != EEXIST ? -errno
								      : open_own_dir(base, name);
	if (fd >= 0)
		*ret_fd = fd;
	return fd < 0 ? fd : 0;
}

/* What stands there and is no file of ours is put away. */
static int open_counts(int base)
{
	for (int tries = 0; tries < 2; tries++) {
		struct stat st;
		cleanup_close int fd = openat(
			base, "counts",
			O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && io_is_own(&st))
			return TAKE_FD(fd);
		unlinkat(base, "counts", 0);
	}
	return -1;
}

int cache_store_open(struct cache_store *s, const char *dir, bool make)
{
	struct cache_store found = CACHE_STORE_CLOSED;

	found.base = open_own_dir(AT_FDCWD, dir);
	if (found.base == -ENOENT && make) {
		int r = make_base(dir);
		found.base = r < 0 ? r : open_own_dir(AT_FDCWD, dir);
	}
	if (found.base < 0)
		return found.base;
	int r = open_in(found.base, "tmp", make, &found.temporary);
	for (size_t i = 0; i < CACHE_KINDS && r == 0; i++)
		r = open_in(found.base, kind_names[i], make, &found.kinds[i]);
	if (r < 0) {
		cache_store_close(&found);
		return r;
	}
	found.counts = open_counts(found.base);
	*s = found;
	return 0;
}

/* Where a file system has no locks, nobody waits for any. */
static int lock_range(int fd, short type, off_t what)
{
	struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = what, .l_len = 1};

	return fcntl(fd, F_SETLK, &range) < 0 && (errno == EAGAIN || errno == EACCES) ? -EAGAIN : 0;
}

static uint64_t check_of(const struct cache_counts *c)
{
	return ~(c->bytes ^ c->hits << 21 ^ c->misses << 42);
}

void cache_counts_read(const struct cache_store *s, struct cache_counts *ret_counts)
{
	struct counts_file file;

	*ret_counts = (struct cache_counts){.bytes = CACHE_BYTES_UNKNOWN};
	if (pread(s->counts, &file, sizeof(file), 0) == (ssize_t)sizeof(file) &&
	    memcmp(file.magic, magic, sizeof(magic)) == 0 && file.check == check_of(&file.counts))
		*ret_counts = file.counts;
}

int cache_counts_begin(const struct cache_store *s, unsigned tries, struct cache_counts *ret_counts)
{
	if (s->counts < 0)
		return -EAGAIN;
	while (lock_range(s->counts, F_WRLCK, LOCK_COUNTS) < 0) {
		if (!tries--)
			return -EAGAIN;
		io_sleep(1000000);
	}
	cache_counts_read(s, ret_counts);
	return 0;
}

void cache_counts_end(const struct cache_store *s, const struct cache_counts *counts)
{
	struct counts_file file = {.counts = *counts, .check = check_of(counts)};

	memcpy(file.magic, magic, sizeof(magic));
	(void)!pwrite(s->counts, &file, sizeof(file), 0);
	lock_range(s->counts, F_UNLCK, LOCK_COUNTS);
}

bool cache_store_lock_prune(const struct cache_store *s)
{
	return lock_range(s->counts, F_WRLCK, LOCK_PRUNE) == 0;
}

void cache_store_unlock_prune(const struct cache_store *s)
{
	lock_range(s->counts, F_UNLCK, LOCK_PRUNE);
}

int cache_store_temporary(const struct cache_store *s, char **ret_name)
{
	static unsigned number;

	for (;;) {
		cleanup_free char *name = str_printf(
			"%ld-%u", (long)getpid(), __atomic_fetch_add(&number, 1, __ATOMIC_RELAXED));
		if (!name)
			return -ENOMEM;
		int fd = openat(s->temporary, name,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST) /* of a process in another container */
			continue;
		if (fd < 0)
			return -errno;
		lock_range(fd, F_WRLCK, 0);
		*ret_name = TAKE_PTR(name);
		return fd;
	}
}

/* The lock ends with the process, however that ends. Where there are no locks, nobody writes for an
 * hour. One that is not locked yet is lost, and not kept then: that does no harm. */
static bool is_left(int fd)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	struct stat st;

	if (fcntl(fd, F_SETLK, &range) == 0)
		return true;
	return errno != EAGAIN && errno != EACCES && fstat(fd, &st) == 0 &&
	       io_now() - io_mtime(&st) > HOUR;
}

void cache_store_sweep(const struct cache_store *s)
{
	cleanup_closedir DIR *entries = cache_store_list(s->temporary);

	for (struct dirent *entry; entries && (entry = readdir(entries));) {
		cleanup_close int fd =
			openat(s->temporary, entry->d_name,
			       O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd >= 0 && is_left(fd))
			unlinkat(s->temporary, entry->d_name, 0);
	}
}

DIR *cache_store_list(int dir)
{
	/* A descriptor of its own, which begins at the first entry. */
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !entries)
		close(fd);
	return entries;
}
