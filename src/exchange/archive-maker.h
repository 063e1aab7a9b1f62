/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes archives in memory, by libarchive: those of tar that GNU's, busybox's and BSD's tar read,
 * and those of cpio that a Linux kernel boots with. */
#ifndef CROSSBPF_ARCHIVE_MAKER_H
#define CROSSBPF_ARCHIVE_MAKER_H

#include <stdint.h>
#include <sys/stat.h>

#include "crossbpf-backend.h"
#include "shared/strbuf.h"

struct archive_maker;

/* Appends to `to`, which must outlive it. NULL where memory ran out, or there is no archive.so. */
struct archive_maker *archive_begin(struct strbuf *to);
/* The same of an initramfs: cpio in the form "newc". All in it is root's. */
struct archive_maker *archive_begin_initramfs(struct strbuf *to);
/* `name` may hold any bytes; it is made relative to /. */
void archive_add_file(struct archive_maker *a, const char *name, const void *data, size_t len);
/* The same with the file's own permissions and time, and as many bytes as `st` says: those are
 * given behind it, in any parts. */
void archive_begin_file(struct archive_maker *a, const char *name, const struct stat *st);
void archive_add_data(struct archive_maker *a, const void *data, size_t len);
void archive_add_directory(struct archive_maker *a, const char *name, const struct stat *st);
/* `st` is of the link itself, or NULL. */
void archive_add_link(struct archive_maker *a, const char *name, const char *target,
		      const struct stat *st);
/* A character device. */
void archive_add_device(struct archive_maker *a, const char *name, unsigned major, unsigned minor);
/* Ends the archive, which is whole blocks of 512 bytes then where it is one of tar, and frees the
 * maker. 0 or the first error: -ENOMEM, or -EINVAL for a name that no archive can hold. */
int archive_end(struct archive_maker *a);

/* These, as archive.so has them: see archive-loader.c. */
struct archive_module {
	uint32_t size;
	struct archive_maker *(*begin)(struct strbuf *to);
	void (*add_file)(struct archive_maker *a, const char *name, const void *data, size_t len);
	void (*begin_file)(struct archive_maker *a, const char *name, const struct stat *st);
	void (*add_data)(struct archive_maker *a, const void *data, size_t len);
	void (*add_directory)(struct archive_maker *a, const char *name, const struct stat *st);
	void (*add_link)(struct archive_maker *a, const char *name, const char *target,
			 const struct stat *st);
	int (*end)(struct archive_maker *a);
	struct archive_maker *(*begin_initramfs)(struct strbuf *to);
	void (*add_device)(struct archive_maker *a, const char *name, unsigned major,
			   unsigned minor);
};

CROSSBPF_BACKEND_EXPORT const struct archive_module *crossbpf_archive_init(void);

#endif
