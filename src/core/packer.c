/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "packer.h"
#include "shared/digest.h"
#include "shared/io.h"

enum { CHUNK = 64 << 10 };

static int fail_to_send(const struct packer *p, const char *name, int error)
{
	return error_set(p->e, error, EXIT_STATUS_USAGE, p->hint, "cannot send %s: %s", name,
			 strerror(-error));
}

static int write_out(struct packer *p)
{
	int r = p->tar.error;

	if (r == 0 && p->tar.len)
		r = io_write_fd(p->fd, p->tar.data, p->tar.len);
	p->tar.len = 0;
	if (r == 0 && p->session && session_is_interrupted(p->session))
		return error_set(p->e, -EINTR, EXIT_STATUS_LOST, NULL, "interrupted");
	return r < 0 ? error_set(p->e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to a directory with room",
				 "cannot write a temporary file: %s", strerror(-r))
		     : 0;
}

int packer_begin(struct packer *p, struct crossbpf_error *e)
{
	p->e = e;
	p->tar = (struct strbuf){0};
	p->archive = NULL;
	int r = io_temporary(&p->fd);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to a directory with room",
				 "no temporary file can be made: %s", strerror(-r));
	p->archive = p->module->archive_begin(&p->tar);
	if (p->archive)
		return 0;
	close(TAKE_FD(p->fd));
	return error_no_memory(e);
}

int packer_add_link(struct packer *p, const char *path, const char *as, const char *name)
{
	char target[4096];
	struct stat st;
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len < 0 || lstat(path, &st) < 0)
		return fail_to_send(p, name, -errno);
	target[len] = '\0';
	p->module->archive_add_link(p->archive, as, target, &st);
	return write_out(p);
}

int packer_add_directory(struct packer *p, const char *path, const char *as, const char *name)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail_to_send(p, name, -errno);
	st.st_mode |= 0700; /* or nothing could be put into it there, nor removed */
	p->module->archive_add_directory(p->archive, as, &st);
	return write_out(p);
}

/* The archive says beforehand how long the file is: of what grows meanwhile, the end is not sent.
 */
static int add_content(struct packer *p, int fd, off_t left, struct digest *d, const char *name)
{
	char chunk[CHUNK];

	while (left > 0) {
		size_t wanted = left < CHUNK ? (size_t)left : CHUNK;
		ssize_t n = read(fd, chunk, wanted);
		if (n <= 0)
			return fail_to_send(p, name, n < 0 ? -errno : -EBUSY);
		left -= n;
		digest_bytes(d, chunk, (size_t)n);
		p->module->archive_add_data(p->archive, chunk, (size_t)n);
		int r = write_out(p);
		if (r < 0)
			return r;
	}
	return 0;
}

int packer_add_file(struct packer *p, const char *path, const char *as, const char *name,
		    struct stat *ret_st, uint8_t *ret_digest)
{
	int follow = p->follows ? 0 : O_NOFOLLOW;
	cleanup_close int fd = open(path, O_RDONLY | follow | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct digest d;

	if (fd < 0 || fstat(fd, ret_st) < 0)
		return fail_to_send(p, name, -errno);
	if (!S_ISREG(ret_st->st_mode))
		return fail_to_send(p, name, -EINVAL);
	digest_init(&d);
	p->module->archive_begin_file(p->archive, as, ret_st);
	int r = add_content(p, fd, ret_st->st_size, &d, name);
	if (r == 0 && ret_digest)
		digest_finish_bytes(&d, ret_digest);
	return r;
}

int packer_end(struct packer *p, int r, int *ret_tar)
{
	int ended = p->module->archive_end(TAKE_PTR(p->archive));

	if (r == 0 && ended < 0)
		r = error_set(p->e, ended, EXIT_STATUS_USAGE, NULL,
			      "the files cannot be put into an archive: %s", strerror(-ended));
	if (r == 0)
		r = write_out(p);
	strbuf_free(&p->tar);
	cleanup_close int fd = TAKE_FD(p->fd);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = error_set(p->e, -errno, EXIT_STATUS_OUTPUT, NULL,
			      "cannot read a temporary file: %s", strerror(errno));
	if (r == 0)
		*ret_tar = TAKE_FD(fd);
	return r;
}
