/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "bring-back.h"
#include "inside.h"
#include "shared/io.h"

/* What the host has under that name now, in the directory `dir`. */
struct target {
	int dir;
	const char *base;
	bool exists;
	struct stat st;
	uint8_t digest[DIGEST_SIZE];
};

bool bring_back_is_name(const char *name)
{
	if (!*name)
		return false;
	for (const char *part = name;; part++) {
		size_t len = strcspn(part, "/");
		if (len == 0 || (len == 1 && part[0] == '.') ||
		    (len == 2 && strncmp(part, "..", 2) == 0) ||
		    (len == 4 && strncasecmp(part, ".git", 4) == 0))
			return false;
		part += len;
		if (!*part)
			return true;
	}
}

static int take_digest(struct target *t)
{
	cleanup_close int fd =
		openat(t->dir, t->base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	char chunk[65536];
	struct digest d;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &t->st) < 0)
		return -errno;
	if (!S_ISREG(t->st.st_mode))
		return -ELOOP;
	digest_init(&d);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		digest_bytes(&d, chunk, (size_t)n);
	digest_finish_bytes(&d, t->digest);
	return n < 0 ? -errno : 0;
}

static int look(struct target *t)
{
	if (fstatat(t->dir, t->base, &t->st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	t->exists = true;
	return S_ISREG(t->st.st_mode) ? take_digest(t) : -ELOOP;
}

/* Has anybody changed it on the host since the shell began? No program can set a ctime. */
static bool is_as_before(const struct bring_back *b, const struct target *t)
{
	if (!b->sent)
		return !t->exists || io_ctime(&t->st) + io_tick(io_mtime(&t->st)) < b->began;
	return t->exists && io_mtime(&t->st) == io_mtime(&b->sent->st) &&
	       memcmp(t->digest, b->sent->digest, DIGEST_SIZE) == 0;
}

static bool has_content(const struct bring_back *b, const struct target *t)
{
	uint8_t digest[DIGEST_SIZE];

	digest_of(b->data, b->len, digest);
	return t->exists && memcmp(digest, t->digest, DIGEST_SIZE) == 0 &&
	       !(t->st.st_mode & 0100) == !b->is_program;
}

static int write_content(const struct bring_back *b, const struct target *t, int fd)
{
	int r = t->exists ? inside_take_mode(fd, &t->st, b->is_program) : 0;

	if (r == 0)
		r = io_write_fd(fd, b->data, b->len);
	return r == 0 ? inside_check_written(fd) : r;
}

/* Gives the temporary file its name where that is free: a link, unlike a rename, replaces nothing.
 */
static int name_new(const struct target *t, const char *temporary, const char *name)
{
	struct stat st;

	if (linkat(t->dir, temporary, t->dir, name, 0) == 0) {
		unlinkat(t->dir, temporary, 0);
		return 0;
	}
	if (errno == EEXIST)
		return -EEXIST;
	/* A file system without links. */
	if (fstatat(t->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(t->dir, temporary, t->dir, name) < 0 ? -errno : 0;
}

static int name_beside(const struct target *t, const char *temporary,
		       enum bring_back_result *ret_result)
{
	cleanup_free char *beside = str_printf("%s" BRING_BACK_SUFFIX, t->base);

	if (!beside)
		return -ENOMEM;
	int r = name_new(t, temporary, beside);
	*ret_result = r == 0 ? BRING_BACK_BESIDE : BRING_BACK_KEPT;
	if (r == -EEXIST) {
		unlinkat(t->dir, temporary, 0);
		r = 0;
	}
	return r;
}

/* What the host has is looked at once more: to write it took time. */
static int give_name(const struct bring_back *b, struct target *t, const char *temporary,
		     enum bring_back_result *ret_result)
{
	bool existed = t->exists;

	t->exists = false;
	int r = look(t);
	if (r < 0)
		return r;
	if (!is_as_before(b, t))
		return name_beside(t, temporary, ret_result);
	*ret_result = BRING_BACK_DONE;
	if (existed)
		return renameat(t->dir, temporary, t->dir, t->base) < 0 ? -errno : 0;
	r = name_new(t, temporary, t->base);
	return r == -EEXIST ? name_beside(t, temporary, ret_result) : r;
}

static int replace(const struct bring_back *b, struct target *t, enum bring_back_result *ret_result)
{
	cleanup_free char *temporary = NULL;
	cleanup_close int fd = inside_open_temporary(t->dir, t->base, b->is_program, &temporary);

	if (fd < 0)
		return fd;
	int r = write_content(b, t, fd);
	if (r == 0)
		r = give_name(b, t, temporary, ret_result);
	if (r < 0)
		unlinkat(t->dir, temporary, 0);
	return r;
}

int bring_back(const struct bring_back *b, enum bring_back_result *ret_result)
{
	struct target t = {0};

	if (!bring_back_is_name(b->name))
		return -EPERM;
	cleanup_close int dir = inside_open_parent(b->root, b->name, &t.base);
	if (dir < 0)
		return dir;
	t.dir = dir;
	int r = look(&t);
	if (r < 0)
		return r;
	if (has_content(b, &t)) {
		*ret_result = BRING_BACK_SAME;
		return 0;
	}
	return replace(b, &t, ret_result);
}
